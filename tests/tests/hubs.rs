//! Whom ingest asks to tell of feeds, and when again, on both databases.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use kos_ingest::{
    feed::{
        schedule::Bounds,
        skips::Skips,
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
    a_short_lease_is_renewed_before_it_is_over
    a_hub_that_never_agrees_is_asked_less_and_less
    a_feed_is_polled_when_its_hub_falls_silent_or_refuses
    what_a_hub_tells_of_leaves_the_health_of_a_feed_as_it_is
    what_a_document_asks_for_is_kept
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
    denied(&mut tx, &feed_id, "no\0 room", minute(70)).await.unwrap();
    tx.commit().await.unwrap();
    let feed = found(&store, &feed_id).await;
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
    assert_eq!(asked, [800, 960, 992]);
    assert_eq!((claimed(&store, minute(1_231)).await.len(), claimed(&store, minute(1_232)).await.len()), (0, 1));
}

async fn a_short_lease_is_renewed_before_it_is_over(database: Database) {
    let store = open(&database).await;
    let feed_id = follow(&store, "https://a.example/").await;
    offer(&store, &feed_id, Some("https://hub.example/")).await;
    claimed(&store, minute(0)).await;
    agree(&store, &feed_id, minute(5)).await;
    assert_eq!((claimed(&store, minute(3)).await.len(), claimed(&store, minute(4)).await.len()), (0, 1));
    assert_eq!(claimed(&store, minute(4) + 30.seconds()).await, [], "a fifth of the lease is not over");
}

async fn a_hub_that_never_agrees_is_asked_less_and_less(database: Database) {
    let store = open(&database).await;
    let feed_id = follow(&store, "https://a.example/").await;
    offer(&store, &feed_id, Some("https://hub.example/")).await;
    let mut asked = Vec::new();
    for hour in 0..=103 {
        asked.extend(claimed(&store, minute(hour * 60)).await.iter().map(|_| hour));
    }
    assert_eq!(asked, [0, 1, 3, 7, 15, 31, 55, 79, 103]);
    agree(&store, &feed_id, minute(105 * 60)).await;
    claimed(&store, minute(105 * 60 - 1)).await;
    assert_eq!(claimed(&store, minute(106 * 60)).await.len(), 1, "it agreed since");
}

async fn a_feed_is_polled_when_its_hub_falls_silent_or_refuses(database: Database) {
    let store = open(&database).await;
    let feed_id = follow(&store, "https://a.example/").await;
    offer(&store, &feed_id, Some("https://hub.example/")).await;
    claimed(&store, minute(0)).await;
    let next_at = async |minutes: i64| {
        let feed = Subscription { next_at: minute(minutes), ..found(&store, &feed_id).await };
        let mut tx = store.begin().await.unwrap();
        assert!(feeds::save(&mut tx, &feed).await.unwrap());
        tx.commit().await.unwrap();
    };
    let deny = async |at: i64| {
        let mut tx = store.begin().await.unwrap();
        denied(&mut tx, &feed_id, "no room", minute(at)).await.unwrap();
        tx.commit().await.unwrap();
    };
    next_at(1_000).await;
    agree(&store, &feed_id, minute(500)).await;
    assert_eq!(found(&store, &feed_id).await.next_at, minute(500));
    deny(100).await;
    assert_eq!(found(&store, &feed_id).await.next_at, minute(100));
    next_at(1_000).await;
    deny(200).await;
    assert_eq!(found(&store, &feed_id).await.next_at, minute(1_000), "it told of nothing anyway");
}

async fn what_a_hub_tells_of_leaves_the_health_of_a_feed_as_it_is(database: Database) {
    let store = open(&database).await;
    let feed_id = follow(&store, "https://a.example/").await;
    let failing = Subscription {
        next_at: minute(90),
        failures: 3,
        last_error: Some("no connection".into()),
        changes: vec![minute(20)],
        ..found(&store, &feed_id).await
    };
    let mut tx = store.begin().await.unwrap();
    assert!(feeds::save(&mut tx, &failing).await.unwrap());
    feeds::came(&mut tx, &feed_id, vec![minute(30)], minute(40)).await.unwrap();
    tx.commit().await.unwrap();
    let expected = Subscription { changes: vec![minute(30), minute(20)], ..failing };
    assert_eq!(found(&store, &feed_id).await, expected);
}

async fn what_a_document_asks_for_is_kept(database: Database) {
    let store = open(&database).await;
    let feed_id = follow(&store, "https://a.example/").await;
    let (ttl, skips) = (Some(Duration::from_secs(5_400)), Skips { hours: 1 << 23, days: 1 << 6 });
    let asking = Subscription { ttl, skips, ..found(&store, &feed_id).await };
    let mut tx = store.begin().await.unwrap();
    assert!(feeds::save(&mut tx, &asking).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(found(&store, &feed_id).await, asking);
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

async fn found(store: &Store, feed_id: &str) -> Subscription {
    feeds::find(store.readers(), feed_id).await.unwrap().unwrap().0
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
