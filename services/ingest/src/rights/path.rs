//! Path patterns of robots.txt (RFC 9309 section 2.2.2), which tdmrep.json and Content-Usage rules share.

use kos_shared::event::HttpUrl;
use url::Position;

/// The longest pattern that is looked at, in bytes. RFC 9309 asks for no more than a path may have.
const MAX_PATTERN_BYTES: usize = 2_048;

/// What patterns are matched against: an address's path and query, in normal form.
pub(super) fn of_url(url: &HttpUrl) -> String {
    normal(&url.as_url()[Position::BeforePath..Position::AfterQuery])
}

/// Whether a pattern matches a path in normal form: it is a beginning of it, `*` stands for anything and a `$` at its end
/// for the path's end. Takes time linear in both.
pub(super) fn matches(pattern: &str, path: &str) -> bool {
    let pattern = pattern.trim();
    if pattern.len() > MAX_PATTERN_BYTES {
        return false;
    }
    let (pattern, to_the_end) = match pattern.strip_suffix('$') {
        Some(rest) => (rest, true),
        None => (pattern, false),
    };
    let mut parts = pattern.split('*').map(normal);
    let Some(first) = parts.next() else { return false };
    let Some(mut rest) = path.strip_prefix(first.as_str()) else { return false };
    let mut parts: Vec<String> = parts.collect();
    // The leftmost place of each part leaves the most room for those that follow.
    let last = if to_the_end { parts.pop() } else { None };
    for part in &parts {
        let Some(at) = rest.find(part.as_str()) else { return false };
        rest = &rest[at + part.len()..];
    }
    match last {
        Some(last) => rest.ends_with(last.as_str()),
        None => !to_the_end || rest.is_empty(),
    }
}

/// A path with everything percent-encoded that has to be, and nothing that need not (RFC 3986 section 6.2.2).
fn normal(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let bytes = path.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digit = |offset: usize| bytes.get(at + offset).and_then(|b| char::from(*b).to_digit(16));
        let encoded = if byte == b'%' { digit(1).zip(digit(2)) } else { None };
        let (byte, length, must) = match encoded {
            Some((high, low)) => {
                let decoded = (high * 16 + low) as u8;
                (decoded, 3, !(decoded.is_ascii_alphanumeric() || b"-._~".contains(&decoded)))
            }
            None => (byte, 1, !byte.is_ascii_graphic()),
        };
        if must {
            out.push_str(&format!("%{byte:02X}"));
        } else {
            out.push(char::from(byte));
        }
        at += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_beginning_with_wildcards() {
        for (pattern, path, expected) in [
            ("/", "/news/1", true),
            ("/news/", "/news/1", true),
            ("/news/", "/news", false),
            ("/News", "/news", false),
            ("*", "/anything", true),
            ("", "/anything", true),
            ("/*.jpg", "/a/b.jpg?size=2", true),
            ("/*.jpg$", "/a/b.jpg?size=2", false),
            ("/*.jpg$", "/a.jpg/b.jpg", true),
            ("/a*b*c$", "/a-b-c-b-c", true),
            ("/a*b*c$", "/a-c-b", false),
            ("/exact$", "/exact", true),
            ("/exact$", "/exactly", false),
            ("/path/foo-%24", "/path/foo-%24", true),
            ("/新闻/", "/%E6%96%B0%e9%97%bb/1", true),
            ("/%7Ejoe", "/~joe", true),
            ("/a%2Fb", "/a/b", false),
        ] {
            assert_eq!(matches(pattern, &normal(path)), expected, "{pattern} on {path}");
        }
    }

    #[test]
    fn an_endless_pattern_takes_no_endless_time() {
        let path = normal(&format!("/{}", "a".repeat(100_000)));
        assert!(!matches(&format!("/{}b", "a*".repeat(1_000)), &path));
        assert!(!matches(&"*a".repeat(5_000), &path), "a pattern longer than any path is none");
        for odd in ["%", "%2", "%zz", "$", "*$", "**", "\u{0}"] {
            let _ = matches(odd, &normal("/%\u{0}é%e"));
        }
    }
}
