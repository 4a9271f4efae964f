//! More than one endpoint, and one that comes back.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kos_shared::event::AttemptOutcome;
use kos_tests::{Act, Article, ModelServer, Port};

use crate::{page, pipeline, publish, seen};

/// What is asked of an endpoint at most before it is left alone: five failures open the breaker, four calls may be under
/// way, and one or two find out if it is back.
const MOST_ASKED: usize = 5 + 4 + 2;

#[tokio::test]
async fn endpoints_that_are_down_or_hang_cost_seconds_and_the_next_one_writes() {
    let down = Port::free();
    let hanging = ModelServer::start(|_| Act::Hang);
    let good = ModelServer::start(|_| Act::Good);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("endpoints.toml");
    let text = format!(
        "[[endpoint]]\nname = \"hanging\"\nurl = \"{}\"\nmodel = \"never\"\n\n\
         [[endpoint]]\nname = \"good\"\nurl = \"{}\"\nmodel = \"second\"\n",
        hanging.url(),
        good.url()
    );
    std::fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    let variables = [("KOS_LLM_ENDPOINTS", file.as_str()), ("KOS_LLM_TIMEOUT", "1s")];
    let pipeline = pipeline(&format!("http://{}/v1", down.address()), &variables).await;

    let first: Vec<Article> = (400..412).map(page).collect();
    join_all(first.iter().map(|article| publish(&pipeline, article))).await;
    for article in &first {
        let seen = seen(&pipeline, article).await;
        seen.assert_by_model("second");
        for language in ["en", "zh"] {
            let of = |endpoint: &str| {
                let mut attempts = seen.done.attempts.iter();
                attempts.find(|a| a.language.primary() == language && a.endpoint == endpoint).cloned()
            };
            assert_eq!(of("good").map(|a| a.outcome), Some(AttemptOutcome::Passed), "{:#?}", seen.done.attempts);
            assert_eq!(
                of("hanging").map(|a| a.outcome),
                Some(AttemptOutcome::Unavailable),
                "{:#?}",
                seen.done.attempts
            );
        }
    }
    assert!(hanging.count() <= MOST_ASKED, "24 summaries asked an endpoint that hangs {} times", hanging.count());
    assert_eq!(good.count(), 2 * first.len());

    // From now on it costs nothing but, now and then, a call that finds out.
    let before = hanging.count();
    for number in 412..418 {
        let article = page(number);
        publish(&pipeline, &article).await;
        let seen = seen(&pipeline, &article).await;
        seen.assert_by_model("second");
    }
    let more = hanging.count() - before;
    assert!(more <= 2, "12 more summaries asked an endpoint that hangs {more} times");
}

#[tokio::test]
async fn articles_wait_for_an_endpoint_that_is_down_for_a_moment() {
    let port = Port::free();
    let pipeline = pipeline(&format!("http://{}/v1", port.address()), &[("KOS_LLM_PATIENCE", "30s")]).await;
    let articles: Vec<Article> = (420..424).map(page).collect();
    join_all(articles.iter().map(|article| publish(&pipeline, article))).await;
    // As long as the endpoint is away: nothing can be waited for.
    let started = Instant::now();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(pipeline.stored("KOS_SUMMARIZED").await.is_empty(), "published without waiting");
    let server = ModelServer::start_at(port.address(), |_| Act::Good);
    for article in &articles {
        seen(&pipeline, article).await.assert_by_model("played");
    }
    println!("all there {:.1?} after the endpoint went away for two seconds", started.elapsed());
    assert_eq!(server.count(), 2 * articles.len());
}

#[tokio::test]
async fn patience_ends_and_the_article_is_published_with_an_excerpt() {
    let port = Port::free();
    let pipeline = pipeline(&format!("http://{}/v1", port.address()), &[("KOS_LLM_PATIENCE", "2s")]).await;
    let article = page(430);
    publish(&pipeline, &article).await;
    let seen = seen(&pipeline, &article).await;
    seen.assert_excerpt(&article, kos_shared::event::MissingCode::ModelUnavailable, &[]);
    let reason = &seen.done.missing[0].reason;
    assert!(reason.contains("no connection") || reason.contains("left alone"), "{reason}");
}
