//! Turns at hosts and the memory of robots.txt, which all ingest workers share, on both databases.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use kos_ingest::{
    hosts::{
        Hosts, Pace, Waiting,
        turns::{self, Asking, Entered},
    },
    robots::cache::{Found, Known, RobotsCache},
    state::MIGRATIONS,
};
use kos_shared::store::Store;
use kos_tests::{Database, on_both_databases};
use tokio::task::JoinSet;

on_both_databases! {
    a_host_has_so_many_turns_and_a_killed_workers_come_free
    turns_are_a_delay_apart_and_kept_for_who_has_them
    many_workers_together_stay_within_the_number_of_connections
    a_robots_txt_is_asked_for_once_by_all_workers
}

async fn store(database: &Database) -> Store {
    Store::open(database.config(), "ingest", MIGRATIONS).await.unwrap()
}

fn asking(id: &str, pace: Pace) -> Asking {
    Asking {
        host: "a.example".into(),
        what: id.into(),
        turn_id: format!("turn {id}"),
        pace,
        patient: true,
        begun: None,
        lease: Duration::from_secs(40),
    }
}

async fn a_host_has_so_many_turns_and_a_killed_workers_come_free(database: Database) {
    let store = store(&database).await;
    let pace = Pace { delay: Duration::ZERO, connections: 2 };
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut tx = store.begin().await.unwrap();
    for id in ["1", "2"] {
        assert_eq!(turns::enter(&mut tx, &asking(id, pace), now).await.unwrap(), Entered::Now);
    }
    assert_eq!(turns::enter(&mut tx, &asking("3", pace), now).await.unwrap(), Entered::Busy);
    let impatient = Asking { patient: false, ..asking("late", pace) };
    let at = Entered::Wait(now + Duration::from_secs(1));
    assert_eq!(turns::enter(&mut tx, &impatient, now).await.unwrap(), at);
    assert_eq!(turns::enter(&mut tx, &asking("late", pace), now).await.unwrap(), at);
    turns::leave(&mut tx, &["turn 1".into()]).await.unwrap();
    assert_eq!(turns::enter(&mut tx, &asking("3", pace), now).await.unwrap(), Entered::Now);
    let later = now + Duration::from_secs(41);
    for id in ["4", "5"] {
        assert_eq!(turns::enter(&mut tx, &asking(id, pace), later).await.unwrap(), Entered::Now);
    }
    turns::forget(&mut tx, later, now).await.unwrap();
    let left: i64 =
        sqlx::query_scalar("select count(*) from host_turns where entered = 1").fetch_one(&mut *tx).await.unwrap();
    assert_eq!(left, 2);
    tx.commit().await.unwrap();
}

async fn turns_are_a_delay_apart_and_kept_for_who_has_them(database: Database) {
    let store = store(&database).await;
    let pace = Pace { delay: Duration::from_secs(10), connections: 2 };
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let after = |seconds| now + SignedDuration::from_secs(seconds);
    let mut tx = store.begin().await.unwrap();
    for (id, at, entered) in [
        ("1", 0, Entered::Now),
        ("2", 1, Entered::Wait(after(10))),
        ("3", 1, Entered::Wait(after(20))),
        ("2", 5, Entered::Wait(after(10))),
        // Who comes late keeps its turn, and the next one waits for it.
        ("2", 14, Entered::Now),
        ("3", 20, Entered::Wait(after(24))),
        ("4", 20, Entered::Wait(after(30))),
        ("3", 24, Entered::Now),
        // Who is told to come later keeps its turn for as long.
        ("4", 30, Entered::Wait(after(34))),
    ] {
        let found = turns::enter(&mut tx, &asking(id, pace), after(at)).await.unwrap();
        assert_eq!(found, entered, "{id} at {at} s");
        turns::leave(&mut tx, &[format!("turn {id}")]).await.unwrap();
    }
    // A fetch that has begun goes ahead of the line, under a name of its own.
    let begun = Asking { begun: Some(after(90)), ..asking("4", pace) };
    let enter = turns::enter(&mut tx, &begun, after(31));
    assert_eq!(enter.await.unwrap(), Entered::Wait(after(34)));
    let enter = turns::enter(&mut tx, &begun, after(34));
    assert_eq!(enter.await.unwrap(), Entered::Now);
    let reserved = asking("4", pace);
    assert_eq!(turns::enter(&mut tx, &reserved, after(35)).await.unwrap(), Entered::Wait(after(44)));
    // What the host asks for holds for everybody, and no shorter time replaces a longer one.
    for seconds in [600, 60] {
        turns::leave_alone(&mut tx, "a.example", after(seconds)).await.unwrap();
    }
    for asking in [begun, asking("4", pace), asking("5", pace)] {
        assert_eq!(turns::enter(&mut tx, &asking, after(44)).await.unwrap(), Entered::Wait(after(600)));
    }
    assert_eq!(turns::enter(&mut tx, &reserved, after(600)).await.unwrap(), Entered::Now, "its turn is gone");
    tx.commit().await.unwrap();
}

async fn many_workers_together_stay_within_the_number_of_connections(database: Database) {
    let store = store(&database).await;
    let pace = Pace { delay: Duration::ZERO, connections: 2 };
    let workers: Vec<Hosts> = (0..4).map(|_| Hosts::start(store.clone(), Duration::from_secs(40))).collect();
    let under_way: Arc<[AtomicUsize; 3]> = Arc::default();
    let mut fetches = JoinSet::new();
    for number in 0..60 {
        let (worker, under_way) = (workers[number % 4].clone(), Arc::clone(&under_way));
        fetches.spawn(async move {
            let host = number % 3;
            let pass = loop {
                match worker.enter(&format!("{host}.example"), &number.to_string(), pace, false).await {
                    Ok(pass) => break pass,
                    Err(Waiting::Until(_)) => {}
                    Err(Waiting::Failed(reason)) => panic!("{reason}"),
                }
            };
            let now = under_way[host].fetch_add(1, Ordering::SeqCst) + 1;
            tokio::task::yield_now().await;
            under_way[host].fetch_sub(1, Ordering::SeqCst);
            drop(pass);
            now
        });
    }
    while let Some(most) = fetches.join_next().await {
        assert!(most.unwrap() <= 2);
    }
}

async fn a_robots_txt_is_asked_for_once_by_all_workers(database: Database) {
    let store = store(&database).await;
    let asked = AtomicUsize::new(0);
    let ask = async || {
        asked.fetch_add(1, Ordering::SeqCst);
        Ok(Found::Text("User-agent: *\nDisallow: /新闻\0".into()))
    };
    let failed = |e: sqlx::Error| e.to_string();
    let patience = Duration::from_secs(2);
    for _ in 0..2 {
        let worker = RobotsCache::new(store.clone(), "KnowledgeOS");
        for _ in 0..2 {
            let known = worker.known("https://a.example/robots.txt", patience, ask, failed).await.unwrap();
            assert!(matches!(known, Known::Policy(policy) if policy.allowed("/") && policy.allowed("/news")));
        }
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let worker = RobotsCache::new(store, "KnowledgeOS");
    let out_of_reach = async || Ok::<_, String>(Found::OutOfReach("503\0".into()));
    let known = worker.known("https://b.example/robots.txt", patience, out_of_reach, failed).await.unwrap();
    let Known::OutOfReach { reason, until: Some(until) } = known else { panic!("{known:?}") };
    assert!(reason == "503" && until > Timestamp::now(), "{reason} {until}");
}
