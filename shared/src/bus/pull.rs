//! A pull request: so many messages of a consumer, as they come.
//!
//! The client has pulls of its own, and they end at the first word of the server that isn't a message. A cluster says that
//! a batch is complete before its messages are through (each delivery is agreed on first, the word isn't), so that none
//! would ever come. Here such a word counts what is still on its way. Heartbeats tell a consumer that has nothing from one
//! whose server is gone, which the connection to another server can't.

use std::{
    pin::Pin,
    task::{Context as TaskContext, Poll},
    time::Duration,
};

use async_nats::{
    HeaderMap, StatusCode, Subscriber,
    jetstream::{self, Context},
};
use futures_util::{FutureExt, Stream, StreamExt};
use serde_json::json;
use tokio::time::{Instant, Sleep, sleep};
use tracing::debug;

use super::{
    BusError, ConsumerSpec,
    jetstream::{JetStreamDelivery, Pulled},
};

/// How long the server keeps a pull request open.
const EXPIRES: Duration = Duration::from_secs(30);

/// What one pull may bring at most, beside the one message that it always may. It bounds a worker's memory where
/// events are large.
const BYTES: usize = 4 << 20;

/// How often the server says that it still holds the request.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// After so long without a word the request is lost: its server is gone, and knew it alone.
const SILENCE: Duration = Duration::from_secs(3);

/// How long messages may come after the server's last word.
const LATE: Duration = Duration::from_secs(2);

/// An open pull request.
pub struct Pull {
    context: Context,
    subscriber: Subscriber,
    /// How many messages may still come.
    left: usize,
    /// When it is over unless something comes.
    silence: Pin<Box<Sleep>>,
    /// Whether the server has said its last word.
    is_closing: bool,
}

impl Pull {
    /// Asks for up to `max` messages. `largest` is the most bytes that one of them can have.
    ///
    /// # Errors
    /// [`BusError`] where there is no connection.
    pub(super) async fn open(
        context: &Context,
        spec: &ConsumerSpec,
        max: usize,
        largest: usize,
    ) -> Result<Self, BusError> {
        let failed = |e: &dyn std::fmt::Display| BusError::new("could not pull", e.to_string());
        let client = context.client();
        let inbox = client.new_inbox();
        let subscriber = client.subscribe(inbox.clone()).await.map_err(|e| failed(&e))?;
        let request = json!({
            "batch": max,
            "max_bytes": BYTES.max(largest * 2),
            "expires": EXPIRES.as_nanos() as u64,
            "idle_heartbeat": HEARTBEAT.as_nanos() as u64,
        });
        let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{}.{}", spec.stream, spec.name);
        client.publish_with_reply(subject, inbox, request.to_string().into()).await.map_err(|e| failed(&e))?;
        Ok(Self {
            context: context.clone(),
            subscriber,
            left: max,
            silence: Box::pin(sleep(SILENCE)),
            is_closing: false,
        })
    }

    /// Hears a word that is no message.
    ///
    /// # Errors
    /// Why nothing can be pulled.
    fn hear(&mut self, status: StatusCode, description: &str, headers: Option<&HeaderMap>) -> Result<(), BusError> {
        let undelivered = headers.and_then(|h| h.get("Nats-Pending-Messages")).and_then(|n| n.as_str().parse().ok());
        match Word::of(status.as_u16(), description, undelivered) {
            Word::StillThere => self.silence.as_mut().reset(Instant::now() + SILENCE),
            Word::Last { undelivered } => {
                self.left = self.left.saturating_sub(undelivered);
                self.is_closing = true;
                self.silence.as_mut().reset(Instant::now() + LATE);
            }
            Word::Gone => self.left = 0,
            Word::Refused => {
                self.left = 0;
                return Err(BusError::new("the pull ended", format!("{status} {description}")));
            }
        }
        Ok(())
    }
}

impl Stream for Pull {
    type Item = Result<JetStreamDelivery, BusError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        while self.left > 0 {
            match self.subscriber.poll_next_unpin(cx) {
                Poll::Ready(Some(message)) => match message.status.filter(|status| *status != StatusCode::OK) {
                    None => {
                        self.left -= 1;
                        if !self.is_closing {
                            self.silence.as_mut().reset(Instant::now() + SILENCE);
                        }
                        let message = jetstream::Message { context: self.context.clone(), message };
                        return Poll::Ready(Some(Pulled::new(message).map(JetStreamDelivery::Pulled)));
                    }
                    Some(status) => {
                        let description = message.description.as_deref().unwrap_or_default();
                        if let Err(error) = self.hear(status, description, message.headers.as_ref()) {
                            return Poll::Ready(Some(Err(error)));
                        }
                    }
                },
                Poll::Ready(None) => self.left = 0,
                Poll::Pending => {
                    if self.silence.poll_unpin(cx).is_pending() {
                        return Poll::Pending;
                    }
                    debug!(left = self.left, "nothing was heard of a pull, it is given up");
                    self.left = 0;
                }
            }
        }
        Poll::Ready(None)
    }
}

/// What the server says beside messages (ADR-13 of the NATS architecture).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// It holds the request.
    StillThere,
    /// It is done with the request, and will not deliver so many of the messages that were asked for. The others may be
    /// on their way.
    Last { undelivered: usize },
    /// Another server has the consumer now, and knows nothing of the request.
    Gone,
    /// There will be no messages, and asking again is likely to bring the same.
    Refused,
}

impl Word {
    fn of(status: u16, description: &str, undelivered: Option<usize>) -> Self {
        let says = |text: &str| description.to_ascii_lowercase().contains(text);
        match status {
            100 => Self::StillThere,
            // A server that doesn't say how many it is short of has none on their way.
            404 | 408 => Self::Last { undelivered: undelivered.unwrap_or(usize::MAX) },
            409 if says("batch completed") => Self::Last { undelivered: undelivered.unwrap_or(0) },
            409 if says("exceeds maxbytes") => Self::Last { undelivered: undelivered.unwrap_or(usize::MAX) },
            409 if says("leadership change") || says("server shutdown") => Self::Gone,
            _ => Self::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_says_how_many_messages_do_not_come() {
        let last = |undelivered| Word::Last { undelivered };
        assert_eq!(Word::of(409, "Batch Completed", Some(0)), last(0));
        assert_eq!(Word::of(409, "Message Size Exceeds MaxBytes", Some(3)), last(3));
        assert_eq!(Word::of(408, "Request Timeout", Some(16)), last(16));
        assert_eq!(Word::of(408, "Request Timeout", None), last(usize::MAX));
    }

    #[test]
    fn a_consumer_that_moved_is_asked_again_and_one_that_is_gone_is_not() {
        assert_eq!(Word::of(100, "Idle Heartbeat", None), Word::StillThere);
        assert_eq!(Word::of(409, "Leadership Change", None), Word::Gone);
        assert_eq!(Word::of(409, "Server Shutdown", None), Word::Gone);
        assert_eq!(Word::of(409, "Consumer Deleted", None), Word::Refused);
        assert_eq!(Word::of(503, "No Responders", None), Word::Refused);
    }
}
