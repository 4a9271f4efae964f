//! An article's title, without the name of its site.

use std::collections::HashSet;

use kos_shared::text::{count_words, tokens};

/// The longest title, in characters.
const MAX_CHARS: usize = 300;

/// How much of the text stands in for a title that nobody gave, in characters.
const OF_TEXT_CHARS: usize = 80;

/// The least share of the telling words of a heading or of a claimed title, whichever has fewer, that must be in the
/// other, where a page has several first headings.
const AGREEMENT: f64 = 0.5;

/// That share where there is only one: it may say it in other words, as titles for search engines do.
const AGREEMENT_ALONE: f64 = 0.35;

/// Headings longer than this are paragraphs, in characters.
const MAX_HEADING_CHARS: usize = 200;

/// The most names of a site that are heeded.
const MAX_NAMES: usize = 16;

/// Headings shorter than this are the title only where it is said in other words too: `Blog` heads many pages.
const TELLING_WORDS: usize = 3;

/// The most words that name a section of a site.
const SECTION_WORDS: usize = 3;

/// The most characters that do.
const SECTION_CHARS: usize = 24;

/// What may be a page's title.
#[derive(Debug, Default)]
pub(super) struct Claims<'a> {
    /// The first headings, `<h1>`, in their order.
    pub(super) headings: &'a [String],
    /// Other headings, in their order.
    pub(super) subheadings: Vec<&'a str>,
    /// What the page calls itself to machines, the most trusted first.
    pub(super) claimed: Vec<String>,
    /// What the feed calls it.
    pub(super) of_feed: Option<String>,
    /// The article's text.
    pub(super) text: &'a str,
}

/// The title: the heading that readers see, where it agrees with what the page claims or is the only one; else what
/// the page claims, else the feed's, else the beginning of the text. Never empty where there is text.
pub(super) fn title(claims: &Claims<'_>, site: &SiteNames) -> String {
    let claimed: Vec<&str> = claims.claimed.iter().map(|t| site.cut(t)).filter(|t| !site.is_name(t)).collect();
    let headings: Vec<&str> = claims.headings.iter().map(|t| site.cut(t)).filter(|t| !site.is_name(t)).collect();
    // Some templates have no first heading, and name the site in the title alone.
    let under = || {
        let telling = |h: &&&str| count_words(h) >= TELLING_WORDS && !site.is_name(h);
        claims.subheadings.iter().filter(telling).find(|h| claimed.iter().any(|c| begins(c, h))).copied()
    };
    let seen = heading(&headings, &claimed).or_else(under);
    let found = seen.or_else(|| claimed.first().copied()).or(claims.of_feed.as_deref()).or(headings.first().copied());
    match found {
        Some(title) => shortened(title, MAX_CHARS),
        None => shortened(claims.text.lines().next().unwrap_or_default(), OF_TEXT_CHARS),
    }
}

/// The heading that is the title, if one is.
fn heading<'t>(headings: &[&'t str], claimed: &[&str]) -> Option<&'t str> {
    let headings: Vec<&'t str> = headings.iter().copied().filter(|h| !is_behind(h, claimed)).collect();
    let alone = headings.len() == 1;
    let fits = |heading: &'t str| {
        if claimed.iter().any(|c| fold(c) == fold(heading) || begins(c, heading)) {
            return Some((heading, 1.0));
        }
        let telling = count_words(heading) >= TELLING_WORDS && heading.chars().count() <= MAX_HEADING_CHARS;
        let agreed = claimed.iter().map(|c| agreement(heading, c)).fold(0.0, f64::max);
        let enough = if alone { agreed >= AGREEMENT_ALONE || claimed.is_empty() } else { agreed >= AGREEMENT };
        (telling && enough).then_some((heading, agreed))
    };
    // Of equals the first.
    let best = headings.iter().filter_map(|h| fits(h)).fold(None, |best: Option<(&str, f64)>, next| match best {
        Some(b) if b.1 >= next.1 => Some(b),
        _ => Some(next),
    });
    best.map(|(heading, _)| heading)
}

/// Whether a claimed title is a heading with something set off behind it; what follows a colon belongs to a title.
fn begins(claimed: &str, heading: &str) -> bool {
    parts(claimed).first().is_some_and(|p| !p.ends_in_colon() && fold(p.text) == fold(heading))
}

/// Whether a heading is what claimed titles set off behind them: then it heads all of the site's pages.
fn is_behind(heading: &str, claimed: &[&str]) -> bool {
    claimed.iter().any(|c| parts(c).iter().skip(1).any(|p| fold(p.text) == fold(heading)))
}

/// How many of the telling words of the shorter of two titles are in the other, from 0 to 1.
fn agreement(a: &str, b: &str) -> f64 {
    let (a, b) = (telling(a), telling(b));
    a.intersection(&b).count() as f64 / a.len().min(b.len()).max(1) as f64
}

/// The words of a title that tell it from others; short ones of Latin stand everywhere.
fn telling(title: &str) -> HashSet<String> {
    let all: HashSet<String> = tokens(title).collect();
    let long: HashSet<String> =
        all.iter().filter(|t| t.len() > 3 || t.bytes().any(|b| b.is_ascii_digit())).cloned().collect();
    if long.is_empty() { all } else { long }
}

/// What a site is called: by itself, by its publisher, by its host.
#[derive(Debug, Default)]
pub(super) struct SiteNames {
    names: Vec<String>,
    host: String,
}

impl SiteNames {
    /// The names that are given, and the one in the host's (`example` of `www.example.co.uk`).
    pub(super) fn new<'n>(names: impl IntoIterator<Item = &'n str>, host: &str) -> Self {
        let names = names.into_iter().take(MAX_NAMES).map(fold).filter(|n| !n.is_empty()).collect();
        let generic = |l: &&str| {
            !matches!(*l, "www" | "m" | "blog" | "news" | "co" | "com" | "org" | "net" | "gov" | "edu" | "ac")
        };
        let labels: Vec<&str> = host.split('.').collect();
        let before_top = &labels[..labels.len().saturating_sub(1)];
        let label = before_top.iter().rev().find(|l| generic(l)).copied().unwrap_or_default();
        Self { names, host: label.replace('-', "") }
    }

    /// Whether a text is the site's name and no more, letter case, blanks and marks aside.
    pub(super) fn is_name(&self, text: &str) -> bool {
        let (text, joined) = (fold(text), joined(text));
        text.is_empty()
            || self.names.contains(&text)
            || self.host.len() > 2 && joined == self.host
            || self.names.iter().any(|n| n.replace(' ', "") == joined)
    }

    /// Whether what is set off at a title's end or beginning means the site: its name, a part of it or more than it.
    fn means(&self, part: &str) -> bool {
        let (text, joined) = (fold(part), joined(part));
        let within =
            |long: &str, short: &str| short.chars().count() > 2 && format!(" {long} ").contains(&format!(" {short} "));
        self.is_name(part)
            || self.names.iter().any(|n| within(&text, n) || within(n, &text))
            || self.host.len() > 3 && joined.contains(&self.host)
            // `ZBC News`, `ZBC.com`: a short name must be a word of its own.
            || self.host.len() > 2 && text.split(' ').count() <= SECTION_WORDS && text.split(' ').any(|w| w == self.host)
            || joined.len() > 3 && joined.is_ascii() && self.host.starts_with(&joined)
            || joined.len() > 4 && joined.is_ascii() && self.host.ends_with(&joined)
            || self.host.len() > 1 && initials(part) == self.host
    }

    /// Whether what is set off at a title's beginning means the site. What is only a part of its name is more often
    /// where the news are from: `Washington — Senate passes budget`.
    fn means_in_front(&self, part: &str) -> bool {
        let text = fold(part);
        self.is_name(part)
            || self.names.iter().any(|n| n.chars().count() > 2 && format!(" {text} ").contains(&format!(" {n} ")))
    }

    /// A title without the site's name, and what stands between the two, at either end.
    pub(super) fn cut<'t>(&self, title: &'t str) -> &'t str {
        let parts = parts(title);
        let (mut first, mut last) = (0, parts.len());
        // By a colon only a name and no more is set off: `Rust: what people love`.
        let is_site =
            |part: &Part<'_>, colon: bool| if colon { self.is_name(part.text) } else { self.means(part.text) };
        let mut cut_behind = false;
        while last - first > 1 && is_site(&parts[last - 1], parts[last - 2].ends_in_colon()) {
            last -= 1;
            cut_behind = true;
        }
        // Behind the name there may be what the site says of itself.
        let is_slogan =
            |at: &usize| !parts[at - 1].ends_in_colon() && self.is_name(parts[*at].text) && says_enough(parts[0].text);
        if let Some(at) = (1..last).find(is_slogan) {
            last = at;
            cut_behind = true;
        }
        while cut_behind && last - first > 1 && is_section(&parts[last - 2], parts[last - 1].text) {
            last -= 1;
        }
        let in_front = |part: &Part<'_>| {
            if part.ends_in_colon() { self.is_name(part.text) } else { self.means_in_front(part.text) }
        };
        while last - first > 1 && in_front(&parts[first]) {
            first += 1;
        }
        match (parts.get(first), parts.get(last.saturating_sub(1))) {
            (Some(from), Some(to)) => title[from.start..to.start + to.text.len()].trim(),
            _ => title,
        }
    }
}

/// Whether what stands between `before` and the site's name is the section: short, and in a row of marks that sites
/// set between such.
fn is_section(before: &Part<'_>, text: &str) -> bool {
    let chars = text.chars().count();
    let wide = |text: &str| text.chars().all(|c| c as u32 >= 0x2e80);
    match before.mark {
        '_' => chars <= 8,
        '|' | '｜' | '丨' => count_words(text) <= SECTION_WORDS && chars <= SECTION_CHARS && says_enough(before.text),
        '-' | '–' | '—' | '·' => chars <= 4 && wide(text) && says_enough(before.text),
        _ => false,
    }
}

/// Whether a part of a title can be the whole of it.
fn says_enough(part: &str) -> bool {
    count_words(part) > SECTION_WORDS
}

/// A part of a title, and what sets the next one off.
#[derive(Debug)]
pub(super) struct Part<'t> {
    pub(super) text: &'t str,
    start: usize,
    mark: char,
}

impl Part<'_> {
    fn ends_in_colon(&self) -> bool {
        matches!(self.mark, ':' | '：')
    }
}

/// The parts that a title has: ` - ` and the like between blanks, `|` and `_` anywhere.
pub(super) fn parts(title: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut push = |start: usize, end: usize, mark: char| {
        let text = &title[start..end];
        let trimmed = text.trim();
        if !trimmed.is_empty() {
            let offset = text.len() - text.trim_start().len();
            parts.push(Part { text: trimmed, start: start + offset, mark });
        }
    };
    for (at, c) in title.char_indices() {
        let after = &title[at + c.len_utf8()..];
        let spaced = title[..at].ends_with(char::is_whitespace) && after.starts_with([' ', '\u{a0}']);
        let separates = match c {
            '|' | '｜' | '丨' | '»' | '«' | '：' => true,
            '_' => {
                !title[..at].ends_with(|c: char| c.is_ascii_alphanumeric())
                    || !after.starts_with(|c: char| c.is_ascii_alphanumeric())
            }
            '-' | '–' | '—' | '·' | '•' | '/' | '~' | '@' | '<' | '>' | '‹' | '›' | '∙' | '−' => {
                spaced || {
                    // `标题-示例网`: between Chinese characters a dash needs no blanks.
                    let wide = |c: Option<char>| c.is_some_and(|c| c as u32 >= 0x2e80);
                    matches!(c, '-' | '–' | '—' | '·')
                        && wide(title[..at].chars().next_back())
                        && wide(after.chars().next())
                }
            }
            ':' => after.starts_with([' ', ':']) || title[..at].ends_with(':'),
            _ => false,
        };
        if separates {
            push(start, at, c);
            start = at + c.len_utf8();
        }
    }
    push(start, title.len(), ' ');
    parts
}

/// A text as names and titles are compared: letters and digits in lower case, words with one blank between them.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !matches!(c, '\'' | '’' | '‘' | '®' | '™')) {
        if c.is_alphanumeric() {
            folded.extend(c.to_lowercase());
        } else if !folded.is_empty() && !folded.ends_with(' ') {
            folded.push(' ');
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

fn joined(text: &str) -> String {
    fold(text).replace(' ', "")
}

fn initials(text: &str) -> String {
    let words = fold(text);
    let of_words = words.split(' ').filter(|w| !matches!(*w, "of" | "the" | "and" | "for"));
    of_words.filter_map(|w| w.chars().next()).collect()
}

/// At most `limit` characters, with a sign where some are missing.
fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> SiteNames {
        SiteNames::new(["The Example", "示例网"], "www.daily-example.co.uk")
    }

    #[test]
    fn a_title_loses_the_name_of_its_site() {
        for (whole, cut) in [
            ("Bridge to close | The Example", "Bridge to close"),
            ("The Example: Bridge to close", "Bridge to close"),
            ("Bridge to close - The Example News", "Bridge to close"),
            ("Daily Example – Bridge to close", "Bridge to close"),
            ("Bridge to close | DailyExample.co.uk", "Bridge to close"),
            ("大桥今日通车_社会_示例网", "大桥今日通车"),
            ("大桥今日通车-示例网", "大桥今日通车"),
            ("Bridge to close - two years of detours", "Bridge to close - two years of detours"),
            ("The Example", "The Example"),
            ("A self-made man", "A self-made man"),
            ("Rust: what people love", "Rust: what people love"),
            ("Daily — Senate passes budget", "Daily — Senate passes budget"),
            ("Bridge to be closed | Local News | The Example", "Bridge to be closed"),
            ("大桥今日封闭维修 - 社会 - 示例网", "大桥今日封闭维修"),
            ("Barcelona | Real Madrid | The Example", "Barcelona | Real Madrid"),
            ("Bridge to be closed - The Example - Latest news and weather", "Bridge to be closed"),
            ("", ""),
        ] {
            assert_eq!(site().cut(whole), cut, "{whole}");
        }
    }

    #[test]
    fn a_short_name_of_a_site_is_a_word_of_its_own() {
        let site = SiteNames::new([], "www.zbc.co.uk");
        assert_eq!(site.cut("Bridge to close - ZBC News"), "Bridge to close");
        assert_eq!(site.cut("Bridge to close - ZBC.com"), "Bridge to close");
        assert_eq!(site.cut("Bridge to close - ZBCD chimes"), "Bridge to close - ZBCD chimes");
        let site = SiteNames::new([], "www.washingtonexample.com");
        assert_eq!(site.cut("Washington — Senate passes budget"), "Washington — Senate passes budget");
    }

    #[test]
    fn a_heading_of_second_rank_tells_where_the_title_ends() {
        let claims = Claims {
            subheadings: vec!["Latest", "Bridge to close soon", "Comments"],
            claimed: vec!["Bridge to close soon - Valley Gazette".into()],
            ..Claims::default()
        };
        assert_eq!(title(&claims, &site()), "Bridge to close soon");
    }

    fn chosen(headings: &[&str], claimed: &[&str]) -> String {
        let headings: Vec<String> = headings.iter().map(|h| (*h).to_owned()).collect();
        let claimed = claimed.iter().map(|c| (*c).to_owned()).collect();
        title(&Claims { headings: &headings, claimed, text: "The text.", ..Claims::default() }, &site())
    }

    #[test]
    fn the_heading_that_readers_see_is_the_title() {
        for (headings, claimed, title) in [
            (
                &["Need a change? How to rent a car"][..],
                &["Need change? Rent a car: 7 tips | The Example"][..],
                "Need a change? How to rent a car",
            ),
            (&["The Example"], &["Bridge to close"], "Bridge to close"),
            (&["Blog"], &["Bridge to close"], "Bridge to close"),
            (&["Bridge"], &["Bridge | Some Office"], "Bridge"),
            (&["Sign up for the newsletter", "Bridge to close soon"], &["Bridge to close"], "Bridge to close soon"),
            (&["Sign up for the newsletter"], &["Bridge closed"], "Bridge closed"),
            (&["Bridges"], &["Bridges: how to cross them"], "Bridges: how to cross them"),
            (&["痞客邦"], &["大桥今日通车 | 痞客邦"], "大桥今日通车 | 痞客邦"),
            (&["Sign up for the newsletter"], &[], "Sign up for the newsletter"),
            (&[], &[], "The text."),
        ] {
            assert_eq!(chosen(headings, claimed), title, "{headings:?} {claimed:?}");
        }
    }

    #[test]
    fn a_title_has_a_bound() {
        let long = chosen(&[], &[&"word ".repeat(100)]);
        assert!(long.chars().count() <= MAX_CHARS + 1 && long.ends_with('…'), "{long}");
    }
}
