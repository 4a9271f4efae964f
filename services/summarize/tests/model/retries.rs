//! What is asked again, and when.

use std::time::Duration;

use jiff::Timestamp;
use kos_summarize::model::{CallError, Endpoint, Outcome, Settings};

use crate::server::{ModelServer, Play, Seen, ask, asked_for};

#[tokio::test]
async fn failures_of_the_server_are_asked_again() {
    for bad in [Play::status(500), Play::status(503), Play::status(408), Play::status(429), Play::Reset] {
        let server = ModelServer::start([bad.clone(), bad, Play::answer()]).await;
        let endpoint = server.endpoint();
        assert_eq!(ask(&endpoint).await.unwrap().text, "fine");
        assert_eq!(server.calls(), 3);
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again() {
    let server = ModelServer::start([Play::ResetHalfWay, Play::answer()]).await;
    let seen = Seen::default();
    let endpoint = Endpoint::new(seen.by(server.settings())).unwrap();
    assert_eq!(ask(&endpoint).await.unwrap().text, "fine");
    assert_eq!(seen.outcomes(), [Outcome::Disconnected, Outcome::Answered]);
}

#[tokio::test]
async fn calls_that_gave_no_answer_and_may_have_cost_something_are_counted() {
    let busy = Play::Say(429, "Retry-After: 60\r\n", String::new());
    for (plays, in_vain) in [
        (vec![Play::answer()], 0),
        (vec![Play::ResetHalfWay, Play::answer()], 1),
        (vec![Play::Reset, Play::ResetHalfWay, Play::answer()], 2),
        (vec![Play::ResetHalfWay, busy], 1),
        (vec![Play::status(408), Play::status(502), Play::status(504)], 3),
        (vec![Play::status(500), Play::status(503), Play::answer()], 0),
        (vec![Play::status(400)], 0),
        (vec![Play::Endless], 1),
        (vec![Play::json(&serde_json::json!({"hello": "there"}))], 1),
        (vec![Play::Hang], 1),
    ] {
        let server = ModelServer::start(plays).await;
        let settings = Settings { first_byte_timeout: Duration::from_millis(200), ..server.settings() };
        let asked = asked_for(&Endpoint::new(settings).unwrap(), None).await;
        assert_eq!(asked.in_vain, in_vain, "{:?}", asked.result);
    }
}

#[tokio::test]
async fn three_failures_are_enough() {
    let server = ModelServer::start([Play::error(500, "out of memory")]).await;
    let error = ask(&server.endpoint()).await.unwrap_err();
    let reason = "status 500: out of memory".into();
    assert_eq!(error, CallError::Unavailable { reason, until: None });
    assert_eq!(server.calls(), 3);
}

#[tokio::test]
async fn nobody_at_the_address_is_found_out_by_three_calls() {
    let server = ModelServer::start([Play::Reset]).await;
    // The port was free a moment ago, and ports are handed out in turn.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let seen = Seen::default();
    let settings = Settings { url: format!("http://{free}/v1").parse().unwrap(), ..server.settings() };
    let error = ask(&Endpoint::new(seen.by(settings)).unwrap()).await.unwrap_err();
    assert!(matches!(&error, CallError::Unavailable { reason, .. } if reason.contains("no connection")), "{error}");
    assert_eq!(seen.outcomes(), [Outcome::Disconnected; 3]);
}

#[tokio::test]
async fn a_short_retry_after_is_sat_out() {
    let date = jiff::fmt::rfc2822::DateTimePrinter::new();
    // Whole seconds: between one and two from now.
    let moment = Timestamp::now() + Duration::from_secs(2);
    let moment = Timestamp::from_second(moment.as_second()).unwrap();
    let header = format!("Retry-After: {}\r\n", date.timestamp_to_rfc9110_string(&moment).unwrap());
    let server = ModelServer::start([Play::Say(429, header.leak(), String::new()), Play::answer()]).await;
    let settings = Settings { max_wait: Duration::from_secs(10), ..server.settings() };
    assert_eq!(ask(&Endpoint::new(settings).unwrap()).await.unwrap().text, "fine");
    assert!(Timestamp::now() >= moment);
    assert_eq!(server.calls(), 2);
}

#[tokio::test]
async fn a_long_retry_after_is_busy_for_this_call_and_all_others() {
    for status in [429, 503] {
        let server = ModelServer::start([Play::Say(status, "Retry-After: 120\r\n", "later".into())]).await;
        let endpoint = server.endpoint();
        for _ in 0..3 {
            let now = Timestamp::now();
            let error = ask(&endpoint).await.unwrap_err();
            let CallError::Busy { until, reason } = &error else { panic!("{error}") };
            let wait = until.duration_since(now).as_secs();
            assert!((118..=121).contains(&wait), "{wait} s");
            assert_eq!(*reason, format!("status {status}: later"));
        }
        assert_eq!(server.calls(), 1, "the server was asked though it wants to be left alone");
    }
}

#[tokio::test]
async fn a_server_that_stays_busy_is_left_alone_for_a_while() {
    let server = ModelServer::start([Play::status(429)]).await;
    let now = Timestamp::now();
    let error = ask(&server.endpoint()).await.unwrap_err();
    assert!(matches!(&error, CallError::Busy { until, .. } if *until > now), "{error}");
    assert_eq!(server.calls(), 3);
}
