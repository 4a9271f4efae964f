//! Paths and the patterns of rules, compared octet by octet (RFC 9309 sections 2.2.2 and 2.2.3).

use std::fmt::Write;

/// The pattern of a rule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern {
    /// What must be found in this order, the first at the beginning.
    parts: Vec<String>,
    /// Whether nothing may follow (`$`).
    to_the_end: bool,
    octets: usize,
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
        // Before the stars, so that one that is encoded isn't taken for one.
        let value = normalised(value);
        // A path begins with a slash, also where who wrote the rule forgot it.
        let value = if value.starts_with(['/', '*']) { value } else { format!("/{value}") };
        let octets = value.len() + usize::from(to_the_end);
        Some(Self { parts: value.split('*').map(str::to_owned).collect(), to_the_end, octets })
    }

    /// How many octets it has: the longer, the more it says.
    pub fn octets(&self) -> usize {
        self.octets
    }

    /// Whether a normalised path fits.
    pub fn fits(&self, path: &str) -> bool {
        let Some((first, later)) = self.parts.split_first() else { return true };
        let Some(mut rest) = path.strip_prefix(first.as_str()) else { return false };
        let Some((last, between)) = later.split_last() else { return !self.to_the_end || rest.is_empty() };
        // The first place for each part leaves the most room for those that follow.
        for part in between {
            match rest.find(part.as_str()) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        if self.to_the_end { rest.ends_with(last.as_str()) } else { rest.contains(last.as_str()) }
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
        // What is neither encoded nor in need of it stays: it may have a meaning of its own.
        if unreserved || (encoded.is_none() && byte.is_ascii_graphic()) {
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
            ("/a?b=*&c=%2A", "/a?b=*&c=%2A"),
        ] {
            assert_eq!(normalised(path), normal, "{path}");
        }
    }

    #[test]
    fn parts_are_found_in_order() {
        let fits = |pattern: &str, path| Pattern::read(pattern).unwrap().fits(path);
        for (pattern, path) in
            [("/a*b*c$", "/a-b-b-c-c"), ("*", "/"), ("/$", "/"), ("/**", "/x"), ("/a*$", "/a"), ("a", "/ab")]
        {
            assert!(fits(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [("/a*b*a$", "/aba-b"), ("/ab*b$", "/ab"), ("/b", "/ab"), ("/a$", "/ab")] {
            assert!(!fits(pattern, path), "{pattern} {path}");
        }
    }
}
