//! Paths and the patterns of rules, compared octet by octet (RFC 9309 sections 2.2.2 and 2.2.3).

use std::fmt::Write;

/// How many stars of a pattern count. What a longer one says is taken to end there, with anything after it.
const MOST_STARS: usize = 100;

/// The pattern of a rule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern {
    /// What must be found in this order, the first at the beginning, with stars between.
    text: Box<str>,
    /// Whether nothing may follow (`$`).
    to_the_end: bool,
    /// Whether it says less than what was written.
    is_cut: bool,
}

impl Pattern {
    /// Reads the value of a rule; `None` where it is empty, and the rule without effect.
    pub fn read(value: &str) -> Option<Self> {
        if value.is_empty() {
            return None;
        }
        let (value, to_the_end) = match value.strip_suffix('$') {
            Some(rest) => (rest, true),
            None => (value, false),
        };
        // A path begins with a slash, also where who wrote the rule forgot it.
        let slash = if value.starts_with(['/', '*']) { "" } else { "/" };
        let mut text = String::with_capacity(value.len() + slash.len());
        text += slash;
        for (index, part) in value.split('*').enumerate() {
            if index > MOST_STARS {
                return Some(Self { text: text.into(), to_the_end: false, is_cut: true });
            }
            // A star that is encoded isn't taken for one.
            text += if index > 0 { "*" } else { "" };
            text += &normalised(part);
        }
        Some(Self { text: text.into(), to_the_end, is_cut: false })
    }

    /// How many octets it has: the longer, the more it says.
    pub fn octets(&self) -> usize {
        self.text.len() + usize::from(self.to_the_end)
    }

    /// Whether it fits more than what was written would.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Whether a normalised path fits.
    pub fn fits(&self, path: &str) -> bool {
        let (first, later) = match self.text.split_once('*') {
            Some((first, later)) => (first, Some(later)),
            None => (&*self.text, None),
        };
        let Some(mut rest) = path.strip_prefix(first) else { return false };
        let Some(later) = later else { return !self.to_the_end || rest.is_empty() };
        let (between, last) = later.rsplit_once('*').unwrap_or(("", later));
        // The first place for each part leaves the most room for those that follow.
        for part in between.split('*') {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        if self.to_the_end { rest.ends_with(last) } else { rest.contains(last) }
    }
}

/// A path in the one way in which it is compared: what needs no encoding is not encoded, and what does is, in capitals.
pub(super) fn normalised(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut text = String::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let encoded = match bytes[at] {
            b'%' => bytes.get(at + 1..at + 3).and_then(hex),
            _ => None,
        };
        let byte = encoded.unwrap_or(bytes[at]);
        let unreserved = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        // What is neither encoded nor in need of it stays: it may have a meaning of its own. A star and a dollar are meant
        // as themselves where they are encoded, and only there in a pattern (section 2.2.3), so they always are.
        if unreserved || (encoded.is_none() && byte.is_ascii_graphic() && !matches!(byte, b'*' | b'$')) {
            text.push(char::from(byte));
        } else {
            let _infallible = write!(text, "%{byte:02X}");
        }
        at += if encoded.is_some() { 3 } else { 1 };
    }
    text
}

fn hex(digits: &[u8]) -> Option<u8> {
    let value = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(value(*digits.first()?)? * 16 + value(*digits.get(1)?)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_in_one_way() {
        for (path, normal) in [
            ("/a b", "/a%20b"),
            ("/%7e%41", "/~A"),
            ("/%2f%2F", "/%2F%2F"),
            ("/é", "/%C3%A9"),
            ("/%", "/%"),
            ("/%zz%4", "/%zz%4"),
            ("/a?b=*&c=%2a$", "/a?b=%2A&c=%2A%24"),
        ] {
            assert_eq!(normalised(path), normal, "{path}");
        }
    }

    #[test]
    fn parts_are_found_in_order() {
        let fits = |pattern: &str, path| Pattern::read(pattern).unwrap().fits(&normalised(path));
        for (pattern, path) in
            [("/a*b*c$", "/a-b-b-c-c"), ("*", "/"), ("/$", "/"), ("/**", "/x"), ("/a*$", "/a"), ("a", "/ab")]
        {
            assert!(fits(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [("/a*b*a$", "/aba-b"), ("/ab*b$", "/ab"), ("/b", "/ab"), ("/a$", "/ab")] {
            assert!(!fits(pattern, path), "{pattern} {path}");
        }
    }

    #[test]
    fn stars_and_dollars_that_are_encoded_mean_themselves() {
        let fits = |pattern: &str, path| Pattern::read(pattern).unwrap().fits(&normalised(path));
        for path in ["/a-*.html", "/a-%2A.html", "/a-%2a.html"] {
            assert!(fits("/a-%2A.html", path), "{path}");
        }
        assert!(!fits("/a-%2A.html", "/a-b.html") && fits("/a-*.html", "/a-b.html"));
        assert!(fits("/a%24", "/a$b") && fits("/a$b", "/a%24b") && fits("/a%24$", "/a$") && !fits("/a%24", "/a"));
    }

    #[test]
    fn a_pattern_takes_no_more_than_its_text_and_only_so_many_stars() {
        let text = "/*a".repeat(1_000);
        let pattern = Pattern::read(&text).unwrap();
        assert!(pattern.is_cut() && pattern.octets() <= MOST_STARS * 3 + 1);
        assert!(pattern.fits(&text.replace('*', "-")) && !pattern.fits("/b"));
        assert!(size_of::<Pattern>() <= 24, "{}", size_of::<Pattern>());
    }
}
