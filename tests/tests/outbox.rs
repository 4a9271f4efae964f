//! The outbox on both databases: what was decided on is sent oldest first, and taken by one relay at a time.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::HashSet, time::Duration};

use jiff::{Timestamp, ToSpan};
use kos_shared::{
    event::{EventId, Outgoing},
    store::{Fault, Store, fault, outbox},
};
use kos_tests::{Database, eventually, on_both_databases, stage::count};
use sqlx::Executor;

const LIMIT: Duration = Duration::from_secs(30);

on_both_databases! {
    the_oldest_events_are_taken_first_and_only_until_they_are_sent
    what_is_put_off_is_not_taken_before_its_time
    an_event_stands_in_the_outbox_once
    a_take_is_bounded_in_bytes_and_takes_a_larger_event_alone
    a_take_is_bounded_in_events_and_misses_none
    more_events_than_one_statement_holds_can_be_written
}

async fn the_oldest_events_are_taken_first_and_only_until_they_are_sent(database: Database) {
    let store = database.open().await;
    let now = Timestamp::now();
    for (name, age) in [("young", 1), ("old", 3), ("middle", 2)] {
        let mut tx = store.begin().await.unwrap();
        outbox::insert(&mut tx, &[event(name)], now - age.seconds()).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(oldest_waiting(&store).await, (3, Some((now - 3.seconds()).as_millisecond())));

    let taken = outbox::take(&store, now).await.unwrap();
    assert_eq!(ids(&taken), ["old", "middle", "young"]);
    assert_eq!(taken.events[0], event("old"));
    taken.settle(&[id("old"), id("young")], &[], now, now).await.unwrap();

    let taken = outbox::take(&store, now).await.unwrap();
    assert_eq!(ids(&taken), ["middle"]);
    taken.settle(&[id("middle")], &[], now, now).await.unwrap();
    assert!(outbox::take(&store, now).await.unwrap().events.is_empty());
    assert_eq!(oldest_waiting(&store).await, (0, None));
}

async fn what_is_put_off_is_not_taken_before_its_time(database: Database) {
    let store = database.open().await;
    let now = Timestamp::now();
    write(&store, &[event("a"), event("b")]).await;

    let later = now + 5.seconds();
    let taken = outbox::take(&store, now).await.unwrap();
    taken.settle(&[], &[id("a")], now, later).await.unwrap();
    let taken = outbox::take(&store, later - 1.millisecond()).await.unwrap();
    assert_eq!(ids(&taken), ["b"]);
    // Rows that are only dropped stay locked for a moment, and who takes next passes over them.
    taken.settle(&[], &[], now, now).await.unwrap();
    assert_eq!(ids(&outbox::take(&store, later).await.unwrap()), ["a", "b"]);
    assert_eq!(outbox::waiting(store.readers()).await.unwrap().0, 2, "what is put off waits, too");
}

async fn an_event_stands_in_the_outbox_once(database: Database) {
    let store = database.open().await;
    let first = event("a");
    write(&store, &[first.clone(), first.clone()]).await;
    write(&store, &[Outgoing { body: "other".into(), ..first.clone() }]).await;
    let now = Timestamp::now();
    let taken = outbox::take(&store, now).await.unwrap();
    assert_eq!(taken.events, [first]);

    // Once it was sent, it isn't sent again because it was decided on again.
    taken.settle(&[id("a")], &[], now, now).await.unwrap();
    write(&store, &[event("a")]).await;
    assert!(outbox::take(&store, now).await.unwrap().events.is_empty());
}

async fn a_take_is_bounded_in_bytes_and_takes_a_larger_event_alone(database: Database) {
    const MEGABYTE: usize = 1 << 20;
    let store = database.open().await;
    let large = |name, megabytes| Outgoing { body: vec![7; megabytes * MEGABYTE].into(), ..event(name) };
    write(&store, &[large("a", 3), large("b", 3), large("c", 3), large("d", 12), event("e")]).await;
    let now = Timestamp::now();
    for expected in [&["a", "b"][..], &["c"], &["d"], &["e"]] {
        let taken = outbox::take(&store, now).await.unwrap();
        assert_eq!(ids(&taken), expected);
        let sent: Vec<EventId> = taken.events.iter().map(|e| e.id.clone()).collect();
        taken.settle(&sent, &[], now, now).await.unwrap();
    }
    let kept: i64 =
        sqlx::query_scalar("select max(length(body)) from outbox").fetch_one(store.readers()).await.unwrap();
    assert_eq!(kept, 0, "what was sent fills the disk no longer");
}

async fn a_take_is_bounded_in_events_and_misses_none(database: Database) {
    let store = database.open().await;
    let all: HashSet<String> = (0..450).map(|n| format!("e{n}")).collect();
    let events: Vec<Outgoing> = all.iter().map(|name| event(name)).collect();
    write(&store, &events).await;
    let (mut seen, mut takes, now) = (HashSet::new(), 0, Timestamp::now());
    loop {
        let taken = outbox::take(&store, now).await.unwrap();
        if taken.events.is_empty() {
            break;
        }
        assert!(taken.events.len() <= 200, "{}", taken.events.len());
        takes += 1;
        let sent: Vec<EventId> = taken.events.iter().map(|e| e.id.clone()).collect();
        for name in ids(&taken) {
            assert!(seen.insert(name.clone()), "{name} was taken twice");
        }
        taken.settle(&sent, &[], now, now).await.unwrap();
    }
    assert_eq!((seen, takes), (all, 3));
}

async fn more_events_than_one_statement_holds_can_be_written(database: Database) {
    // SQLite takes 32,766 values a statement, PostgreSQL 65,535; a feed may well cause so many events.
    let store = database.open().await;
    let events: Vec<Outgoing> = (0..12_000).map(|n| event(&format!("e{n}"))).collect();
    write(&store, &events).await;
    assert_eq!(count(&store, "outbox").await, 12_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_two_relays_never_take_the_same_event_and_a_dropped_take_frees_its_events() {
    let database = Database::postgres().await;
    let (one, two) = (database.open().await, database.open().await);
    let events: Vec<Outgoing> = (0..300).map(|n| event(&format!("e{n}"))).collect();
    write(&one, &events).await;
    let now = Timestamp::now();

    let first = outbox::take(&one, now).await.unwrap();
    let second = outbox::take(&two, now).await.unwrap();
    assert_eq!((first.events.len(), second.events.len()), (200, 100));
    assert!(outbox::take(&two, now).await.unwrap().events.is_empty());
    let mut all: Vec<String> = ids(&first).into_iter().chain(ids(&second)).collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 300, "none was taken twice");

    let sent: Vec<EventId> = first.events.iter().map(|e| e.id.clone()).collect();
    first.settle(&sent, &[], now, now).await.unwrap();
    let dropped: HashSet<String> = ids(&second).into_iter().collect();
    drop(second);
    let freed = eventually(LIMIT, "the dropped events", async || {
        let taken = outbox::take(&one, now).await.unwrap();
        if taken.events.len() == 100 { Ok(taken) } else { Err(format!("{} events", taken.events.len())) }
    })
    .await;
    assert_eq!(ids(&freed).into_iter().collect::<HashSet<_>>(), dropped);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_take_whose_connection_dies_frees_its_events() {
    let database = Database::postgres().await;
    let (one, two) = (database.open().await, database.open().await);
    write(&one, &[event("a")]).await;
    let now = Timestamp::now();
    let taken = outbox::take(&one, now).await.unwrap();
    assert!(outbox::take(&two, now).await.unwrap().events.is_empty());

    let kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity \
                where state = 'idle in transaction' and pid <> pg_backend_pid()";
    two.readers().execute(kill).await.unwrap();
    let freed =
        eventually(LIMIT, "the event", async || outbox::take(&two, now).await.unwrap().events.into_iter().next()).await;
    assert_eq!(freed.id, id("a"));
    let error = taken.settle(&[id("a")], &[], now, now).await.unwrap_err();
    assert_eq!(fault(&error), Fault::Database, "{error}");
}

fn id(name: &str) -> EventId {
    EventId::from(name.to_owned())
}

fn event(name: &str) -> Outgoing {
    let headers = vec![("Nats-Msg-Id".to_owned(), name.to_owned())];
    Outgoing { id: id(name), subject: "kos.article.ingested".into(), headers, body: "{}".into() }
}

fn ids(taken: &outbox::Taken) -> Vec<String> {
    taken.events.iter().map(|e| e.id.to_string()).collect()
}

async fn write(store: &Store, events: &[Outgoing]) {
    let mut tx = store.begin().await.unwrap();
    outbox::insert(&mut tx, events, Timestamp::now()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn oldest_waiting(store: &Store) -> (u64, Option<i64>) {
    let (waiting, oldest) = outbox::waiting(store.readers()).await.unwrap();
    (waiting, oldest.map(Timestamp::as_millisecond))
}
