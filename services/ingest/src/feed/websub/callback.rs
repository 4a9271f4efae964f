//! What hubs say to the site's address, as the site passes it on.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use jiff::Timestamp;
use kos_shared::{
    control::Question,
    event::{Attributes, EventId, Outgoing},
    stage::RecordError,
    store::{Store, outbox},
    websub::{self, Callback, Deliver, Delivered, Verified, Verify},
};
use reqwest::header::HeaderMap;
use tokio::sync::Notify;
use tracing::{info, warn};

use super::{Hub, lease_end, signature, state};
use crate::feed::{
    news::News,
    poll::{Came, Reading, read},
    seen, state as feeds,
    subscription::{State, Subscription},
};

/// What answers to hubs need.
#[derive(Clone)]
pub struct Callbacks {
    /// Where feeds are known.
    pub store: Store,
    /// Wakes the relay.
    pub outbox: Arc<Notify>,
    /// Wakes the schedule of polls.
    pub schedule: Arc<Notify>,
}

/// The questions that the site asks on behalf of hubs.
pub fn questions(callbacks: &Callbacks) -> Vec<Question> {
    let (known, verify, deliver) = (callbacks.clone(), callbacks.clone(), callbacks.clone());
    vec![
        Question::new(websub::KNOWN, move |q: Callback| {
            let callbacks = known.clone();
            async move { callbacks.subscribed(&q).await.map(|found| found.is_some()).map_err(failure) }
        }),
        Question::new(websub::VERIFY, move |q: Verify| {
            let callbacks = verify.clone();
            async move { callbacks.verify(q).await.map_err(failure) }
        }),
        Question::new(websub::DELIVER, move |q: Deliver| {
            let callbacks = deliver.clone();
            async move { callbacks.deliver(q).await.map_err(failure) }
        }),
    ]
}

impl Callbacks {
    /// Answers a hub that asks whether a subscription was meant (section 5.3), or says that there is none (5.2).
    async fn verify(&self, asked: Verify) -> Result<Verified, RecordError> {
        let Some(hub) = state::find(self.store.readers(), &asked.callback.feed_id).await? else {
            // A feed that isn't followed any more isn't to be told of.
            let is_over = matches!(asked.mode.as_str(), "unsubscribe" | "denied");
            return Ok(if is_over { Verified::Meant } else { Verified::Unknown });
        };
        if !hub.was_given(&asked.callback) || asked.topic != hub.offer.topic.as_str() {
            return Ok(Verified::Unknown);
        }
        let (mut tx, now) = (self.store.begin().await?, Timestamp::now());
        let verified = match asked.mode.as_str() {
            "subscribe" => {
                let until = lease_end(asked.lease_seconds.map(Duration::from_secs), now);
                state::agreed(&mut tx, &hub.feed_id, until).await?;
                info!(feed_id = hub.feed_id, hub = %hub.offer.hub, %until, "a hub tells of a feed");
                Verified::Meant
            }
            "denied" => {
                let reason = asked.reason.unwrap_or_else(|| "it doesn't say why".to_owned());
                state::denied(&mut tx, &hub.feed_id, &format!("{} refused: {reason}", hub.offer.hub), now).await?;
                self.schedule.notify_one();
                warn!(feed_id = hub.feed_id, hub = %hub.offer.hub, reason, "a hub refuses to tell of a feed");
                Verified::Meant
            }
            _ => Verified::Unknown,
        };
        tx.commit().await?;
        Ok(verified)
    }

    /// Takes what a hub sent (section 7).
    async fn deliver(&self, sent: Deliver) -> Result<Delivered, RecordError> {
        let Some((hub, before)) = self.subscribed(&sent.callback).await? else { return Ok(Delivered::Unwanted) };
        let Some(body) = sent.body else {
            // Whatever it is, the feed has it as well.
            self.poll_instead(&hub, "the document is larger than what the bus takes").await?;
            return Ok(Delivered::Taken);
        };
        let signed = |body: &[u8]| sent.signature.as_ref().is_some_and(|s| signature::is_signed(&hub.secret, s, body));
        let body = match STANDARD.decode(body) {
            Ok(body) if signed(&body) => body,
            _ => {
                warn!(feed_id = hub.feed_id, hub = %hub.offer.hub, "passed over what is not signed by the hub");
                return Ok(Delivered::Taken);
            }
        };
        let found_at = before.url.clone();
        match read(&before, Bytes::from(body), sent.content_type, &HeaderMap::new(), found_at).await {
            Came::Document(reading) => self.record(&hub, &before, &reading).await?,
            Came::Unchanged(_) => {}
            Came::Failed(reason) | Came::Gone(reason) => self.poll_instead(&hub, &reason).await?,
        }
        Ok(Delivered::Taken)
    }

    async fn subscribed(&self, callback: &Callback) -> Result<Option<(Hub, Subscription)>, RecordError> {
        let hub = state::find(self.store.readers(), &callback.feed_id).await?;
        let Some(hub) = hub.filter(|hub| hub.was_given(callback)) else { return Ok(None) };
        let feed = feeds::find(self.store.readers(), &hub.feed_id).await?;
        Ok(feed.map(|(feed, ..)| (hub, feed)).filter(|(_, feed)| feed.state == State::Active))
    }

    /// Asks for what is new, and notes that it came.
    async fn record(&self, hub: &Hub, before: &Subscription, reading: &Reading) -> Result<(), RecordError> {
        let now = Timestamp::now();
        let mut tx = self.store.begin().await?;
        feeds::lock(&mut tx, &hub.feed_id).await?;
        let mut news = News::of(&mut tx, before, reading, now).await?;
        // What a hub sends may be a part of the feed, so all else stays as the last poll found it.
        feeds::came(&mut tx, &hub.feed_id, std::mem::take(&mut news.came_at), now).await?;
        seen::note(&mut tx, &hub.feed_id, &news.seen, now).await?;
        let events: Vec<Outgoing> = news
            .wanted
            .iter()
            .map(|c| Outgoing::new(&Attributes::original(EventId::new(), "/kos/ingest", &c.request, now), &c.request))
            .collect();
        outbox::insert(&mut tx, &events, now).await?;
        tx.commit().await?;
        self.outbox.notify_one();
        info!(feed_id = hub.feed_id, hub = %hub.offer.hub, entries = news.detail, "a hub told of a feed");
        Ok(())
    }

    async fn poll_instead(&self, hub: &Hub, reason: &str) -> Result<(), RecordError> {
        warn!(feed_id = hub.feed_id, hub = %hub.offer.hub, reason, "a feed is polled rather than read from its hub");
        let mut tx = self.store.begin().await?;
        feeds::poll_now(&mut tx, &hub.feed_id, Timestamp::now()).await?;
        tx.commit().await?;
        self.schedule.notify_one();
        Ok(())
    }
}

fn failure(error: RecordError) -> String {
    format!("the database fails: {error}")
}
