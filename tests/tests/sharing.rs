//! Workers that share the load, and workers that are told to stop: nothing is done twice, nothing is kept.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use kos_shared::store::{
    Store,
    inbox::{self, By, Handled},
};
use kos_tests::{
    Database, NatsServer, eventually,
    stage::{Script, Step, effects},
    worker_loop::{Loop, LoopConfig, Outside},
};
use tokio::sync::Semaphore;

const LIMIT: Duration = Duration::from_secs(30);

fn config(change: impl FnOnce(&mut LoopConfig)) -> LoopConfig {
    let mut config = LoopConfig::default();
    change(&mut config);
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_share_the_load_and_each_effect_is_there_once() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::postgres().await, Script::default());
    let (one, two) = (database.open().await, database.open().await);
    let events = 200;
    for n in 0..events {
        script.set(&format!("https://a.example/{n:03}"), [Step::Take(Duration::from_millis(5))]);
    }
    let slots = |name| {
        config(|c| {
            c.worker.concurrency = 8;
            c.name = name;
        })
    };
    let first = Loop::start(&server, &one, &script, slots("first")).await;
    let second = Loop::start(&server, &two, &script, slots("second")).await;
    let outside = Outside::connect(&server).await;
    for n in 0..events {
        outside.request(&format!("https://a.example/{n:03}")).await;
    }
    let out = outside.stored_at_least("KOS_INGESTED", events).await;
    outside.settled().await;
    let done = effects(&one).await;
    assert_eq!((done.len() as u64, out.len() as u64), (events, events));
    assert_eq!(done.iter().map(|e| &e.url).collect::<BTreeSet<_>>().len() as u64, events);
    let shares = ["first", "second"].map(|name| done.iter().filter(|e| e.worker == name).count());
    assert!(shares.iter().all(|share| *share >= 20), "{shares:?}");
    first.stop().await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_told_to_stop_finishes_what_it_began_and_begins_nothing() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    let gate = Arc::new(Semaphore::new(0));
    for n in 0..4 {
        script.set(&format!("https://a.example/{n}"), [Step::Await(Arc::clone(&gate))]);
    }
    let worker = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    let outside = Outside::connect(&server).await;
    for n in 0..4 {
        outside.request(&format!("https://a.example/{n}")).await;
    }
    eventually(LIMIT, "all to be begun", async || script.all_tries() == 4).await;
    worker.tell_to_stop();
    outside.request("https://a.example/later").await;
    gate.add_permits(4);
    worker.stop().await;
    assert_eq!(effects(&store).await.len(), 4);
    assert_eq!(outside.count("KOS_INGESTED").await, 4, "the outbox is empty when it ends");
    assert_eq!(script.tries("https://a.example/later").len(), 0);

    let next = Loop::start(&server, &store, &script, LoopConfig::default()).await;
    outside.settled().await;
    assert_eq!(effects(&store).await.len(), 5);
    assert_eq!(script.all_tries(), 5, "what was finished isn't begun again");
    next.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_finished_within_the_grace_period_is_handed_back_at_once() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::postgres().await, Script::default());
    let (one, two) = (database.open().await, database.open().await);
    script.set("https://a.example/1", [Step::Await(Arc::new(Semaphore::new(0)))]);
    // Nothing but a hand-back makes the event come again within the test.
    let patient = |name: &'static str| {
        config(|c| {
            c.worker.ack_wait = Duration::from_secs(600);
            c.worker.grace = Duration::from_millis(100);
            c.name = name;
        })
    };
    let first = Loop::start(&server, &one, &script, patient("first")).await;
    let outside = Outside::connect(&server).await;
    outside.request("https://a.example/1").await;
    eventually(LIMIT, "it to be begun", async || script.all_tries() == 1).await;
    let second = Loop::start(&server, &two, &script, patient("second")).await;
    first.stop().await;
    outside.stored_at_least("KOS_INGESTED", 1).await;
    let done = effects(&two).await;
    assert_eq!(done.iter().map(|e| e.worker.as_str()).collect::<Vec<_>>(), ["second"]);
    assert_eq!(handled(&two, &done[0].event_id).await.attempt, 1, "a hand-back costs no attempt");
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_takes_longer_than_the_ack_wait_is_not_given_to_another() {
    let server = NatsServer::start().await;
    let (database, script) = (Database::sqlite(), Script::default());
    let store = database.open().await;
    script.set("https://a.example/1", [Step::Take(Duration::from_millis(1_500))]);
    let config = config(|c| c.worker.ack_wait = Duration::from_millis(500));
    let worker = Loop::start(&server, &store, &script, config).await;
    let outside = Outside::connect(&server).await;
    outside.request("https://a.example/1").await;
    outside.stored_at_least("KOS_INGESTED", 1).await;
    outside.settled().await;
    assert_eq!(script.all_tries(), 1);
    worker.stop().await;
}

async fn handled(database: &Store, id: &str) -> Handled {
    let found = inbox::find(database.readers(), By::Event, &[id.to_owned()]).await.unwrap();
    found.into_iter().next().unwrap_or_else(|| panic!("{id} wasn't handled"))
}
