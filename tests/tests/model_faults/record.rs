//! A model that nearly always fails.

use kos_shared::event::{AttemptOutcome, MissingCode};
use kos_tests::{Act, ModelServer};

use crate::{page, pipeline, publish, seen};

#[tokio::test]
async fn a_model_that_nearly_always_fails_is_not_believed_when_it_passes() {
    // Articles 300 to 302 get invented numbers, all others what passes.
    let bad: Vec<String> = (300..303).map(|n| page(n).title).collect();
    let server =
        ModelServer::start(move |call| if bad.contains(&call.title) { Act::InventedNumber } else { Act::Good });
    let pipeline = pipeline(&server.url(), &[]).await;
    for number in 300..303 {
        publish(&pipeline, &page(number)).await;
        seen(&pipeline, &page(number)).await.assert_excerpt(&page(number), MissingCode::ModelFailed, &["numbers"]);
    }
    let mut withheld = 0;
    for number in 303..312 {
        let article = page(number);
        publish(&pipeline, &article).await;
        let seen = seen(&pipeline, &article).await;
        if seen.done.attempts.iter().all(|attempt| attempt.outcome == AttemptOutcome::Passed) {
            seen.assert_by_model("played");
            break;
        }
        seen.assert_excerpt(&article, MissingCode::ModelFailed, &["record"]);
        withheld += 1;
    }
    // Three bad articles in each language: a fourth doesn't make up for them, a sixth does.
    assert_eq!(withheld, 2);
}
