//! What the service does with a feed's turn: it polls, and asks for what is new.
//!
//! A poll that fails is no failed event. It is noted with the feed, and the schedule decides when to try again: a site
//! that is down for a week must not fill the dead letters.

use jiff::Timestamp;
use kos_shared::{
    event::{Event, FeedDue, HttpUrl},
    stage::{Failure, RecordError, Recorded, Stage},
    store::{Store, Tx},
};

use super::{
    news::News,
    poll::{Came, Poll, Reading, poll},
    schedule::Bounds,
    seen, state,
    subscription::{Document, State, Subscription, Turnout},
    websub,
};
use crate::fetch::Fetcher;

/// `kos.feed.due` → `kos.ingest.requested` for each entry that is new or was really changed.
pub struct Polling {
    /// Asks for feeds.
    pub fetcher: Fetcher,
    /// Where feeds are known.
    pub store: Store,
    /// How often feeds may be polled.
    pub bounds: Bounds,
}

/// What became of a turn.
pub enum Turned {
    /// There was nothing to do, and why.
    Passed(&'static str),
    /// The feed was polled.
    Polled(Box<Subscription>, Poll),
}

impl Stage for Polling {
    type In = FeedDue;
    type Done = Turned;

    async fn work(&self, event: &Event<FeedDue>) -> Result<Turned, Failure> {
        let found = state::find(self.store.readers(), &event.data.feed_id).await;
        let Some((subscription, ..)) = found.map_err(|e| Failure::Retry(e.to_string()))? else {
            return Ok(Turned::Passed("removed"));
        };
        if subscription.state == State::Gone {
            return Ok(Turned::Passed("gone"));
        }
        if u64::try_from(subscription.slot) != Ok(event.data.slot) {
            return Ok(Turned::Passed("outdated"));
        }
        let poll = poll(&self.fetcher, &subscription).await?;
        Ok(Turned::Polled(Box::new(subscription), poll))
    }

    async fn record(&self, tx: &mut Tx, event: &Event<FeedDue>, done: &Turned) -> Result<Recorded, RecordError> {
        let (before, poll) = match done {
            Turned::Passed(outcome) => return Ok(Recorded::new(outcome, None)),
            Turned::Polled(before, poll) => (before, poll),
        };
        record(tx, event, before, poll, self.bounds).await
    }
}

/// Notes what a poll came to, and asks for what is new.
async fn record(
    tx: &mut Tx,
    event: &Event<FeedDue>,
    before: &Subscription,
    poll: &Poll,
    bounds: Bounds,
) -> Result<Recorded, RecordError> {
    let now = poll.at;
    // What a hub said while the feed was polled counts.
    let hub_expires_at = state::lock(tx, &before.feed_id).await?;
    let mut before = Subscription { hub_expires_at, ..before.clone() };
    let mut moved_to = poll.moved_to.clone();
    if let Some((url, other)) = twin(tx, &before, poll).await? {
        let reason = format!("moved for good to {url}, which is feed {other} already");
        let gone = before.clone().after(Turnout::Gone { reason: reason.clone() }, None, None, now, bounds);
        return Ok(match state::save(tx, &gone).await? {
            true => Recorded { detail: Some(reason), ..Recorded::new("gone", None) },
            false => Recorded::new("outdated", None),
        });
    }
    let mut news = News::default();
    let (outcome, turnout) = match &poll.came {
        Came::Document(reading) => {
            if websub::state::offered(tx, &before.feed_id, reading.offer.as_ref()).await? {
                before.hub_expires_at = None;
            }
            news = News::of(tx, &before, reading, now).await?;
            let document = document(reading, std::mem::take(&mut news.came_at));
            ("polled", Turnout::Read(document))
        }
        Came::Unchanged(validators) => ("unchanged", Turnout::Unchanged(validators.clone())),
        Came::Failed(reason) => {
            moved_to = None;
            news.detail = Some(reason.clone());
            ("failed", Turnout::Failed { reason: reason.clone() })
        }
        Came::Gone(reason) => {
            news.detail = Some(reason.clone());
            ("gone", Turnout::Gone { reason: reason.clone() })
        }
    };
    let after = before.clone().after(turnout, poll.asked, moved_to, now, bounds);
    if !state::save(tx, &after).await? {
        return Ok(Recorded::new("outdated", None));
    }
    seen::note(tx, &before.feed_id, &news.seen, now).await?;
    if matches!(poll.came, Came::Document(_)) {
        seen::forget(tx, &before.feed_id, now).await?;
    }
    let emit = news.wanted.iter().enumerate().map(|(index, c)| event.cause("feed", index, &c.request)).collect();
    Ok(Recorded { outcome, detail: news.detail, article_id: None, emit })
}

/// Another feed that is asked for where this one is from now on. Two that move there at once don't see each other; their
/// next polls do, and then the one whose id comes first stays.
async fn twin(tx: &mut Tx, before: &Subscription, poll: &Poll) -> Result<Option<(HttpUrl, String)>, sqlx::Error> {
    let url = poll.moved_to.as_ref().unwrap_or(&before.url);
    let other = state::other_at(tx, url, &before.feed_id).await?;
    let gives_way = |other: &String| poll.moved_to.is_some() || *other < before.feed_id;
    Ok(other.filter(gives_way).map(|other| (url.clone(), other)))
}

fn document(reading: &Reading, new_at: Vec<Timestamp>) -> Document {
    Document {
        title: reading.feed.title.clone(),
        site_url: reading.feed.site_url.clone(),
        entries: reading.candidates.total,
        entries_without_link: reading.candidates.without_link,
        ttl: reading.feed.ttl,
        skips: reading.feed.skips,
        validators: reading.validators.clone(),
        body_hash: reading.body_hash.clone(),
        new_at,
    }
}
