//! Names of authors out of what pages say about them.

use super::metadata::some_text;

/// More authors than these are a list of contributors, not a byline.
const MAX_AUTHORS: usize = 20;

/// The longest name, in characters.
const MAX_NAME_CHARS: usize = 60;

/// What stands before names, in lower case.
const PREFIXES: [&str; 24] = [
    "article by",
    "words by",
    "interview by",
    "contributors:",
    "author(s):",
    "author ",
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
    "文 |",
];

/// What stands between names, in lower case.
const SEPARATORS: [&str; 14] =
    [" and ", " & ", " und ", ", ", "; ", ";", "，", "、", "；", " | ", " / ", " · ", " • ", " – "];

/// What templates, content management systems and desks put where a name should be, in lower case.
const NO_NAMES: &str = "admin|administrator|noc admin|site admin|web admin|sysadmin|super user|superuser|root|webmaster|null|\
    undefined|unknown|anonymous|none|author|authors|the author|about the author|by|name|your name|guest|guest author|\
    user|default|editor|editors|the editors|staff|staff writer|staff reporter|reporter|writer|senior writer|contributor|\
    contributors|contributing writer|correspondent|columnist|journalist|photographer|editor-in-chief|managing editor|\
    senior editor|founder|co-founder|ceo|cto|director|manager|moderator|insights from|follow|share|comments|subscribe|\
    updated|published|posted|read more|min read|view all posts|all posts|n/a|test|por|von|par|wordpress|drupal|joomla|\
    news desk|newsdesk|web desk|online desk|newsroom|editorial team|editorial staff|editorial board|press office|\
    press release|redaktion|die redaktion|redaktionsteam|redazione|la redazione|redacción|la redacción|redação|da redação|\
    rédaction|la rédaction|redactie|de redactie|redakcja|redaktionen|редакция|佚名|小编|编辑|管理员|网络|未知|匿名|本站|本网|\
    本报讯|编辑部|本站编辑|編集部|관리자|편집부";

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

/// Words of organisations' names, in lower case.
pub(super) const NO_PERSON: [&str; 32] = [
    "news",
    "newsroom",
    "press",
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

/// What stands before the names of people in Chinese bylines and is none.
const CHINESE_ROLES: [&str; 12] = [
    "记者",
    "本报记者",
    "通讯员",
    "实习生",
    "实习记者",
    "见习记者",
    "特约记者",
    "撰稿",
    "撰文",
    "记者站",
    "記者",
    "通訊員",
];

/// The last labels of hosts that are common enough to know an address by.
const TOP_LABELS: [&str; 10] = ["com", "org", "net", "de", "fr", "uk", "info", "io", "cn", "eu"];

/// Words that are written small within names.
const PARTICLES: [&str; 24] = [
    "de", "da", "do", "dos", "das", "di", "du", "del", "della", "la", "le", "van", "von", "der", "den", "zu", "ten",
    "ter", "bin", "al", "el", "y", "e", "af",
];

/// What follows a comma and belongs to the name before it.
const SUFFIXES: [&str; 9] = ["jr", "jr.", "sr", "sr.", "ii", "iii", "md", "phd", "ph.d."];

/// `and` between names in a language that has no other use for it there.
pub(super) fn conjunction(language: &str) -> Option<&'static str> {
    match language {
        "es" => Some(" y "),
        "fr" => Some(" et "),
        "it" | "pt" => Some(" e "),
        "nl" => Some(" en "),
        "sv" => Some(" och "),
        "da" | "nb" | "nn" | "no" => Some(" og "),
        _ => None,
    }
}

/// The authors in a list of bylines: prefixes stripped, lists split, at the language's `conjunction` too, each name once.
pub(super) fn names<'a>(bylines: impl IntoIterator<Item = &'a str>, conjunction: Option<&str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in bylines.into_iter().flat_map(|b| split(b, conjunction)) {
        if names.len() < MAX_AUTHORS && !names.iter().any(|n| n.to_lowercase() == name.to_lowercase()) {
            names.push(name);
        }
    }
    names
}

/// `Jane Doe` for `Doe, Jane`, as libraries write it.
pub(super) fn forename_first(name: &str) -> String {
    let words = |part: &str| part.split_whitespace().count();
    match name.split_once(',') {
        Some((family, given))
            if !given.contains([',', ';'])
                && (1..=3).contains(&words(family))
                && (1..=3).contains(&words(given))
                && !SUFFIXES.contains(&given.trim().to_lowercase().as_str()) =>
        {
            format!("{} {}", given.trim(), family.trim())
        }
        _ => name.to_owned(),
    }
}

/// Whether the beginning of a byline is written as names are, not as prose: `By train and on foot`.
pub(super) fn begins_like_name(byline: &str) -> bool {
    let end = byline.find([',', ';', '|', '·', '•']).unwrap_or(byline.len());
    let joins = |w: &str| matches!(w, "and" | "&" | "et" | "und" | "en" | "och" | "og");
    let words: Vec<&str> = byline[..end].split_whitespace().collect();
    let small = |w: &&str| w.starts_with(char::is_lowercase) && !PARTICLES.contains(w) && !joins(w);
    words.first().is_some_and(|w| !joins(w)) && !words.iter().any(small)
}

fn split(byline: &str, conjunction: Option<&str>) -> Vec<String> {
    // Entities end in what names are split at.
    let Some(byline) = some_text(byline) else { return vec![] };
    let mut rest = byline.as_str();
    while let Some(prefix) = PREFIXES.iter().find(|p| starts_with_ignoring_case(rest, p)) {
        rest = rest[prefix.len()..].trim_start_matches([' ', ':']);
    }
    let mut parts = vec![rest.to_owned()];
    for separator in SEPARATORS {
        parts = parts.iter().flat_map(|p| split_ignoring_case(p, separator)).collect();
    }
    if let Some(conjunction) = conjunction {
        // `José Ortega y Gasset` is one.
        let two = |p: &String| {
            let names = split_ignoring_case(p, conjunction);
            if names.iter().all(|n| n.split_whitespace().count() > 1) { names } else { vec![p.clone()] }
        };
        parts = parts.iter().flat_map(two).collect();
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
            // Where somebody writes from or for.
            Some(last) if last.contains(' ') && is_place_or_paper(name) => {}
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
        && !NO_NAMES.split('|').any(|n| n == text.to_lowercase())
        && !is_role(text)
        && (text.contains(' ') || text.matches('.').count() < 2 && !is_address(text))
}

/// `facebook.com/example`, `example.org`.
fn is_address(text: &str) -> bool {
    text.contains('/') || text.rsplit_once('.').is_some_and(|(_, top)| TOP_LABELS.contains(&top))
}

/// `Berlin`, `BBC News`, `Associated Press`: what is set off behind somebody's full name.
fn is_place_or_paper(text: &str) -> bool {
    let alone = !text.contains(' ') && text.starts_with(|c: char| c.is_uppercase());
    alone || text.split_whitespace().any(|w| NO_PERSON.contains(&w.to_lowercase().as_str()))
}

/// `Senior Reporter`, `Founder of Example`: what follows a name.
fn is_role(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut words = lower.split_whitespace();
    let begins = words.next().is_some_and(|w| ROLES.contains(&w));
    let ends = |w: &str| ROLES.contains(&w) || matches!(w, "newsroom" | "desk" | "newsdesk");
    begins || lower.split_whitespace().next_back().is_some_and(ends)
}

/// The names of a row of Chinese names with blanks between them, without what the people are.
fn chinese(names: &str) -> Option<Vec<String>> {
    let han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let parts: Vec<&str> = names.split_whitespace().collect();
    let all = parts.len() > 1 && parts.iter().all(|p| p.chars().all(han) && (2..=4).contains(&p.chars().count()));
    let people = parts.into_iter().filter(|p| !CHINESE_ROLES.contains(p) && is_name(p));
    all.then(|| people.map(str::to_owned).collect())
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
            ("Jane Doe, BBC News, Nairobi", vec!["Jane Doe"]),
            ("Sin&eacute;ad O&#039;Connor", vec!["Sinéad O'Connor"]),
            ("Von Miller", vec!["Von Miller"]),
            ("王小明 通讯员 李雷", vec!["王小明", "李雷"]),
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
            assert_eq!(names([byline], None), expected, "{byline}");
        }
    }

    #[test]
    fn a_name_counts_once() {
        assert_eq!(names(["Jane Doe", "By jane doe", "John Roe"], None), ["Jane Doe", "John Roe"]);
    }

    #[test]
    fn what_is_no_person_is_no_author() {
        for byline in [
            "Super User",
            "News Desk",
            "Editorial Team",
            "Redaktion",
            "WordPress",
            "facebook.com/x",
            "x.org",
            "佚名",
            "小编",
        ] {
            assert!(names([byline], None).is_empty(), "{byline}");
        }
    }

    #[test]
    fn two_are_told_from_one_in_the_language_of_the_page() {
        assert_eq!(names(["Ana García y Luis Pérez"], conjunction("es")), ["Ana García", "Luis Pérez"]);
        assert_eq!(names(["José Ortega y Gasset"], conjunction("es")), ["José Ortega y Gasset"]);
        assert_eq!(names(["Anne Martin et Luc Petit"], conjunction("fr")), ["Anne Martin", "Luc Petit"]);
        assert_eq!(names(["Anne Martin et Luc Petit"], conjunction("en")), ["Anne Martin et Luc Petit"]);
    }

    #[test]
    fn libraries_write_the_family_name_first() {
        assert_eq!(forename_first("Doe, Jane"), "Jane Doe");
        assert_eq!(forename_first("Jane Doe"), "Jane Doe");
        assert_eq!(forename_first("Robert Downey, Jr."), "Robert Downey, Jr.");
    }

    #[test]
    fn prose_is_told_from_names() {
        for byline in ["Jane Doe", "JANE DOE AND JOHN ROE", "Ludwig van Beethoven, staff writer", "王小明"] {
            assert!(begins_like_name(byline), "{byline}");
        }
        for prose in ["train and on foot", "Berlin nach Wien mit dem Nachtzug", "primera vez en años", ""] {
            assert!(!begins_like_name(prose), "{prose}");
        }
    }
}
