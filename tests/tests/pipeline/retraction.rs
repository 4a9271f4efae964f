//! Withdrawn articles.

use kos_tests::{Article, Pipeline};
use serde_json::json;

use crate::{corrected, event, id_of, page, path_of};

const REASON: &str = "the ministry <b>denied</b> it";
const SHOWN_REASON: &str = "the ministry &#60;b&#62;denied&#60;/b&#62; it";

async fn retract(pipeline: &Pipeline, retraction: serde_json::Value) {
    pipeline.publish("kos.article.retracted", retraction.to_string()).await;
    pipeline.wait_until_idle().await;
}

async fn take_in(pipeline: &Pipeline, article: &Article) {
    pipeline.publish("kos.ingest.requested", event(article)).await;
    pipeline.wait_until_idle().await;
}

#[tokio::test]
async fn a_retracted_article_is_gone_with_its_reason_until_it_is_taken_in_by_force() {
    let pipeline = Pipeline::start().await;
    let (article, other) = (page(20), page(21));
    take_in(&pipeline, &article).await;
    take_in(&pipeline, &other).await;
    let path = path_of(&article.url);
    assert_eq!(pipeline.get(&path).await.status, 200);

    retract(&pipeline, json!({"article_id": id_of(&article.url), "reason": REASON})).await;
    let gone = pipeline.get(&path).await;
    assert_eq!(gone.status, 410);
    assert!(gone.body.contains(SHOWN_REASON), "{}", gone.body);
    let api = pipeline.get(&format!("/api/v1{path}")).await;
    assert_eq!((api.status, api.content_type.as_str()), (410, "application/problem+json"));
    assert!(api.body.contains("denied"), "{}", api.body);
    for list in ["/", "/feed.atom"] {
        let list = pipeline.get(list).await.body;
        assert!(!list.contains(&article.title) && list.contains(&other.title), "{list}");
    }

    take_in(&pipeline, &article).await;
    let changed = corrected(&article, "A paragraph that was not there before, so that the content differs.");
    take_in(&pipeline, &changed).await;
    assert_eq!(pipeline.get(&path).await.status, 410);
    assert_eq!(pipeline.stored("KOS_INGESTED").await.len(), 3, "two articles and a retraction");

    let forced = json!({"url": changed.url, "html": changed.html, "force": true});
    pipeline.publish("kos.ingest.requested", forced.to_string()).await;
    pipeline.wait_until_idle().await;
    let back = pipeline.get(&path).await;
    assert_eq!(back.status, 200);
    assert!(back.body.contains("A paragraph that was not there before"), "{}", back.body);
    assert!(pipeline.get("/").await.body.contains(&article.title));
}

#[tokio::test]
async fn an_article_is_retracted_by_any_address_that_it_was_asked_for_by() {
    let pipeline = Pipeline::start().await;
    let article = page(22);
    let asked = format!("{}?utm_source=feed", article.url);
    pipeline.publish("kos.ingest.requested", json!({"url": asked, "html": article.html}).to_string()).await;
    pipeline.wait_until_idle().await;
    assert_eq!(pipeline.get(&path_of(&article.url)).await.status, 200);
    retract(&pipeline, json!({"url": asked, "reason": REASON})).await;
    assert_eq!(pipeline.get(&path_of(&article.url)).await.status, 410);
}

#[tokio::test]
async fn a_retraction_that_comes_before_its_article_holds() {
    let pipeline = Pipeline::start().await;
    let (by_id, by_url, by_asked) = (page(24), page(25), page(26));
    let asked = format!("{}?utm_source=feed", by_asked.url);
    retract(&pipeline, json!({"article_id": id_of(&by_id.url), "reason": REASON})).await;
    retract(&pipeline, json!({"url": by_url.url, "reason": REASON})).await;
    retract(&pipeline, json!({"url": asked, "reason": REASON})).await;
    take_in(&pipeline, &by_id).await;
    take_in(&pipeline, &by_url).await;
    pipeline.publish("kos.ingest.requested", json!({"url": asked, "html": by_asked.html}).to_string()).await;
    pipeline.wait_until_idle().await;
    for (article, how) in
        [(by_id, "its id"), (by_url, "its address"), (by_asked, "the address that it is asked for by")]
    {
        let status = pipeline.get(&path_of(&article.url)).await.status;
        assert_ne!(status, 200, "retracted by {how}, the article is shown");
    }
    let handled: i64 = pipeline.query("ingest", "select count(*) from inbox where outcome = 'ingested'").await;
    assert_eq!(handled, 0);
}

#[tokio::test]
async fn a_retraction_is_dead_when_it_names_no_article_and_wants_no_second_one() {
    let pipeline = Pipeline::start().await;
    let article = page(28);
    take_in(&pipeline, &article).await;
    retract(&pipeline, json!({"article_id": id_of(&article.url), "reason": "first"})).await;
    retract(&pipeline, json!({"url": article.url, "reason": "second"})).await;
    let gone = pipeline.get(&path_of(&article.url)).await;
    assert!(gone.body.contains("first") && !gone.body.contains("second"), "{}", gone.body);
    pipeline.publish("kos.article.retracted", json!({"reason": "which one?"}).to_string()).await;
    // Both services that keep articles read retractions.
    let letters = pipeline.dead_letters(2).await;
    let mut subjects: Vec<_> = letters.iter().map(|l| l.subject.as_str()).collect();
    subjects.sort_unstable();
    assert_eq!(subjects, ["kos.dead.ingest", "kos.dead.publish"]);
}
