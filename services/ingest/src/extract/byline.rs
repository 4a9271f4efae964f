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

/// Those of them in which one name stands, often with the family name first.
const LIBRARY_METAS: [&str; 3] = ["citation_author", "dc.creator", "dcterms.creator"];

/// What labels an author in other languages, in lower case.
const LABELS: [&str; 8] =
    ["verfasst von", "écrit par", "escrito por", "scritto da", "作者", "撰稿人", "geschreven door", "por"];

/// What begins a line that names authors, in lower case.
const BEGINNINGS: [&str; 20] = [
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
    "autor:",
    "auteur :",
    "autore:",
    "автор:",
    "作者",
    "文/",
    "文｜",
    "撰文",
    "記者",
];

/// What stands before authors inside of a line of Chinese or Japanese.
const INSIDE: [&str; 22] = [
    "作者：",
    "作者:",
    "作者丨",
    "作者｜",
    "作者 ",
    "记者：",
    "记者 ",
    "記者 ",
    "文/图",
    "文/圖",
    "图文/",
    "文/",
    "文｜",
    "文丨",
    "文 |",
    "文 ｜",
    "撰文：",
    "撰稿：",
    "撰稿:",
    "撰稿 ",
    "通讯员 ",
    "執筆：",
];

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
    let conjunction = metadata.languages().next().and_then(|l| author::conjunction(l.primary()));
    let of = |bylines: Vec<&str>| {
        let people = bylines.into_iter().filter(|b| !site.is_name(b) || is_person(b));
        let names: Vec<String> =
            author::names(people, conjunction).into_iter().filter(|n| !site.is_name(n) || is_person(n)).collect();
        Some(names).filter(|names| !names.is_empty())
    };
    let of_meta = || {
        METAS.iter().find_map(|name| {
            let said = metadata.all_metas(name);
            if !LIBRARY_METAS.contains(name) {
                return of(said.collect());
            }
            let said: Vec<String> = said.map(author::forename_first).collect();
            of(said.iter().map(String::as_str).collect())
        })
    };
    let beside = || beside_title(&metadata.lines, title).iter().find_map(|line| of(vec![line]));
    let (people, organisations): (Vec<_>, Vec<_>) =
        metadata.json_ld.article.authors.iter().partition(|a| !a.organisation);
    let named = |authors: Vec<&Author>| of(authors.into_iter().map(|a| a.name.as_str()).collect());
    named(people)
        .or_else(of_meta)
        .or_else(|| of(labelled(metadata)))
        .or_else(beside)
        .or_else(|| {
            let byline = byline.filter(|b| !is_of_comment(&metadata.lines, b))?;
            of(vec![preposition(byline).map_or(byline, |p| &byline[p.len()..])])
        })
        .or_else(|| of(hints.authors.iter().map(String::as_str).collect()))
        .or_else(|| named(organisations))
        .unwrap_or_default()
}

/// What stands before names in some languages and is a name in others.
fn preposition(line: &str) -> Option<&'static str> {
    let lower = line.to_lowercase();
    ["von ", "par ", "por "].into_iter().find(|p| lower.starts_with(p) && line.is_char_boundary(p.len()))
}

/// Whether a name stands nowhere but in readers' comments.
fn is_of_comment(lines: &[Line], name: &str) -> bool {
    let mut with = lines.iter().filter(|l| l.text.contains(name)).peekable();
    with.peek().is_some() && with.all(|l| l.marks.comment)
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
        && !words.iter().any(|w| author::NO_PERSON.contains(&w.to_lowercase().as_str()))
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
            .filter(|(at, l)| {
                window.contains(at) && !l.marks.comment && (!l.marks.elsewhere || under_title(*at) && !l.marks.frame)
            })
            .map(|(_, l)| l)
    };
    let short: Vec<&Line> = near().filter(|l| l.chars <= MAX_CHARS && !l.marks.h1).collect();
    let said = short.iter().enumerate().filter_map(|(at, line)| {
        // A label alone is said of the next line.
        let label = ALONE.contains(&line.text.trim_end_matches([':', '：']).trim().to_lowercase().as_str());
        if label {
            short.get(at + 1).map(|next| next.text.clone())
        } else {
            said(&line.text).filter(|names| line.marks.author || author::begins_like_name(names))
        }
    });
    let named = near().flat_map(|l| l.authors.iter().filter(|a| a.chars().count() <= MAX_CHARS).cloned());
    said.chain(named).collect()
}

/// The names in a line that says whose they are.
fn said(line: &str) -> Option<String> {
    let lower = line.to_lowercase();
    if let Some(names) = reported(line) {
        return Some(names.to_owned());
    }
    if let Some(inside) = INSIDE.iter().find(|l| line.contains(*l)) {
        let after = line.split_once(inside)?.1.trim_start();
        let dated = after.find(|c: char| c.is_ascii_digit());
        let end = ENDS.iter().filter_map(|e| after.find(e)).chain(dated).min().unwrap_or(after.len());
        return Some(after[..end].trim().to_owned());
    }
    let beginning = BEGINNINGS.iter().find(|b| lower.starts_with(*b))?;
    // Some letters change their length with their case.
    let after = line.get(beginning.len()..)?.trim_start_matches([' ', ':']);
    let small = after.to_lowercase();
    let end = CUTS.iter().filter_map(|c| small.find(c)).min();
    let end = end.filter(|at| after.is_char_boundary(*at) && small.len() == after.len());
    Some(after[..end.unwrap_or(after.len())].to_owned())
}

/// The names in `记者王小明报道`.
fn reported(line: &str) -> Option<&str> {
    let (names, _) = line.split_once("记者")?.1.split_once("报道")?;
    let is_row = names.chars().all(|c| c == '、' || c == ' ' || ('\u{4e00}'..='\u{9fff}').contains(&c));
    (is_row && (2..=12).contains(&names.trim().chars().count())).then(|| names.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_whose_names_it_holds() {
        for (line, names) in [
            ("By Jane Doe", Some("Jane Doe")),
            ("Written by: Jane Doe on Monday", Some("Jane Doe")),
            ("Von Anna Müller, Berlin", Some("Anna Müller, Berlin")),
            ("Автор: Иван Петров", Some("Иван Петров")),
            ("记者王小明报道", Some("王小明")),
            ("文 | 韩梅梅", Some("韩梅梅")),
            ("文/图 王小明", Some("王小明")),
            ("撰稿：王小明 编辑：李雷", Some("王小明")),
            ("作者: 王小明 2024-05-06 10:20", Some("王小明")),
            ("2024-05-06 作者：张三 来源：示例报", Some("张三")),
            ("本报记者 张三 李四", Some("张三 李四")),
            ("责任编辑：王五", None),
            ("Bypass to close", None),
            ("来源：示例网", None),
        ] {
            assert_eq!(said(line).as_deref(), names, "{line}");
        }
    }

    fn authors_of(html: &str) -> Vec<String> {
        let url = "https://example.com/a".parse().unwrap();
        let metadata = Metadata::of(&dom_query::Document::from(html), &url);
        authors(&metadata, "Bridge to close", None, &metadata.site_names(&url), &Hints::default())
    }

    #[test]
    fn a_line_under_the_title_names_authors_or_nobody() {
        for (html, names) in [
            ("<p>By Jane Doe", &["Jane Doe"][..]),
            ("<p class=dek>By train and on foot across the mountains", &[]),
            ("<p class=dek>Von Berlin nach Wien mit dem Nachtzug", &[]),
            ("<div class=comments><p class=author>trollface</div>", &[]),
            ("<p class=byline>by jane doe", &["jane doe"]),
        ] {
            assert_eq!(authors_of(&format!("<h1>Bridge to close</h1>{html}")), names, "{html}");
        }
    }

    #[test]
    fn metas_of_libraries_have_the_forename_last() {
        let metas = "<meta name=citation_author content='Doe, Jane'><meta name=citation_author content='Roe, John'>";
        assert_eq!(authors_of(metas), ["Jane Doe", "John Roe"]);
    }
}
