//! The relay: sends what stands in the outbox, and marks it sent.
//!
//! A crash between the two means that events are sent again: their ids make the server drop them, or refuse the batch
//! that holds them, and then they go one by one.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::Context;
use crate::{
    bus::{Bus, PublishError, StreamName},
    event::{EventId, Outgoing},
    metrics::SentLabels,
    store::outbox,
    telemetry::traces,
};

/// How often the outbox is looked at without having been told: rows of a worker that died wait there.
const POLL: Duration = Duration::from_secs(1);

/// How long an event waits that the server can't take now.
const PUT_OFF: Duration = Duration::from_secs(5);

/// The longest pause between two tries to reach a server or a database that is gone.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The name of the relay's condition in [`crate::health`].
const CONDITION: &str = "outbox";

/// What one look at the outbox came to.
#[derive(Debug, PartialEq, Eq)]
enum Pass {
    /// Nothing is due.
    Idle,
    /// Something was sent; there may be more.
    Busy,
}

/// Sends until `finish` is cancelled, and then until the outbox is empty or the grace period is over.
pub async fn run<B: Bus>(context: Context<B>, finish: CancellationToken) {
    let grace = context.config.grace_to_send();
    let last = async {
        finish.cancelled().await;
        sleep(grace).await;
    };
    tokio::select! {
        () = send_until(context, &finish) => {}
        () = last => warn!("the outbox was not empty within the grace period; it is sent at the next start"),
    }
}

/// Sends until `finish` is cancelled, and then until the outbox is empty.
async fn send_until<B: Bus>(context: Context<B>, finish: &CancellationToken) {
    let mut relay = Relay { context, pause: Duration::from_millis(50), trouble: false };
    while !finish.is_cancelled() {
        // Registered before the outbox is looked at, so that a row that comes in between wakes us all the same.
        let outbox = std::sync::Arc::clone(&relay.context.outbox);
        let woken = outbox.notified();
        if relay.pass_or_pause().await == Pass::Idle {
            tokio::select! {
                () = woken => {}
                () = sleep(POLL) => {}
                () = finish.cancelled() => {}
            }
        }
    }
    while !relay.is_empty().await {
        if relay.pass_or_pause().await == Pass::Idle {
            sleep(Duration::from_millis(100)).await;
        }
    }
}

struct Relay<B> {
    context: Context<B>,
    pause: Duration,
    trouble: bool,
}

impl<B: Bus> Relay<B> {
    async fn pass_or_pause(&mut self) -> Pass {
        match self.pass().await {
            Ok(pass) => {
                self.pause = Duration::from_millis(50);
                pass
            }
            Err(reason) => {
                self.bad(reason);
                sleep(self.pause).await;
                self.pause = (self.pause * 2).min(LONGEST_PAUSE);
                Pass::Busy
            }
        }
    }

    fn bad(&mut self, reason: impl ToString) {
        self.trouble = true;
        self.context.health.bad(CONDITION, reason);
    }

    async fn is_empty(&self) -> bool {
        matches!(outbox::waiting(self.context.store.readers()).await, Ok((0, _)))
    }

    /// Takes what is due and sends it.
    ///
    /// # Errors
    /// Why nothing can be sent at all for now.
    async fn pass(&mut self) -> Result<Pass, String> {
        let taken = outbox::take(&self.context.store, Timestamp::now()).await.map_err(|e| e.to_string())?;
        if taken.events.is_empty() {
            // What was put off still waits; only an outbox that is empty is in order.
            if self.trouble && self.is_empty().await {
                self.trouble = false;
                self.context.health.good(CONDITION);
            }
            return Ok(Pass::Idle);
        }
        let (mut sent, mut put_off, mut unavailable) = (Vec::new(), Vec::new(), None);
        for (stream, events) in by_stream(&taken.events) {
            match self.send(stream, events, &mut sent, &mut put_off).await {
                Ok(()) => {}
                Err(reason) => {
                    unavailable = Some(reason);
                    break;
                }
            }
        }
        if traces::are_exported() {
            for (event, since) in taken.events.iter().zip(&taken.since).filter(|(event, _)| sent.contains(&event.id)) {
                traces::sent(event, *since);
            }
        }
        let now = Timestamp::now();
        let spread = PUT_OFF.mul_f64(0.75 + fastrand::f64() / 2.0);
        taken.settle(&sent, &put_off, now, now + spread).await.map_err(|e| e.to_string())?;
        match unavailable {
            Some(reason) => Err(reason),
            None => Ok(Pass::Busy),
        }
    }

    /// Sends events of one stream, as a batch where there are several.
    ///
    /// # Errors
    /// Why the server can't be reached.
    async fn send(
        &mut self,
        stream: Option<StreamName>,
        events: Vec<&Outgoing>,
        sent: &mut Vec<EventId>,
        put_off: &mut Vec<EventId>,
    ) -> Result<(), String> {
        if stream.is_some() && events.len() > 1 {
            let batch: Vec<Outgoing> = events.iter().map(|e| (*e).clone()).collect();
            match self.context.bus.publish_atomically(&batch).await {
                Ok(()) => {
                    self.count("batch", batch.len());
                    sent.extend(batch.into_iter().map(|e| e.id));
                    return Ok(());
                }
                Err(PublishError::Unavailable(reason)) => return Err(reason),
                Err(error) => debug!(%error, events = batch.len(), "sent one by one"),
            }
        }
        let mut events = events.into_iter();
        while let Some(event) = events.next() {
            match self.context.bus.publish(event).await {
                Ok(()) => {
                    self.count("single", 1);
                    sent.push(event.id.clone());
                }
                Err(PublishError::Unavailable(reason)) => return Err(reason),
                Err(PublishError::NoStream(subject)) => {
                    let prepared = self.context.bus.prepare().await;
                    return Err(prepared.err().map_or(format!("no stream takes {subject}"), |e| e.to_string()));
                }
                Err(error @ PublishError::StreamFull(_)) => {
                    // The others would be refused as well.
                    let name = stream.map_or_else(|| event.subject.clone(), |s| s.to_string());
                    self.bad(format!("{name} takes no more: {error}"));
                    put_off.push(event.id.clone());
                    put_off.extend(events.map(|e| e.id.clone()));
                    return Ok(());
                }
                Err(error) => {
                    self.bad(format!("event {}: {error}", event.id));
                    put_off.push(event.id.clone());
                }
            }
        }
        Ok(())
    }

    fn count(&self, mode: &'static str, events: usize) {
        let labels = SentLabels { service: self.context.service, mode };
        self.context.metrics.sent.get_or_create(&labels).inc_by(events as u64);
    }
}

/// Events by the stream that keeps them: a batch belongs to one stream.
fn by_stream(events: &[Outgoing]) -> Vec<(Option<StreamName>, Vec<&Outgoing>)> {
    let mut groups: Vec<(Option<StreamName>, Vec<&Outgoing>)> = Vec::new();
    for event in events {
        let stream = StreamName::of_subject(&event.subject);
        match groups.iter_mut().find(|(s, _)| *s == stream) {
            Some((_, group)) => group.push(event),
            None => groups.push((stream, vec![event])),
        }
    }
    groups
}
