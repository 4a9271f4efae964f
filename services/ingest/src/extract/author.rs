//! Names of authors out of what pages say about them.

/// More authors than these are a list of contributors, not a byline.
const MAX_AUTHORS: usize = 20;

/// The longest name, in characters.
const MAX_NAME_CHARS: usize = 60;

/// What stands before names, in lower case.
const PREFIXES: [&str; 26] = [
    "article by",
    "words by",
    "interview by",
    "contributors:",
    "author(s):",
    "author ",
    "von ",
    "par ",
    "por ",
    "撰文：",
    "written by",
    "reported by",
    "posted by",
    "story by",
    "by ",
    "by:",
    "author:",
    "authors:",
    "作者：",
    "作者:",
    "作者丨",
    "作者｜",
    "记者：",
    "记者 ",
    "文/",
    "文｜",
];

/// What stands between names, in lower case.
const SEPARATORS: [&str; 14] =
    [" and ", " & ", " und ", ", ", "; ", ";", "，", "、", "；", " | ", " / ", " · ", " • ", " – "];

/// What people are or do, and what templates put where a name should be, in lower case: no names, and nothing that
/// begins or ends with these is one.
const NO_NAMES: [&str; 58] = [
    "admin",
    "administrator",
    "noc admin",
    "webmaster",
    "null",
    "undefined",
    "unknown",
    "anonymous",
    "none",
    "author",
    "authors",
    "the author",
    "about the author",
    "by",
    "name",
    "your name",
    "guest",
    "user",
    "default",
    "editor",
    "staff",
    "staff writer",
    "staff reporter",
    "reporter",
    "writer",
    "senior writer",
    "contributor",
    "contributing writer",
    "correspondent",
    "columnist",
    "journalist",
    "photographer",
    "editor-in-chief",
    "managing editor",
    "senior editor",
    "founder",
    "co-founder",
    "ceo",
    "cto",
    "director",
    "manager",
    "insights from",
    "follow",
    "share",
    "comments",
    "subscribe",
    "updated",
    "published",
    "posted",
    "read more",
    "min read",
    "view all posts",
    "all posts",
    "n/a",
    "test",
    "por",
    "von",
    "par",
];

/// What ends a description of what somebody does, in lower case.
const ROLES: [&str; 22] = [
    "reporter",
    "writer",
    "editor",
    "correspondent",
    "contributor",
    "columnist",
    "journalist",
    "photographer",
    "director",
    "manager",
    "founder",
    "president",
    "officer",
    "specialist",
    "strategist",
    "analyst",
    "engineer",
    "professor",
    "consultant",
    "producer",
    "attorney",
    "representative",
];

/// What follows a comma and belongs to the name before it.
const SUFFIXES: [&str; 9] = ["jr", "jr.", "sr", "sr.", "ii", "iii", "md", "phd", "ph.d."];

/// The authors in a list of bylines: prefixes stripped, lists split, each name once.
pub(super) fn names<'a>(bylines: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in bylines.into_iter().flat_map(split) {
        if names.len() < MAX_AUTHORS && !names.iter().any(|n| n.to_lowercase() == name.to_lowercase()) {
            names.push(name);
        }
    }
    names
}

fn split(byline: &str) -> Vec<String> {
    let byline = super::text::collapse(byline);
    let mut rest = byline.as_str();
    while let Some(prefix) = PREFIXES.iter().find(|p| starts_with_ignoring_case(rest, p)) {
        rest = rest[prefix.len()..].trim_start_matches([' ', ':']);
    }
    let mut parts = vec![rest.to_owned()];
    for separator in SEPARATORS {
        parts = parts.iter().flat_map(|p| split_ignoring_case(p, separator)).collect();
    }
    let mut names: Vec<String> = Vec::new();
    for part in parts {
        let name = part
            .trim()
            .trim_start_matches("and ")
            .trim_matches(|c: char| matches!(c, ',' | ';' | '.' | '|' | '/' | '·' | '•'));
        let name = name.trim();
        match names.last_mut() {
            Some(last) if SUFFIXES.contains(&name.to_lowercase().as_str()) => *last = format!("{last}, {name}"),
            // A degree or an agency behind a name.
            Some(_) if name.len() <= 4 && name.bytes().all(|b| b.is_ascii_uppercase()) => {}
            _ if chinese(name).is_some() => names.extend(chinese(name).unwrap_or_default()),
            _ if is_name(name) => names.push(name.to_owned()),
            _ => {}
        }
    }
    names
}

/// Whether a text can be a name: no address, no number, a few words.
fn is_name(text: &str) -> bool {
    let chars = text.chars().count();
    (2..=MAX_NAME_CHARS).contains(&chars)
        && text.split_whitespace().count() <= 6
        && text.chars().any(char::is_alphabetic)
        && !text
            .chars()
            .any(|c| c.is_numeric() || matches!(c, '@' | '{' | '<' | '>' | '=' | ':' | '：' | '*' | '■' | '?'))
        && !text.contains("//")
        && !NO_NAMES.contains(&text.to_lowercase().as_str())
        && !is_role(text)
        && (text.contains(' ') || text.matches('.').count() < 2)
}

/// `Senior Reporter`, `Founder of Example`: what follows a name.
fn is_role(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut words = lower.split_whitespace();
    let begins = words.next().is_some_and(|w| ROLES.contains(&w));
    begins || lower.split_whitespace().next_back().is_some_and(|w| ROLES.contains(&w))
}

/// The names of a row of Chinese names with blanks between them.
fn chinese(names: &str) -> Option<Vec<String>> {
    let han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let parts: Vec<&str> = names.split_whitespace().collect();
    let all = parts.len() > 1 && parts.iter().all(|p| p.chars().all(han) && (2..=4).contains(&p.chars().count()));
    all.then(|| parts.into_iter().map(str::to_owned).collect())
}

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn split_ignoring_case(text: &str, separator: &str) -> Vec<String> {
    // ASCII case alone keeps every byte where it is.
    let lower = text.to_ascii_lowercase();
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, _) in lower.match_indices(separator) {
        parts.push(text[start..at].to_owned());
        start = at + separator.len();
    }
    parts.push(text[start..].to_owned());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_and_stripped() {
        for (byline, expected) in [
            ("By Jane Doe", vec!["Jane Doe"]),
            ("BY JANE DOE AND JOHN ROE", vec!["JANE DOE", "JOHN ROE"]),
            ("Jane Doe, John Roe, and Max Moe", vec!["Jane Doe", "John Roe", "Max Moe"]),
            ("Written by: Jane Doe & John Roe", vec!["Jane Doe", "John Roe"]),
            ("Posted by Jane  Doe ", vec!["Jane Doe"]),
            ("Robert Downey, Jr.", vec!["Robert Downey, Jr"]),
            ("作者：王小明、李雷", vec!["王小明", "李雷"]),
            ("记者 王小明", vec!["王小明"]),
            ("文/韩梅梅", vec!["韩梅梅"]),
            ("https://example.com/authors/jane", vec![]),
            ("Jane Doe, Nov 19, 2019", vec!["Jane Doe"]),
            ("", vec![]),
            ("admin", vec![]),
            ("Jane Doe, RDN, CNN", vec!["Jane Doe"]),
            ("AFP", vec!["AFP"]),
            ("Author: By Jane Doe, Reporter", vec!["Jane Doe"]),
            ("Jane Doe | Senior Writer | July 2, 2025", vec!["Jane Doe"]),
            ("By Jane Doe · Dec 20, 2025 at 3:00 am", vec!["Jane Doe"]),
            ("王小明 李雷", vec!["王小明", "李雷"]),
            ("Staff Writer", vec![]),
            ("Name *", vec![]),
            ("page.head.extra.author", vec![]),
            ("Jane.Doe", vec!["Jane.Doe"]),
            ("J. R. R. Tolkien", vec!["J. R. R. Tolkien"]),
            ("Byron Bay", vec!["Byron Bay"]),
            ("Anderson Andrews", vec!["Anderson Andrews"]),
        ] {
            assert_eq!(names([byline]), expected, "{byline}");
        }
    }

    #[test]
    fn a_name_counts_once() {
        assert_eq!(names(["Jane Doe", "By jane doe", "John Roe"]), ["Jane Doe", "John Roe"]);
    }
}
