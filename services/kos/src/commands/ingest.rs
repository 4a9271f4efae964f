//! `kos ingest`: publish ingest events, and wait for the pages.

use std::{
    collections::BTreeSet,
    io::{IsTerminal, Read, stderr, stdin},
    path::Path,
    time::Duration,
};

use anstream::{eprintln, println};
use anyhow::Context;
use futures_util::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use kos_shared::{
    config::Config,
    event::{Attributes, EventId, HttpUrl, IngestRequested, Outgoing},
    journal::{Entry, Query},
    operator::Operator,
};
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::{
    Ended, WrongUsage,
    arguments::{Ingest, Service},
    output::{counted, print_json},
};

/// The outcome of an event that never came to the bus.
const NOT_PUBLISHED: &str = "not published";

/// How many publishes are under way at once.
const AT_ONCE: usize = 32;

/// How many events one question is about.
const ASKED_AT_ONCE: usize = 200;

/// The pause between two questions, at first and at last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(30), Duration::from_millis(300));

/// A published event, and how far it came.
#[derive(Debug, Clone, Serialize)]
struct Item {
    event_id: String,
    url: String,
    outcome: Option<String>,
    page_url: Option<String>,
    reason: Option<String>,
    /// The stage to ask next, and the event to ask about.
    #[serde(skip)]
    at: (Service, String),
}

impl Item {
    fn is_published(&self) -> bool {
        self.outcome.as_deref() != Some(NOT_PUBLISHED)
    }
}

pub async fn run(arguments: Ingest, config: &Config, as_json: bool) -> anyhow::Result<Ended> {
    let mut requests = Vec::new();
    for input in &arguments.inputs {
        requests.extend(requests_of(input, arguments.url.as_ref())?);
    }
    for request in &mut requests {
        request.force = arguments.force;
    }
    let operator = Operator::connect(&config.nats).await?;
    let mut items = publish(&operator, requests).await;
    if arguments.wait {
        wait(&operator, &mut items, Duration::from_secs(arguments.timeout_seconds), as_json).await?;
    }
    report(&items, arguments.wait, as_json)
}

/// Publishes all of them. What was published is stored when this returns; what was not says why.
async fn publish(operator: &Operator, requests: Vec<IngestRequested>) -> Vec<Item> {
    let now = Timestamp::now();
    let publishes = requests.into_iter().map(|request| async move {
        let attributes = Attributes::original(EventId::new(), "/kos/command", &request, now);
        let published = operator.publish(&Outgoing::new(&attributes, &request)).await;
        let event_id = attributes.id.to_string();
        Item {
            at: (Service::Ingest, event_id.clone()),
            event_id,
            url: request.url.to_string(),
            outcome: published.is_err().then(|| NOT_PUBLISHED.to_owned()),
            page_url: None,
            reason: published.err().map(|error| format!("{error:#}")),
        }
    });
    stream::iter(publishes).buffered(AT_ONCE).collect().await
}

/// What one argument asks for. All are read before anything is published.
fn requests_of(input: &str, url: Option<&HttpUrl>) -> anyhow::Result<Vec<IngestRequested>> {
    if input == "-" {
        let mut bytes = Vec::new();
        stdin().read_to_end(&mut bytes).context("standard input")?;
        let first = bytes.iter().find(|b| !b.is_ascii_whitespace());
        if first == Some(&b'<') {
            return Ok(vec![page(&bytes, url).context("standard input")?]);
        }
        let text = String::from_utf8(bytes)
            .map_err(|_| WrongUsage("standard input: expected addresses or a page as UTF-8".into()))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let requests = lines.map(address).collect::<Result<Vec<_>, _>>()?;
        return match requests.is_empty() {
            true => Err(WrongUsage("standard input: expected addresses or a page, got neither".into()).into()),
            false => Ok(requests),
        };
    }
    if Path::new(input).is_file() {
        let bytes = std::fs::read(input).with_context(|| input.to_owned())?;
        return Ok(vec![page(&bytes, url).with_context(|| input.to_owned())?]);
    }
    match url {
        Some(_) => {
            Err(WrongUsage(format!("--url is for a page in a file or on standard input, and {input} is none")).into())
        }
        None => Ok(vec![address(input)?]),
    }
}

fn address(text: &str) -> Result<IngestRequested, WrongUsage> {
    match text.parse() {
        Ok(url) => Ok(request(url, None)),
        Err(error) => Err(WrongUsage(format!("{error}, and no file is called that"))),
    }
}

fn page(bytes: &[u8], url: Option<&HttpUrl>) -> Result<IngestRequested, WrongUsage> {
    let html = kos_ingest::decode::decode(bytes, None);
    let url = page_url(&html, url.cloned())?;
    Ok(request(url, Some(html)))
}

fn request(url: HttpUrl, html: Option<String>) -> IngestRequested {
    IngestRequested { url, html, hints: None, feed_id: None, force: false }
}

/// Where a page is from: as the command line says, else as the page says.
pub fn page_url(html: &str, given: Option<HttpUrl>) -> Result<HttpUrl, WrongUsage> {
    given.or_else(|| kos_ingest::extract::declared_url(html)).ok_or_else(|| {
        WrongUsage(
            "the page doesn't say where it is from: expected --url, or a link rel=canonical in it (a list of addresses \
             goes to standard input: `kos ingest - < FILE`)"
                .into(),
        )
    })
}

/// Follows the events through the stages until all have ended or the time is over.
async fn wait(operator: &Operator, items: &mut [Item], limit: Duration, quiet: bool) -> anyhow::Result<()> {
    let bar =
        if quiet || !stderr().is_terminal() { ProgressBar::hidden() } else { ProgressBar::new(items.len() as u64) };
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed} {msg}") {
        bar.set_style(style);
    }
    let end = Instant::now() + limit;
    let mut pause = PAUSES.0;
    loop {
        let before = open(items);
        for service in Service::ALL {
            follow(operator, items, service).await?;
        }
        let left = open(items);
        bar.set_position((items.len() - left) as u64);
        if left == 0 || Instant::now() >= end {
            break;
        }
        pause = if left < before { PAUSES.0 } else { (pause * 2).min(PAUSES.1) };
        sleep(pause).await;
    }
    bar.finish_and_clear();
    Ok(())
}

fn open(items: &[Item]) -> usize {
    items.iter().filter(|i| i.outcome.is_none()).count()
}

/// Asks one service about all events that are with it.
async fn follow(operator: &Operator, items: &mut [Item], service: Service) -> anyhow::Result<()> {
    let mut with_it: Vec<&mut Item> = items.iter_mut().filter(|i| i.outcome.is_none() && i.at.0 == service).collect();
    for chunk in with_it.chunks_mut(ASKED_AT_ONCE) {
        let query = Query { events: chunk.iter().map(|i| i.at.1.clone()).collect(), ..Query::default() };
        // A worker that doesn't answer may be starting; the time limit ends the wait.
        let Some(entries) = operator.journal(service.as_str(), &query).await? else { continue };
        for item in chunk {
            let entry = entries.iter().find(|e| e.event_id == item.at.1);
            match entry {
                Some(entry) if entry.handled_at.is_some() => advance(operator, item, service, entry).await?,
                Some(entry) => item.reason.clone_from(&entry.detail),
                None => {}
            }
        }
    }
    Ok(())
}

/// Notes what a stage made of an item's event.
async fn advance(operator: &Operator, item: &mut Item, service: Service, entry: &Entry) -> anyhow::Result<()> {
    let next = Service::ALL.iter().skip_while(|s| **s != service).nth(1);
    item.reason = None;
    match (entry.outcome.as_str(), entry.emitted.first(), next) {
        ("dead" | "retracted", ..) => {
            item.outcome = Some(entry.outcome.clone());
            item.reason.clone_from(&entry.detail);
        }
        (_, Some(emitted), Some(next)) => item.at = (*next, emitted.clone()),
        ("published", ..) => {
            item.outcome = Some("published".into());
            item.page_url.clone_from(&entry.detail);
        }
        // Nothing new came of it; the page that is there is what was asked for.
        (outcome, ..) => {
            item.page_url = existing_page(operator, entry).await?;
            item.outcome = Some(outcome.to_owned());
        }
    }
    Ok(())
}

async fn existing_page(operator: &Operator, entry: &Entry) -> anyhow::Result<Option<String>> {
    let query = Query { articles: entry.article_id.iter().cloned().collect(), ..Query::default() };
    let entries = operator.journal(Service::Publish.as_str(), &query).await?.unwrap_or_default();
    Ok(entries.into_iter().rev().find(|e| e.outcome == "published").and_then(|e| e.detail))
}

fn report(items: &[Item], waited: bool, as_json: bool) -> anyhow::Result<Ended> {
    let good = items.iter().filter(|i| if waited { i.page_url.is_some() } else { i.is_published() }).count();
    if as_json {
        print_json(&items)?;
    } else {
        items.iter().for_each(|item| print(item, waited));
        let number = counted(items.len(), "event");
        if waited {
            let addresses: BTreeSet<_> = items.iter().filter_map(|i| i.page_url.as_ref()).collect();
            eprintln!("{} of {number} there", counted(addresses.len(), "page"));
        } else {
            eprintln!("{good} of {number} published; `kos trace ADDRESS` shows the way of each");
        }
    }
    Ok(match good {
        _ if good == items.len() => Ended::Done,
        0 => Ended::Failed,
        _ => Ended::Partly,
    })
}

/// What was asked for goes to standard output, all else to standard error.
fn print(item: &Item, waited: bool) {
    match (&item.page_url, &item.outcome) {
        (Some(page), _) => println!("{page}"),
        (None, Some(outcome)) => {
            eprintln!("{}: {outcome}: {}", item.url, item.reason.as_deref().unwrap_or("no page"));
        }
        (None, None) if waited => {
            let reason = item.reason.as_deref().map(|r| format!(", last: {r}")).unwrap_or_default();
            eprintln!("{}: still with {}{reason}", item.url, item.at.0.as_str());
        }
        (None, None) => println!("{} {}", item.event_id, item.url),
    }
}
