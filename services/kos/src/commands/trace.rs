//! `kos trace`: the way of one article through the stages.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kos_shared::{
    address::normal,
    config::Config,
    event::{ArticleId, HttpUrl},
    journal::{Entry, Query},
    operator::Operator,
};

use crate::{
    Ended,
    output::{cut, print_json, print_table, time},
};

/// How often what was found may lead to more: the longest way has three stages, a replay adds one more.
const ROUNDS: usize = 6;

pub async fn run(key: &str, config: &Config, as_json: bool) -> anyhow::Result<Ended> {
    let operator = Operator::connect(&config.nats).await?;
    // An address is looked for in the form in which it is kept.
    let url = key.parse::<HttpUrl>().ok();
    let subject = url.as_ref().map_or_else(|| key.to_owned(), HttpUrl::to_string);
    // It may be one that the article was never asked for by.
    let of_url = url.map(|url| ArticleId::of_canonical_url(&normal(&url)).to_string());
    let articles = std::iter::once(key.to_owned()).chain(of_url).collect();
    let mut query = Query { events: vec![key.to_owned()], articles, subjects: vec![subject] };
    let mut entries: Vec<Entry> = Vec::new();
    let mut silent = Vec::new();
    let mut known: BTreeSet<String> = BTreeSet::from([key.to_owned()]);
    for _ in 0..ROUNDS {
        let journals = operator.journals(&query).await?;
        silent = journals.silent;
        for entry in journals.entries {
            if !entries.iter().any(|e| e.consumer == entry.consumer && e.event_id == entry.event_id) {
                entries.push(entry);
            }
        }
        let related = entries.iter().flat_map(|e| e.emitted.iter().chain(&e.cause).chain([&e.event_id]));
        let articles = entries.iter().flat_map(|e| &e.article_id);
        let more = |candidates: Vec<String>, known: &mut BTreeSet<String>| -> Vec<String> {
            candidates.into_iter().filter(|c| known.insert(c.clone())).collect()
        };
        query = Query {
            events: more(related.cloned().collect(), &mut known),
            articles: more(articles.cloned().collect(), &mut known),
            subjects: Vec::new(),
        };
        if query.events.is_empty() && query.articles.is_empty() {
            break;
        }
    }
    entries.sort_by_key(|e| (last_time(e), e.consumer.clone()));
    if as_json {
        print_json(&entries)?;
    } else {
        print(&entries);
        if !silent.is_empty() {
            println!("no answer from: {} (is a worker running?)", silent.join(", "));
        }
        if entries.is_empty() {
            println!("nothing is known about {key}");
        }
    }
    Ok(if entries.is_empty() { Ended::Failed } else { Ended::Done })
}

fn last_time(entry: &Entry) -> Option<Timestamp> {
    entry.handled_at.or_else(|| entry.failures.last().map(|f| f.failed_at))
}

fn print(entries: &[Entry]) {
    let mut rows = Vec::new();
    for entry in entries {
        for failure in &entry.failures {
            rows.push(vec![
                time(failure.failed_at),
                entry.service.clone(),
                entry.event_type.clone(),
                failure.attempt.to_string(),
                String::new(),
                failure.class.clone(),
                cut(&failure.reason, 80),
            ]);
        }
        if let (Some(received), Some(handled)) = (entry.received_at, entry.handled_at) {
            rows.push(vec![
                time(handled),
                entry.service.clone(),
                entry.event_type.clone(),
                entry.attempts.to_string(),
                format!("{}ms", handled.duration_since(received).as_millis()),
                entry.outcome.clone(),
                cut(entry.detail.as_deref().unwrap_or_default(), 80),
            ]);
        }
    }
    if !rows.is_empty() {
        print_table(&["time", "service", "event", "attempt", "took", "outcome", "detail"], rows);
    }
    let articles: BTreeSet<_> = entries.iter().filter_map(|e| e.article_id.as_deref()).collect();
    for article in articles {
        println!("article {article}");
    }
    for entry in entries {
        println!("event {} {} → {}", entry.event_type, entry.event_id, entry.service);
    }
}
