//! `kos feed`: which feeds are followed, and how each is. The ingest workers know; this asks one of them.

use std::{
    io::{IsTerminal, Read, stderr, stdin},
    path::Path,
    time::Duration,
};

use anstream::{eprintln, print, println};
use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use kos_ingest::feed::{
    control::{self, Add, Added, Check, Checked, Decide, Followed, List, Named},
    opml, parse,
};
use kos_shared::{config::Config, event::HttpUrl, operator::Operator};
use serde::Serialize;
use serde_json::Value;

use crate::{
    Ended, WrongUsage,
    arguments::Feed,
    output::{ago, counted, cut, print_json, print_table},
};

/// How long a worker may take that has only to look into its database.
const LOOK_UP: Duration = Duration::from_secs(15);

/// How long a worker may take that has to ask servers.
const ASK_AROUND: Duration = Duration::from_secs(75);

/// How many feeds of a file one question adds.
const IMPORTED_AT_ONCE: usize = 50;

/// What is wrong with an address of a list, and what a person can do about it.
const NO_ADDRESS: &str = "expected an absolute http or https address; correct it in the list and import that again";

pub async fn run(arguments: Feed, config: &Config, as_json: bool) -> anyhow::Result<Ended> {
    match arguments {
        Feed::Add { urls } => add(urls, config, as_json).await,
        Feed::List => list(&Desk::connect(config).await?, as_json).await,
        Feed::Remove { feeds } => each(feeds, (control::REMOVE, "removed"), config, as_json).await,
        Feed::Poll { feeds } => each(feeds, (control::POLL, "will be polled now"), config, as_json).await,
        Feed::Set { feed, policy, rules } => {
            let rules = rules.as_deref().map(rules_of).transpose()?;
            let decide = Decide { feed, policy: policy.map(|p| p.as_str().to_owned()), rules };
            set(decide, config, as_json).await
        }
        Feed::Import { file } => import(&file, config, as_json).await,
        Feed::Export { file } => export(file.as_deref(), config, as_json).await,
        Feed::Check { input } => check(&input, config, as_json).await,
    }
}

/// The workers' end of it.
struct Desk {
    operator: Operator,
}

impl Desk {
    async fn connect(config: &Config) -> anyhow::Result<Self> {
        Ok(Self { operator: Operator::connect(&config.nats).await? })
    }

    async fn ask<A: serde::de::DeserializeOwned>(
        &self,
        name: &str,
        question: &impl Serialize,
        limit: Duration,
    ) -> anyhow::Result<A> {
        Ok(self.operator.ask("ingest", name, question, limit).await?)
    }

    async fn all(&self) -> anyhow::Result<Vec<Followed>> {
        let mut all: Vec<Followed> = Vec::new();
        loop {
            let after = all.last().map(|feed| feed.feed_id.clone());
            let some: Vec<Followed> = self.ask(control::LIST, &List { after }, LOOK_UP).await?;
            if some.is_empty() {
                break;
            }
            all.extend(some);
        }
        all.sort_by_cached_key(|feed| (name(feed).to_lowercase(), feed.url.clone()));
        Ok(all)
    }
}

/// What a feed is called, by people.
fn name(feed: &Followed) -> &str {
    feed.title.as_deref().unwrap_or(&feed.url)
}

/// What is wrong with a feed, or else with its hub.
fn problem(feed: &Followed) -> Option<&str> {
    feed.last_error.as_deref().or(feed.hub_error.as_deref())
}

async fn add(urls: Vec<String>, config: &Config, as_json: bool) -> anyhow::Result<Ended> {
    for url in &urls {
        url.parse::<HttpUrl>().map_err(|e| WrongUsage(e.to_string()))?;
    }
    let desk = Desk::connect(config).await?;
    let mut all: Vec<Added> = Vec::new();
    for url in urls {
        let question = Add { urls: vec![url], ..Add::default() };
        all.extend(desk.ask::<Vec<Added>>(control::ADD, &question, ASK_AROUND).await?);
    }
    report_added(&all, as_json)
}

fn report_added(all: &[Added], as_json: bool) -> anyhow::Result<Ended> {
    if as_json {
        print_json(&all)?;
    } else {
        for added in all {
            match (&added.feed, &added.error) {
                (Some(feed), _) => {
                    let known = if added.known { " (followed before)" } else { "" };
                    println!("{} {} {}{known}", feed.feed_id, feed.url, feed.title.as_deref().unwrap_or_default());
                }
                (None, error) => eprintln!("{}: {}", added.url, error.as_deref().unwrap_or("not added")),
            }
        }
    }
    Ok(ended(all.iter().filter(|added| added.feed.is_some()).count(), all.len()))
}

fn ended(good: usize, all: usize) -> Ended {
    match good {
        _ if good == all => Ended::Done,
        0 => Ended::Failed,
        _ => Ended::Partly,
    }
}

async fn list(desk: &Desk, as_json: bool) -> anyhow::Result<Ended> {
    let all = desk.all().await?;
    if as_json {
        print_json(&all)?;
        return Ok(Ended::Done);
    }
    if all.is_empty() {
        println!("no feed is followed: `kos feed add URL` follows one");
        return Ok(Ended::Done);
    }
    let now = Timestamp::now();
    let rows = all.iter().map(|feed| {
        vec![
            feed.feed_id.clone(),
            cut(name(feed), 40),
            feed.state.clone(),
            feed.last_success_at.map_or_else(|| "never".to_owned(), |at| format!("{} ago", ago(at, now))),
            // As far as it is off.
            feed.next_poll_at.map_or_else(|| "-".to_owned(), |at| format!("in {}", ago(now, at))),
            format!("{:.1}", feed.entries_a_day),
            feed.policy.clone().unwrap_or_default(),
            problem(feed).map(|problem| cut(problem, 100)).unwrap_or_default(),
        ]
    });
    print_table(&["feed", "title", "state", "last read", "next poll", "a day", "policy", "what is wrong"], rows);
    let failing = all.iter().filter(|feed| problem(feed).is_some()).count();
    println!();
    println!("{}, {failing} of them with something wrong", counted(all.len(), "feed"));
    Ok(Ended::Done)
}

/// Does the same to each of some feeds.
async fn each(
    feeds: Vec<String>,
    (question, done): (&str, &str),
    config: &Config,
    as_json: bool,
) -> anyhow::Result<Ended> {
    let desk = Desk::connect(config).await?;
    let (total, mut found) = (feeds.len(), Vec::new());
    for feed in feeds {
        match desk.ask::<Option<Followed>>(question, &Named { feed: feed.clone() }, LOOK_UP).await? {
            Some(followed) => found.push(followed),
            None => eprintln!("{feed}: no feed has this id or address"),
        }
    }
    if as_json {
        print_json(&found)?;
    } else {
        found.iter().for_each(|feed| println!("{} {} {done}", feed.feed_id, feed.url));
    }
    Ok(ended(found.len(), total))
}

fn rules_of(text: &str) -> anyhow::Result<Value> {
    let json = match text.trim_start().starts_with(['{', '[']) {
        true => text.to_owned(),
        false => std::fs::read_to_string(text).with_context(|| format!("--rules {text}"))?,
    };
    let rules: Value = serde_json::from_str(&json).map_err(|e| WrongUsage(format!("--rules: expected JSON: {e}")))?;
    match rules.is_object() {
        true => Ok(rules),
        false => Err(WrongUsage("--rules: expected a JSON object".into()).into()),
    }
}

async fn set(decide: Decide, config: &Config, as_json: bool) -> anyhow::Result<Ended> {
    let desk = Desk::connect(config).await?;
    let Some(feed) = desk.ask::<Option<Followed>>(control::DECIDE, &decide, LOOK_UP).await? else {
        eprintln!("{}: no feed has this id or address", decide.feed);
        return Ok(Ended::Failed);
    };
    if as_json {
        print_json(&feed)?;
    } else {
        let rules = feed.rules.as_ref().map_or_else(|| "none".to_owned(), Value::to_string);
        println!(
            "{} {}: policy {}, rules {rules}",
            feed.feed_id,
            feed.url,
            feed.policy.as_deref().unwrap_or("default")
        );
    }
    Ok(Ended::Done)
}

fn bytes_of(input: &str) -> anyhow::Result<Vec<u8>> {
    if input == "-" {
        let mut bytes = Vec::new();
        stdin().read_to_end(&mut bytes).context("standard input")?;
        return Ok(bytes);
    }
    std::fs::read(input).with_context(|| input.to_owned())
}

async fn check(input: &str, config: &Config, as_json: bool) -> anyhow::Result<Ended> {
    let checked = match input.parse::<HttpUrl>() {
        Ok(url) => {
            let desk = Desk::connect(config).await?;
            desk.ask(control::CHECK, &Check { url: url.into() }, ASK_AROUND).await?
        }
        Err(error) if input != "-" && !Path::new(input).is_file() => {
            return Err(WrongUsage(format!("{error}, and no file is called that")).into());
        }
        Err(_) => {
            // Addresses in it are taken as relative to nowhere.
            let nowhere: HttpUrl = "http://feed.invalid/".parse()?;
            match parse::parse(&bytes_of(input)?, None, &nowhere) {
                Ok(feed) => Checked { url: None, ..Checked::of(nowhere, feed) },
                Err(error) => Checked { error: Some(error.to_string()), ..Checked::default() },
            }
        }
    };
    if as_json {
        print_json(&checked)?;
    } else {
        print_checked(&checked);
    }
    Ok(if checked.error.is_none() { Ended::Done } else { Ended::Failed })
}

fn print_checked(checked: &Checked) {
    if let Some(error) = &checked.error {
        eprintln!("{error}");
        return;
    }
    if let Some(url) = &checked.url {
        println!("{url}");
    }
    println!("{}, {}", checked.title.as_deref().unwrap_or("no title"), entries(checked.entries));
    for (title, url) in &checked.first {
        println!("  {} {}", title.as_deref().unwrap_or("no title"), url.as_deref().unwrap_or("no address"));
    }
    for repair in &checked.repairs {
        println!("mended: {repair}");
    }
    if checked.hub {
        println!("it offers a WebSub hub");
    }
}

async fn import(file: &str, config: &Config, as_json: bool) -> anyhow::Result<Ended> {
    let list = opml::read(&bytes_of(file)?, None).map_err(|e| WrongUsage(format!("{file}: {e}")))?;
    let desk = Desk::connect(config).await?;
    let total = list.subscriptions.len() + list.broken.len();
    let bar = if as_json || !stderr().is_terminal() { ProgressBar::hidden() } else { ProgressBar::new(total as u64) };
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed} {msg}") {
        bar.set_style(style);
    }
    let no_address = |url| Added { url, feed: None, known: false, error: Some(NO_ADDRESS.to_owned()) };
    let mut all: Vec<Added> = list.broken.into_iter().map(no_address).collect();
    for some in list.subscriptions.chunks(IMPORTED_AT_ONCE) {
        let urls: Vec<String> = some.iter().map(|subscription| subscription.feed_url.to_string()).collect();
        let titles = some.iter().map(|subscription| subscription.title.clone()).collect();
        let question = Add { urls: urls.clone(), unseen: true, titles };
        match desk.ask::<Vec<Added>>(control::ADD, &question, LOOK_UP).await {
            Ok(added) => all.extend(added),
            // The others may still go well, and what was added is to be told.
            Err(error) => {
                let failed = |url| Added { url, feed: None, known: false, error: Some(format!("{error:#}")) };
                all.extend(urls.into_iter().map(failed));
            }
        }
        bar.set_position(all.len() as u64);
    }
    bar.finish_and_clear();
    let good = all.iter().filter(|added| added.feed.is_some()).count();
    if as_json {
        print_json(&all)?;
    } else {
        for added in all.iter().filter(|added| added.feed.is_none()) {
            eprintln!("{}: {}", added.url, added.error.as_deref().unwrap_or("not added"));
        }
        let known = all.iter().filter(|added| added.known).count();
        println!("{good} of {} followed, {known} of them before", counted(total, "feed"));
    }
    Ok(ended(good, total))
}

async fn export(file: Option<&Path>, config: &Config, as_json: bool) -> anyhow::Result<Ended> {
    let all = Desk::connect(config).await?.all().await?;
    let subscription = |feed: &Followed| {
        Some(opml::Subscription {
            feed_url: feed.url.parse().ok()?,
            title: feed.title.clone(),
            site_url: feed.site_url.as_deref().and_then(|url| url.parse().ok()),
            folder: Vec::new(),
        })
    };
    let subscriptions: Vec<opml::Subscription> = all.iter().filter_map(subscription).collect();
    let text = opml::write(&subscriptions, &config.site_name, Timestamp::now());
    let Some(file) = file else {
        print!("{text}");
        return Ok(Ended::Done);
    };
    std::fs::write(file, text).with_context(|| file.display().to_string())?;
    if as_json {
        print_json(&serde_json::json!({"file": file.display().to_string(), "feeds": subscriptions.len()}))?;
    } else {
        println!("{} written to {}", counted(subscriptions.len(), "feed"), file.display());
    }
    Ok(Ended::Done)
}

fn entries(number: usize) -> String {
    if number == 1 { "1 entry".to_owned() } else { format!("{number} entries") }
}
