//! A server that fails again and again is left alone.

use std::time::Duration;

use jiff::Timestamp;
use kos_summarize::model::{CallError, Endpoint, Outcome, Pace, Settings};

use crate::server::{ModelServer, Play, Seen, ask, until_time};

/// Asks until the breaker is open; until when.
async fn open(endpoint: &Endpoint) -> Timestamp {
    loop {
        match ask(endpoint).await {
            Err(CallError::Unavailable { until: Some(until), .. }) => return until,
            Err(CallError::Unavailable { until: None, .. }) => {}
            other => panic!("expected a failure, got {other:?}"),
        }
    }
}

/// An endpoint whose breaker opens for a moment only.
fn impatient(server: &ModelServer) -> Settings {
    let settings = server.settings();
    Settings { pace: Pace { rest: Duration::from_millis(20), ..settings.pace }, ..settings }
}

#[tokio::test]
async fn five_failures_in_a_row_open_it_and_nobody_asks_any_more() {
    let server = ModelServer::start([Play::error(500, "boom")]).await;
    let endpoint = server.endpoint();
    let until = open(&endpoint).await;
    assert!(endpoint.state().0 && until > Timestamp::now() + Duration::from_secs(50));
    assert_eq!(server.calls(), 5);
    for _ in 0..10 {
        let error = ask(&endpoint).await.unwrap_err();
        assert!(matches!(&error, CallError::Unavailable { reason, .. } if reason.contains("boom")), "{error}");
    }
    assert_eq!(server.calls(), 5);
}

#[tokio::test]
async fn slow_and_absent_servers_open_it_too() {
    for bad in [Play::Hang, Play::Drip, Play::Reset] {
        let server = ModelServer::start([bad]).await;
        let limit = Duration::from_millis(50);
        let seen = Seen::default();
        let endpoint = Endpoint::new(seen.by(Settings { total_timeout: limit, ..server.settings() })).unwrap();
        open(&endpoint).await;
        // As the client counts: a server under load may not get to see a call that is given up so soon.
        assert_eq!(seen.outcomes().len(), 5);
    }
}

#[tokio::test]
async fn after_a_while_one_call_finds_out_and_an_answer_closes_it() {
    let mut plays = vec![Play::status(500); 5];
    plays.extend([Play::answer().held(), Play::answer()]);
    let server = ModelServer::start(plays).await;
    let endpoint = Endpoint::new(impatient(&server)).unwrap();
    until_time(open(&endpoint).await).await;
    let trying = tokio::spawn({
        let endpoint = endpoint.clone();
        async move { ask(&endpoint).await }
    });
    server.until_calls(6).await;
    for _ in 0..5 {
        let error = ask(&endpoint).await.unwrap_err();
        assert!(matches!(error, CallError::Unavailable { until: None, .. }), "{error}");
    }
    assert_eq!(server.calls(), 6);
    server.let_go(1);
    assert_eq!(trying.await.unwrap().unwrap().text, "fine");
    assert!(!endpoint.state().0);
    assert_eq!(ask(&endpoint).await.unwrap().text, "fine");
}

#[tokio::test]
async fn a_failed_try_opens_it_for_longer_after_a_single_call() {
    let server = ModelServer::start([Play::status(500)]).await;
    let endpoint = Endpoint::new(impatient(&server)).unwrap();
    until_time(open(&endpoint).await).await;
    for calls in 6..9 {
        let error = ask(&endpoint).await.unwrap_err();
        let CallError::Unavailable { until: Some(until), .. } = error else { panic!("{error}") };
        assert_eq!(server.calls(), calls);
        until_time(until).await;
    }
}

#[tokio::test]
async fn a_try_that_is_dropped_leaves_it_to_the_next_call() {
    let mut plays = vec![Play::status(500); 5];
    plays.extend([Play::Hang, Play::answer()]);
    let server = ModelServer::start(plays).await;
    let seen = Seen::default();
    let endpoint = Endpoint::new(seen.by(impatient(&server))).unwrap();
    until_time(open(&endpoint).await).await;
    let trying = tokio::spawn({
        let endpoint = endpoint.clone();
        async move { ask(&endpoint).await }
    });
    server.until_calls(6).await;
    trying.abort();
    assert!(trying.await.unwrap_err().is_cancelled());
    assert_eq!(ask(&endpoint).await.unwrap().text, "fine");
    assert_eq!(seen.outcomes()[5..], [Outcome::Abandoned, Outcome::Answered]);
}
