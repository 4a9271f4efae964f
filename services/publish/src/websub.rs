//! The address at which WebSub hubs speak to the ingest workers, who have none of their own: what they say is passed on
//! over the bus, and so is the answer.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Path, RawQuery, State},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::BytesMut;
use futures_util::StreamExt;
use kos_shared::{
    bus::Connection,
    control::{AskError, ask},
    websub::{Callback, DELIVER, Deliver, Delivered, KNOWN, PATH, SUBSCRIBER, VERIFY, Verified, Verify},
};
use tokio::{sync::Semaphore, time::timeout};
use tracing::warn;
use url::form_urlencoded;

/// How many documents are taken in at once; hubs send again what finds no room.
const AT_ONCE: usize = 8;

/// How long a hub may take to send a document.
const SENDING: Duration = Duration::from_secs(30);

/// How long an ingest worker may take to answer.
const ANSWERING: Duration = Duration::from_secs(20);

/// What else than the document there may be in a question, in bytes.
const ENVELOPE: usize = 16 * 1024;

/// In how many seconds a hub is to try again.
const TRY_AGAIN_S: &str = "60";

#[derive(Clone)]
struct Passing {
    bus: Connection,
    room: Arc<Semaphore>,
}

/// The callbacks of all subscriptions.
pub fn routes(bus: Connection) -> Router {
    let passing = Passing { bus, room: Arc::new(Semaphore::new(AT_ONCE)) };
    Router::new()
        .route(&format!("{PATH}/{{feed_id}}/{{token}}"), get(verify).post(deliver))
        .layer(DefaultBodyLimit::disable())
        .with_state(passing)
}

fn callback(feed_id: &str, token: &str) -> Result<Callback, StatusCode> {
    format!("{feed_id}/{token}").parse().map_err(|_| StatusCode::NOT_FOUND)
}

/// A hub asks whether a subscription was meant (WebSub section 5.3).
async fn verify(
    State(passing): State<Passing>,
    Path((feed_id, token)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, StatusCode> {
    let callback = callback(&feed_id, &token)?;
    let (mut mode, mut topic, mut challenge) = <(String, String, String)>::default();
    let (mut lease_seconds, mut reason) = (None, None);
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            "hub.mode" => mode = value.into_owned(),
            "hub.topic" => topic = value.into_owned(),
            "hub.challenge" => challenge = value.into_owned(),
            "hub.lease_seconds" => lease_seconds = value.parse().ok(),
            "hub.reason" => reason = Some(value.into_owned()),
            _ => {}
        }
    }
    let asked = Verify { callback, mode, topic, lease_seconds, reason };
    Ok(match passing.ask(VERIFY, &asked).await {
        Ok(Verified::Meant) => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], challenge).into_response(),
        Ok(Verified::Unknown) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => later(&error),
    })
}

/// A hub sends what is new (section 7).
async fn deliver(
    State(passing): State<Passing>,
    Path((feed_id, token)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, StatusCode> {
    let callback = callback(&feed_id, &token)?;
    // Before anything is read: strangers must neither take up the room of hubs nor fill the bus.
    match passing.ask(KNOWN, &callback).await {
        Ok(true) => {}
        Ok(false) => return Ok(StatusCode::GONE.into_response()),
        Err(error) => return Ok(later(&error)),
    }
    let Ok(_room) = passing.room.try_acquire() else { return Ok(try_again()) };
    let body = timeout(SENDING, read(body, passing.largest())).await.map_err(|_| StatusCode::REQUEST_TIMEOUT)??;
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let sent = Deliver {
        callback,
        signature: text(HeaderName::from_static("x-hub-signature")),
        content_type: text(header::CONTENT_TYPE),
        body: body.map(|body| STANDARD.encode(body)),
    };
    Ok(match passing.ask(DELIVER, &sent).await {
        Ok(Delivered::Taken) => StatusCode::ACCEPTED.into_response(),
        Ok(Delivered::Unwanted) => StatusCode::GONE.into_response(),
        Err(error) => later(&error),
    })
}

/// All of a body; `None` where that is more than `largest` bytes.
async fn read(body: Body, largest: usize) -> Result<Option<BytesMut>, StatusCode> {
    let mut chunks = body.into_data_stream();
    let mut all = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| StatusCode::BAD_REQUEST)?;
        if all.len() + chunk.len() > largest {
            return Ok(None);
        }
        all.extend_from_slice(&chunk);
    }
    Ok(Some(all))
}

impl Passing {
    /// The largest document that fits into a question, which has it in base64.
    fn largest(&self) -> usize {
        self.bus.client.server_info().max_payload.saturating_sub(ENVELOPE) / 4 * 3
    }

    async fn ask<A: serde::de::DeserializeOwned>(
        &self,
        name: &str,
        question: &impl serde::Serialize,
    ) -> Result<A, AskError> {
        ask(&self.bus.client, SUBSCRIBER, name, question, ANSWERING).await
    }
}

fn later(error: &AskError) -> Response {
    warn!(%error, "what a hub says could not be passed on");
    try_again()
}

fn try_again() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, TRY_AGAIN_S)]).into_response()
}
