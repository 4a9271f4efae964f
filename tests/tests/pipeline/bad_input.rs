//! What can't be taken in, and what it gets.

use std::time::Duration;

use async_nats::HeaderMap;
use kos_tests::{
    Page, PageServer, Pipeline, Port, Setup, eventually,
    pipeline::{Ended, StoredEvent},
};
use serde_json::{Value, json};

use crate::{event, page, path_of, plain_page};

const LIMIT: Duration = Duration::from_secs(60);

/// Retries that a test can wait for.
fn impatient() -> Setup<'static> {
    let variables = &[("KOS_FETCH_ALLOW", "127.0.0.0/8"), ("KOS_RETRY_DELAY", "100ms"), ("KOS_MAX_ATTEMPTS", "3")];
    Setup { variables, ..Setup::default() }
}

fn history(letter: &StoredEvent) -> Vec<Value> {
    let history = serde_json::from_str(letter.header("Kos-Dead-History"));
    history.unwrap_or_else(|e| panic!("{e}: {:?}", letter.header("Kos-Dead-History")))
}

#[tokio::test]
async fn a_page_that_never_will_be_there_is_dead_at_once_for_its_own_reason() {
    let (web, pipeline) = (PageServer::start(), Pipeline::start_with(impatient()).await);
    let links = "<html><body><ul><li><a href=\"/a\">One</a></li><li><a href=\"/b\">Two</a></li></ul></body></html>";
    let declared = Page::html(vec![b' '; 11 << 20]);
    let undeclared = Page::html(format!("<html><body><p>{}</p></body></html>", "word ".repeat(2_300_000)));
    let bomb = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, &vec![b' '; 64 << 20]).unwrap();
        Page::html(encoder.finish().unwrap()).header("content-encoding", "gzip")
    };
    let rows = [
        ("/404", Page::status(404), "404"),
        ("/410", Page::status(410), "410"),
        ("/403", Page::status(403), "403"),
        ("/pdf", Page::html("%PDF-1.7").header("content-type", "application/pdf"), "application/pdf"),
        ("/octets", Page::html("GIF89a").header("content-type", "application/octet-stream"), "no html page"),
        ("/large", declared, "larger than 10485760 bytes"),
        ("/endless", undeclared, "larger than 10485760 bytes"),
        ("/bomb", bomb, "larger than 10485760 bytes"),
        ("/links", Page::html(links), "nothing readable"),
        ("/empty", Page::html(""), "empty"),
        ("/loop", Page::redirect("/loop"), "redirects"),
        ("/app", Page::redirect("app://open"), "app://open"),
    ];
    for (n, (path, answer, expected)) in rows.into_iter().enumerate() {
        let body = json!({"url": web.set(path, answer), "x-desk": n}).to_string();
        pipeline.publish("kos.ingest.requested", body.clone()).await;
        let letters = pipeline.dead_letters(n + 1).await;
        let (letter, reason) = (&letters[n], letters[n].header("Kos-Dead-Reason"));
        assert!(reason.contains(expected), "{path}: expected {expected:?} in {reason:?}");
        assert_eq!(letter.subject, "kos.dead.ingest");
        assert_eq!(letter.header("Kos-Dead-Attempts"), "1", "{path}: {reason}");
        assert_eq!(letter.header("Kos-Dead-Service"), "ingest");
        assert_eq!(letter.header("Kos-Dead-Subject"), "kos.ingest.requested");
        assert_eq!(letter.body, body.as_bytes(), "{path}");
        if path != "/loop" {
            assert_eq!(web.hits(path).len(), 1, "{path}");
        }
    }
    assert!(pipeline.stored("KOS_INGESTED").await.is_empty());
}

#[tokio::test]
async fn a_server_that_fails_is_asked_again_until_it_answers() {
    let web = PageServer::start();
    let variables = [("KOS_FETCH_ALLOW", "127.0.0.0/8"), ("KOS_RETRY_DELAY", "100ms"), ("KOS_MAX_ATTEMPTS", "9")];
    let pipeline = Pipeline::start_with(Setup { variables: &variables, ..Setup::default() }).await;
    let url = web.set("/news", Page::status(500));
    pipeline.publish("kos.ingest.requested", json!({ "url": url }).to_string()).await;
    eventually(LIMIT, "a second request", async || web.hits("/news").len() >= 2).await;
    let entry = eventually(LIMIT, "a failure in the trace", async || {
        let trace = pipeline.kos(&["trace", &url, "--json"]).await;
        trace.json().get(0).cloned().filter(|e| e["failures"].as_array().is_some_and(|f| !f.is_empty()))
    })
    .await;
    assert_eq!(entry["outcome"], "retrying", "{entry}");
    assert!(entry["failures"][0]["reason"].as_str().unwrap_or_default().contains("500"), "{entry}");

    web.set("/news", Page::html(plain_page("The ferry runs again")));
    pipeline.page(&path_of(&url), 200).await;
    assert!(pipeline.stored("KOS_DEAD").await.is_empty());
}

#[tokio::test]
async fn a_server_that_asks_for_patience_gets_it() {
    let (web, pipeline) = (PageServer::start(), Pipeline::start_with(impatient()).await);
    let url = web.set("/news", Page::status(429).header("retry-after", "2"));
    pipeline.publish("kos.ingest.requested", json!({ "url": url }).to_string()).await;
    eventually(LIMIT, "the first request", async || !web.hits("/news").is_empty()).await;
    web.set("/news", Page::html(plain_page("The ferry runs again")));
    pipeline.page(&path_of(&url), 200).await;
    let hits = web.hits("/news");
    assert_eq!(hits.len(), 2);
    let pause = hits[1].at - hits[0].at;
    assert!(pause >= Duration::from_secs(2), "asked again after {pause:?}");
}

#[tokio::test]
async fn a_server_that_stays_away_is_given_up_after_the_last_try_with_the_whole_history() {
    let pipeline = Pipeline::start_with(impatient()).await;
    let nobody = Port::free();
    let url = format!("http://127.0.0.1:{nobody}/news");
    pipeline.publish("kos.ingest.requested", json!({ "url": url }).to_string()).await;
    let letters = pipeline.dead_letters(1).await;
    assert_eq!(letters[0].header("Kos-Dead-Attempts"), "3");
    let history = history(&letters[0]);
    let attempts: Vec<_> = history.iter().map(|a| a["attempt"].as_u64()).collect();
    assert_eq!(attempts, [Some(1), Some(2), Some(3)]);
    for attempt in &history {
        assert_eq!(attempt["class"], "retry");
        assert!(attempt["reason"].as_str().unwrap_or_default().contains("no connection to 127.0.0.1"), "{attempt}");
    }
    let mut times: Vec<_> = history.iter().map(|a| a["failed_at"].as_str()).collect();
    times.dedup();
    assert_eq!(times.len(), 3, "{history:?}");
}

/// Headers, a body, and how the reason begins.
type Row = (&'static [(&'static str, &'static str)], &'static [u8], &'static str);

#[tokio::test]
async fn an_event_that_is_none_is_dead_at_once_with_the_field_that_is_wrong() {
    let pipeline = Pipeline::start().await;
    let rows: &[Row] = &[
        (&[], b"", "body: "),
        (&[], b"{\"url\":", "body: "),
        (&[], b"\xff\xfe\x00", "body: "),
        (&[], b"[]", "body: expected a JSON object"),
        (&[], b"{}", "url: is missing"),
        (&[], b"{\"url\":5}", "url: "),
        (&[], b"{\"url\":null}", "url: "),
        (&[], b"{\"url\":\"/news/1\"}", "url: expected an absolute http or https address"),
        (&[], b"{\"url\":\"ftp://example.com/1\"}", "url: expected an absolute http or https address"),
        (&[], b"{\"url\":\"javascript:alert(1)\"}", "url: expected an absolute http or https address"),
        (&[], b"{\"url\":\"https://a.example/\",\"html\":7}", "html: "),
        (&[], b"{\"url\":\"https://a.example/\",\"hints\":{\"authors\":\"Ann\"}}", "hints.authors: "),
        (&[], b"{\"url\":\"https://a.example/\",\"hints\":{\"published_at\":\"soon\"}}", "hints.published_at: "),
        (&[("ce-type", "kos.article.ingested")], b"{\"url\":\"https://a.example/\"}", "type: expected kos.ingest.req"),
        (&[("ce-specversion", "0.3")], b"{\"url\":\"https://a.example/\"}", "specversion: expected 1.0"),
        (&[("ce-time", "yesterday")], b"{\"url\":\"https://a.example/\"}", "time: "),
        (&[("content-type", "application/cloudevents+json")], b"{\"specversion\":\"1.0\",\"id\":\"a\"}", "data: "),
    ];
    for (n, (given, body, expected)) in rows.iter().enumerate() {
        let mut headers = HeaderMap::new();
        headers.insert("x-desk", n.to_string());
        given.iter().for_each(|(name, value)| headers.insert(*name, *value));
        let client = pipeline.client();
        client.publish_with_headers("kos.ingest.requested", headers, body.to_vec().into()).await.unwrap();
        let letters = pipeline.dead_letters(n + 1).await;
        let (letter, reason) = (&letters[n], letters[n].header("Kos-Dead-Reason"));
        assert!(reason.starts_with(expected), "row {n}: expected {expected:?}, got {reason:?}");
        assert_eq!((&letter.body[..], letter.header("x-desk")), (*body, n.to_string().as_str()), "row {n}");
        assert_eq!(letter.header("Kos-Dead-Attempts"), "1", "row {n}");
        assert!(given.iter().all(|(name, value)| letter.header(name) == *value), "row {n}");
    }
    // What is wrong with some is no hindrance for others.
    let article = page(10);
    pipeline.publish("kos.ingest.requested", event(&article)).await;
    pipeline.page(&path_of(&article.url), 200).await;
}

#[tokio::test]
async fn a_page_with_nul_and_other_control_characters_is_taken_in_without_them() {
    let server = kos_tests::Postgres::start().await;
    let url = server.create_database("kos").await;
    let pipeline = Pipeline::start_with(Setup { postgres: Some(&url), ..Setup::default() }).await;
    let mut article = page(12);
    article.html = article.html.replace("</h1>", "\u{0}\u{1}\u{b}</h1>").replace("</p>", "\u{0}\u{8}\u{fffe}</p>");
    pipeline.publish("kos.ingest.requested", event(&article)).await;
    let shown = pipeline.page(&path_of(&article.url), 200).await.body;
    assert!(!shown.contains(['\0', '\u{1}', '\u{8}', '\u{b}']), "{shown:?}");
    let feed = pipeline.get("/feed.atom").await.body;
    roxmltree::Document::parse(&feed).unwrap_or_else(|e| panic!("{e}: {feed}"));
}

#[tokio::test]
async fn an_event_for_a_later_stage_that_is_none_is_dead_there() {
    let pipeline = Pipeline::start().await;
    for (subject, service, body, expected) in [
        ("kos.article.ingested", "summarize", "{\"revision\":1}", "article_id: is missing"),
        ("kos.article.summarized", "publish", "7", "body: expected a JSON object"),
        ("kos.article.retracted", "ingest", "{\"reason\":\"x\"}", "article_id: expected an article_id or a url"),
    ] {
        pipeline.publish(subject, body).await;
        let letter = eventually(LIMIT, &format!("a dead letter of {service}"), async || {
            let letters = pipeline.stored("KOS_DEAD").await;
            letters.into_iter().find(|l| l.subject == format!("kos.dead.{service}"))
        })
        .await;
        let reason = letter.header("Kos-Dead-Reason");
        assert!(reason.starts_with(expected), "{subject}: {reason:?}");
    }
}

/// The header of a letter as `kos dead show` prints it.
pub fn shown_header<'a>(shown: &'a Ended, name: &str) -> &'a str {
    let line = shown.stdout.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_default()
}
