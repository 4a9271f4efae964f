//! Robots directives, as `<meta name=robots>` and `X-Robots-Tag` have them.
//!
//! There is no standard. What is read is what search engines document (Google's "Robots meta tag, data-nosnippet, and
//! X-Robots-Tag specifications") and `noai`, `noimageai` as DeviantArt introduced them in 2022.

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    fmt::rfc2822,
    tz::Offset,
};

/// The product token that publishers name us by, in lower case; it is in the User-Agent.
const PRODUCT_TOKEN: &str = "knowledgeos";

/// Directives that have a value behind a colon, and so are no name of an agent.
const WITH_VALUE: [&str; 5] =
    ["max-snippet", "max-image-preview", "max-video-preview", "unavailable_after", "revisit-after"];

/// How dates are written behind `unavailable_after`, the weekday and the zone taken off.
const TIMES: [&str; 6] = [
    "%d %b %Y %H:%M:%S",
    "%d-%b-%y %H:%M:%S",
    "%d-%b-%Y %H:%M:%S",
    "%d %b %Y %H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
];

/// Zones by name (RFC 822 section 5.1), in hours from UTC.
const ZONES: [(&str, i8); 11] = [
    ("UTC", 0),
    ("GMT", 0),
    ("Z", 0),
    ("EST", -5),
    ("EDT", -4),
    ("CST", -6),
    ("CDT", -5),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
];

/// What a publisher asks of those who use a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Directive {
    /// No use by AI.
    NoAi,
    /// No use of its images by AI.
    NoImageAi,
    /// Not in search results.
    NoIndex,
    /// No text of it beside its link.
    NoSnippet,
    /// At most so many characters of its text beside its link.
    MaxSnippet(u32),
    /// No copy of it.
    NoArchive,
    /// Not to be shown any more after this time; `None` where the time can't be read.
    UnavailableAfter(Option<Timestamp>),
}

/// Where directives stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In a `<meta>`, whose name says whom they are for.
    Meta,
    /// In an `X-Robots-Tag`, where `bot: …` makes what follows be for that agent.
    Header,
}

/// The directives in one value that are for every agent or for us. In a `<meta>` a word with a colon that is no directive
/// hides no more than what stands behind it up to the next comma.
pub(super) fn directives(value: &str, place: Place) -> Vec<Directive> {
    let mut found = Vec::new();
    let mut for_us = true;
    let mut parts = value.split([',', ';']).peekable();
    while let Some(part) = parts.next() {
        let mut rest = part.trim();
        while let Some((before, after)) = rest.split_once(':') {
            let mut words: Vec<&str> = before.split_whitespace().collect();
            let name = words.pop().unwrap_or_default().to_ascii_lowercase();
            if for_us {
                found.extend(words.into_iter().filter_map(plain));
            }
            rest = after.trim();
            if name == "unavailable_after" {
                // A comma may stand behind the weekday.
                let mut date = rest.to_owned();
                if is_weekday(rest) {
                    date = parts.next().unwrap_or_default().trim().to_owned();
                }
                if for_us {
                    found.push(Directive::UnavailableAfter(time(&date)));
                }
                rest = "";
            } else if WITH_VALUE.contains(&name.as_str()) {
                let (value, behind) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                if for_us && name == "max-snippet" {
                    found.extend(max_snippet(value));
                }
                rest = behind;
            } else {
                let names_us = matches!(name.as_str(), PRODUCT_TOKEN | "*" | "robots");
                match place {
                    Place::Header => for_us = names_us,
                    Place::Meta if names_us => {}
                    Place::Meta => rest = "",
                }
            }
        }
        if for_us {
            found.extend(rest.split_whitespace().filter_map(plain));
        }
    }
    found
}

fn is_weekday(text: &str) -> bool {
    let beginning = text.get(..3).unwrap_or_default().to_ascii_lowercase();
    text.chars().all(|c| c.is_ascii_alphabetic())
        && ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].contains(&beginning.as_str())
}

fn plain(word: &str) -> Option<Directive> {
    match word.to_ascii_lowercase().as_str() {
        "noai" => Some(Directive::NoAi),
        "noimageai" => Some(Directive::NoImageAi),
        "noindex" | "none" => Some(Directive::NoIndex),
        "nosnippet" => Some(Directive::NoSnippet),
        "noarchive" | "nocache" => Some(Directive::NoArchive),
        _ => None,
    }
}

/// `-1`, any other number below zero and what is no number set no limit.
fn max_snippet(value: &str) -> Option<Directive> {
    match value.parse::<i64>() {
        Ok(0) => Some(Directive::NoSnippet),
        Ok(characters) => u32::try_from(characters).ok().map(Directive::MaxSnippet),
        Err(_) => None,
    }
}

/// A time in one of the forms that are seen behind `unavailable_after`.
fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    if let Ok(time) = rfc2822::parse(text) {
        return Some(time.timestamp());
    }
    let (civil, hours) = match text.rsplit_once(' ') {
        Some((before, zone)) => match ZONES.iter().find(|(name, _)| name.eq_ignore_ascii_case(zone)) {
            Some((_, hours)) => (before, *hours),
            None => (text, 0),
        },
        None => (text, 0),
    };
    let time = TIMES.iter().find_map(|form| DateTime::strptime(form, civil).ok());
    let time = time.or_else(|| civil.parse::<Date>().ok().map(DateTime::from))?;
    Offset::from_hours(hours).ok()?.to_timestamp(time).ok()
}

#[cfg(test)]
mod tests {
    use super::{Directive as D, *};

    fn directives(value: &str) -> Vec<D> {
        super::directives(value, Place::Header)
    }

    #[test]
    fn an_unknown_pair_in_a_meta_tag_hides_nothing_behind_it() {
        let in_meta = |value| super::directives(value, Place::Meta);
        assert_eq!(in_meta("index, revisit-after: 7 days, noai, nosnippet"), [D::NoAi, D::NoSnippet]);
        assert_eq!(in_meta("noarchive, rating: general; noai"), [D::NoArchive, D::NoAi]);
        assert_eq!(in_meta("unavailable_after: soon, noai"), [D::UnavailableAfter(None), D::NoAi]);
        assert_eq!(in_meta("googlebot: nosnippet, max-snippet: 9"), [D::MaxSnippet(9)]);
        assert_eq!(in_meta("knowledgeos: noai"), [D::NoAi]);
        assert_eq!(directives("revisit-after: 7 days, noai"), [D::NoAi], "it names no agent in a header either");
    }

    #[test]
    fn directives_are_found_however_they_are_separated() {
        for value in ["noai, noarchive", "NOAI,NOARCHIVE", "index noai noarchive", "all; noai; nocache"] {
            assert_eq!(directives(value), [D::NoAi, D::NoArchive], "{value}");
        }
        assert_eq!(directives("max-snippet:-1, max-image-preview:large, max-video-preview:-1"), []);
        assert_eq!(directives("noindex max-snippet: 50 noai"), [D::NoIndex, D::MaxSnippet(50), D::NoAi]);
        assert_eq!(directives("max-snippet:0"), [D::NoSnippet]);
        assert_eq!(directives("none"), [D::NoIndex]);
        assert_eq!(directives("max-snippet: many, max-snippet, : , ::, ,"), []);
    }

    #[test]
    fn what_is_for_another_agent_is_not_for_us() {
        assert_eq!(directives("googlebot: noai, nosnippet"), []);
        assert_eq!(directives("noarchive, googlebot: nosnippet"), [D::NoArchive]);
        assert_eq!(directives("googlebot: nosnippet, knowledgeos: noai, max-snippet: 9"), [D::NoAi, D::MaxSnippet(9)]);
        assert_eq!(directives("KnowledgeOS: noai"), [D::NoAi]);
    }

    #[test]
    fn the_end_of_availability_is_read_in_the_forms_that_are_seen() {
        let expected: Timestamp = "2007-08-25T20:00:00Z".parse().unwrap();
        for date in [
            "Saturday, 25-Aug-07 15:00:00 EST",
            "25 Aug 2007 15:00:00 EST",
            "25-Aug-2007 20:00:00 GMT",
            "Sat, 25 Aug 2007 15:00:00 -0500",
            "2007-08-25T20:00:00Z",
            "2007-08-25 20:00:00",
        ] {
            let found = directives(&format!("unavailable_after: {date}, noai"));
            assert_eq!(found, [D::UnavailableAfter(Some(expected)), D::NoAi], "{date}");
        }
        assert_eq!(directives("unavailable_after: soon"), [D::UnavailableAfter(None)]);
        assert_eq!(directives("otherbot: unavailable_after: 2007-08-25"), []);
    }
}
