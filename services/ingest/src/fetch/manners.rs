//! What a fetch asks for before it asks a server: whether robots may, and whether it is the host's turn.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use kos_shared::{event::HttpUrl, store::Store};

use super::{FetchError, Fetcher, Kind, Limits, budget::Budget, room::ROOM_WAIT};
use crate::{
    hosts::{Hosts, Pace, Pass, Waiting},
    robots::{
        RobotsPolicy,
        cache::{Found, Known, RobotsCache},
    },
};

/// The robot's name in its User-Agent, and in robots.txt.
pub(super) const PRODUCT: &str = "KnowledgeOS";

/// How soon to come again where the database fails.
const STATE_PAUSE: Duration = Duration::from_secs(2);

/// How long to wait while somebody else asks for what is to be known beforehand: not long, for a slow server must not
/// keep all of a worker waiting, but longer where a request was made already.
pub fn patience(begun: bool) -> Duration {
    Duration::from_secs(if begun { 60 } else { 2 })
}

/// The path of an address with its query, which rules are about.
pub fn path_of(url: &HttpUrl) -> &str {
    &url.as_url()[url::Position::BeforePath..url::Position::AfterQuery]
}

/// How this worker behaves towards servers, together with all others on its database.
#[derive(Debug, Clone)]
pub struct Manners {
    hosts: Hosts,
    pace: Pace,
    robots: Arc<RobotsCache>,
    obey_robots: bool,
}

impl Manners {
    /// Manners for fetches within `limits`: at this pace, and by robots.txt where `obey_robots` says so. What that says
    /// about the use of content is asked for in either case.
    pub fn new(store: &Store, limits: &Limits, pace: Pace, obey_robots: bool) -> Self {
        Self {
            // All redirects of a fetch together take no longer than this, so none does alone.
            hosts: Hosts::start(store.clone(), limits.total + ROOM_WAIT + Duration::from_secs(10)),
            pace,
            robots: Arc::new(RobotsCache::new(store.clone(), PRODUCT)),
            obey_robots,
        }
    }

    /// Permission for one request to `url`, to be kept until its answer is read. Asking for its robots.txt takes of the
    /// `budget`.
    pub(super) async fn permit(
        &self,
        fetcher: &Fetcher,
        url: &HttpUrl,
        kind: Kind,
        begun: bool,
        budget: &mut Budget,
    ) -> Result<Option<Pass>, FetchError> {
        let mut pace = self.pace;
        match kind {
            Kind::Page if self.obey_robots => {
                if let Some(policy) = self.policy(fetcher, url, begun, budget).await? {
                    if let Some(rule) = policy.refusal(path_of(url)) {
                        return Err(FetchError::RefusedByRobots {
                            url: url.to_string(),
                            robots: robots_address(url)?.to_string(),
                            rule: rule.to_owned(),
                        });
                    }
                    // An operator who wants no delay means the sites that ask for one, too: they are the operator's.
                    if !pace.delay.is_zero() {
                        pace.delay = pace.delay.max(policy.crawl_delay.unwrap_or_default());
                    }
                }
            }
            Kind::Page | Kind::Feed | Kind::Other | Kind::Robots => {}
        }
        self.hosts.enter(host_of(url), url.as_str(), pace, begun || kind == Kind::Robots).await.map_err(|waiting| {
            match waiting {
                Waiting::Until(until) => FetchError::NotYet { host: url.host().to_owned(), until },
                Waiting::Failed(reason) => state(url, reason),
            }
        })
    }

    /// Has all workers leave the host of `url` alone for so long, as it asked for.
    pub(super) async fn leave_alone(&self, url: &HttpUrl, wait: Duration) {
        // An operator who wants no limits means it.
        if !self.pace.is_unlimited() {
            self.hosts.leave_alone(host_of(url), wait).await;
        }
    }

    /// What the site of `url` says to robots; `None` where that can't be known and need not be obeyed. Asking takes of the
    /// `budget`.
    pub(super) async fn policy(
        &self,
        fetcher: &Fetcher,
        url: &HttpUrl,
        begun: bool,
        budget: &mut Budget,
    ) -> Result<Option<Arc<RobotsPolicy>>, FetchError> {
        let address = robots_address(url)?;
        let ask = async || {
            let whole = budget.is_whole();
            match Box::pin(fetcher.robots_txt(&address, budget)).await {
                // It was the time that was too short, for which other fetches need not suffer.
                Err(error @ FetchError::Timeout { .. }) if !whole => Err(error),
                answer => found(answer),
            }
        };
        let failed = |error: sqlx::Error| state(url, error.to_string());
        match self.robots.known(address.as_str(), patience(begun), ask, failed).await? {
            Known::Policy(policy) => Ok(Some(policy)),
            Known::OutOfReach { .. } if !self.obey_robots => Ok(None),
            Known::OutOfReach { reason, until } => {
                Err(FetchError::RobotsOutOfReach { robots: address.to_string(), reason, until })
            }
            Known::BeingAsked => Err(FetchError::being_asked(url)),
        }
    }
}

/// The host that turns are counted by: with the root's dot it is the same.
fn host_of(url: &HttpUrl) -> &str {
    url.host().trim_end_matches('.')
}

fn state(url: &HttpUrl, reason: String) -> FetchError {
    FetchError::State { host: url.host().to_owned(), reason, until: Timestamp::now() + STATE_PAUSE }
}

/// Where the rules for an address stand (RFC 9309 section 2.3).
fn robots_address(url: &HttpUrl) -> Result<HttpUrl, FetchError> {
    let mut address = url.as_url().clone();
    address.set_path("/robots.txt");
    address.set_query(None);
    address.set_fragment(None);
    // A login is for what it was given for.
    let _kept = (address.set_username(""), address.set_password(None));
    HttpUrl::try_from(address).map_err(|e| FetchError::BadRedirect { target: e.to_string() })
}

/// What an answer to the request for a robots.txt means.
fn found(answer: Result<super::Answer, FetchError>) -> Result<Found, FetchError> {
    match answer {
        Ok(answer) => Ok(Found::Text(answer.body.unwrap_or_default())),
        // The site's own word, or a way that leads nowhere: unavailable (section 2.3.1.3).
        Err(
            FetchError::NotFound { .. }
            | FetchError::Gone { .. }
            | FetchError::Forbidden { .. }
            | FetchError::Rejected { .. }
            | FetchError::TooManyRedirects { .. }
            | FetchError::BadRedirect { .. }
            | FetchError::RefusedPort { .. }
            | FetchError::RefusedName { .. }
            | FetchError::RefusedAddress { .. },
        ) => Ok(Found::None),
        // What was asked for can't be had either, for this very reason.
        Err(
            error @ (FetchError::NotYet { .. }
            | FetchError::State { .. }
            | FetchError::Dns { .. }
            | FetchError::Connect { .. }
            | FetchError::Tls { .. }),
        ) => Err(error),
        Err(error) => Ok(Found::OutOfReach(error.to_string())),
    }
}
