//! Absolute web addresses.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use url::Url;

/// The longest address that is accepted, in bytes. Sitemaps stop at 2,048, and an entry in an index of PostgreSQL,
/// by which articles are found, may have 2,700.
const MAX_BYTES: usize = 2_048;

/// An absolute `http` or `https` address with a host, normalised as the URL standard says.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HttpUrl(Url);

/// A text that is no absolute `http` or `https` address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an absolute http or https address, got {0:?}")]
pub struct InvalidUrl(String);

impl HttpUrl {
    /// The parsed address.
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The same without a name and password in it: those are for the server alone.
    #[must_use]
    pub fn without_login(&self) -> Self {
        let mut url = self.0.clone();
        // An address with a host can always be without.
        let _always = (url.set_username(""), url.set_password(None));
        Self(url)
    }

    /// The host, in lower case and without a port.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

impl TryFrom<Url> for HttpUrl {
    type Error = InvalidUrl;

    fn try_from(url: Url) -> Result<Self, InvalidUrl> {
        let web = matches!(url.scheme(), "http" | "https");
        if web && url.host_str().is_some_and(|h| !h.is_empty()) && url.as_str().len() <= MAX_BYTES {
            Ok(Self(url))
        } else {
            Err(InvalidUrl(shortened(url.as_str())))
        }
    }
}

impl FromStr for HttpUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let url = Url::parse(text.trim()).map_err(|_| InvalidUrl(shortened(text)))?;
        Self::try_from(url)
    }
}

impl TryFrom<String> for HttpUrl {
    type Error = InvalidUrl;

    fn try_from(text: String) -> Result<Self, InvalidUrl> {
        text.parse()
    }
}

impl From<HttpUrl> for String {
    fn from(url: HttpUrl) -> Self {
        url.0.into()
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

impl JsonSchema for HttpUrl {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "HttpUrl".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "uri", "pattern": "^[hH][tT][tT][pP][sS]?://"})
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_web_addresses_are_taken() {
        for bad in ["", "example.com", "/news/1", "ftp://example.com/", "javascript:alert(1)", "http://", "https:///"] {
            assert!(bad.parse::<HttpUrl>().is_err(), "{bad:?} was taken");
        }
        let url: HttpUrl = " HTTP://Example.COM:80/a b ".parse().unwrap();
        assert_eq!(url.as_str(), "http://example.com/a%20b");
        assert_eq!(url.host(), "example.com");
    }

    #[test]
    fn an_address_past_the_limit_is_refused_and_quoted_in_short() {
        let long = format!("https://example.com/{}", "a".repeat(MAX_BYTES));
        let error = long.parse::<HttpUrl>().unwrap_err().to_string();
        assert!(error.len() < 300, "{error}");
    }
}
