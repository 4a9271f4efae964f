//! The way from an event to its receiver.

use std::{sync::Arc, time::Duration};

use jiff::{Timestamp, ToSpan};
use kos_shared::{
    crypto,
    event::{ArticlePublished, Event, WebhookDue},
    retry_after,
    stage::{Failure, RecordError, Recorded, Stage},
    store::Tx,
    telemetry::traces,
};
use reqwest::{Client, Response, StatusCode, header, redirect::Policy};
use serde_json::json;
use tracing::Instrument;

use super::file::Webhooks;

/// How long a receiver may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a delivery waits for one of its webhook's turns before it asks again.
const NEXT_TURN_S: i64 = 1;

/// `kos.webhook.due` → a signed POST.
pub struct Delivering {
    webhooks: Arc<Webhooks>,
    client: Client,
}

impl Delivering {
    /// # Errors
    /// What keeps an HTTP client from being made.
    pub fn new(webhooks: Arc<Webhooks>) -> Result<Self, String> {
        crypto::install_provider();
        let client = Client::builder()
            .user_agent(concat!("knowledge-os/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .referer(false)
            .timeout(PATIENCE)
            .build()
            .map_err(|e| format!("no HTTP client for webhooks: {e}"))?;
        Ok(Self { webhooks, client })
    }
}

impl Stage for Delivering {
    type In = WebhookDue;
    type Done = StatusCode;

    async fn work(&self, event: &Event<WebhookDue>) -> Result<StatusCode, Failure> {
        let name = &event.data.webhook;
        let webhook = self.webhooks.named(name);
        let webhook = webhook.ok_or_else(|| Failure::Permanent(format!("no webhook is called {name} any more")))?;
        let Ok(_turn) = webhook.turns.try_acquire() else {
            let until = Timestamp::now() + NEXT_TURN_S.seconds();
            return Err(Failure::NotYet { until, reason: format!("{name} is busy with others") });
        };
        let (id, now, body) = (event.id().as_str(), Timestamp::now(), body(&event.data.published));
        let request = self
            .client
            .post(webhook.url.as_url().clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", now.as_second().to_string())
            .header("webhook-signature", webhook.signer.sign(id, now, body.as_bytes()))
            .body(body);
        let sending = async {
            let response = request.send().await?;
            traces::answered(response.status().as_u16());
            Ok::<_, reqwest::Error>(response)
        };
        match sending.instrument(traces::request("POST", name)).await {
            Ok(response) => judged(name, &response, now),
            // The address may hold a key.
            Err(error) => Err(Failure::Retry(format!("{name}: {}", root_cause(&error.without_url())))),
        }
    }

    async fn record(
        &self,
        _: &mut Tx,
        event: &Event<WebhookDue>,
        status: &StatusCode,
    ) -> Result<Recorded, RecordError> {
        let detail = Some(format!("{} said {status}", event.data.webhook));
        Ok(Recorded { detail, ..Recorded::new("delivered", Some(event.data.published.article_id)) })
    }
}

/// The payload, the same at each try.
fn body(published: &ArticlePublished) -> String {
    json!({"type": "kos.article.published", "timestamp": published.published_at, "data": published}).to_string()
}

/// What an answer says about trying again: 410 is for ever, and who asks for patience gets it.
fn judged(name: &str, response: &Response, now: Timestamp) -> Result<StatusCode, Failure> {
    let status = response.status();
    if status.is_success() {
        return Ok(status);
    }
    let reason = format!("{name} said {status}");
    if status == StatusCode::GONE {
        return Err(Failure::Permanent(reason));
    }
    let value = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let asked = value.and_then(|value| retry_after::parse(value, now));
    let limits = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    Err(match asked.filter(|_| limits) {
        Some(wait) => Failure::RateLimited { until: now + wait, reason },
        None => Failure::Retry(reason),
    })
}

fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
