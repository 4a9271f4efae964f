//! `kos trace`: the way of one article through the stages.

use std::collections::BTreeSet;

use anstream::println;
use jiff::Timestamp;
use kos_shared::{
    address::normal,
    config::Config,
    event::{ArticleId, HttpUrl},
    journal::{Entry, Query},
    operator::{Operator, SERVICES},
};

use crate::{
    Ended,
    output::{Cell, Tone, ago, counted, cut, print_json, print_table, time},
};

/// How often what was found may lead to more: the longest way has three stages, a replay adds one more.
const ROUNDS: usize = 6;

pub async fn run(key: &str, config: &Config, as_json: bool) -> anyhow::Result<Ended> {
    let operator = Operator::connect(&config.nats).await?;
    // An address is looked for in the form in which it is kept: without a name and password, as a normal one is anyway.
    let url = key.parse::<HttpUrl>().ok().map(|url| url.without_login());
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
            let line = format!("no answer from: {} (is a worker running?)", silent.join(", "));
            println!("{}", Tone::Wrong.paint(&line));
        }
        match standing(&entries) {
            Some((tone, line)) => println!("{}", tone.paint(&line)),
            None => println!("nothing is known about {key}"),
        }
    }
    Ok(if entries.is_empty() { Ended::Failed } else { Ended::Done })
}

fn last_time(entry: &Entry) -> Option<Timestamp> {
    entry.handled_at.or_else(|| entry.failures.last().map(|f| f.failed_at))
}

/// Where the article is now, in a line: the answer to what was asked. `None` where nothing is known.
fn standing(entries: &[Entry]) -> Option<(Tone, String)> {
    let (first, last) = (entries.first()?, entries.last()?);
    let detail = last.detail.as_deref().unwrap_or_default();
    let service = &last.service;
    let after = || {
        let came = entries.iter().filter_map(|e| e.received_at).min().or_else(|| last_time(first));
        ago(came.unwrap_or_default(), last_time(last).unwrap_or_default())
    };
    let is_known = |event: &String| entries.iter().any(|e| e.event_id == *event);
    Some(match last.outcome.as_str() {
        "dead" => (Tone::Wrong, format!("given up by {service}: {detail}; see `kos dead list --service {service}`")),
        "retrying" => {
            let reason = last.failures.last().map_or("", |failure| failure.reason.as_str());
            (
                Tone::Waits,
                format!("{service} tries again, after {} in vain: {reason}", counted(last.failures.len(), "attempt")),
            )
        }
        "published" => (Tone::Plain, format!("published {} after it came: {detail}", after())),
        _ if !last.emitted.is_empty() && !last.emitted.iter().any(is_known) && *service != "publish" => {
            let next = SERVICES.iter().skip_while(|s| *s != service).nth(1).unwrap_or(&"the next stage");
            (Tone::Waits, format!("{next} has it, or waits for it: {service} was done {} after it came", after()))
        }
        outcome => (Tone::Plain, format!("ended with {service}: {outcome} {detail}").trim_end().to_owned()),
    })
}

fn print(entries: &[Entry]) {
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for entry in entries {
        for failure in &entry.failures {
            rows.push(vec![
                time(failure.failed_at).into(),
                entry.service.as_str().into(),
                entry.event_type.as_str().into(),
                Cell::count(failure.attempt.into(), Tone::Plain),
                "".into(),
                Cell::new(failure.class.as_str(), Tone::Waits),
                cut(&failure.reason, 80).into(),
            ]);
        }
        if let (Some(received), Some(handled)) = (entry.received_at, entry.handled_at) {
            let tone = if entry.outcome == "dead" { Tone::Wrong } else { Tone::Plain };
            rows.push(vec![
                time(handled).into(),
                entry.service.as_str().into(),
                entry.event_type.as_str().into(),
                Cell::count(entry.attempts.into(), Tone::Plain),
                format!("{}ms", handled.duration_since(received).as_millis()).into(),
                Cell::new(entry.outcome.as_str(), tone),
                cut(entry.detail.as_deref().unwrap_or_default(), 80).into(),
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
