//! `kos dead`: what could not be handled.

use std::pin::pin;

use anyhow::Context;
use futures_util::StreamExt;
use kos_shared::{
    bus::StreamName,
    config::Config,
    event::{Envelope, EventType, dead_letter as headers, header},
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    Ended,
    arguments::{Dead, Selection},
    operator::{Operator, Stored},
    output::{counted, cut, print_json, print_table, time},
};

/// A dead letter as it is listed.
#[derive(Debug, Serialize)]
struct Letter {
    number: u64,
    service: String,
    event_id: String,
    event_type: String,
    attempts: u64,
    dead_since: String,
    reason: String,
    subject: Option<String>,
}

impl Letter {
    fn of(stored: &Stored) -> Self {
        let text = |name| header(&stored.headers, name).unwrap_or_default().to_owned();
        let body: Value = serde_json::from_slice(&stored.body).unwrap_or_default();
        let subject = ["url", "canonical_url", "article_id"].iter().find_map(|f| body.get(f)?.as_str());
        Self {
            number: stored.sequence,
            service: text(headers::SERVICE),
            event_id: text(headers::EVENT_ID),
            event_type: text(headers::SUBJECT),
            attempts: text(headers::ATTEMPTS).parse().unwrap_or(0),
            dead_since: time(stored.stored_at),
            reason: text(headers::REASON),
            subject: subject.map(str::to_owned),
        }
    }
}

pub async fn run(arguments: Dead, config: &Config, as_json: bool) -> anyhow::Result<Ended> {
    let operator = Operator::connect(config).await?;
    match arguments {
        Dead::List { service } => {
            let letters = read(&operator, service.map_or("*", |s| s.as_str())).await?;
            let letters: Vec<Letter> = letters.iter().map(Letter::of).collect();
            if as_json {
                print_json(&letters)?
            } else {
                list(letters)
            }
            Ok(Ended::Done)
        }
        Dead::Show { number } => show(&operator, number, as_json).await,
        Dead::Replay(selection) => for_each(&operator, selection, true, as_json).await,
        Dead::Discard(selection) => for_each(&operator, selection, false, as_json).await,
    }
}

async fn read(operator: &Operator, service: &str) -> anyhow::Result<Vec<Stored>> {
    let mut stored = pin!(operator.stored(StreamName::Dead, &format!("kos.dead.{service}"), None).await?);
    let mut letters = Vec::new();
    while let Some(letter) = stored.next().await {
        letters.push(letter?);
    }
    Ok(letters)
}

fn list(letters: Vec<Letter>) {
    if letters.is_empty() {
        println!("no dead letters");
        return;
    }
    let number = letters.len();
    let rows = letters.into_iter().map(|l| {
        vec![
            l.number.to_string(),
            l.dead_since,
            l.service,
            l.attempts.to_string(),
            cut(l.subject.as_deref().unwrap_or(&l.event_id), 60),
            cut(&l.reason, 100),
        ]
    });
    print_table(&["number", "dead since", "service", "attempts", "about", "reason"], rows);
    println!("{}; `kos dead show NUMBER` shows one whole", counted(number, "dead letter"));
}

async fn show(operator: &Operator, number: u64, as_json: bool) -> anyhow::Result<Ended> {
    let Some(letter) = read(operator, "*").await?.into_iter().find(|l| l.sequence == number) else {
        println!("no dead letter has the number {number}");
        return Ok(Ended::Failed);
    };
    let body = String::from_utf8_lossy(&letter.body);
    if as_json {
        let headers: Vec<_> = letter.headers.iter().map(|(n, v)| [n, v]).collect();
        print_json(&serde_json::json!({"number": number, "headers": headers, "body": body}))?;
    } else {
        for (name, value) in &letter.headers {
            println!("{name}: {value}");
        }
        println!("\n{body}");
    }
    Ok(Ended::Done)
}

async fn for_each(operator: &Operator, selection: Selection, replay: bool, as_json: bool) -> anyhow::Result<Ended> {
    let letters = read(operator, "*").await?;
    let stream = operator.jetstream().get_stream_no_info(StreamName::Dead.as_str()).await?;
    let numbers: Vec<u64> =
        if selection.all { letters.iter().map(|l| l.sequence).collect() } else { selection.numbers };
    let mut done = Vec::new();
    for number in &numbers {
        let Some(letter) = letters.iter().find(|l| l.sequence == *number) else {
            eprintln!("no dead letter has the number {number}");
            continue;
        };
        if replay && let Err(error) = publish_again(operator, letter).await {
            eprintln!("dead letter {number}: {error:#}");
            continue;
        }
        // Removed only after its event is stored again; if this fails, another replay gives the same event.
        stream.delete_message(*number).await.with_context(|| format!("dead letter {number} could not be removed"))?;
        done.push(*number);
    }
    let verb = if replay { "replayed" } else { "discarded" };
    if as_json {
        print_json(&serde_json::json!({ verb: done }))?;
    } else {
        println!("{} {verb}", counted(done.len(), "dead letter"));
    }
    Ok(match done.len() {
        n if n == numbers.len() => Ended::Done,
        0 => Ended::Failed,
        _ => Ended::Partly,
    })
}

async fn publish_again(operator: &Operator, letter: &Stored) -> anyhow::Result<()> {
    let text = |name| header(&letter.headers, name).with_context(|| format!("expected a header {name}"));
    let subject = text(headers::SUBJECT)?;
    let event_type = EventType::of_subject(subject).with_context(|| format!("no event is called {subject}"))?;
    let mut received = letter.received();
    let original_headers: Vec<_> =
        letter.headers.iter().filter(|(n, _)| !n.starts_with(headers::PREFIX) && n != "Nats-Msg-Id").cloned().collect();
    received.headers = &original_headers;
    // What is replayed is as old as it was, and no newer than what came since.
    received.stored_nanos = text(headers::STORED)?.parse().context("expected a number of nanoseconds")?;
    let mut envelope = Envelope::read(received, event_type);
    // An event that came without an id was given one when it was read first.
    envelope.attributes.id = text(headers::EVENT_ID)?.to_owned().into();
    let number = envelope.attributes.replay + 1;
    operator.publish(&envelope.replay(number, &original_headers)?).await
}
