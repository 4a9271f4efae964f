//! What the service does with a feed's turn: it polls, and asks for what is new.
//!
//! A poll that fails is no failed event. It is noted with the feed, and the schedule decides when to try again: a site
//! that is down for a week must not fill the dead letters.

use std::collections::HashSet;

use jiff::{Timestamp, ToSpan};
use kos_shared::{
    event::{Event, FeedDue, Outgoing},
    stage::{Failure, RecordError, Recorded, Stage},
    store::{Store, Tx},
};

use super::{
    entries::{Candidate, Novelty, newest, novelties},
    poll::{Came, Poll, Reading, poll},
    schedule::Bounds,
    seen, state,
    subscription::{Document, State, Subscription, Turnout},
};
use crate::fetch::Fetcher;

/// How often it is noted that an entry is still in its feed.
const NOTED_EVERY_HOURS: i64 = 24;

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
        let cause = |index: usize, candidate: &Candidate| event.cause("feed", index, &candidate.request);
        record(tx, before, poll, self.bounds, cause).await
    }
}

/// Notes what a poll came to, and asks for what is new by events that `cause` makes.
pub(super) async fn record(
    tx: &mut Tx,
    before: &Subscription,
    poll: &Poll,
    bounds: Bounds,
    cause: impl Fn(usize, &Candidate) -> Outgoing,
) -> Result<Recorded, RecordError> {
    let now = poll.at;
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
    if matches!(poll.came, Came::Document(_)) {
        seen::forget(tx, &before.feed_id, now).await?;
    }
    let emit = news.wanted.iter().enumerate().map(|(index, candidate)| cause(index, candidate)).collect();
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

/// What a document has that matters.
#[derive(Default)]
struct News<'a> {
    /// Entries that are asked for.
    wanted: Vec<&'a Candidate>,
    /// Entries to note.
    seen: Vec<&'a Candidate>,
    /// When what is new came.
    came_at: Vec<Timestamp>,
    detail: Option<String>,
}

impl<'a> News<'a> {
    async fn of(tx: &mut Tx, before: &Subscription, reading: &'a Reading, now: Timestamp) -> Result<Self, sqlx::Error> {
        let candidates = &reading.candidates.entries;
        let known = seen::known(tx, &before.feed_id, candidates).await?;
        let novelties = novelties(candidates, &known);
        let is_first = before.last_success_at.is_none();
        let newest: HashSet<usize> = if is_first { newest(candidates) } else { (0..candidates.len()).collect() };
        let noted_before = now - NOTED_EVERY_HOURS.hours();
        let mut news = Self::default();
        let (mut new, mut changed) = (0, 0);
        for (index, (candidate, novelty)) in candidates.iter().zip(novelties).enumerate() {
            match novelty {
                Novelty::Known(seen_at) if seen_at > noted_before => continue,
                Novelty::Known(_) | Novelty::Renamed => {}
                Novelty::New => {
                    news.came_at.extend(came_at(candidate, before.last_success_at, now));
                    if newest.contains(&index) {
                        new += 1;
                        news.wanted.push(candidate);
                    }
                }
                Novelty::Changed => {
                    changed += 1;
                    news.came_at.push(now);
                    news.wanted.push(candidate);
                }
            }
            news.seen.push(candidate);
        }
        let total = reading.candidates.total;
        let mended = match reading.feed.repairs.as_slice() {
            [] => String::new(),
            repairs => format!(", mended: {}", repairs.join(", ")),
        };
        news.detail = Some(format!("{new} new and {changed} changed of {total}{mended}"));
        Ok(news)
    }
}

/// When a new entry came. After the first reading that is between the last one and now, whatever the entry says; before
/// it, an entry that says no time may have come at any.
fn came_at(candidate: &Candidate, last_read_at: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    match last_read_at {
        Some(last) => Some(candidate.at.unwrap_or(now).max(last).min(now)),
        None => candidate.at,
    }
}
