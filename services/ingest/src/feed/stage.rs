//! What the service does with a feed's turn: it polls, and asks for what is new.
//!
//! A poll that fails is no failed event. It is noted with the feed, and the schedule decides when to try again: a site
//! that is down for a week must not fill the dead letters.

use jiff::Timestamp;
use kos_shared::{
    event::{Event, FeedDue},
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
    state::lock(tx, &before.feed_id).await?;
    let mut moved_to = poll.moved_to.clone();
    if let Some(url) = &moved_to
        && let Some(other) = state::other_at(tx, url, &before.feed_id).await?
    {
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
            news = News::of(tx, before, reading, now).await?;
            let document = document(reading, std::mem::take(&mut news.came_at));
            ("polled", Turnout::Read(document))
        }
        Came::Unchanged => ("unchanged", Turnout::Unchanged),
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
    if let Came::Document(reading) = &poll.came {
        seen::forget(tx, &before.feed_id, now).await?;
        websub::state::offered(tx, &before.feed_id, reading.offer.as_ref()).await?;
    }
    let emit = news.wanted.iter().enumerate().map(|(index, c)| event.cause("feed", index, &c.request)).collect();
    Ok(Recorded { outcome, detail: news.detail, article_id: None, emit })
}

fn document(reading: &Reading, new_at: Vec<Timestamp>) -> Document {
    Document {
        title: reading.feed.title.clone(),
        site_url: reading.feed.site_url.clone(),
        entries: reading.candidates.total,
        entries_without_link: reading.candidates.without_link,
        validators: reading.validators.clone(),
        body_hash: reading.body_hash.clone(),
        new_at,
    }
}
