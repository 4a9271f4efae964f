//! What could not be handled: looked at, given to its stage again, or dropped.

use std::pin::pin;

use async_nats::jetstream::stream::LastRawMessageErrorKind;
use futures_util::StreamExt;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{Operator, OperatorError, Stored, stored_raw};
use crate::{
    bus::StreamName,
    event::{Envelope, EventType, HttpUrl, dead_letter as headers, header},
};

/// A dead letter, read.
#[derive(Debug, Clone, Serialize)]
pub struct DeadLetter {
    /// Its number in the stream.
    pub number: u64,
    /// The service that gave up.
    pub service: String,
    /// The event's id.
    pub event_id: String,
    /// The event's type.
    pub event_type: String,
    /// How often it was tried.
    pub attempts: u64,
    /// When it was given up.
    pub dead_since: Timestamp,
    /// Why.
    pub reason: String,
    /// The address, without a name and password, or the article that it is about, where it says.
    pub subject: Option<String>,
    /// The message itself.
    #[serde(skip)]
    pub message: Stored,
}

impl From<Stored> for DeadLetter {
    fn from(message: Stored) -> Self {
        let text = |name| header(&message.headers, name).unwrap_or_default().to_owned();
        let body: Value = serde_json::from_slice(&message.body).unwrap_or_default();
        let subject = ["url", "canonical_url", "article_id"].iter().find_map(|f| body.get(f)?.as_str());
        Self {
            number: message.sequence,
            service: text(headers::SERVICE),
            event_id: text(headers::EVENT_ID),
            event_type: text(headers::SUBJECT),
            attempts: text(headers::ATTEMPTS).parse().unwrap_or(0),
            dead_since: message.stored_at,
            reason: text(headers::REASON),
            subject: subject.map(shown),
            message,
        }
    }
}

/// An address without a name and password in it; anything else as it is.
fn shown(subject: &str) -> String {
    subject.parse::<HttpUrl>().map_or_else(|_| subject.to_owned(), |url| url.without_login().to_string())
}

impl DeadLetter {
    /// Its event as a new cause, for the stage that gave it up.
    fn again(&self) -> Result<crate::event::Outgoing, String> {
        let letter = &self.message;
        let text = |name| header(&letter.headers, name).ok_or_else(|| format!("expected a header {name}"));
        let subject = text(headers::SUBJECT)?;
        let event_type = EventType::of_subject(subject).ok_or_else(|| format!("no event is called {subject}"))?;
        let mut received = letter.received();
        let added = |name: &str| name.starts_with(headers::PREFIX) || name == "Nats-Msg-Id";
        let original: Vec<_> = letter.headers.iter().filter(|(name, _)| !added(name)).cloned().collect();
        received.headers = &original;
        // What is replayed is as old as it was, and no newer than what came since.
        let stored = text(headers::STORED)?;
        received.stored_nanos =
            stored.parse().map_err(|_| format!("expected a number of nanoseconds, got {stored}"))?;
        let mut envelope = Envelope::read(received, event_type);
        // An event that came without an id was given one when it was read first.
        envelope.attributes.id = text(headers::EVENT_ID)?.to_owned().into();
        let number = envelope.attributes.replay + 1;
        envelope.replay(number, &original).map_err(|error| error.to_string())
    }
}

impl Operator {
    /// The dead letters of a service, or of all, the oldest first.
    ///
    /// # Errors
    /// [`OperatorError::Bus`].
    pub async fn dead_letters(&self, service: Option<&str>) -> Result<Vec<DeadLetter>, OperatorError> {
        let subject = format!("kos.dead.{}", service.unwrap_or("*"));
        let mut stored = pin!(self.stored(StreamName::Dead, &subject, None).await?);
        let mut letters = Vec::new();
        while let Some(letter) = stored.next().await {
            letters.push(letter?.into());
        }
        Ok(letters)
    }

    /// The dead letter with a number; `None` where it is gone, or never was.
    ///
    /// # Errors
    /// [`OperatorError::Bus`].
    pub async fn dead_letter(&self, number: u64) -> Result<Option<DeadLetter>, OperatorError> {
        let failed = || OperatorError::bus(format!("could not read dead letter {number}"));
        let stream = self.jetstream().get_stream_no_info(StreamName::Dead.as_str()).await.map_err(|e| failed()(&e))?;
        match stream.get_raw_message(number).await {
            Ok(message) => Ok(Some(stored_raw(StreamName::Dead, message)?.into())),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(failed()(&error)),
        }
    }

    /// Gives the event of a dead letter to its stage again, and removes the letter.
    ///
    /// # Errors
    /// [`OperatorError::DeadLetter`] where no event can be found in it, [`OperatorError::Publish`].
    pub async fn replay(&self, letter: &DeadLetter) -> Result<(), OperatorError> {
        let again = letter.again();
        let again = again.map_err(|reason| OperatorError::DeadLetter { number: letter.number, reason })?;
        self.publish(&again).await?;
        // Removed only after its event is stored again; if this fails, another replay gives the same event.
        self.discard(letter.number).await
    }

    /// Removes a dead letter.
    ///
    /// # Errors
    /// [`OperatorError::Bus`] where it isn't there, or can't be removed.
    pub async fn discard(&self, number: u64) -> Result<(), OperatorError> {
        let failed = || OperatorError::bus(format!("dead letter {number} could not be removed"));
        let stream = self.jetstream().get_stream_no_info(StreamName::Dead.as_str()).await.map_err(|e| failed()(&e))?;
        stream.delete_message(number).await.map_err(|e| failed()(&e))?;
        Ok(())
    }
}
