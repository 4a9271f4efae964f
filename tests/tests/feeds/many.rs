//! Three workers on one PostgreSQL share two hundred feeds.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use kos_tests::{Postgres, eventually};
use serde_json::{Value, json};

use crate::{ingest::Ingest, site::Sites};

const WORKERS: usize = 3;
const FEEDS: usize = 200;
const BROKEN: usize = 5;
const ENTRIES: usize = 20;

/// On a machine that does much else.
const LIMIT: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_workers_take_every_entry_of_two_hundred_feeds_once() {
    let postgres = Postgres::start().await;
    let url = postgres.create_database("kos").await;
    let ingest = Ingest::start_with(WORKERS, Some(&url), &[]).await;
    let sites = Sites::start(ENTRIES).await;
    let feeds: Vec<String> = (0..FEEDS + BROKEN).map(|n| sites.feed(n, n >= FEEDS)).collect();
    let question = json!({"urls": feeds, "unseen": true}).to_string();
    let added = ingest.client().request("kos.control.ingest.feed-add", question.into()).await.unwrap();
    let added: Value = serde_json::from_slice(&added.payload).unwrap();
    assert!(added.as_array().is_some_and(|all| all.len() == feeds.len() && all.iter().all(|a| a["error"].is_null())));

    let start = Instant::now();
    poll(&ingest, &feeds).await;
    eventually(LIMIT, "a first poll of all feeds", async || {
        let read = ingest.number("select count(*) from feeds where last_success_at_ms is not null").await;
        let failed = ingest.number("select count(*) from feeds where failures > 0").await;
        if (read, failed) == (FEEDS as i64, BROKEN as i64) {
            Ok(())
        } else {
            Err(format!("{read} read, {failed} failed"))
        }
    })
    .await;
    let polled = start.elapsed();
    eventually(LIMIT, "all articles", async || {
        let articles = ingest.number("select count(*) from articles").await;
        if articles == (FEEDS * ENTRIES) as i64 { Ok(()) } else { Err(format!("{articles} articles")) }
    })
    .await;
    let taken_in = start.elapsed();
    let requests = ingest.requested(FEEDS * ENTRIES).await;
    let urls: BTreeSet<_> = requests.iter().filter_map(|r| r["url"].as_str()).collect();
    assert_eq!(urls.len(), FEEDS * ENTRIES);
    let asked = sites.seen().feeds.len();
    {
        let seen = sites.seen();
        assert!(seen.at_once <= 2, "a site was asked {} times at once", seen.at_once);
        assert_eq!((seen.pages.len(), seen.pages.values().max()), (FEEDS * ENTRIES, Some(&1)));
        let most = seen.files.values().max();
        assert!(seen.files.len() == 2 * FEEDS && most <= Some(&WORKERS), "{} files, {most:?} times", seen.files.len());
    }

    poll(&ingest, &feeds).await;
    eventually(LIMIT, "a second poll of all feeds", async || {
        let answers = sites.seen().feeds.len() - asked;
        if answers >= feeds.len() { Ok(()) } else { Err(format!("{answers} answers")) }
    })
    .await;
    let (second, statuses) = {
        let seen = sites.seen();
        let answers = &seen.feeds[asked..];
        (answers[answers.len() - 1].0 - answers[0].0, answers.iter().map(|(_, _, status)| *status).collect::<Vec<_>>())
    };
    assert_eq!(statuses.iter().filter(|s| **s == 304).count(), FEEDS, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|s| **s == 500).count(), BROKEN, "{statuses:?}");
    println!(
        "{} feeds polled in {polled:.1?}, {} articles in {taken_in:.1?}; second round, all 304: {:.0} feeds a second",
        feeds.len(),
        FEEDS * ENTRIES,
        feeds.len() as f64 / second.as_secs_f64()
    );

    eventually(LIMIT, "failures noted twice", async || {
        // Or once more, where a feed's first turn had begun by itself before it was to be polled.
        ingest.number("select count(*) from feeds where failures >= 2").await == BROKEN as i64
    })
    .await;
    let listed = ingest.kos(&["feed", "list", "--json"]).await.json();
    let broken: Vec<&Value> = listed.as_array().unwrap().iter().filter(|f| !f["last_error"].is_null()).collect();
    assert_eq!(broken.len(), BROKEN);
    for feed in broken {
        let next: Timestamp = feed["next_poll_at"].as_str().unwrap().parse().unwrap();
        // Five minutes doubled twice, less a tenth, less what this test took since.
        assert!(next.duration_since(Timestamp::now()).as_secs() > 900, "{feed}");
    }
    ingest.requested(FEEDS * ENTRIES).await;
}

async fn poll(ingest: &Ingest, feeds: &[String]) {
    let mut arguments = vec!["feed", "poll"];
    arguments.extend(feeds.iter().map(String::as_str));
    let polled = ingest.kos(&arguments).await;
    assert_eq!(polled.code, 0, "{polled:?}");
}
