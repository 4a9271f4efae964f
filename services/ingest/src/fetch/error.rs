//! Why something could not be had, and what to do about it.

use std::{error::Error, io, net::IpAddr, time::Duration};

use jiff::Timestamp;
use kos_shared::event::HttpUrl;

use super::{Limits, resolver::ResolveError};

/// Why something could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The client could not be made. Usual cause: no root certificates on this machine.
    #[error("the http client can't be made: {reason}")]
    Client {
        /// The cause.
        reason: String,
    },
    /// The name has no address now. Usual causes: a name server that doesn't answer, a misspelt host.
    #[error("{host} has no address: {reason}")]
    Dns {
        /// The host.
        host: String,
        /// What the resolver says.
        reason: String,
    },
    /// No connection. Usual causes: the server is down or restarts, a firewall.
    #[error("no connection to {host}: {reason}")]
    Connect {
        /// The host.
        host: String,
        /// The system's reason.
        reason: String,
    },
    /// TLS failed. Usual causes: an expired certificate, a server that is being set up.
    #[error("no tls with {host}: {reason}")]
    Tls {
        /// The host.
        host: String,
        /// What was wrong.
        reason: String,
    },
    /// It took too long. Usual causes: a server under load, a slow line.
    #[error("{url} took too long: {reason}")]
    Timeout {
        /// The address.
        url: String,
        /// What took too long.
        reason: String,
    },
    /// The answer broke off or can't be read. Usual causes: a connection that was reset, damaged compression.
    #[error("the answer of {url} broke off: {reason}")]
    Interrupted {
        /// The address.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The server failed (5xx), or asks to be asked again (408, 425).
    #[error("{url} answered {status}, a failure of the server")]
    ServerFailure {
        /// The address.
        url: String,
        /// The status code.
        status: u16,
    },
    /// The server wants to be asked later: 429, or 503 with Retry-After.
    #[error("{url} answered {status}, too many requests{}", wait_text(retry_after))]
    RateLimited {
        /// The address.
        url: String,
        /// The status code.
        status: u16,
        /// How long it wants to be left alone, where it says so; at most a day.
        retry_after: Option<Duration>,
    },
    /// It isn't there (404).
    #[error("{url} answered 404: it is not there")]
    NotFound {
        /// The address.
        url: String,
    },
    /// It was there and won't come back (410): a feed that says so is asked no more.
    #[error("{url} answered 410: it is gone for good")]
    Gone {
        /// The address.
        url: String,
    },
    /// The page is for others (401, 402, 403, 407) or withheld by law (451). Usual causes: a paywall, a
    /// server that refuses robots.
    #[error("{url} answered {status}: the server doesn't show the page to us")]
    Forbidden {
        /// The address.
        url: String,
        /// The status code.
        status: u16,
    },
    /// A status that gives no page: another 4xx, or a redirect to nowhere.
    #[error("{url} answered {status}, expected a page")]
    Rejected {
        /// The address.
        url: String,
        /// The status code.
        status: u16,
    },
    /// It is no HTML page. Usual causes: a link to a PDF or an image.
    #[error("{url} is no html page: {found}")]
    NotHtml {
        /// The address.
        url: String,
        /// Its content type.
        found: String,
    },
    /// The body is larger than the limit.
    #[error("{url} is larger than {limit} bytes")]
    TooLarge {
        /// The address.
        url: String,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The head of the answer is larger than the limit. Usual cause: a server that wants to wear its client down.
    #[error("the headers of {url} are larger than {limit} bytes")]
    HeaderTooLarge {
        /// The address.
        url: String,
        /// The limit, in bytes.
        limit: usize,
    },
    /// It is compressed in a way that wasn't offered.
    #[error("{url} is encoded as {encoding:?}, expected gzip, br, zstd or deflate")]
    UnknownEncoding {
        /// The address.
        url: String,
        /// Its Content-Encoding.
        encoding: String,
    },
    /// The port is another protocol's, which a page must not be a way to speak to.
    #[error("port {port} of {host} is not for the web")]
    RefusedPort {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
    /// The host has no address here and its name is one of a private network, so no proxy is asked for it.
    #[error("{host} is a name of a private network")]
    RefusedName {
        /// The host.
        host: String,
    },
    /// The site's robots.txt doesn't want robots there.
    #[error("{url} is not for robots by {robots}: {rule:?}")]
    RefusedByRobots {
        /// The address.
        url: String,
        /// The address of the robots.txt.
        robots: String,
        /// The line in it.
        rule: String,
    },
    /// The host's turn hasn't come: others are being fetched from it. Nothing was asked of it.
    #[error("{host} is left alone until {until}")]
    NotYet {
        /// The host.
        host: String,
        /// When to come again.
        until: Timestamp,
    },
    /// The body is big, and there was no room for it beside other big ones.
    #[error("there was no room for {url}, which is big")]
    NoRoom {
        /// The address.
        url: String,
        /// When to come again.
        until: Timestamp,
    },
    /// What is known about the host can't be told. Usual cause: the database is gone. Nothing was asked of the host.
    #[error("whether {host} may be asked now can't be told: {reason}")]
    State {
        /// The host.
        host: String,
        /// What the database says.
        reason: String,
        /// When to come again.
        until: Timestamp,
    },
    /// Whether the site wants robots there can't be told: its robots.txt is out of reach, which forbids everything
    /// until it is known (RFC 9309 section 2.3.1.4). Usual cause: a server under load.
    #[error("{robots} is out of reach, so nothing is fetched there: {reason}")]
    RobotsOutOfReach {
        /// The address of the robots.txt.
        robots: String,
        /// What went wrong.
        reason: String,
        /// When it will be asked for again; `None` where that was tried for a day.
        until: Option<Timestamp>,
    },
    /// The host's addresses are none of the public internet.
    #[error("{host} is at {address}, which is no public address; KOS_FETCH_ALLOW={address} would permit it")]
    RefusedAddress {
        /// The host.
        host: String,
        /// One of its addresses.
        address: IpAddr,
    },
    /// Redirects without end. Usual cause: a server that insists on a cookie.
    #[error("more than {limit} redirects")]
    TooManyRedirects {
        /// How many are followed.
        limit: usize,
    },
    /// A redirect to what is no web address. Usual cause: a link into an app.
    #[error("redirected to {target:?}, expected an http or https address")]
    BadRedirect {
        /// The target.
        target: String,
    },
}

/// How soon to come again for what somebody else is asking for.
const BEING_ASKED: Duration = Duration::from_secs(2);

/// What to do about a failed fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Try again after a while of the caller's choice.
    Retry,
    /// Try again after the time that the server named, if it named one.
    RetryAfter(Option<Duration>),
    /// Nothing was tried: try at that time.
    NotBefore(Timestamp),
    /// No retry will mend it.
    GiveUp,
}

impl FetchError {
    /// Its name in metrics.
    pub const fn class(&self) -> &'static str {
        match self {
            Self::Client { .. } => "client",
            Self::Dns { .. } => "dns",
            Self::Connect { .. } => "connect",
            Self::Tls { .. } => "tls",
            Self::Timeout { .. } => "timeout",
            Self::Interrupted { .. } => "interrupted",
            Self::ServerFailure { .. } => "server_failure",
            Self::RateLimited { .. } => "rate_limited",
            Self::NotFound { .. } => "not_found",
            Self::Gone { .. } => "gone",
            Self::Forbidden { .. } => "forbidden",
            Self::Rejected { .. } => "rejected",
            Self::NotHtml { .. } => "not_html",
            Self::TooLarge { .. } => "too_large",
            Self::HeaderTooLarge { .. } => "header_too_large",
            Self::UnknownEncoding { .. } => "unknown_encoding",
            Self::RefusedPort { .. } => "refused_port",
            Self::RefusedName { .. } => "refused_name",
            Self::RefusedByRobots { .. } => "refused_by_robots",
            Self::NotYet { .. } => "not_yet",
            Self::NoRoom { .. } => "no_room",
            Self::State { .. } => "state",
            Self::RobotsOutOfReach { .. } => "robots_out_of_reach",
            Self::RefusedAddress { .. } => "refused_address",
            Self::TooManyRedirects { .. } => "too_many_redirects",
            Self::BadRedirect { .. } => "bad_redirect",
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Client { .. }
            | Self::Dns { .. }
            | Self::Connect { .. }
            | Self::Tls { .. }
            | Self::Timeout { .. }
            | Self::Interrupted { .. }
            | Self::RobotsOutOfReach { until: None, .. }
            | Self::ServerFailure { .. } => Remedy::Retry,
            Self::RateLimited { retry_after, .. } => Remedy::RetryAfter(*retry_after),
            Self::NotYet { until, .. }
            | Self::NoRoom { until, .. }
            | Self::State { until, .. }
            | Self::RobotsOutOfReach { until: Some(until), .. } => Remedy::NotBefore(*until),
            Self::NotFound { .. }
            | Self::Gone { .. }
            | Self::HeaderTooLarge { .. }
            | Self::UnknownEncoding { .. }
            | Self::RefusedPort { .. }
            | Self::RefusedName { .. }
            | Self::RefusedByRobots { .. }
            | Self::Forbidden { .. }
            | Self::Rejected { .. }
            | Self::NotHtml { .. }
            | Self::TooLarge { .. }
            | Self::RefusedAddress { .. }
            | Self::TooManyRedirects { .. }
            | Self::BadRedirect { .. } => Remedy::GiveUp,
        }
    }

    /// The error where somebody else is asking for what has to be known before `url` may be asked for.
    pub fn being_asked(url: &HttpUrl) -> Self {
        Self::NotYet { host: url.host().to_owned(), until: Timestamp::now() + BEING_ASKED }
    }

    /// The error of a status code that gives no page.
    pub(super) fn of_status(url: &HttpUrl, status: u16, retry_after: Option<Duration>) -> Self {
        let url = url.to_string();
        match (status, retry_after) {
            (429, _) | (503, Some(_)) => Self::RateLimited { url, status, retry_after },
            (408 | 425 | 500..=599, _) => Self::ServerFailure { url, status },
            (404, _) => Self::NotFound { url },
            (410, _) => Self::Gone { url },
            (401 | 402 | 403 | 407 | 451, _) => Self::Forbidden { url, status },
            _ => Self::Rejected { url, status },
        }
    }

    /// The error of a request that got no answer or none whole.
    pub(super) fn of_transport(url: &HttpUrl, error: &reqwest::Error, limits: &Limits) -> Self {
        let host = url.host().to_owned();
        let too_large = |e: &(dyn Error + 'static)| e.downcast_ref().is_some_and(hyper::Error::is_parse_too_large);
        if causes(error).any(too_large) {
            return Self::HeaderTooLarge { url: url.to_string(), limit: limits.header_bytes };
        }
        if let Some(resolve) = causes(error).find_map(|e| e.downcast_ref::<ResolveError>()) {
            return match resolve {
                ResolveError::Refused(address) => Self::RefusedAddress { host, address: *address },
                ResolveError::Unknown(reason) => Self::Dns { host, reason: reason.clone() },
            };
        }
        let reason = root_cause(error);
        if causes(error).any(|e| e.is::<rustls::Error>()) {
            Self::Tls { host, reason }
        } else if error.is_timeout() {
            Self::Timeout { url: url.to_string(), reason }
        } else if error.is_connect() {
            Self::Connect { host, reason }
        } else {
            Self::Interrupted { url: url.to_string(), reason }
        }
    }
}

/// An error and all that caused it. An `io::Error` is looked into: its `source` skips what it wraps.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&e| match e.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner as &(dyn Error + 'static)),
        None => e.source(),
    })
}

/// What is at the bottom of an error, in words.
pub(super) fn root_cause(error: &reqwest::Error) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

fn wait_text(retry_after: &Option<Duration>) -> String {
    retry_after.map(|w| format!(", retry after {} s", w.as_secs())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_what_to_do() {
        let url: HttpUrl = "https://example.com/a".parse().unwrap();
        let minute = Some(Duration::from_secs(60));
        for (status, wait, remedy) in [
            (500, None, Remedy::Retry),
            (502, minute, Remedy::Retry),
            (503, None, Remedy::Retry),
            (408, None, Remedy::Retry),
            (425, None, Remedy::Retry),
            (429, None, Remedy::RetryAfter(None)),
            (429, minute, Remedy::RetryAfter(minute)),
            (503, minute, Remedy::RetryAfter(minute)),
            (404, minute, Remedy::GiveUp),
            (410, None, Remedy::GiveUp),
            (403, None, Remedy::GiveUp),
            (451, None, Remedy::GiveUp),
            (418, None, Remedy::GiveUp),
            (304, None, Remedy::GiveUp),
        ] {
            let error = FetchError::of_status(&url, status, wait);
            assert_eq!(error.remedy(), remedy, "{status}");
            assert!(error.to_string().contains(&status.to_string()), "{error}");
        }
    }

    #[test]
    fn a_refused_address_says_how_to_permit_it() {
        let address = "10.0.0.1".parse().unwrap();
        let text = FetchError::RefusedAddress { host: "intranet".into(), address }.to_string();
        assert!(text.contains("intranet is at 10.0.0.1") && text.contains("KOS_FETCH_ALLOW=10.0.0.1"), "{text}");
    }
}
