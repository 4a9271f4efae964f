//! Pages over HTTP, from the public internet and the networks that the operator allows.
//!
//! Names are resolved once, by a resolver that drops refused addresses, so a connection goes to an
//! address that was checked. A host that is an address itself never meets the resolver and is checked
//! before each request. Redirects are followed by hand, so that each target goes the same way.

mod error;
mod resolver;
mod retry_after;

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use kos_shared::event::HttpUrl;
use reqwest::{
    Client, Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER},
    redirect::Policy,
};
use url::{Host, Url};

pub use error::{FetchError, Remedy};

use crate::address::AllowedNetworks;
use resolver::CheckingResolver;

/// What a fetch may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Until a connection stands, TLS and all.
    pub connect: Duration,
    /// Between two pieces of an answer.
    pub idle: Duration,
    /// From the first request to the last byte, redirects and all.
    pub total: Duration,
    /// The largest body, in bytes, after decompression; compressed it is no larger.
    pub body_bytes: usize,
    /// How many redirects are followed.
    pub redirects: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(15),
            total: Duration::from_secs(30),
            body_bytes: 10 * 1024 * 1024,
            redirects: 10,
        }
    }
}

/// A page as its server sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedPage {
    /// Where it was found after all redirects.
    pub final_url: HttpUrl,
    /// Its Content-Type as the server declared it.
    pub content_type: Option<String>,
    /// Its bytes, decompressed.
    pub body: Bytes,
}

/// Fetches pages. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Fetcher {
    client: Client,
    allowed: Arc<AllowedNetworks>,
    limits: Limits,
}

impl Fetcher {
    /// A fetcher that names `contact` (the site's address) to the servers it asks. It fails where the
    /// machine's certificates can't be read.
    pub fn new(allowed: AllowedNetworks, limits: Limits, contact: &str) -> Result<Self, FetchError> {
        // The process has one provider of cryptography; another part may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let allowed = Arc::new(allowed);
        let contact: String = contact.chars().filter(char::is_ascii_graphic).collect();
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("text/html,application/xhtml+xml;q=0.9,*/*;q=0.1"));
        let client = Client::builder()
            .user_agent(format!("KnowledgeOS/{} (+{contact})", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .dns_resolver(CheckingResolver::new(Arc::clone(&allowed)))
            // A proxy would resolve names itself, past the check.
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(limits.connect)
            .read_timeout(limits.idle)
            .pool_max_idle_per_host(4)
            .build()
            .map_err(|e| FetchError::Client { reason: error::root_cause(&e) })?;
        Ok(Self { client, allowed, limits })
    }

    /// The HTML page at `url`, following redirects.
    pub async fn fetch(&self, url: &HttpUrl) -> Result<FetchedPage, FetchError> {
        let total = self.limits.total;
        tokio::time::timeout(total, self.follow(url)).await.unwrap_or_else(|_| {
            Err(FetchError::Timeout { url: url.to_string(), reason: format!("nothing whole within {total:?}") })
        })
    }

    async fn follow(&self, url: &HttpUrl) -> Result<FetchedPage, FetchError> {
        let mut url = url.clone();
        for _ in 0..=self.limits.redirects {
            self.check_literal(&url)?;
            let request = self.client.get(url.as_url().clone()).send();
            let response = request.await.map_err(|e| FetchError::of_transport(&url, &e))?;
            match redirect_target(&url, &response)? {
                Some(target) => url = target,
                None => return self.read(url, response).await,
            }
        }
        Err(FetchError::TooManyRedirects { limit: self.limits.redirects })
    }

    /// Checks a host that is an address: those are connected to without asking the resolver.
    fn check_literal(&self, url: &HttpUrl) -> Result<(), FetchError> {
        let address = match url.as_url().host() {
            Some(Host::Ipv4(v4)) => v4.into(),
            Some(Host::Ipv6(v6)) => v6.into(),
            _ => return Ok(()),
        };
        if self.allowed.permit(address) {
            return Ok(());
        }
        Err(FetchError::RefusedAddress { host: url.host().to_owned(), address })
    }

    async fn read(&self, url: HttpUrl, mut response: Response) -> Result<FetchedPage, FetchError> {
        let status = response.status();
        if !status.is_success() {
            let value = response.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok());
            let wait = value.and_then(|v| retry_after::parse(v, Timestamp::now()));
            return Err(FetchError::of_status(&url, status.as_u16(), wait));
        }
        let content_type =
            response.headers().get(CONTENT_TYPE).map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned());
        let declared_html = is_html_type(content_type.as_deref());
        if declared_html == Some(false) {
            return Err(FetchError::NotHtml { url: url.to_string(), found: content_type.unwrap_or_default() });
        }
        let limit = self.limits.body_bytes;
        let too_large = || FetchError::TooLarge { url: url.to_string(), limit };
        if response.content_length().is_some_and(|l| l > limit as u64) {
            return Err(too_large());
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| FetchError::of_transport(&url, &e))? {
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        if declared_html.is_none() && !looks_like_html(&body) {
            let found = content_type.unwrap_or_else(|| "no content type, and no HTML either".into());
            return Err(FetchError::NotHtml { url: url.to_string(), found });
        }
        Ok(FetchedPage { final_url: url, content_type, body: body.freeze() })
    }
}

/// Where a response redirects to, if it does (RFC 9110 section 15.4).
fn redirect_target(url: &HttpUrl, response: &Response) -> Result<Option<HttpUrl>, FetchError> {
    use StatusCode as S;
    let redirects = [S::MOVED_PERMANENTLY, S::FOUND, S::SEE_OTHER, S::TEMPORARY_REDIRECT, S::PERMANENT_REDIRECT];
    if !redirects.contains(&response.status()) {
        return Ok(None);
    }
    let Some(location) = response.headers().get(LOCATION) else { return Ok(None) };
    let location = String::from_utf8_lossy(location.as_bytes()).into_owned();
    let target = url.as_url().join(&location).ok().and_then(|mut target: Url| {
        // The fragment of the address asked for goes along where the target names none.
        if target.fragment().is_none() {
            target.set_fragment(url.as_url().fragment());
        }
        HttpUrl::try_from(target).ok()
    });
    target.map(Some).ok_or_else(|| FetchError::BadRedirect { target: location.chars().take(200).collect() })
}

/// Whether a Content-Type says HTML; `None` where it leaves that open.
fn is_html_type(content_type: Option<&str>) -> Option<bool> {
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "text/html" | "application/xhtml+xml" => Some(true),
        "" | "application/octet-stream" | "application/xml" | "text/xml" | "unknown/unknown" | "*/*" => None,
        _ => Some(false),
    }
}

/// Whether bytes begin as HTML does (after WHATWG MIME Sniffing section 7.1).
fn looks_like_html(body: &[u8]) -> bool {
    const STARTS: [&str; 12] = [
        "<!doctype html",
        "<html",
        "<head",
        "<body",
        "<title",
        "<meta",
        "<script",
        "<div",
        "<article",
        "<p>",
        "<h1",
        "<table",
    ];
    let mut start = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
    // A declaration or comments may come before.
    for (open, close) in [("<?xml", "?>"), ("<!--", "-->"), ("<!--", "-->")] {
        if start.starts_with(open.as_bytes()) {
            let end = start.windows(close.len()).take(4_096).position(|w| w == close.as_bytes());
            start = end.map_or(&[][..], |at| &start[at + close.len()..]).trim_ascii_start();
        }
    }
    STARTS.iter().any(|s| start.get(..s.len()).is_some_and(|b| b.eq_ignore_ascii_case(s.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_told_from_other_types() {
        for html in ["text/html", "Text/HTML; charset=gbk", "application/xhtml+xml"] {
            assert_eq!(is_html_type(Some(html)), Some(true), "{html}");
        }
        for other in ["application/pdf", "text/plain", "image/png", "application/json"] {
            assert_eq!(is_html_type(Some(other)), Some(false), "{other}");
        }
        for open in [None, Some(""), Some("application/octet-stream"), Some("text/xml")] {
            assert_eq!(is_html_type(open), None, "{open:?}");
        }
    }

    #[test]
    fn html_is_recognised_by_its_beginning() {
        for html in ["\u{feff} <!DOCTYPE HTML>", "<html>", "<?xml version='1.0'?>\n<!-- c --><html>", "\n<BODY>"] {
            assert!(looks_like_html(html.as_bytes()), "{html}");
        }
        for other in ["", "%PDF-1.7", "{\"a\": 1}", "<?xml version='1.0'?><rss>", "<!-- never closed <html>"] {
            assert!(!looks_like_html(other.as_bytes()), "{other}");
        }
    }
}
