//! The stage against a site that says what may be done with its pages, and an operator who says what is taken in.

#![allow(clippy::unwrap_used, reason = "what fails to unwrap fails the test")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::Timestamp;
use kos_ingest::{
    feed::{self, schedule::Bounds, subscription::Subscription},
    fetch::{Fetcher, Limits, Manners, Setup},
    hosts::Pace,
    page::Pages,
    retention::Retention,
    rights::{self, well_known::SiteRights},
    stage::{Ingesting, Taken},
    state::MIGRATIONS,
};
use kos_shared::{
    config::DatabaseConfig,
    event::{AiUse, Attributes, Event, EventId, IngestRequested, Show},
    stage::{Failure, Recorded, Stage},
    store::Store,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const PAGE: &str = "<!DOCTYPE html><html lang=en><title>The ferry runs again</title><article><h1>The ferry runs again</h1>\
    <p>The ferry between the two islands runs again after a winter in the yard, its captain told reporters.</p>\
    <p>It leaves every morning at six and returns in the evening, as it did for thirty years before.</p></article>";

/// A server that answers each path with a head and a body, and remembers which paths it was asked for.
struct Web {
    address: std::net::SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Web {
    async fn start(pages: &'static [(&'static str, &'static str, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let seen = Arc::clone(&seen);
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    while !request.ends_with(b"\r\n\r\n") {
                        let mut byte = [0];
                        if connection.read(&mut byte).await.unwrap_or(0) == 0 {
                            return;
                        }
                        request.push(byte[0]);
                    }
                    let request = String::from_utf8_lossy(&request).into_owned();
                    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                    let found = pages.iter().find(|(own, ..)| *own == path);
                    let (status, head, body) = found.map_or(("404 Not Found", "", ""), |(_, h, b)| ("200 OK", h, b));
                    let answer = format!(
                        "HTTP/1.1 {status}\r\n{head}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                        body.len()
                    );
                    seen.lock().unwrap().push(path);
                    let _ = connection.write_all(answer.as_bytes()).await;
                });
            }
        });
        Self { address, asked }
    }

    fn hits(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == path).count()
    }

    fn request(&self, path: &str) -> Event<IngestRequested> {
        let url = format!("http://{}{path}", self.address);
        let data: IngestRequested = serde_json::from_value(serde_json::json!({ "url": url })).unwrap();
        Event { attributes: Attributes::original(EventId::new(), "/test", &data, Timestamp::now()), data }
    }
}

/// The page at `url`, as it comes with an event.
fn with_html(url: &str, head: &str) -> Event<IngestRequested> {
    let html = PAGE.replacen("<title>", &format!("{head}<title>"), 1);
    let data: IngestRequested = serde_json::from_value(serde_json::json!({ "url": url, "html": html })).unwrap();
    Event { attributes: Attributes::original(EventId::new(), "/test", &data, Timestamp::now()), data }
}

async fn record(stage: &Ingesting, event: &Event<IngestRequested>, taken: &Taken) -> Recorded {
    let mut tx = stage.pages.store.begin().await.unwrap();
    let recorded = stage.record(&mut tx, event, taken).await.unwrap();
    tx.commit().await.unwrap();
    recorded
}

async fn stage(folder: &std::path::Path, rules: &str) -> Ingesting {
    let store = Store::open(&DatabaseConfig::SqliteFolder(folder.to_owned()), "ingest", MIGRATIONS).await.unwrap();
    let at_once = Pace { delay: Duration::ZERO, connections: 0 };
    let manners = Some(Manners::new(&store, &Limits::default(), at_once, true));
    let setup = Setup::new("127.0.0.0/8".parse().unwrap(), Limits::default(), "https://test.example");
    let fetcher = Fetcher::with(Setup { manners, ..setup }).unwrap();
    let site_rights = SiteRights::new(fetcher.clone(), store.clone());
    let pages = Pages { fetcher, store, retention: Retention::of_days(0), site_rights };
    Ingesting { pages, rules: Arc::new(rules.parse().unwrap()) }
}

#[tokio::test]
async fn what_header_page_and_site_say_becomes_the_articles_rights() {
    const HTML: &str = "Content-Type: text/html\r\n";
    let web = Web::start(&[
        (
            "/.well-known/tdmrep.json",
            "Content-Type: application/json\r\n",
            r#"[{"location":"/paid/","tdm-reservation":1}]"#,
        ),
        ("/paid/1", HTML, PAGE),
        ("/free/1", HTML, PAGE),
        ("/short/1", "Content-Type: text/html\r\nX-Robots-Tag: max-snippet: 90\r\nContent-Usage: ai-use=n\r\n", PAGE),
    ])
    .await;
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path(), "").await;
    let rights = async |path: &str| match stage.work(&web.request(path)).await.unwrap() {
        Taken::In(ingested) => ingested.article.rights,
        out => panic!("{path} is {out:?}"),
    };
    let paid = rights("/paid/1").await;
    assert_eq!((paid.ai, paid.show), (AiUse::Refused, Show::Full));
    assert!(paid.reason.as_deref().unwrap().contains("tdmrep.json"), "{paid:?}");
    assert_eq!(rights::mark(&rights("/free/1").await), "");
    let short = rights("/short/1").await;
    assert_eq!((short.ai, short.show, short.max_snippet), (AiUse::Refused, Show::Excerpt, Some(90)));
    assert_eq!(web.hits("/.well-known/tdmrep.json"), 1, "the site was asked more than once a day");
}

#[tokio::test]
async fn what_the_rules_keep_out_is_no_failure_and_is_not_fetched_where_that_is_known_before() {
    let web = Web::start(&[("/news/1", "Content-Type: text/html\r\n", PAGE)]).await;
    let folder = tempfile::tempdir().unwrap();
    let out = async |rules: &str, change: fn(&mut IngestRequested)| {
        let mut event = web.request("/news/1");
        change(&mut event.data);
        match stage(folder.path(), rules).await.work(&event).await.unwrap() {
            Taken::Out { outcome, rule } => (outcome, rule),
            Taken::In(ingested) => panic!("{} was taken in", ingested.article.title),
        }
    };
    let (outcome, rule) = out("[[source]]\nhost = '127.0.0.1'\npolicy = 'none'", |_| {}).await;
    assert_eq!((outcome, rule.as_str()), ("refused", "the operator's policy for 127.0.0.1 is none"));
    let titled = |request: &mut IngestRequested| {
        request.hints = serde_json::from_value(serde_json::json!({"title": "Sponsored: the ferry"})).unwrap();
    };
    let (outcome, rule) = out("exclude.title = ['sponsored']", titled).await;
    assert_eq!((outcome, rule.as_str()), ("filtered", "exclude.title \"sponsored\""));
    assert_eq!(web.hits("/news/1"), 0, "the page was fetched for nothing");
    let (outcome, rule) = out("min_words = 500", |_| {}).await;
    assert_eq!(outcome, "filtered");
    assert!(rule.starts_with("min_words 500: it has "), "{rule}");
    assert_eq!(web.hits("/news/1"), 1);
    let (_, rule) = out("include.title = ['train']", titled).await;
    assert_eq!(rule, "include.title \"train\"");
    assert_eq!(web.hits("/news/1"), 2, "a hint was taken for a fact");
}

#[tokio::test]
async fn the_operators_policy_holds_under_every_address_of_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(
        folder.path(),
        "[[source]]\nhost = 'www.news.example'\npolicy = 'none'\n\
        [[source]]\nhost = 'short.example'\npolicy = 'summary'",
    )
    .await;
    let canonical = "<link rel=canonical href=https://www.news.example/1>";
    for (url, head) in [
        ("https://www.news.example./1", ""),
        ("https://m.news.example/1", canonical),
        ("https://www.google.com/amp/s/www.news.example/1", ""),
        ("https://www-news-example.cdn.ampproject.org/c/s/www.news.example/1", canonical),
    ] {
        let taken = stage.work(&with_html(url, head)).await.unwrap();
        assert!(matches!(taken, Taken::Out { outcome: "refused", .. }), "{url}: {taken:?}");
    }
    let Taken::In(short) = stage.work(&with_html("https://short.example./1", "")).await.unwrap() else { panic!() };
    assert_eq!(short.article.rights.show, Show::Summary);
}

#[tokio::test]
async fn an_article_that_is_refused_later_is_taken_down_by_a_revision() {
    let folder = tempfile::tempdir().unwrap();
    let event = || with_html("https://news.example/1", "");
    let before = stage(folder.path(), "").await;
    let taken = before.work(&event()).await.unwrap();
    assert_eq!(record(&before, &event(), &taken).await.outcome, "ingested");
    drop(before);

    let stage = stage(folder.path(), "[[source]]\nhost = 'news.example'\npolicy = 'none'").await;
    let taken = stage.work(&event()).await.unwrap();
    let Taken::In(ingested) = &taken else { panic!("what is shown stays: {taken:?}") };
    assert_eq!(ingested.article.rights.show, Show::None);
    let recorded = record(&stage, &event(), &taken).await;
    assert_eq!((recorded.outcome, recorded.emit.len()), ("ingested", 1));
    assert!(recorded.detail.unwrap().starts_with("revision 2"));
    for url in ["https://news.example/1", "https://news.example/2"] {
        let taken = stage.work(&with_html(url, "")).await.unwrap();
        assert!(matches!(taken, Taken::Out { outcome: "refused", .. }), "{url} is down or was never there: {taken:?}");
    }
}

#[tokio::test]
async fn the_site_of_a_feed_is_asked_about_entries_that_have_no_page() {
    let web = Web::start(&[(
        "/.well-known/tdmrep.json",
        "Content-Type: application/json\r\n",
        r#"[{"location":"/","tdm-reservation":1}]"#,
    )])
    .await;
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path(), "").await;
    let feed = format!("http://{}/feed.xml", web.address).parse().unwrap();
    let bounds = Bounds { min: Duration::from_secs(60), max: Duration::from_secs(60) };
    let feed = Subscription::new(feed, Timestamp::now(), Duration::ZERO, bounds);
    let mut tx = stage.pages.store.begin().await.unwrap();
    assert!(feed::state::add(&mut tx, &feed).await.unwrap());
    tx.commit().await.unwrap();
    let mut event = with_html("https://home.example/?entry=0123456789abcdef", "");
    event.data.feed_id = Some(feed.feed_id);
    let ai = async |event: &Event<IngestRequested>| match stage.work(event).await.unwrap() {
        Taken::In(ingested) => ingested.article.rights.ai,
        out => panic!("{out:?}"),
    };
    assert_eq!(ai(&event).await, AiUse::Allowed, "a producer's page speaks for itself");
    event.attributes.source = "/kos/feed".into();
    assert_eq!(ai(&event).await, AiUse::Refused);
}

#[tokio::test]
async fn a_site_is_not_asked_what_robots_may_not_ask_it() {
    const HTML: &str = "Content-Type: text/html\r\n";
    const ROBOTS: &str = "User-agent: *\nDisallow: /private\n";
    const NO_FILE: &str = "User-agent: *\nDisallow: /.well-known/\n";
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path(), "").await;
    let web = Web::start(&[("/robots.txt", "", ROBOTS), ("/private/1", HTML, PAGE)]).await;
    let failure = stage.work(&web.request("/private/1")).await.unwrap_err();
    assert!(matches!(failure, Failure::Permanent(_)), "{failure}");
    assert_eq!((web.hits("/.well-known/tdmrep.json"), web.hits("/private/1")), (0, 0));
    let web = Web::start(&[("/robots.txt", "", NO_FILE), ("/free/1", HTML, PAGE)]).await;
    assert!(matches!(stage.work(&web.request("/free/1")).await.unwrap(), Taken::In(_)));
    assert_eq!(web.hits("/.well-known/tdmrep.json"), 0);
}

#[tokio::test]
async fn a_login_in_an_address_is_not_passed_on_with_its_article() {
    let web = Web::start(&[("/news/1", "Content-Type: text/html\r\n", PAGE)]).await;
    let folder = tempfile::tempdir().unwrap();
    let mut event = web.request("/news/1");
    event.data.url = format!("http://user:word@{}/news/1", web.address).parse().unwrap();
    for html in [None, Some(PAGE.to_owned())] {
        event.data.html = html;
        let Taken::In(ingested) = stage(folder.path(), "").await.work(&event).await.unwrap() else {
            panic!("kept out")
        };
        let article = serde_json::to_string(&ingested.article).unwrap();
        assert!(!article.contains("user:word"), "{article}");
    }
}
