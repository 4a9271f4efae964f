//! Who wrote an article: what the page tells machines, else the line beside the title that names people.

use kos_shared::event::Hints;

use super::{author, json_ld::Author, metadata::Metadata, shown, title::SiteNames, visible::Line};

/// Names of `<meta>` that hold authors, the most trusted first, in lower case.
const METAS: [&str; 13] = [
    "author",
    "article:author",
    "og:article:author",
    "og:author",
    "article:author_name",
    "parsely-author",
    "sailthru.author",
    "byl",
    "citation_author",
    "dc.creator",
    "dcterms.creator",
    "authors",
    "mediaid",
];

/// What labels an author in other languages, in lower case.
const LABELS: [&str; 8] =
    ["verfasst von", "écrit par", "escrito por", "scritto da", "作者", "撰稿人", "geschreven door", "por"];

/// Words of organisations' names, in lower case.
const NO_PERSON: [&str; 30] = [
    "news",
    "media",
    "team",
    "store",
    "shop",
    "books",
    "blog",
    "magazine",
    "times",
    "post",
    "daily",
    "institute",
    "center",
    "university",
    "college",
    "school",
    "group",
    "company",
    "inc",
    "marketing",
    "software",
    "digital",
    "the",
    "of",
    "health",
    "insurance",
    "online",
    "services",
    "agency",
    "academy",
];

/// What begins a line that names authors, in lower case.
const BEGINNINGS: [&str; 16] = [
    "by ",
    "by: ",
    "written by",
    "posted by",
    "author:",
    "authors:",
    "words by",
    "story by",
    "von ",
    "par ",
    "por ",
    "作者",
    "文/",
    "文｜",
    "撰文",
    "記者",
];

/// What stands before authors inside of a line of Chinese or Japanese.
const INSIDE: [&str; 12] =
    ["作者：", "作者:", "作者丨", "作者｜", "作者 ", "记者：", "记者 ", "記者 ", "文/", "文｜", "撰文：", "執筆："];

/// What ends the names there.
const ENDS: [&str; 16] = [
    "来源", "來源", "编辑", "編輯", "责任", "責任", "发布", "發布", "时间", "日期", "摄影", "报道", "報道", "|", "）",
    ")",
];

/// What ends the names in other languages, in lower case.
const CUTS: [&str; 14] = [
    " on ",
    " in ",
    " for ",
    " at ",
    " from ",
    " with ",
    "published",
    "updated",
    "posted",
    "last ",
    " am ",
    " le ",
    "(",
    "[",
];

/// Lines that label the next one, in lower case.
const ALONE: [&str; 12] = [
    "by",
    "author",
    "authors",
    "author(s)",
    "written by",
    "words by",
    "contributors",
    "contributor",
    "作者",
    "von",
    "par",
    "por",
];

/// How many lines before the title its byline may stand.
const LINES_BEFORE: usize = 6;

/// How many lines under the title are its, whatever their elements are called.
const LINES_UNDER: usize = 6;

/// How many lines after the title its byline may stand.
const LINES_AFTER: usize = 20;

/// The longest byline, in characters.
const MAX_CHARS: usize = 110;

/// The authors: from JSON-LD, else from `<meta>`, else from the line beside the title, `byline` being what the body's
/// search found, else from the feed. Nobody where the page only names its site.
pub(super) fn authors(
    metadata: &Metadata,
    title: &str,
    byline: Option<&str>,
    site: &SiteNames,
    hints: &Hints,
) -> Vec<String> {
    let of = |bylines: Vec<&str>| {
        let people = bylines.into_iter().filter(|b| !site.is_name(b) || is_person(b));
        let names: Vec<String> =
            author::names(people).into_iter().filter(|n| !site.is_name(n) || is_person(n)).collect();
        Some(names).filter(|names| !names.is_empty())
    };
    let of_meta = || METAS.iter().find_map(|name| of(metadata.all_metas(name).collect()));
    let beside = || beside_title(&metadata.lines, title).iter().find_map(|line| of(vec![line]));
    let (people, organisations): (Vec<_>, Vec<_>) =
        metadata.json_ld.article.authors.iter().partition(|a| !a.organisation);
    let named = |authors: Vec<&Author>| of(authors.into_iter().map(|a| a.name.as_str()).collect());
    named(people)
        .or_else(of_meta)
        .or_else(|| of(labelled(metadata)))
        .or_else(beside)
        .or_else(|| of(byline.into_iter().collect()))
        .or_else(|| of(hints.authors.iter().map(String::as_str).collect()))
        .or_else(|| named(organisations))
        .unwrap_or_default()
}

/// Whether a site's name reads like a person's: people name their sites after themselves.
fn is_person(name: &str) -> bool {
    let capital =
        |w: &str| w.chars().next().is_some_and(char::is_uppercase) && w.chars().skip(1).any(char::is_lowercase);
    let words: Vec<&str> = name.split_whitespace().collect();
    (2..=3).contains(&words.len())
        && words
            .iter()
            .all(|w| capital(w) && w.chars().all(|c| c.is_alphabetic() || matches!(c, '.' | '-' | '\'' | '’')))
        && !words.iter().any(|w| NO_PERSON.contains(&w.to_lowercase().as_str()))
}

/// Authors in the labels for previews that messengers show: `Written by` in one, the name in the other.
fn labelled(metadata: &Metadata) -> Vec<&str> {
    let pairs = [("twitter:label1", "twitter:data1"), ("twitter:label2", "twitter:data2")];
    let by = |label: &str| {
        let label = label.trim().to_lowercase();
        LABELS.contains(&label.as_str()) || label.ends_with(" by")
    };
    let named = |(label, data): (&'static str, &'static str)| {
        metadata.meta(&[label]).filter(|l| by(l)).and(metadata.meta(&[data]))
    };
    pairs.into_iter().filter_map(named).collect()
}

/// Bylines beside the title: lines that say so, then what elements named after an author hold.
fn beside_title(lines: &[Line], title: &str) -> Vec<String> {
    let heading = shown::heading(lines, title);
    let window =
        heading.map_or(0..lines.len().min(LINES_AFTER * 4), |h| h.saturating_sub(LINES_BEFORE)..h + LINES_AFTER);
    // Templates call the block under the title what they like.
    let under_title = |at: usize| heading.is_some_and(|h| h < at && at <= h + LINES_UNDER);
    let near = || {
        lines
            .iter()
            .enumerate()
            .filter(|(at, l)| window.contains(at) && (!l.marks.elsewhere || under_title(*at) && !l.marks.frame))
            .map(|(_, l)| l)
    };
    let short: Vec<&Line> = near().filter(|l| l.chars <= MAX_CHARS && !l.marks.h1).collect();
    let said = short.iter().enumerate().filter_map(|(at, line)| {
        // A label alone is said of the next line.
        let label = ALONE.contains(&line.text.trim_end_matches([':', '：']).trim().to_lowercase().as_str());
        if label { short.get(at + 1).map(|next| next.text.clone()) } else { said(&line.text) }
    });
    let named = near().flat_map(|l| l.authors.iter().filter(|a| a.chars().count() <= MAX_CHARS).cloned());
    said.chain(named).collect()
}

/// The names in a line that says whose they are.
fn said(line: &str) -> Option<String> {
    let lower = line.to_lowercase();
    if let Some(inside) = INSIDE.iter().find(|l| line.contains(*l)) {
        let after = line.split_once(inside)?.1.trim_start();
        let end = ENDS.iter().filter_map(|e| after.find(e)).min().unwrap_or(after.len());
        return Some(after[..end].trim().to_owned());
    }
    let beginning = BEGINNINGS.iter().find(|b| lower.starts_with(*b))?;
    let behind = |cut: &&str| lower[beginning.len()..].find(*cut).map(|at| at + beginning.len());
    let end = CUTS.iter().filter_map(behind).min().filter(|at| line.is_char_boundary(*at) && lower.len() == line.len());
    Some(line[..end.unwrap_or(line.len())].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_whose_names_it_holds() {
        for (line, names) in [
            ("By Jane Doe", Some("By Jane Doe")),
            ("2024-05-06 作者：张三 来源：示例报", Some("张三")),
            ("本报记者 张三 李四", Some("张三 李四")),
            ("责任编辑：王五", None),
            ("Bypass to close", None),
            ("来源：示例网", None),
        ] {
            assert_eq!(said(line).as_deref(), names, "{line}");
        }
    }
}
