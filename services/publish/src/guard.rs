//! What holds for every request, whatever it asks for: the host that it names is the site's, and it ends in time.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{StatusCode, header, uri::Authority},
    middleware::{Next, from_fn},
    response::Response,
};
use kos_shared::{event::HttpUrl, serve::LocalAddress};
use tokio::time::timeout;

use crate::api::problem;

/// How long a request may take, its body included. Hubs have less, but their answer comes over the bus.
const REQUEST: Duration = Duration::from_secs(60);

/// The longest body of a request, in bytes, where the route doesn't say otherwise.
const BODY_BYTES: usize = 64 * 1024;

/// Who asks about the process and not for the site does so under any name: probes know only an address.
const OF_THE_PROCESS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// What all requests have to get past.
#[derive(Debug, Clone)]
pub struct Guard {
    hosts: Arc<BTreeSet<String>>,
}

/// Why a request goes no further.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Refused {
    /// It names no host, or several, or what is none (RFC 9112 section 3.2).
    Unclear,
    /// It names a host that this site isn't (RFC 9110 section 15.5.20).
    Misdirected(String),
}

impl Guard {
    /// The guard of a site at `url` that listens at `listen` and answers to `hosts` as well.
    pub fn new(url: &HttpUrl, listen: IpAddr, hosts: &[String]) -> Self {
        let mut all: BTreeSet<String> = hosts.iter().map(|host| bare(host)).collect();
        all.extend([bare(url.host()), "localhost".to_owned()]);
        if !listen.is_unspecified() {
            all.insert(listen.to_string());
        }
        Self { hosts: Arc::new(all) }
    }

    /// The same routes behind this guard.
    pub fn over(self, routes: Router) -> Router {
        let check = move |request: Request, next: Next| {
            let guard = self.clone();
            async move { guard.answer(request, next).await }
        };
        routes.layer(DefaultBodyLimit::max(BODY_BYTES)).layer(from_fn(check))
    }

    async fn answer(&self, request: Request, next: Next) -> Response {
        match self.check(&request) {
            Ok(()) => match timeout(REQUEST, next.run(request)).await {
                Ok(response) => response,
                Err(_) => {
                    let detail = format!("it took more than {} seconds", REQUEST.as_secs());
                    problem(StatusCode::REQUEST_TIMEOUT, "the request took too long", &detail)
                }
            },
            Err(Refused::Unclear) => {
                let detail = "expected one Host header with the site's name";
                problem(StatusCode::BAD_REQUEST, "the request names no host", detail)
            }
            Err(Refused::Misdirected(host)) => {
                let detail = format!("{host} is none of this site's names: its operator can add it to KOS_SITE_HOSTS");
                problem(StatusCode::MISDIRECTED_REQUEST, "another site was asked for", &detail)
            }
        }
    }

    fn check(&self, request: &Request) -> Result<(), Refused> {
        if OF_THE_PROCESS.contains(&request.uri().path()) {
            return Ok(());
        }
        let host = host_of(request).ok_or(Refused::Unclear)?;
        let local = request.extensions().get::<LocalAddress>().map(|address| address.0.ip());
        if self.hosts.contains(&host) || address(&host).is_some_and(|ip| ip.is_loopback() || Some(ip) == local) {
            Ok(())
        } else {
            Err(Refused::Misdirected(host))
        }
    }
}

/// The host that a request names: in its first line where there is one, else in its one `Host` header.
fn host_of(request: &Request) -> Option<String> {
    let mut headers = request.headers().get_all(header::HOST).iter();
    let named: Authority = match (request.uri().authority(), headers.next(), headers.next()) {
        (_, _, Some(_)) => return None,
        (Some(authority), _, None) => authority.clone(),
        (None, Some(header), None) => header.to_str().ok()?.parse().ok()?,
        (None, None, None) => return None,
    };
    (!named.as_str().contains('@')).then(|| bare(named.host()))
}

/// A host as it is compared: in lower case, without the brackets of an address and without the root's dot.
fn bare(host: &str) -> String {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

fn address(host: &str) -> Option<IpAddr> {
    host.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use axum::body::Body;

    use super::*;

    fn check(url: &str, hosts: &[&str]) -> Result<(), Refused> {
        let guard = Guard::new(
            &"https://News.example:8443/".parse().unwrap(),
            IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            &["www.news.example".to_owned(), "[2001:db8::7]".to_owned()],
        );
        let request = hosts.iter().fold(Request::builder().uri(url), |request, host| request.header("host", *host));
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(LocalAddress("192.0.2.7:8080".parse().unwrap()));
        guard.check(&request)
    }

    #[test]
    fn a_site_answers_to_its_own_names() {
        for host in [
            "news.example",
            "NEWS.example.",
            "news.example:8443",
            "www.news.example",
            "localhost:8080",
            "127.0.0.1:1",
            "127.8.8.8",
            "[::1]:8080",
            "192.0.2.7:8080",
            "[2001:db8::7]:80",
        ] {
            assert_eq!(check("/", &[host]), Ok(()), "{host}");
        }
        assert_eq!(check("http://news.example/", &["news.example"]), Ok(()));
    }

    #[test]
    fn a_site_answers_to_no_other_name() {
        for host in ["evil.example", "news.example.evil.example", "192.0.2.8", "localhost.evil.example", "[::2]"] {
            assert!(matches!(check("/", &[host]), Err(Refused::Misdirected(_))), "{host}");
        }
        assert!(matches!(check("http://evil.example/", &["news.example"]), Err(Refused::Misdirected(_))));
        assert_eq!(check("/readyz", &["10.0.0.1:8080"]), Ok(()), "probes know only an address");
    }

    #[test]
    fn a_request_that_names_no_host_or_two_is_refused() {
        for hosts in [&[][..], &["news.example", "news.example"], &["a b"], &[""], &["user@news.example"]] {
            assert_eq!(check("/", hosts), Err(Refused::Unclear), "{hosts:?}");
        }
    }
}
