//! Whom ingest asks to tell of feeds, and when again, on both databases.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use kos_ingest::{
    feed::{
        schedule::Bounds,
        state as feeds,
        subscription::Subscription,
        websub::{
            Hub, Offer,
            state::{agreed, claim, denied, find, is_any_due, offered},
        },
    },
    state::MIGRATIONS,
};
use kos_shared::store::Store;
use kos_tests::{Database, on_both_databases};

on_both_databases! {
    a_hub_is_asked_once_by_one_worker
    a_hub_that_did_not_agree_is_asked_again_after_a_while
    a_lease_is_renewed_before_it_is_over
    another_hub_begins_anew_and_none_ends_it
}

async fn a_hub_is_asked_once_by_one_worker(database: Database) {
    let store = open(&database).await;
    let (one, two) = (follow(&store, "https://a.example/1").await, follow(&store, "https://a.example/2").await);
    assert!(claimed(&store, minute(0)).await.is_empty(), "nothing is offered");
    for feed_id in [&one, &two] {
        offer(&store, feed_id, Some("https://hub.example/")).await;
    }
    let (first, second) = tokio::join!(claimed(&store, minute(0)), claimed(&store, minute(0)));
    let hubs: Vec<Hub> = first.into_iter().chain(second).collect();
    let [a, b] = hubs.as_slice() else { panic!("{hubs:?}") };
    assert_ne!(a.feed_id, b.feed_id);
    assert_ne!(a.secret, b.secret, "a hub that knows one feed's secret could speak of the other");
    // The same offer at the next poll changes nothing.
    offer(&store, &one, Some("https://hub.example/")).await;
    assert!(claimed(&store, minute(1)).await.is_empty());
    assert_eq!(find(store.readers(), &a.feed_id).await.unwrap().as_ref(), Some(a));
}

async fn a_hub_that_did_not_agree_is_asked_again_after_a_while(database: Database) {
    let store = open(&database).await;
    let feed_id = follow(&store, "https://a.example/").await;
    offer(&store, &feed_id, Some("https://hub.example/")).await;
    let asked = claimed(&store, minute(0)).await;
    assert_eq!(claimed(&store, minute(59)).await, []);
    assert_eq!(claimed(&store, minute(60)).await, asked, "with the secret that it may have by now");
    agree(&store, &feed_id, minute(100)).await;
    let mut tx = store.begin().await.unwrap();
    denied(&mut tx, &feed_id, "no\0 room").await.unwrap();
    tx.commit().await.unwrap();
    let feed = feeds::find(store.readers(), &feed_id).await.unwrap().unwrap().0;
    assert_eq!((feed.hub_expires_at, feed.hub_error.as_deref()), (None, Some("no room")));
    assert_eq!((claimed(&store, minute(119)).await.len(), claimed(&store, minute(120)).await.len()), (0, 1));
}

async fn a_lease_is_renewed_before_it_is_over(database: Database) {
    let store = open(&database).await;
    let feed_id = follow(&store, "https://a.example/").await;
    offer(&store, &feed_id, Some("https://hub.example/")).await;
    claimed(&store, minute(0)).await;
    agree(&store, &feed_id, minute(1_000)).await;
    let mut asked = Vec::new();
    for at in 1..=1_200 {
        asked.extend(claimed(&store, minute(at)).await.iter().map(|_| at));
    }
    // After four fifths of what is left, but not all the time; once it is over, as one that never agreed.
    assert_eq!(asked, [800, 960, 992, 1_052, 1_112, 1_172]);
}

async fn another_hub_begins_anew_and_none_ends_it(database: Database) {
    let store = open(&database).await;
    let feed_id = follow(&store, "https://a.example/").await;
    offer(&store, &feed_id, Some("https://hub.example/")).await;
    let before = claimed(&store, minute(0)).await;
    agree(&store, &feed_id, minute(1_000)).await;
    offer(&store, &feed_id, Some("https://other.example/")).await;
    assert_eq!(find(store.readers(), &feed_id).await.unwrap(), None);
    let after = claimed(&store, minute(1)).await;
    assert_eq!((after.len(), after[0].expires_at), (1, None));
    assert!(!after[0].was_given(&before[0].callback()));
    offer(&store, &feed_id, None).await;
    assert_eq!(find(store.readers(), &feed_id).await.unwrap(), None);
    assert_eq!(claimed(&store, minute(5_000)).await, []);
}

async fn open(database: &Database) -> Store {
    Store::open(database.config(), "ingest", MIGRATIONS).await.unwrap()
}

async fn follow(store: &Store, url: &str) -> String {
    let feed = Subscription::new(url.parse().unwrap(), minute(0), Duration::ZERO, Bounds::default());
    let mut tx = store.begin().await.unwrap();
    assert!(feeds::add(&mut tx, &feed).await.unwrap());
    tx.commit().await.unwrap();
    feed.feed_id
}

async fn offer(store: &Store, feed_id: &str, hub: Option<&str>) {
    let topic = "https://a.example/topic".parse().unwrap();
    let offer = hub.map(|hub| Offer { hub: hub.parse().unwrap(), topic });
    let mut tx = store.begin().await.unwrap();
    offered(&mut tx, feed_id, offer.as_ref()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn agree(store: &Store, feed_id: &str, until: Timestamp) {
    let mut tx = store.begin().await.unwrap();
    agreed(&mut tx, feed_id, until).await.unwrap();
    tx.commit().await.unwrap();
}

async fn claimed(store: &Store, now: Timestamp) -> Vec<Hub> {
    let is_any = is_any_due(store.readers(), now).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let hubs = claim(&mut tx, store.dialect(), now, 10).await.unwrap();
    tx.commit().await.unwrap();
    // Another worker may have been between.
    assert!(is_any || hubs.is_empty());
    hubs
}

fn minute(minutes: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + minutes.minutes()
}
