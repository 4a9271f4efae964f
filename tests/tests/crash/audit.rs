//! What there has to be in the end, looked at from all sides.

use std::collections::{BTreeMap, BTreeSet};

use kos_tests::{
    Pipeline,
    pipeline::{SERVICES, StoredEvent},
};
use sqlx::{AnyConnection, Row};

use crate::{
    id_of,
    producer::{Copy, Event},
};

/// A row of an inbox.
#[derive(Debug, Clone)]
pub struct Handled {
    /// The event.
    pub event_id: String,
    /// The article that it was about.
    pub article_id: Option<String>,
    /// What came of it.
    pub outcome: String,
}

impl Handled {
    /// All rows.
    pub async fn all(database: &mut AnyConnection) -> Result<Vec<Self>, sqlx::Error> {
        let rows = sqlx::query("select event_id, article_id, outcome from inbox").fetch_all(database).await?;
        let read = |row: &sqlx::any::AnyRow| {
            Ok(Self {
                event_id: row.try_get("event_id")?,
                article_id: row.try_get("article_id")?,
                outcome: row.try_get("outcome")?,
            })
        };
        rows.iter().map(read).collect()
    }
}

/// The articles that have not gone all the way, each with how far it came.
pub fn missing(handled: &[Vec<Handled>; 3], events: &[Event]) -> Vec<String> {
    let reached: Vec<BTreeMap<&str, &str>> = handled
        .iter()
        .map(|rows| rows.iter().filter_map(|r| Some((r.article_id.as_deref()?, r.outcome.as_str()))).collect())
        .collect();
    originals(events)
        .filter(|event| !reached[2].contains_key(event.article_id.as_str()))
        .map(|event| {
            let way = SERVICES.iter().zip(&reached);
            let way: Vec<String> = way
                .map(|(service, rows)| {
                    format!("{service}: {}", rows.get(event.article_id.as_str()).unwrap_or(&"never handled"))
                })
                .collect();
            format!("article {} of event {}: {}", event.article_id, event.id, way.join(", "))
        })
        .collect()
}

/// Everything that is wrong, a line each; nothing where all is as it has to be.
pub async fn audit(pipeline: &Pipeline, events: &[Event]) -> Vec<String> {
    let mut wrong = Vec::new();
    wrong.extend(pages(pipeline, events).await);
    for service in SERVICES {
        wrong.extend(database(pipeline, service, events).await);
    }
    for stream in ["KOS_INGESTED", "KOS_SUMMARIZED", "KOS_PUBLISHED"] {
        wrong.extend(stream_of(stream, &pipeline.stored(stream).await, events));
    }
    for letter in pipeline.stored("KOS_DEAD").await {
        let (id, reason) = (letter.header("Kos-Dead-Event-Id"), letter.header("Kos-Dead-Reason"));
        wrong.push(format!("a dead letter on {}: event {id}: {reason}", letter.subject));
    }
    wrong
}

fn originals(events: &[Event]) -> impl Iterator<Item = &Event> {
    events.iter().filter(|event| event.copy == Copy::Original)
}

async fn pages(pipeline: &Pipeline, events: &[Event]) -> Vec<String> {
    let mut wrong = Vec::new();
    for event in originals(events) {
        let page = pipeline.get(&format!("/articles/{}", event.article_id)).await;
        if page.status != 200 {
            wrong.push(format!("the page of {}: status {}", event.id, page.status));
        } else if !page.body.contains(&event.article.title) {
            wrong.push(format!("the page of {} doesn't have its title {:?}", event.id, event.article.title));
        }
    }
    wrong
}

/// Each article once and in its first revision, each event handled once, nothing left to send.
async fn database(pipeline: &Pipeline, service: &str, events: &[Event]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut connection = pipeline.database(service).await;
    let table = if service == "summarize" { "summarized" } else { "articles" };
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!("select article_id, revision from {table}")));
    let rows = rows.fetch_all(&mut connection).await.unwrap_or_else(|e| panic!("{service}'s articles: {e}"));
    let mut found: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for row in rows {
        let (id, revision) = (row.get("article_id"), row.get("revision"));
        found.entry(id).or_default().push(revision);
    }
    for event in originals(events) {
        match found.remove(&event.article_id).unwrap_or_default().as_slice() {
            [1] => {}
            revisions => wrong.push(format!(
                "{service} has the article of {} in revisions {revisions:?}, expected [1] (forced: {})",
                event.id, event.forced
            )),
        }
    }
    wrong.extend(found.keys().map(|id| format!("{service} has an article {id} that nobody published")));

    let handled = Handled::all(&mut connection).await.unwrap_or_else(|e| panic!("{service}'s inbox: {e}"));
    let ids: BTreeSet<&str> = handled.iter().map(|h| h.event_id.as_str()).collect();
    let expected = originals(events).count();
    if handled.len() != expected || ids.len() != expected {
        wrong.push(format!(
            "{service}'s inbox has {} rows for {} events, expected {expected} each",
            handled.len(),
            ids.len()
        ));
    }
    for row in handled.iter().filter(|h| !["ingested", "summarized", "published"].contains(&h.outcome.as_str())) {
        wrong.push(format!("{service} handled event {} with the outcome {}", row.event_id, row.outcome));
    }
    let waiting = sqlx::query_scalar("select count(*) from outbox where sent_at_ms is null").fetch_one(&mut connection);
    let waiting: i64 = waiting.await.unwrap_or_else(|e| panic!("{service}'s outbox: {e}"));
    if waiting > 0 {
        wrong.push(format!("{service}'s outbox still has {waiting} events"));
    }
    wrong
}

/// Each id once, and one event an article.
fn stream_of(name: &str, stored: &[StoredEvent], events: &[Event]) -> Vec<String> {
    let (mut ids, mut articles) = (BTreeMap::<&str, usize>::new(), BTreeMap::<String, usize>::new());
    for event in stored {
        *ids.entry(id_of(event)).or_default() += 1;
        *articles.entry(event.json()["article_id"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    let twice = ids.iter().filter(|(_, count)| **count > 1);
    let mut wrong: Vec<String> = twice.map(|(id, count)| format!("{name} has event {id} {count} times")).collect();
    for event in originals(events) {
        match articles.remove(&event.article_id) {
            Some(1) => {}
            count => wrong.push(format!(
                "{name} has {} events about the article of {}, expected 1",
                count.unwrap_or(0),
                event.id
            )),
        }
    }
    wrong.extend(articles.keys().map(|id| format!("{name} has an event about {id:?}, which nobody published")));
    wrong
}
