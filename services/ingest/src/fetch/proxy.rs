//! Proxies from the usual variables.
//!
//! A proxy resolves names itself, past the check that a direct connection goes through. So a name is resolved here
//! too, and where any of its addresses is refused, the proxy isn't asked. A name without an address here is left to
//! the proxy, which is often the only one who knows the public names, unless it is one of a private network.
//! What the proxy itself may reach is the business of who runs it.

use std::env;

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

/// Through which proxy an address is asked.
#[derive(Debug, Default)]
pub struct Proxies {
    http: Option<Url>,
    https: Option<Url>,
    /// Says which addresses go past them; it has a proxy for all others.
    past: Option<Matcher>,
}

/// A proxy that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a proxy such as http://proxy.example:3128, got one with scheme {scheme:?}")]
pub struct InvalidProxy {
    /// Its scheme; the rest may hold a password.
    pub scheme: String,
}

impl Proxies {
    /// Those that `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` name, or their lower-case twins.
    ///
    /// # Errors
    /// [`InvalidProxy`] for one that isn't `http://` or `https://`.
    pub fn of_environment() -> Result<Self, InvalidProxy> {
        let set = |names: [&str; 2]| names.into_iter().find_map(|n| env::var(n).ok()).unwrap_or_default();
        let all = set(["ALL_PROXY", "all_proxy"]);
        // A CGI gets the header `Proxy` of a request as HTTP_PROXY (httpoxy); nobody else has REQUEST_METHOD.
        let http =
            if env::var_os("REQUEST_METHOD").is_some() { String::new() } else { set(["HTTP_PROXY", "http_proxy"]) };
        let https = set(["HTTPS_PROXY", "https_proxy"]);
        let or_all = |own: String| if own.is_empty() { all.clone() } else { own };
        Self::new(&or_all(http), &or_all(https), &set(["NO_PROXY", "no_proxy"]))
    }

    /// A proxy for each scheme (none where the text is empty), and a list of hosts and networks that go past them.
    ///
    /// # Errors
    /// [`InvalidProxy`] for one that isn't `http://` or `https://`.
    pub fn new(http: &str, https: &str, past: &str) -> Result<Self, InvalidProxy> {
        let (http, https) = (proxy(http)?, proxy(https)?);
        let past = (http.is_some() || https.is_some())
            .then(|| Matcher::builder().all("http://proxy.invalid").no(past.to_owned()).build());
        Ok(Self { http, https, past })
    }

    /// The proxy for an address.
    pub(super) fn of(&self, url: &Url) -> Option<&Url> {
        let proxy = if url.scheme() == "https" { self.https.as_ref() } else { self.http.as_ref() }?;
        // Without the login and the path, which may be longer than the matcher takes.
        let place = format!("{}://{}/", url.scheme(), url.host_str()?).parse().ok()?;
        self.past.as_ref()?.intercept(&place).map(|_| proxy)
    }

    /// The names of the proxies, for a resolver that knows nothing else.
    pub(super) fn hosts(&self) -> Vec<String> {
        [&self.http, &self.https].into_iter().flatten().filter_map(Url::host_str).map(str::to_owned).collect()
    }

    /// The proxies as the client wants them; none where there are none.
    pub(super) fn for_client(&self) -> Result<Vec<reqwest::Proxy>, reqwest::Error> {
        let http = self.http.iter().map(|url| reqwest::Proxy::http(url.as_str()));
        let https = self.https.iter().map(|url| reqwest::Proxy::https(url.as_str()));
        http.chain(https).collect()
    }
}

fn proxy(text: &str) -> Result<Option<Url>, InvalidProxy> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    match Url::parse(&whole) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Some(url)),
        _ => Err(InvalidProxy { scheme: whole.split("://").next().unwrap_or_default().chars().take(20).collect() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(proxies: &Proxies, url: &str) -> Option<String> {
        proxies.of(&url.parse().unwrap()).map(ToString::to_string)
    }

    #[test]
    fn each_scheme_has_its_proxy_and_some_hosts_have_none() {
        let list = ".example.com, 192.0.2.0/24, localhost";
        let proxies = Proxies::new("proxy:3128", "https://secure.proxy/", list).unwrap();
        assert_eq!(through(&proxies, "http://a.test/"), Some("http://proxy:3128/".into()));
        assert_eq!(through(&proxies, "https://user:word@a.test/x?y"), Some("https://secure.proxy/".into()));
        for past in ["http://www.example.com/", "http://example.com/", "http://192.0.2.9/", "https://localhost/"] {
            assert_eq!(through(&proxies, past), None, "{past}");
        }
        assert_eq!(through(&Proxies::default(), "http://a.test/"), None);
        assert_eq!(through(&Proxies::new("", "http://p/", "*").unwrap(), "https://a.test/"), None);
        assert_eq!(through(&Proxies::new("", "http://p/", "").unwrap(), "http://a.test/"), None);
    }

    #[test]
    fn a_proxy_of_another_protocol_is_refused_without_its_password() {
        let error = Proxies::new("", "socks5://me:secret@proxy/", "").unwrap_err().to_string();
        assert!(error.contains("socks5") && !error.contains("secret"), "{error}");
    }
}
