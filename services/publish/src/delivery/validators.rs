//! Conditional requests (RFC 9110 section 13).

use axum::http::{HeaderMap, HeaderValue, header};
use jiff::{Timestamp, tz::Offset};
use sha2::{Digest, Sha256};

/// What a client may know a representation by. The entity tag is weak: it stands for all content codings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validators {
    etag: String,
    last_modified: Option<Timestamp>,
}

impl Validators {
    /// The validators of a representation that is the same as long as all of `parts` are.
    pub fn of<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>, last_modified: Option<Timestamp>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            let part = part.as_ref();
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        let digest: String = hash.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        Self { etag: format!("W/\"{digest}\""), last_modified }
    }

    /// What stands for the whole of it.
    pub fn tag(&self) -> &str {
        &self.etag
    }

    /// Whether the client has it already: by If-None-Match, and only where there is none by If-Modified-Since
    /// (section 13.2.2).
    pub fn is_known_to(&self, request: &HeaderMap) -> bool {
        let mut tags = request.get_all(header::IF_NONE_MATCH).iter().peekable();
        if tags.peek().is_some() {
            let opaque = self.etag.trim_start_matches("W/");
            return tags
                .filter_map(|v| v.to_str().ok())
                .flat_map(|v| v.split(','))
                .map(str::trim)
                .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == opaque);
        }
        let since = request.get(header::IF_MODIFIED_SINCE).and_then(|v| v.to_str().ok()).and_then(parse_date);
        match (since, self.last_modified) {
            (Some(since), Some(modified)) => modified.as_second() <= since.as_second(),
            _ => false,
        }
    }

    /// The same as headers of an answer.
    pub fn write(&self, headers: &mut HeaderMap) {
        if let Ok(etag) = HeaderValue::from_str(&self.etag) {
            headers.insert(header::ETAG, etag);
        }
        if let Some(date) = self.last_modified.and_then(|time| HeaderValue::from_str(&http_date(time)).ok()) {
            headers.insert(header::LAST_MODIFIED, date);
        }
    }

    /// What an answer says of itself, where it has an entity tag.
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let text = |name| headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok());
        let last_modified = text(header::LAST_MODIFIED).and_then(parse_date);
        Some(Self { etag: text(header::ETAG)?.to_owned(), last_modified })
    }
}

/// A date as HTTP has it (section 5.6.7).
fn http_date(time: Timestamp) -> String {
    Offset::UTC.to_datetime(time).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn parse_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validators() -> Validators {
        Validators::of(["a", "b"], Some("1994-11-06T08:49:37.9Z".parse().unwrap()))
    }

    fn known(headers: &[(header::HeaderName, &str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap()));
        validators().is_known_to(&headers.collect())
    }

    #[test]
    fn an_entity_tag_goes_before_a_date() {
        let tag = validators().etag;
        let strong = tag.trim_start_matches("W/").to_owned();
        for matching in [tag.clone(), strong, format!("\"x\", {tag}"), "*".into()] {
            assert!(known(&[(header::IF_NONE_MATCH, &matching)]), "{matching}");
        }
        let date = (header::IF_MODIFIED_SINCE, "Sun, 06 Nov 1994 08:49:37 GMT");
        assert!(!known(&[(header::IF_NONE_MATCH, "\"x\""), date.clone()]));
        assert!(known(&[date]));
    }

    #[test]
    fn a_date_counts_to_the_second_and_one_that_cannot_be_read_does_not() {
        assert!(!known(&[(header::IF_MODIFIED_SINCE, "Sun, 06 Nov 1994 08:49:36 GMT")]));
        assert!(!known(&[(header::IF_MODIFIED_SINCE, "yesterday")]));
        assert!(!known(&[]));
    }

    #[test]
    fn headers_that_were_written_are_read() {
        let mut headers = HeaderMap::new();
        validators().write(&mut headers);
        assert_eq!(headers[header::LAST_MODIFIED], "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(Validators::read(&headers).unwrap().etag, validators().etag);
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(Validators::of(["ab", ""], None), Validators::of(["a", "b"], None));
    }
}
