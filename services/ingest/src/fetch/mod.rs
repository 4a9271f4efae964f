//! Pages, feeds and whatever else is asked for over HTTP, from the public internet and the networks that the operator
//! allows.
//!
//! Names are resolved once, by a resolver that drops refused addresses, so a connection goes to an
//! address that was checked. A host that is an address itself never meets the resolver and is checked
//! before each request. Redirects are followed by hand, so that each target goes the same way: it is checked, its
//! robots.txt is asked, and its host's turn waited for.

mod body;
mod budget;
mod error;
mod html;
mod manners;
mod proxy;
mod redirect;
mod request;
mod resolver;
mod room;

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use kos_shared::{crypto, event::HttpUrl, retry_after, telemetry::traces};
use reqwest::{
    Client, RequestBuilder, Response, StatusCode,
    header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH, RETRY_AFTER},
    redirect::Policy,
};
use tokio::time::{Instant, timeout};
use tracing::Instrument;
use url::Host;

pub use error::{FetchError, Remedy};
pub use manners::Manners;
pub(crate) use manners::{path_of, patience};
pub use proxy::{InvalidProxy, Proxies};
pub use request::{Answer, Kind, Limits, Request, Validators};
pub use resolver::{Looking, Lookup, SystemLookup};
pub use room::Room;

use crate::{
    address::{AllowedNetworks, is_private_name, is_web_port},
    metrics::FetchMetrics,
    robots::RobotsPolicy,
};
use budget::Budget;
use resolver::{CheckingResolver, ProxyResolver};
use room::Rooms;

/// How many lines the head of an answer may have; its size is limited beside that.
const HEADER_LINES: usize = 1_000;

/// What a fetcher is made of.
#[derive(Debug)]
pub struct Setup {
    /// Networks that may be fetched though they are private.
    pub allowed: AllowedNetworks,
    /// What a fetch may take.
    pub limits: Limits,
    /// Who answers for the robot: an address of the web or of mail, named to every server.
    pub contact: String,
    /// Who is asked instead of the servers themselves.
    pub proxies: Proxies,
    /// Who looks names up.
    pub lookup: Arc<dyn Lookup>,
    /// Turns and robots.txt; without, servers are asked at once.
    pub manners: Option<Manners>,
    /// Where fetches are counted.
    pub metrics: FetchMetrics,
}

impl Setup {
    /// Direct connections, with the machine's own resolver and without manners.
    pub fn new(allowed: AllowedNetworks, limits: Limits, contact: &str) -> Self {
        Self {
            allowed,
            limits,
            contact: contact.to_owned(),
            proxies: Proxies::default(),
            lookup: Arc::new(SystemLookup),
            manners: None,
            metrics: FetchMetrics::default(),
        }
    }
}

/// Fetches. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Fetcher(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    /// Connects to nobody but addresses that were checked.
    direct: Client,
    /// Connects to nobody but proxies.
    proxied: Option<Client>,
    proxies: Proxies,
    lookup: Arc<dyn Lookup>,
    allowed: Arc<AllowedNetworks>,
    limits: Limits,
    manners: Option<Manners>,
    metrics: FetchMetrics,
    rooms: Rooms,
}

/// What is sent to each address on the way.
enum Ask<'a> {
    Get(&'a Validators),
    Post(String),
}

impl Ask<'_> {
    const fn method(&self) -> &'static str {
        match self {
            Self::Get(_) => "GET",
            Self::Post(_) => "POST",
        }
    }
}

/// What one request came to.
enum Hop {
    Arrived(Box<Answer>),
    Redirected(redirect::Redirect),
}

impl Fetcher {
    /// A fetcher without proxies and manners that names `contact` to the servers it asks.
    ///
    /// # Errors
    /// [`FetchError::Client`] where the machine's certificates can't be read.
    pub fn new(allowed: AllowedNetworks, limits: Limits, contact: &str) -> Result<Self, FetchError> {
        Self::with(Setup::new(allowed, limits, contact))
    }

    /// A fetcher of these parts.
    ///
    /// # Errors
    /// [`FetchError::Client`] where the machine's certificates can't be read.
    pub fn with(setup: Setup) -> Result<Self, FetchError> {
        crypto::install_provider();
        let Setup { allowed, limits, contact, proxies, lookup, manners, metrics } = setup;
        let failed = |e: reqwest::Error| FetchError::Client { reason: error::root_cause(&e) };
        let allowed = Arc::new(allowed);
        let contact: String = contact.chars().filter(char::is_ascii_graphic).collect();
        let client = || {
            Client::builder()
                .user_agent(format!("{}/{} (+{contact})", manners::PRODUCT, env!("CARGO_PKG_VERSION")))
                // Which proxies there are is decided here, and nowhere else.
                .no_proxy()
                .redirect(Policy::none())
                .referer(false)
                .connect_timeout(limits.connect)
                .pool_max_idle_per_host(2)
                .http1_max_headers(HEADER_LINES)
                .http2_max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
        };
        let checking = CheckingResolver { lookup: Arc::clone(&lookup), allowed: Arc::clone(&allowed) };
        let direct = client().dns_resolver(checking).build().map_err(failed)?;
        let of_proxies = proxies.for_client().map_err(failed)?;
        let proxied = if of_proxies.is_empty() {
            None
        } else {
            let resolver = ProxyResolver { lookup: Arc::clone(&lookup), proxies: proxies.hosts() };
            let client = of_proxies.into_iter().fold(client().dns_resolver(resolver), |c, proxy| c.proxy(proxy));
            Some(client.build().map_err(failed)?)
        };
        let rooms = Rooms::default();
        Ok(Self(Arc::new(Parts { direct, proxied, proxies, lookup, allowed, limits, manners, metrics, rooms })))
    }

    /// GETs what is at an address, following redirects.
    ///
    /// # Errors
    /// [`FetchError`] for everything but a 2xx and, where there are validators, a 304.
    pub async fn get(&self, request: Request<'_>) -> Result<Answer, FetchError> {
        let mut budget = Budget::new(self.0.limits.total);
        self.follow(request.url, request.kind, request.begun, &Ask::Get(&request.validators), &mut budget).await
    }

    /// POSTs a form, as a WebSub hub wants it. Only redirects that keep the method are followed.
    ///
    /// # Errors
    /// [`FetchError`] for everything but a 2xx.
    pub async fn post_form(&self, url: &HttpUrl, form: &[(&str, &str)]) -> Result<Answer, FetchError> {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut budget = Budget::new(self.0.limits.total);
        self.follow(url, Kind::Other, false, &Ask::Post(form), &mut budget).await
    }

    /// A robots.txt, within a budget.
    async fn robots_txt(&self, url: &HttpUrl, budget: &mut Budget) -> Result<Answer, FetchError> {
        self.follow(url, Kind::Robots, true, &Ask::Get(&Validators::default()), budget).await
    }

    /// What the site of `url` says to robots in its robots.txt, from the cache where it is there; `None` where it is out
    /// of reach and the operator doesn't want it obeyed. `begun` is as in [`Request::begun`].
    ///
    /// # Errors
    /// [`FetchError`] where it is out of reach.
    pub async fn robots(&self, url: &HttpUrl, begun: bool) -> Result<Option<Arc<RobotsPolicy>>, FetchError> {
        let mut budget = Budget::new(self.0.limits.total);
        match &self.0.manners {
            Some(manners) => manners.policy(self, url, begun, &mut budget).await,
            None => Ok(None),
        }
    }

    async fn follow(
        &self,
        asked: &HttpUrl,
        kind: Kind,
        begun: bool,
        ask: &Ask<'_>,
        budget: &mut Budget,
    ) -> Result<Answer, FetchError> {
        let began = Instant::now();
        let result = self.follow_redirects(asked, kind, begun, ask, budget).await;
        self.0.metrics.fetched(kind, &result, began.elapsed());
        result
    }

    async fn follow_redirects(
        &self,
        asked: &HttpUrl,
        kind: Kind,
        begun: bool,
        ask: &Ask<'_>,
        budget: &mut Budget,
    ) -> Result<Answer, FetchError> {
        let limits = &self.0.limits;
        let mut url = asked.clone();
        let mut permanent = true;
        for hop in 0..=limits.redirects {
            // A login is for the request alone: errors and answers are logged and passed on.
            let shown = url.without_login();
            self.check(&shown)?;
            // Held until the answer is read.
            let _pass = match &self.0.manners {
                Some(manners) => manners.permit(self, &shown, kind, begun || hop > 0, budget).await?,
                None => None,
            };
            let came =
                self.hop(&url, &shown, kind, ask, budget).instrument(traces::request(ask.method(), shown.host())).await;
            if let (Some(manners), Err(FetchError::RateLimited { retry_after: Some(wait), .. })) =
                (&self.0.manners, &came)
            {
                manners.leave_alone(&shown, *wait).await;
            }
            let came = came.map_err(|error| match error {
                // Only where it leads to for now: the address itself may lead elsewhere tomorrow.
                FetchError::Gone { url } if !permanent => FetchError::Rejected { url, status: 410 },
                other => other,
            });
            match came? {
                Hop::Redirected(redirect) => {
                    permanent &= redirect.permanent;
                    url = redirect.target;
                }
                Hop::Arrived(answer) => {
                    let moved_to = (permanent && url != *asked).then_some(url);
                    return Ok(Answer { moved_to, ..*answer });
                }
            }
        }
        Err(FetchError::TooManyRedirects { limit: limits.redirects })
    }

    /// One request and its answer.
    async fn hop(
        &self,
        with_login: &HttpUrl,
        url: &HttpUrl,
        kind: Kind,
        ask: &Ask<'_>,
        budget: &mut Budget,
    ) -> Result<Hop, FetchError> {
        let limits = &self.0.limits;
        let sending = async {
            let client = self.client(url).await?;
            let sending = self.request(client, with_login, kind, ask).send();
            let response = timeout(limits.connect + limits.idle, sending).await.map_err(|_| idle(url, limits))?;
            response.map_err(|e| FetchError::of_transport(url, &e, limits))
        };
        let response = budget.spend(url, sending).await??;
        traces::answered(response.status().as_u16());
        let size: usize = response.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        if size > limits.header_bytes {
            return Err(FetchError::HeaderTooLarge { url: url.to_string(), limit: limits.header_bytes });
        }
        match redirect::of(with_login, &response)? {
            Some(redirect) if matches!(ask, Ask::Get(_)) || redirect.keeps_method => Ok(Hop::Redirected(redirect)),
            _ => Ok(Hop::Arrived(Box::new(self.read(url, kind, ask, response, budget).await?))),
        }
    }

    fn request(&self, client: &Client, url: &HttpUrl, kind: Kind, ask: &Ask<'_>) -> RequestBuilder {
        let url = url.as_url().clone();
        let request = match ask {
            Ask::Get(validators) => {
                let mut request = client.get(url);
                if let Some(etag) = &validators.etag {
                    request = request.header(IF_NONE_MATCH, etag);
                }
                if let Some(time) = &validators.last_modified {
                    request = request.header(IF_MODIFIED_SINCE, time);
                }
                request
            }
            Ask::Post(form) => {
                client.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.clone())
            }
        };
        request.header(ACCEPT, kind.accept()).header(ACCEPT_ENCODING, body::ACCEPTED)
    }

    /// Checks what the address itself tells: its port, and a host that is an address or means one, which is connected
    /// to without asking the resolver.
    fn check(&self, url: &HttpUrl) -> Result<(), FetchError> {
        let host = || url.host().to_owned();
        let address: Option<IpAddr> = match url.as_url().host() {
            Some(Host::Ipv4(v4)) => Some(v4.into()),
            Some(Host::Ipv6(v6)) => Some(v6.into()),
            // Whatever a resolver says (RFC 6761 section 6.3).
            Some(Host::Domain(name)) if is_localhost(name) => Some(Ipv4Addr::LOCALHOST.into()),
            _ => None,
        };
        if let Some(address) = address.filter(|a| !self.0.allowed.permit(*a)) {
            return Err(FetchError::RefusedAddress { host: host(), address });
        }
        match url.as_url().port() {
            Some(port) if !is_web_port(port) => Err(FetchError::RefusedPort { host: host(), port }),
            _ => Ok(()),
        }
    }

    /// Who asks for an address. A proxy resolves the name itself, so all that it stands for here is checked before.
    async fn client(&self, url: &HttpUrl) -> Result<&Client, FetchError> {
        let Some(proxied) = self.0.proxied.as_ref().filter(|_| self.0.proxies.of(url.as_url()).is_some()) else {
            return Ok(&self.0.direct);
        };
        if let Some(Host::Domain(name)) = url.as_url().host() {
            let host = name.to_owned();
            match self.0.lookup.lookup(name).await {
                Ok(found) if !found.is_empty() => {
                    if let Some(address) = found.into_iter().find(|a| !self.0.allowed.permit(*a)) {
                        return Err(FetchError::RefusedAddress { host, address });
                    }
                }
                _ if is_private_name(name) => return Err(FetchError::RefusedName { host }),
                _ => {}
            }
        }
        Ok(proxied)
    }

    async fn read(
        &self,
        url: &HttpUrl,
        kind: Kind,
        ask: &Ask<'_>,
        mut response: Response,
        budget: &mut Budget,
    ) -> Result<Answer, FetchError> {
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let content_type = headers.get(CONTENT_TYPE).map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned());
        let answer =
            Answer { final_url: url.clone(), moved_to: None, headers, content_type, body: None, room: Room::default() };
        if status == StatusCode::NOT_MODIFIED && matches!(ask, Ask::Get(v) if !v.is_empty()) {
            return Ok(answer);
        }
        if !status.is_success() {
            return Err(FetchError::of_status(url, status.as_u16(), wait_of(&answer.headers)));
        }
        let declared_html = html::is_html_type(answer.content_type.as_deref());
        if kind == Kind::Page && declared_html == Some(false) {
            return Err(FetchError::NotHtml { url: url.to_string(), found: answer.content_type.unwrap_or_default() });
        }
        let coding = body::coding(url, &answer.headers)?;
        let (body, room) = body::read(url, kind, coding, response, &self.0.limits, &self.0.rooms, budget).await?;
        if kind == Kind::Page && declared_html.is_none() && !html::looks_like_html(&body) {
            let found = answer.content_type.unwrap_or_else(|| "no content type, and no HTML either".into());
            return Err(FetchError::NotHtml { url: url.to_string(), found });
        }
        Ok(Answer { body: Some(body), room, ..answer })
    }
}

/// The error where nothing came for too long. The client's own limit would go on while the body waits for room.
fn idle(url: &HttpUrl, limits: &Limits) -> FetchError {
    FetchError::Timeout { url: url.to_string(), reason: format!("nothing came for {:?}", limits.idle) }
}

fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}

/// How long a server wants to be left alone.
fn wait_of(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    retry_after::parse(value, Timestamp::now())
}
