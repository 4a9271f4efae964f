//! Where an answer sends its reader (RFC 9110 section 15.4).

use std::fmt::Write;

use kos_shared::event::HttpUrl;
use reqwest::{Response, StatusCode, header::LOCATION};
use url::Url;

use super::FetchError;

/// A redirect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redirect {
    /// Where to.
    pub target: HttpUrl,
    /// Whether it is so from now on (301, 308).
    pub permanent: bool,
    /// Whether a POST is to be repeated there (307, 308).
    pub keeps_method: bool,
}

/// Where `response`, the answer of `url`, redirects to, if it does.
pub(super) fn of(url: &HttpUrl, response: &Response) -> Result<Option<Redirect>, FetchError> {
    use StatusCode as S;
    let status = response.status();
    let permanent = matches!(status, S::MOVED_PERMANENTLY | S::PERMANENT_REDIRECT);
    let keeps_method = matches!(status, S::TEMPORARY_REDIRECT | S::PERMANENT_REDIRECT);
    if !permanent && !keeps_method && !matches!(status, S::FOUND | S::SEE_OTHER) {
        return Ok(None);
    }
    let Some(location) = response.headers().get(LOCATION) else { return Ok(None) };
    let location = text_of(location.as_bytes());
    let target = url.as_url().join(&location).ok().and_then(|mut target: Url| {
        // The fragment of the address asked for goes along where the target names none.
        if target.fragment().is_none() {
            target.set_fragment(url.as_url().fragment());
        }
        HttpUrl::try_from(target).ok()
    });
    match target {
        Some(target) => Ok(Some(Redirect { target, permanent, keeps_method })),
        None => Err(FetchError::BadRedirect { target: location.chars().take(200).collect() }),
    }
}

/// A Location as text. What isn't UTF-8 was written in the site's own encoding, and means the bytes as they are.
fn text_of(location: &[u8]) -> String {
    match std::str::from_utf8(location) {
        Ok(text) => text.to_owned(),
        Err(_) => location.iter().fold(String::new(), |mut text, byte| {
            let _infallible = match byte.is_ascii() {
                true => write!(text, "{}", char::from(*byte)),
                false => write!(text, "%{byte:02X}"),
            };
            text
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_another_encoding_stay_the_same_bytes() {
        assert_eq!(text_of("/新闻".as_bytes()), "/新闻");
        // 新闻 in GBK.
        assert_eq!(text_of(b"/a?q=\xd0\xc2\xce\xc5&b=%20"), "/a?q=%D0%C2%CE%C5&b=%20");
    }
}
