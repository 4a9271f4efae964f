//! Pages that are kept for a replay, and stories that come again from elsewhere.

use kos_tests::{Page, PageServer, Pipeline, Setup};
use serde_json::json;

use crate::{event, id_of, page, path_of, plain_page};

const ALLOWED: (&str, &str) = ("KOS_FETCH_ALLOW", "127.0.0.0/8");

#[tokio::test]
async fn a_replay_reads_the_kept_page_and_asks_no_server() {
    let web = PageServer::start();
    let pipeline = Pipeline::start_with(Setup { variables: &[ALLOWED], ..Setup::default() }).await;
    let url = web.set("/ferry", Page::html(plain_page("The ferry runs again")));
    pipeline.publish("kos.ingest.requested", json!({ "url": url }).to_string()).await;
    pipeline.page(&path_of(&url), 200).await;
    pipeline.wait_until_idle().await;
    assert_eq!(web.hits("/ferry").len(), 1);

    // The page is gone since.
    web.set("/ferry", Page::status(410));
    replay(&pipeline).await;
    assert_eq!(web.hits("/ferry").len(), 1);
    assert_eq!(outcomes(&pipeline, "unchanged").await, 1);
    assert!(pipeline.stored("KOS_DEAD").await.is_empty());

    // As if an older extractor had read it otherwise: the same page is a new revision then.
    let mut database = pipeline.database("ingest").await;
    sqlx::query("update articles set content_hash = 'other'").execute(&mut database).await.unwrap();
    replay(&pipeline).await;
    assert_eq!(web.hits("/ferry").len(), 1);
    let ingested = pipeline.stored("KOS_INGESTED").await;
    let [first, second] = &ingested[..] else { panic!("{} revisions", ingested.len()) };
    assert_eq!((&second.json()["revision"], &second.json()["article_id"]), (&json!(2), &first.json()["article_id"]));
    let milliseconds = |event: &kos_tests::pipeline::StoredEvent| {
        event.json()["fetched_at"].as_str().unwrap_or_default().parse::<jiff::Timestamp>().unwrap().as_millisecond()
    };
    assert_eq!(milliseconds(first), milliseconds(second), "it was not fetched again");
}

#[tokio::test]
async fn a_producer_whose_clock_is_ahead_has_no_page_fetched_again_by_a_replay() {
    let web = PageServer::start();
    let pipeline = Pipeline::start_with(Setup { variables: &[ALLOWED], ..Setup::default() }).await;
    let url = web.set("/ferry", Page::html(plain_page("The ferry runs again")));
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("ce-time", "2099-01-01T00:00:00Z");
    let (client, request) = (pipeline.client(), json!({ "url": url }).to_string());
    client.publish_with_headers("kos.ingest.requested", headers, request.into()).await.unwrap();
    client.flush().await.unwrap();
    pipeline.page(&path_of(&url), 200).await;
    pipeline.wait_until_idle().await;
    replay(&pipeline).await;
    assert_eq!(web.hits("/ferry").len(), 1);
}

#[tokio::test]
async fn where_nothing_is_kept_a_replay_fetches_again() {
    let web = PageServer::start();
    let variables = [ALLOWED, ("KOS_KEEP_DAYS", "0")];
    let pipeline = Pipeline::start_with(Setup { variables: &variables, ..Setup::default() }).await;
    let url = web.set("/ferry", Page::html(plain_page("The ferry runs again")));
    pipeline.publish("kos.ingest.requested", json!({ "url": url }).to_string()).await;
    pipeline.page(&path_of(&url), 200).await;
    pipeline.wait_until_idle().await;
    replay(&pipeline).await;
    assert_eq!(web.hits("/ferry").len(), 2);
    for table in ["select count(*) from pages", "select count(*) from fingerprints"] {
        assert_eq!(pipeline.query::<i64>("ingest", table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn the_same_story_from_another_source_is_shown_and_marked() {
    let pipeline = Pipeline::start().await;
    let original = page(30);
    pipeline.publish("kos.ingest.requested", event(&original)).await;
    pipeline.page(&path_of(&original.url), 200).await;
    let elsewhere = "https://elsewhere.example/agency/30";
    let copy = original.html.replace(&original.url, elsewhere);
    pipeline.publish("kos.ingest.requested", json!({"url": elsewhere, "html": copy}).to_string()).await;
    pipeline.page(&path_of(elsewhere), 200).await;

    let ingested = pipeline.stored("KOS_INGESTED").await;
    let [first, second] = &ingested[..] else { panic!("{} articles", ingested.len()) };
    assert!(first.json().get("duplicate_of").is_none(), "{}", first.json());
    assert_eq!(second.json()["duplicate_of"], json!(id_of(&original.url)));
    assert_eq!(second.json()["similarity"], json!(1.0));
}

async fn replay(pipeline: &Pipeline) {
    let ended = pipeline.kos(&["replay", "--stage", "ingest"]).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    pipeline.wait_until_idle().await;
}

async fn outcomes(pipeline: &Pipeline, outcome: &str) -> i64 {
    let mut database = pipeline.database("ingest").await;
    let sql = "select count(*) from inbox where outcome = $1";
    let counted = sqlx::query_scalar(sql).bind(outcome.to_owned()).fetch_one(&mut database).await;
    counted.unwrap_or_else(|e| panic!("inbox rows can't be counted: {e}"))
}
