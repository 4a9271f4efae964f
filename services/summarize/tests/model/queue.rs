//! How many calls a server gets at a time.

use std::time::Duration;

use kos_summarize::model::{Answer, CallError, Endpoint, Outcome, Settings};
use tokio::task::JoinHandle;

use crate::server::{ModelServer, Play, Seen, ask, until};

fn spawn(endpoint: &Endpoint) -> JoinHandle<Result<Answer, CallError>> {
    let endpoint = endpoint.clone();
    tokio::spawn(async move { ask(&endpoint).await })
}

#[tokio::test]
async fn there_are_never_more_calls_than_the_limit() {
    let server = ModelServer::start([Play::answer().held()]).await;
    let endpoint = Endpoint::new(Settings { concurrency: 3, ..server.settings() }).unwrap();
    let calls: Vec<_> = (0..12).map(|_| spawn(&endpoint)).collect();
    server.until_calls(3).await;
    for done in 1..=9 {
        server.let_go(1);
        server.until_calls(3 + done).await;
    }
    server.let_go(3);
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().text, "fine");
    }
    assert_eq!((server.calls(), server.most_at_a_time()), (12, 3));
}

#[tokio::test]
async fn dropped_calls_give_back_their_place() {
    let server = ModelServer::start([Play::Hang, Play::Hang, Play::answer()]).await;
    let seen = Seen::default();
    let endpoint = Endpoint::new(seen.by(Settings { concurrency: 2, ..server.settings() })).unwrap();
    let hanging = [spawn(&endpoint), spawn(&endpoint)];
    server.until_calls(2).await;
    // In the queue, and dropped there as well.
    let queued = spawn(&endpoint);
    queued.abort();
    for call in hanging {
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
    }
    assert_eq!(ask(&endpoint).await.unwrap().text, "fine");
    assert_eq!(seen.outcomes(), [Outcome::Abandoned, Outcome::Abandoned, Outcome::Answered]);
    assert_eq!(endpoint.state(), (false, 2));
}

#[tokio::test]
async fn a_429_halves_the_limit_and_answers_let_it_grow() {
    let server = ModelServer::start([Play::status(429), Play::answer()]).await;
    let endpoint = server.endpoint();
    let mut limits = vec![endpoint.state().1];
    for _ in 0..6 {
        ask(&endpoint).await.unwrap();
        limits.push(endpoint.state().1);
    }
    assert_eq!(limits, [4, 2, 3, 3, 3, 4, 4]);
}

#[tokio::test]
async fn all_calls_wait_while_the_server_wants_to_be_left_alone() {
    let limited = Play::Say(429, "Retry-After: 1\r\n", String::new());
    let server = ModelServer::start([limited, Play::answer()]).await;
    let seen = Seen::default();
    let endpoint = Endpoint::new(seen.by(server.settings())).unwrap();
    let first = spawn(&endpoint);
    until(|| !seen.outcomes().is_empty(), || "the first call got no answer".into()).await;
    let others = [spawn(&endpoint), spawn(&endpoint), first];
    for call in others {
        assert_eq!(call.await.unwrap().unwrap().text, "fine");
    }
    let asked = server.asked();
    assert_eq!(asked.len(), 4);
    for later in &asked[1..] {
        let wait = later.at - asked[0].at;
        assert!(wait >= Duration::from_millis(990), "asked after {wait:?}");
    }
}

#[tokio::test]
async fn those_in_the_queue_do_not_wait_for_a_server_that_is_left_alone() {
    let mut plays = vec![Play::Hang];
    plays.extend(vec![Play::status(500); 5]);
    let server = ModelServer::start(plays).await;
    let endpoint = Endpoint::new(Settings { concurrency: 2, ..server.settings() }).unwrap();
    let hanging = spawn(&endpoint);
    server.until_calls(1).await;
    // One place is left for them; five failures later none of them has to wait for the one that hangs.
    let calls: Vec<_> = (0..6).map(|_| spawn(&endpoint)).collect();
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert!(matches!(error, CallError::Unavailable { .. }), "{error}");
    }
    assert_eq!(server.calls(), 6);
    hanging.abort();
}
