//! What of a document is news, whether it was polled or a hub sent it.

use std::collections::HashSet;

use jiff::{Timestamp, ToSpan};
use kos_shared::store::Tx;

use super::{
    entries::{Candidate, Novelty, newest, novelties},
    poll::Reading,
    seen,
    subscription::Subscription,
};

/// How often it is noted that an entry is still in its feed.
const NOTED_EVERY_HOURS: i64 = 24;

/// What a document has that matters.
#[derive(Debug, Default)]
pub struct News<'a> {
    /// Entries that are asked for.
    pub wanted: Vec<&'a Candidate>,
    /// Entries to note.
    pub seen: Vec<&'a Candidate>,
    /// When what is new came.
    pub came_at: Vec<Timestamp>,
    /// How much there is, in words.
    pub detail: Option<String>,
}

impl<'a> News<'a> {
    /// What of a document is news to a feed that is known as `before`.
    ///
    /// # Errors
    /// The database fails.
    pub async fn of(
        tx: &mut Tx,
        before: &Subscription,
        reading: &'a Reading,
        now: Timestamp,
    ) -> Result<Self, sqlx::Error> {
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
