//! One HTTP exchange, within limits.

use std::{
    error::Error,
    io,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use kos_shared::{config::Secret, crypto, retry_after};
use reqwest::{
    Client, RequestBuilder, Response,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER},
    redirect::Policy,
};
use tokio::time::timeout;
use url::Url;

use super::{MAX_ANSWER_BYTES, Settings, SetupError, address};

/// Who asks.
const USER_AGENT: &str = concat!("knowledge-os/", env!("CARGO_PKG_VERSION"));

/// How much of an error is read, in bytes: its message is at the beginning.
const MAX_ERROR_BYTES: usize = 64 << 10;

/// How long the message of an error may take once its status is known.
const ERROR_PATIENCE: Duration = Duration::from_secs(5);

/// Speaks HTTP with one endpoint.
#[derive(Debug)]
pub(super) struct Wire {
    client: Client,
    key: Option<HeaderValue>,
    connect: Duration,
    first_byte: Duration,
    total: Duration,
}

/// What an exchange came to.
#[derive(Debug)]
pub(super) enum Received {
    /// An answer with its body, which is cut off where it is an error.
    Whole { status: u16, retry_after: Option<Duration>, location: Option<String>, body: Vec<u8> },
    /// A success of more than [`MAX_ANSWER_BYTES`].
    TooLarge,
    /// No answer, or none whole; `asked` says whether the server may have read the request.
    Broken { reason: String, timed_out: bool, asked: bool },
}

impl Wire {
    /// # Errors
    /// [`SetupError`].
    pub fn new(settings: &Settings) -> Result<Self, SetupError> {
        crypto::install_provider();
        let builder = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(settings.connect_timeout);
        let builder = if address::is_loopback(&settings.url) { builder.no_proxy() } else { builder };
        let client = builder.build().map_err(|e| SetupError::Client { reason: root_cause(&e) })?;
        let key = settings.api_key.as_ref().map(bearer).transpose()?;
        let (connect, first_byte) = (settings.connect_timeout, settings.first_byte_timeout);
        Ok(Self { client, key, connect, first_byte, total: settings.total_timeout })
    }

    /// POSTs JSON.
    pub async fn post(&self, url: &Url, body: Vec<u8>) -> Received {
        let request = self.client.post(self.addressed(url)).header(CONTENT_TYPE, "application/json").body(body);
        self.exchange(request, self.total).await
    }

    /// GETs what is at an address, within `patience` at most.
    pub async fn get(&self, url: &Url, patience: Duration) -> Received {
        self.exchange(self.client.get(self.addressed(url)), patience.min(self.total)).await
    }

    /// The address; a login in it is for servers without a key.
    fn addressed(&self, url: &Url) -> Url {
        let mut url = url.clone();
        if self.key.is_some() {
            // An address with a host can always be without.
            let _always = (url.set_username(""), url.set_password(None));
        }
        url
    }

    async fn exchange(&self, request: RequestBuilder, total: Duration) -> Received {
        let began = Instant::now();
        let mut request = request.header(ACCEPT, "application/json");
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, key.clone());
        }
        let first_byte = self.first_byte.min(total);
        match timeout(first_byte, request.send()).await {
            Err(_) => timed_out(format!("no answer began within {first_byte:?}")),
            Ok(Err(error)) => self.broken(&error),
            Ok(Ok(response)) => self.receive(response, total, began).await,
        }
    }

    async fn receive(&self, mut response: Response, total: Duration, began: Instant) -> Received {
        let status = response.status();
        let headers = response.headers();
        let text = |name: HeaderName| headers.get(name).map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned());
        let (retry_after, location) = (wait_of(headers), text(LOCATION));
        let mut left = total.saturating_sub(began.elapsed());
        let mut limit = MAX_ANSWER_BYTES;
        if !status.is_success() {
            left = left.min(ERROR_PATIENCE);
            limit = MAX_ERROR_BYTES;
        }
        let mut body = Vec::new();
        let reading = async {
            while let Some(chunk) = response.chunk().await? {
                if body.len() + chunk.len() > limit {
                    return Ok(false);
                }
                body.extend_from_slice(&chunk);
            }
            Ok(true)
        };
        let read = timeout(left, reading).await;
        if status.is_success() {
            match read {
                Err(_) => return timed_out(format!("the answer was not complete within {total:?}")),
                Ok(Err(error)) => return self.broken(&error),
                Ok(Ok(false)) => return Received::TooLarge,
                Ok(Ok(true)) => {}
            }
        }
        Received::Whole { status: status.as_u16(), retry_after, location, body }
    }

    fn broken(&self, error: &reqwest::Error) -> Received {
        let cause = root_cause(error);
        match (error.is_connect(), error.is_timeout()) {
            (true, true) => {
                let reason = format!("no connection within {:?}", self.connect);
                Received::Broken { reason, timed_out: true, asked: false }
            }
            (true, false) => {
                Received::Broken { reason: format!("no connection: {cause}"), timed_out: false, asked: false }
            }
            (false, _) => {
                Received::Broken { reason: format!("the connection broke: {cause}"), timed_out: false, asked: true }
            }
        }
    }
}

fn timed_out(reason: String) -> Received {
    Received::Broken { reason, timed_out: true, asked: true }
}

fn bearer(key: &Secret) -> Result<HeaderValue, SetupError> {
    let value = HeaderValue::from_str(&format!("Bearer {}", key.reveal().trim()));
    let mut value = value.map_err(|_| SetupError::ApiKey)?;
    value.set_sensitive(true);
    Ok(value)
}

/// How long a server wants to be left alone.
fn wait_of(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    retry_after::parse(value, Timestamp::now())
}

/// What is at the bottom of an error, in words; those above it name the address, which may have a login in it. An
/// `io::Error` is looked into: its `source` skips what it wraps.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &(dyn Error + 'static) = error;
    loop {
        let inner = match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => cause.source(),
        };
        match inner {
            Some(inner) => cause = inner,
            None => return cause.to_string(),
        }
    }
}
