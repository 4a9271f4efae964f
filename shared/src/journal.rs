//! The journal: what became of which event, as a service's inbox and failed attempts tell it. `kos trace` and
//! `kos ingest --wait` put the journals of all services together.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::AnyPool;

use crate::store::{
    failures::{self, FailedAttempt},
    inbox::{self, By, Handled},
};

/// What is asked of a journal: the events that match any of these.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Query {
    /// Ids of events.
    #[serde(default)]
    pub events: Vec<String>,
    /// Ids of articles.
    #[serde(default)]
    pub articles: Vec<String>,
    /// What events are about: addresses, or articles' ids.
    #[serde(default)]
    pub subjects: Vec<String>,
}

/// One event in one service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The service.
    pub service: String,
    /// The consumer, as `STREAM/name`.
    pub consumer: String,
    /// The event.
    pub event_id: String,
    /// What kind of event it is.
    pub event_type: String,
    /// What it is about.
    pub subject: Option<String>,
    /// The article that it turned out to be about.
    pub article_id: Option<String>,
    /// The trace that it belongs to.
    pub trace_id: Option<String>,
    /// The event that caused it.
    pub cause: Option<String>,
    /// When the delivery came that was handled.
    pub received_at: Option<Timestamp>,
    /// When its effects were written; nothing while it is still being tried.
    pub handled_at: Option<Timestamp>,
    /// How often it was tried.
    pub attempts: u32,
    /// What came of it; `retrying` while it is still being tried.
    pub outcome: String,
    /// What there is to add.
    pub detail: Option<String>,
    /// The events that it caused.
    pub emitted: Vec<String>,
    /// The attempts that failed.
    pub failures: Vec<FailedAttempt>,
}

/// Looks events up.
///
/// # Errors
/// The database fails.
pub async fn find(pool: &AnyPool, service: &str, query: &Query) -> Result<Vec<Entry>, sqlx::Error> {
    let mut entries: Vec<Entry> = Vec::new();
    for (by, keys) in [(By::Event, &query.events), (By::Article, &query.articles), (By::Subject, &query.subjects)] {
        for handled in inbox::find(pool, by, keys).await? {
            let entry = of_handled(service, handled);
            if !entries.iter().any(|e| same(e, &entry.consumer, &entry.event_id)) {
                entries.push(entry);
            }
        }
    }
    let mut keys: Vec<String> = entries.iter().map(|e| e.event_id.clone()).collect();
    keys.extend(query.events.iter().chain(&query.subjects).chain(&query.articles).cloned());
    for (event, failed) in failures::find(pool, &keys).await? {
        let known = entries.iter().position(|e| same(e, &event.consumer, event.event_id.as_str()));
        let entry = match known {
            Some(position) => &mut entries[position],
            None => {
                entries.push(Entry {
                    service: service.to_owned(),
                    consumer: event.consumer,
                    event_id: event.event_id.to_string(),
                    event_type: event.event_type,
                    subject: event.subject,
                    article_id: None,
                    trace_id: None,
                    cause: None,
                    received_at: None,
                    handled_at: None,
                    attempts: 0,
                    outcome: "retrying".into(),
                    detail: Some(failed.reason.clone()),
                    emitted: Vec::new(),
                    failures: Vec::new(),
                });
                let last = entries.len() - 1;
                &mut entries[last]
            }
        };
        entry.attempts = entry.attempts.max(failed.attempt);
        entry.failures.push(failed);
    }
    entries.sort_by_key(|e| e.handled_at.or_else(|| e.failures.last().map(|f| f.failed_at)));
    Ok(entries)
}

fn same(entry: &Entry, consumer: &str, event_id: &str) -> bool {
    entry.consumer == consumer && entry.event_id == event_id
}

fn of_handled(service: &str, handled: Handled) -> Entry {
    Entry {
        service: service.to_owned(),
        consumer: handled.consumer,
        event_id: handled.event_id.to_string(),
        event_type: handled.event_type,
        subject: handled.subject,
        article_id: handled.article_id,
        trace_id: Some(handled.trace_id),
        cause: handled.cause.map(|c| c.to_string()),
        received_at: Some(handled.received_at),
        handled_at: Some(handled.handled_at),
        attempts: handled.attempt,
        outcome: handled.outcome,
        detail: handled.detail,
        emitted: handled.emitted.iter().map(ToString::to_string).collect(),
        failures: Vec::new(),
    }
}
