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
    let doctor = pipeline.kos(&["doctor"]).await;
    assert_eq!(doctor.code, 1, "{doctor:?}");
    assert!(doctor.stdout.contains("0 of 6 recent summaries in all languages passed the checks"), "{doctor:?}");
    let mut withheld = 0;
    for number in 303..310 {
        let article = page(number);
        publish(&pipeline, &article).await;
        let seen = seen(&pipeline, &article).await;
        if seen.done.attempts.iter().all(|attempt| attempt.outcome == AttemptOutcome::Passed) {
            seen.assert_by_model("played");
            break;
        }
        let fallback = seen.done.summaries[0].fallback.as_ref().unwrap();
        assert_eq!((fallback.code, &fallback.failed[..]), (MissingCode::ModelFailed, &["record".to_owned()][..]));
        let reason = "what it wrote passed and is withheld, as only 1 of 4 recent summaries in";
        assert!(fallback.reason.contains(reason), "{}", fallback.reason);
        assert!(seen.html.contains("since most of what the model wrote lately failed the checks"), "{}", seen.html);
        withheld += 1;
    }
    // Three bad articles in each language: a fourth doesn't make up for them, a fifth does.
    assert_eq!(withheld, 1);
}

#[tokio::test]
async fn a_retry_that_never_came_is_not_held_against_a_model() {
    let server = ModelServer::start(|call| if call.is_retry { Act::Status(503, None) } else { Act::InventedNumber });
    let pipeline = pipeline(&server.url(), &[("KOS_LLM_PATIENCE", "0s")]).await;
    publish(&pipeline, &page(320)).await;
    let attempts = seen(&pipeline, &page(320)).await.done.attempts;
    let outcomes: Vec<_> = attempts.iter().map(|attempt| attempt.outcome).collect();
    let of_one = [AttemptOutcome::Failed, AttemptOutcome::Unavailable];
    assert_eq!(outcomes, [of_one, of_one].concat());
    let noted: i64 = pipeline.query("summarize", "select count(*) from track_record").await;
    assert_eq!(noted, 0);
}
