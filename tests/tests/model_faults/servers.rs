//! Servers that don't answer, or with what is no answer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use kos_shared::event::{AttemptOutcome, MissingCode};
use kos_tests::{Act, ModelServer};

use crate::{asked, page, pipeline, publish, seen};

/// What a server does, what is said of it, how often it is asked for one summary, and what that is called.
fn misbehaviours() -> Vec<(Act, &'static str, usize, AttemptOutcome)> {
    use AttemptOutcome::{Refused, Unavailable};
    vec![
        (Act::Reset, "the connection broke", 3, Unavailable),
        (Act::Status(500, None), "status 500", 3, Unavailable),
        (Act::Status(503, Some(600)), "status 503", 1, Unavailable),
        (Act::Status(429, Some(600)), "status 429", 1, Unavailable),
        (Act::Hang, "no answer began within 1s", 1, Unavailable),
        (Act::Drip, "the answer was not complete within 1s", 1, Unavailable),
        (Act::Huge, "larger than", 1, Refused),
        (Act::NotJson, "expected a chat completion", 1, Refused),
        (Act::Status(401, None), "status 401", 1, Refused),
        // The second time without a schema, which some servers refuse so.
        (Act::Status(404, None), "status 404", 2, Refused),
    ]
}

#[tokio::test]
async fn a_server_that_gives_no_answer_costs_seconds_and_the_reason_is_recorded() {
    let cases = misbehaviours();
    let acts: Vec<Act> = cases.iter().map(|(act, ..)| act.clone()).collect();
    let current = Arc::new(AtomicUsize::new(0));
    let now = Arc::clone(&current);
    let server = ModelServer::start(move |_| acts[now.load(Ordering::Acquire)].clone());
    let variables = [("KOS_LLM_TIMEOUT", "1s"), ("KOS_LLM_PATIENCE", "0s")];
    let mut pipeline = pipeline(&server.url(), &variables).await;
    for (number, (act, said, calls, outcome)) in cases.iter().enumerate() {
        current.store(number, Ordering::Release);
        if number > 0 {
            // What the last server did is nothing that this one is to suffer for.
            let summarize = pipeline.service("summarize");
            summarize.worker.kill9();
            summarize.worker.restart();
            summarize.wait_until_ready().await;
        }
        let article = page(300 + number as u64);
        let started = Instant::now();
        publish(&pipeline, &article).await;
        let seen = seen(&pipeline, &article).await;
        println!("{act:?}: {:.1?}", started.elapsed());
        seen.assert_excerpt(&article, MissingCode::ModelUnavailable, &[]);
        assert_eq!(seen.done.attempts.len(), 2, "{act:?}: {:#?}", seen.done.attempts);
        for attempt in &seen.done.attempts {
            assert_eq!((attempt.number, attempt.outcome), (1, *outcome), "{act:?}: {attempt:?}");
        }
        // Once a pause or the breaker holds, the other language isn't asked for any more.
        let said_by = |reason: &Option<String>| reason.as_ref().is_some_and(|r| r.contains(said));
        assert!(seen.done.attempts.iter().all(|a| said_by(&a.reason)), "{act:?}: {:#?}", seen.done.attempts);
        assert!(seen.done.missing[0].reason.contains(said), "{act:?}: {:?}", seen.done.missing);
        let asked = asked(&server, &article);
        assert!(asked.iter().all(|n| n <= calls) && asked.iter().max() == Some(calls), "{act:?}: {asked:?}");
    }
}

#[tokio::test]
async fn a_server_that_asks_for_a_second_gets_it() {
    let server = ModelServer::start(|call| match call.number {
        1 => Act::Status(429, Some(1)),
        2 => Act::Status(503, None),
        3 => Act::Reset,
        _ => Act::Good,
    });
    let pipeline = pipeline(&server.url(), &[("KOS_LLM_CONCURRENCY", "1")]).await;
    let article = page(320);
    let started = Instant::now();
    publish(&pipeline, &article).await;
    let seen = seen(&pipeline, &article).await;
    seen.assert_by_model("played");
    assert!(seen.done.attempts.iter().all(|a| a.number == 1 && a.outcome == AttemptOutcome::Passed), "{:?}", seen.done);
    let calls = server.asked();
    assert_eq!(calls.len(), 5);
    assert!(calls[1].at - calls[0].at >= Duration::from_secs(1), "it was asked again before it wanted to be");
    assert!(started.elapsed() < Duration::from_secs(20));
}
