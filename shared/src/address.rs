//! Addresses in one way of writing: what makes no difference anywhere is folded, so that the same page isn't two.

mod tracking;

use url::{Url, form_urlencoded};

use crate::event::HttpUrl;
pub use tracking::address_without_tracking;
use tracking::without_tracking;

/// An address in the one way that it is written: without user, fragment (a `#!` names a page), session, tracking and
/// AMP parameters, a dot behind the host, and with all that needs no percent-encoding decoded (RFC 3986, section
/// 6.2.2). What remains keeps its order and its spelling: a server may mind both.
pub fn normal(url: &HttpUrl) -> HttpUrl {
    let mut clean: Url = url.as_url().clone();
    // All of these fail only for addresses without a host.
    let _ = clean.set_username("").and_then(|()| clean.set_password(None));
    if let Some(host) = clean.host_str().map(|host| host.trim_end_matches('.')).filter(|host| !host.is_empty()) {
        let host = host.to_owned();
        let _ = clean.set_host(Some(&host));
    }
    if !clean.fragment().is_some_and(|fragment| fragment.starts_with('!')) {
        clean.set_fragment(None);
    }
    let path = decoded(&without_session(clean.path()));
    clean.set_path(&path);
    let query = clean.query().and_then(without_tracking).map(|query| decoded(&query));
    let query = query.as_deref().and_then(without_amp);
    clean.set_query(query.as_deref());
    HttpUrl::try_from(clean).unwrap_or_else(|_| url.clone())
}

/// A path without the sessions of servers that keep them there: `;jsessionid=…`, and `(S(…))` of ASP.NET.
fn without_session(path: &str) -> String {
    let is_session = |segment: &&str| segment.starts_with("(S(") && segment.ends_with("))");
    let segments = path.split('/').filter(|segment| !is_session(segment)).map(|segment| {
        let at = segment.to_ascii_lowercase().find(";jsessionid=");
        at.map_or(segment, |at| &segment[..at])
    });
    segments.collect::<Vec<_>>().join("/")
}

/// A query without what asks for a page's AMP form.
fn without_amp(query: &str) -> Option<String> {
    let asks_for_amp = |parameter: &&str| {
        form_urlencoded::parse(parameter.as_bytes()).next().is_some_and(|(name, value)| {
            let value = value.to_ascii_lowercase();
            match name.to_ascii_lowercase().as_str() {
                "amp" => matches!(value.as_str(), "" | "1" | "true" | "yes"),
                "outputtype" => value == "amp",
                _ => false,
            }
        })
    };
    let kept: Vec<&str> = query.split('&').filter(|p| !asks_for_amp(p)).collect();
    (!kept.is_empty()).then(|| kept.join("&"))
}

/// A part of an address with those characters decoded that never need encoding, and upper-case digits in the others.
fn decoded(part: &str) -> String {
    let mut decoded = String::with_capacity(part.len());
    let mut rest = part;
    while let Some(at) = rest.find('%') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let byte = rest.get(1..3).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        match byte.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if needs_no_encoding(byte) && !would_encode(&decoded, byte) => decoded.push(char::from(byte)),
            Some(byte) => decoded.push_str(&format!("%{byte:02X}")),
            None => {
                decoded.push('%');
                rest = &rest[1..];
                continue;
            }
        }
        rest = &rest[3..];
    }
    decoded.push_str(rest);
    decoded
}

/// The unreserved characters (RFC 3986, section 2.3).
fn needs_no_encoding(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// Whether a character would become a part of a code that a stray percent sign begins: `%4%44` is not `%4D`.
fn would_encode(before: &str, byte: u8) -> bool {
    let half = match before.as_bytes() {
        [.., b'%'] => true,
        [.., b'%', digit] => digit.is_ascii_hexdigit(),
        _ => false,
    };
    half && byte.is_ascii_hexdigit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_normal_form() {
        for (url, form) in [
            ("https://EXAMPLE.com./%7Ea;jsessionid=1?utm_source=x&id=7&amp=1#top", "https://example.com/~a?id=7"),
            ("https://example.com/%E6%96%B0?b=2&a=1#!/7", "https://example.com/%E6%96%B0?b=2&a=1#!/7"),
        ] {
            let found = normal(&url.parse().unwrap());
            assert_eq!(found.as_str(), form);
            assert_eq!(normal(&found), found);
        }
    }
}
