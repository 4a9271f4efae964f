//! The asking side: a question to one worker of a service, and its answer.

use std::time::Duration;

use async_nats::{Client, Request, client::RequestErrorKind};
use serde::{Serialize, de::DeserializeOwned};

use super::question_subject;

/// A question that was not answered.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// No worker of the service runs, or none is connected.
    #[error("no {service} worker answers")]
    NoWorker {
        /// The service.
        service: &'static str,
    },
    /// A worker has the question and is too busy, or lost its connection.
    #[error("no {service} worker answered within {} s", limit.as_secs())]
    TimedOut {
        /// The service.
        service: &'static str,
        /// How long was waited.
        limit: Duration,
    },
    /// The worker says what is wrong with the question, or with itself.
    #[error("{service} refused: {reason}")]
    Refused {
        /// The service.
        service: &'static str,
        /// In its words.
        reason: String,
    },
    /// Question or answer can't be written or read: the versions of asker and worker differ.
    #[error("{service}'s answer: {cause}")]
    Unreadable {
        /// The service.
        service: &'static str,
        /// What is wrong.
        cause: serde_json::Error,
    },
    /// The bus fails.
    #[error("the bus fails: {0}")]
    Bus(async_nats::client::RequestError),
}

/// Asks one worker of `service` the question called `name`, and waits `limit` for its answer.
///
/// # Errors
/// [`AskError`] where there is no answer, or none that can be used.
pub async fn ask<A: DeserializeOwned>(
    client: &Client,
    service: &'static str,
    name: &str,
    question: &impl Serialize,
    limit: Duration,
) -> Result<A, AskError> {
    let unreadable = |cause| AskError::Unreadable { service, cause };
    let body = serde_json::to_vec(question).map_err(unreadable)?;
    let request = Request::new().payload(body.into()).timeout(Some(limit));
    let asked = client.send_request(question_subject(service, name), request).await;
    let answer = asked.map_err(|error| match error.kind() {
        RequestErrorKind::NoResponders => AskError::NoWorker { service },
        RequestErrorKind::TimedOut => AskError::TimedOut { service, limit },
        _ => AskError::Bus(error),
    })?;
    if let Some(reason) = answer.headers.as_ref().and_then(|headers| headers.get("Nats-Service-Error")) {
        return Err(AskError::Refused { service, reason: reason.to_string() });
    }
    serde_json::from_slice(&answer.payload).map_err(unreadable)
}
