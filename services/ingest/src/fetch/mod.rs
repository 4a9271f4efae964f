//! Pages, feeds and whatever else is asked for over HTTP, from the public internet and the networks that the operator
//! allows.
//!
//! Names are resolved once, by a resolver that drops refused addresses, so a connection goes to an
//! address that was checked. A host that is an address itself never meets the resolver and is checked
//! before each request. Redirects are followed by hand, so that each target goes the same way.

mod error;
mod html;
mod redirect;
mod request;
mod resolver;
mod retry_after;

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use kos_shared::event::HttpUrl;
use reqwest::{
    Client, RequestBuilder, Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH, RETRY_AFTER},
    redirect::Policy,
};
use url::Host;

pub use error::{FetchError, Remedy};
pub use request::{Answer, Kind, Limits, Request, Validators};

use crate::address::AllowedNetworks;
use resolver::CheckingResolver;

/// Fetches. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Fetcher {
    client: Client,
    allowed: Arc<AllowedNetworks>,
    limits: Limits,
}

/// What is sent to each address on the way.
enum Ask<'a> {
    Get(&'a Validators),
    Post(String),
}

impl Fetcher {
    /// A fetcher that names `contact` (an address of the web or of mail) to the servers it asks. It fails where the
    /// machine's certificates can't be read.
    pub fn new(allowed: AllowedNetworks, limits: Limits, contact: &str) -> Result<Self, FetchError> {
        // The process has one provider of cryptography; another part may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let allowed = Arc::new(allowed);
        let contact: String = contact.chars().filter(char::is_ascii_graphic).collect();
        let client = Client::builder()
            .user_agent(format!("KnowledgeOS/{} (+{contact})", env!("CARGO_PKG_VERSION")))
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

    /// GETs what is at an address, following redirects.
    ///
    /// # Errors
    /// [`FetchError`] for everything but a 2xx and, where there are validators, a 304.
    pub async fn get(&self, request: Request<'_>) -> Result<Answer, FetchError> {
        self.ask(request.url, request.kind, &Ask::Get(&request.validators)).await
    }

    /// POSTs a form, as a WebSub hub wants it. Only redirects that keep the method are followed.
    ///
    /// # Errors
    /// [`FetchError`] for everything but a 2xx.
    pub async fn post_form(&self, url: &HttpUrl, form: &[(&str, &str)]) -> Result<Answer, FetchError> {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.ask(url, Kind::Other, &Ask::Post(form)).await
    }

    async fn ask(&self, url: &HttpUrl, kind: Kind, ask: &Ask<'_>) -> Result<Answer, FetchError> {
        let total = self.limits.total;
        tokio::time::timeout(total, self.follow(url, kind, ask)).await.unwrap_or_else(|_| {
            Err(FetchError::Timeout { url: url.to_string(), reason: format!("nothing whole within {total:?}") })
        })
    }

    async fn follow(&self, asked: &HttpUrl, kind: Kind, ask: &Ask<'_>) -> Result<Answer, FetchError> {
        let mut url = asked.clone();
        let mut permanent = true;
        for _ in 0..=self.limits.redirects {
            self.check_literal(&url)?;
            let request = self.request(&url, kind, ask).send();
            let response = request.await.map_err(|e| FetchError::of_transport(&url, &e))?;
            match redirect::of(&url, &response)? {
                Some(redirect) if matches!(ask, Ask::Get(_)) || redirect.keeps_method => {
                    permanent &= redirect.permanent;
                    url = redirect.target;
                }
                _ => {
                    let moved_to = (permanent && url != *asked).then(|| url.clone());
                    return Ok(Answer { moved_to, ..self.read(url, kind, ask, response).await? });
                }
            }
        }
        Err(FetchError::TooManyRedirects { limit: self.limits.redirects })
    }

    fn request(&self, url: &HttpUrl, kind: Kind, ask: &Ask<'_>) -> RequestBuilder {
        let url = url.as_url().clone();
        match ask {
            Ask::Get(validators) => {
                let mut request = self.client.get(url).header(ACCEPT, kind.accept());
                if let Some(etag) = &validators.etag {
                    request = request.header(IF_NONE_MATCH, etag);
                }
                if let Some(time) = &validators.last_modified {
                    request = request.header(IF_MODIFIED_SINCE, time);
                }
                request
            }
            Ask::Post(form) => {
                let request = self.client.post(url).header(ACCEPT, kind.accept());
                request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.clone())
            }
        }
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

    async fn read(
        &self,
        url: HttpUrl,
        kind: Kind,
        ask: &Ask<'_>,
        mut response: Response,
    ) -> Result<Answer, FetchError> {
        let status = response.status();
        let headers = response.headers().clone();
        let content_type = headers.get(CONTENT_TYPE).map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned());
        if status == StatusCode::NOT_MODIFIED && matches!(ask, Ask::Get(v) if !v.is_empty()) {
            return Ok(Answer { final_url: url, moved_to: None, headers, content_type, body: None });
        }
        if !status.is_success() {
            return Err(FetchError::of_status(&url, status.as_u16(), wait_of(&headers)));
        }
        let declared_html = html::is_html_type(content_type.as_deref());
        if kind == Kind::Page && declared_html == Some(false) {
            return Err(FetchError::NotHtml { url: url.to_string(), found: content_type.unwrap_or_default() });
        }
        let body = self.body(&url, kind, &mut response).await?;
        if kind == Kind::Page && declared_html.is_none() && !html::looks_like_html(&body) {
            let found = content_type.unwrap_or_else(|| "no content type, and no HTML either".into());
            return Err(FetchError::NotHtml { url: url.to_string(), found });
        }
        Ok(Answer { final_url: url, moved_to: None, headers, content_type, body: Some(body) })
    }

    async fn body(&self, url: &HttpUrl, kind: Kind, response: &mut Response) -> Result<Bytes, FetchError> {
        let limit = self.limits.bytes(kind);
        let too_large = || FetchError::TooLarge { url: url.to_string(), limit };
        if response.content_length().is_some_and(|l| l > limit as u64) {
            return Err(too_large());
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| FetchError::of_transport(url, &e))? {
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }
}

/// How long a server wants to be left alone.
fn wait_of(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    retry_after::parse(value, Timestamp::now())
}
