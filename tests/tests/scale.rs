//! Two workers of each kind on one PostgreSQL.

use std::{collections::BTreeMap, time::Duration};

use async_nats::{HeaderMap, jetstream};
use kos_shared::event::ArticleId;
use kos_tests::{
    Articles, Pipeline, Postgres, Setup, eventually,
    pipeline::{SERVICES, fetch},
};
use serde_json::json;

const EVENTS: usize = 400;

/// The least part of its service's events that a worker of two is to have.
const FAIR_SHARE: f64 = 0.2;

#[tokio::test]
async fn two_workers_of_each_kind_share_the_load_and_do_everything_once() {
    let server = Postgres::start().await;
    let url = server.create_database("kos").await;
    let mut pipeline = Pipeline::start_with(Setup { postgres: Some(&url), replicas: 2, ..Setup::default() }).await;
    let articles: Vec<_> = {
        let pages = Articles::new(7).page_bytes(10_000);
        (0..EVENTS as u64).map(|number| pages.page(number)).collect()
    };
    let context = jetstream::new(pipeline.client().clone());
    for chunk in articles.chunks(50) {
        let publish = chunk.iter().map(async |article| {
            // The second copy reaches a worker too: nothing but its id says that it is one.
            for copy in 0..2 {
                let mut headers = HeaderMap::new();
                headers.insert("ce-id", article.url.as_str());
                headers.insert("Nats-Msg-Id", format!("{copy} {}", article.url));
                let body = json!({"url": article.url, "html": article.html, "force": true}).to_string();
                let stored = context.publish_with_headers("kos.ingest.requested", headers, body.into()).await;
                stored.unwrap().await.unwrap();
            }
        });
        futures_util::future::join_all(publish).await;
    }

    eventually(Duration::from_secs(120), "all articles", async || {
        let published = context.get_stream("KOS_PUBLISHED").await.map_err(|e| e.to_string())?;
        let count = published.cached_info().state.messages;
        if count >= EVENTS as u64 { Ok(()) } else { Err(format!("{count} articles")) }
    })
    .await;
    pipeline.wait_until_idle().await;

    let mut shares: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for replica in pipeline.replicas() {
        let handled = handled(&replica.metrics().await);
        shares.entry(replica.service()).or_default().push(handled);
    }
    println!("events handled by each worker: {shares:?}");
    for service in SERVICES {
        assert_eq!(shares[service].iter().sum::<u64>(), EVENTS as u64, "{service}: {shares:?}");
        for handled in &shares[service] {
            let share = *handled as f64 / EVENTS as f64;
            assert!(share >= FAIR_SHARE, "one {service} handled {handled} of {EVENTS}: {shares:?}");
        }
        let inbox: i64 = pipeline.query(service, "select count(*) from inbox").await;
        assert_eq!(inbox, EVENTS as i64, "{service}");
    }
    for (service, rows, changed) in [
        ("ingest", "select count(*) from articles", "select count(*) from articles where revision <> 1"),
        ("summarize", "select count(*) from summarized", "select count(*) from summarized where revision <> 1"),
        ("publish", "select count(*) from articles", "select count(*) from articles where revision <> 1"),
    ] {
        let counts: (i64, i64) = (pipeline.query(service, rows).await, pipeline.query(service, changed).await);
        assert_eq!(counts, (EVENTS as i64, 0), "{service}");
    }
    for stream in ["KOS_INGESTED", "KOS_SUMMARIZED", "KOS_PUBLISHED"] {
        assert_eq!(pipeline.stored(stream).await.len(), EVENTS, "{stream}");
    }
    assert!(pipeline.stored("KOS_DEAD").await.is_empty());

    // Either site shows what either worker published.
    let sites: Vec<String> = pipeline.replicas().iter().filter(|r| r.service() == "publish").map(|r| r.url()).collect();
    assert_eq!(sites.len(), 2);
    for article in articles.iter().step_by(20) {
        let id = ArticleId::of_canonical_url(&article.url.parse().unwrap());
        for site in &sites {
            let page = fetch(&format!("{site}/articles/{id}")).await;
            assert!(page.status == 200 && page.body.contains(&article.title), "{site}: {page:?}");
        }
    }
    let status = pipeline.kos(&["status", "--json"]).await.json();
    assert_eq!(status["workers"].as_array().map(Vec::len), Some(6), "{status}");
}

/// How many events a worker handled that it had not handled before.
fn handled(metrics: &str) -> u64 {
    let lines = metrics.lines().filter(|l| l.starts_with("kos_events_handled_total{") && !l.contains("duplicate"));
    lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok()).sum()
}
