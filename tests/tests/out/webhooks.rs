//! Who is told of an article, and how often.

use base64::{Engine, engine::general_purpose::STANDARD};
use kos_tests::{Hit, Page, PageServer, eventually, pipeline::stored};
use ring::hmac;
use serde_json::Value;

use crate::{LIMIT, Site, article};

const KEY: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn webhook(name: &str, url: &str, more: &str) -> String {
    format!("[[webhook]]\nname = '{name}'\nurl = '{url}'\nsecret = 'whsec_{KEY}'\n{more}\n")
}

fn header<'h>(hit: &'h Hit, name: &str) -> &'h str {
    hit.headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
}

async fn hits(server: &PageServer, path: &str, count: usize) -> Vec<Hit> {
    eventually(LIMIT, &format!("{count} requests for {path}"), async || {
        let hits = server.hits(path);
        if hits.len() >= count { Ok(hits) } else { Err(format!("{} requests", hits.len())) }
    })
    .await
}

#[tokio::test]
async fn receivers_are_told_each_by_itself_and_signed() {
    let server = PageServer::start();
    let (good, bad) = (server.set("/good", Page::status(204)), server.set("/bad", Page::status(500)));
    let elsewhere = server.set("/elsewhere", Page::status(200));
    let file = webhook("bad", &bad, "")
        + &webhook("down", "http://127.0.0.1:1/", "")
        + &webhook("good", &good, "")
        + &webhook("elsewhere", &elsewhere, "sources = ['elsewhere.example']");
    let site = Site::with(1, &file).await;
    let article = article(11);
    site.publish(&article).await;

    let [hit] = &hits(&server, "/good", 1).await[..] else { panic!("told more than once") };
    assert_eq!((hit.method.as_str(), header(hit, "content-type")), ("POST", "application/json"));
    let signed = [header(hit, "webhook-id"), header(hit, "webhook-timestamp"), std::str::from_utf8(&hit.body).unwrap()];
    let signature = header(hit, "webhook-signature").strip_prefix("v1,").unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(KEY).unwrap());
    hmac::verify(&key, signed.join(".").as_bytes(), &STANDARD.decode(signature).unwrap()).unwrap();
    let told: Value = serde_json::from_slice(&hit.body).unwrap();
    assert_eq!(told["type"], "kos.article.published");
    assert_eq!(told["data"]["article_id"], article.article_id.to_string().as_str());
    assert_eq!(told["data"]["page_url"], format!("https://tides.example/articles/{}", article.article_id).as_str());

    // What fails is tried again under the same id, then a dead letter; nobody else is told twice.
    let tried = hits(&server, "/bad", 3).await;
    assert!(tried.iter().all(|again| header(again, "webhook-id") == header(&tried[0], "webhook-id")));
    assert!(tried.iter().all(|again| again.body == tried[0].body));
    let dead = eventually(LIMIT, "two dead letters", async || {
        let dead = stored(&site.client, "KOS_DEAD").await;
        (dead.len() >= 2).then_some(dead)
    })
    .await;
    assert!(dead.iter().all(|letter| letter.subject == "kos.dead.publish"));
    assert_eq!((tried.len(), server.hits("/good").len(), server.hits("/elsewhere").len()), (3, 1, 0));
}

#[tokio::test]
async fn a_receiver_that_recovers_is_told_after_all() {
    let server = PageServer::start();
    let url = server.set("/hook", Page::status(503));
    let site = Site::with(1, &webhook("hook", &url, "")).await;
    site.publish(&article(12)).await;
    hits(&server, "/hook", 1).await;
    server.set("/hook", Page::status(200));
    eventually(LIMIT, "the delivery", async || {
        let metrics = site.text("/metrics").await;
        metrics.contains("delivered").then_some(())
    })
    .await;
    assert!(stored(&site.client, "KOS_DEAD").await.is_empty());
}
