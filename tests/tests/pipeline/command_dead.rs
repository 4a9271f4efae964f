//! `kos dead`: dead letters are looked at, replayed and discarded.

use kos_tests::{Page, PageServer, Pipeline, Setup};
use serde_json::{Value, json};

use crate::{bad_input::shown_header, path_of, plain_page};

fn numbers(list: &Value) -> Vec<u64> {
    list.as_array().into_iter().flatten().filter_map(|l| l["number"].as_u64()).collect()
}

#[tokio::test]
async fn dead_letters_are_listed_shown_and_replayed_once_their_cause_is_gone() {
    let web = PageServer::start();
    let variables = [("KOS_FETCH_ALLOW", "127.0.0.0/8")];
    let pipeline = Pipeline::start_with(Setup { variables: &variables, ..Setup::default() }).await;
    assert_eq!(pipeline.kos(&["dead", "list", "--json"]).await.json(), json!([]));
    assert_eq!(pipeline.kos(&["dead", "list"]).await.stdout.trim(), "no dead letters");

    let url = web.set("/a", Page::status(404));
    let body = json!({"url": url, "x-desk": "7"}).to_string();
    pipeline.publish("kos.ingest.requested", body.clone()).await;
    pipeline.publish("kos.ingest.requested", "{}").await;
    pipeline.dead_letters(2).await;

    let list = pipeline.kos(&["dead", "list", "--json"]).await;
    assert_eq!(list.code, 0);
    let letters = list.json();
    assert_eq!(numbers(&letters).len(), 2, "{letters}");
    let letter = letters.as_array().unwrap().iter().find(|l| l["subject"] == url.as_str()).unwrap();
    assert_eq!((&letter["service"], &letter["attempts"]), (&json!("ingest"), &json!(1)));
    assert_eq!(letter["event_type"], "kos.ingest.requested");
    assert!(letter["reason"].as_str().unwrap_or_default().contains("404"), "{letter}");
    let number = letter["number"].as_u64().unwrap().to_string();
    let of_another = pipeline.kos(&["dead", "list", "--service", "publish", "--json"]).await;
    assert_eq!((of_another.code, of_another.json()), (0, json!([])));

    let shown = pipeline.kos(&["dead", "show", &number]).await;
    assert_eq!(shown.code, 0);
    assert!(shown.stdout.trim_end().ends_with(&body), "{}", shown.stdout);
    assert_eq!(shown_header(&shown, "Kos-Dead-Subject"), "kos.ingest.requested");
    let shown = pipeline.kos(&["dead", "show", &number, "--json"]).await.json();
    assert_eq!(shown["body"], body.as_str());
    assert_eq!(pipeline.kos(&["dead", "show", "999"]).await.code, 1);

    web.set("/a", Page::html(plain_page("The ferry runs again")));
    let replayed = pipeline.kos(&["dead", "replay", &number, "--json"]).await;
    assert_eq!((replayed.code, replayed.json()), (0, json!({"replayed": [letter["number"]]})), "{replayed:?}");
    pipeline.page(&path_of(&url), 200).await;
    assert_eq!(numbers(&pipeline.kos(&["dead", "list", "--json"]).await.json()).len(), 1);

    // The other has no payload that could be replayed: it is dead again, or stays.
    let again = pipeline.kos(&["dead", "replay", "--all", "--json"]).await;
    pipeline.wait_until_idle().await;
    let left = numbers(&pipeline.kos(&["dead", "list", "--json"]).await.json());
    assert_eq!(left.len(), 1, "{again:?}");
    let discarded = pipeline.kos(&["dead", "discard", &left[0].to_string(), "998"]).await;
    assert_eq!(discarded.code, 3, "{discarded:?}");
    assert_eq!(pipeline.kos(&["dead", "list", "--json"]).await.json(), json!([]));
    assert_eq!(pipeline.kos(&["dead", "discard", "998"]).await.code, 1);
    for wrong in [&["dead", "discard"][..], &["dead", "replay", "1", "--all"], &["dead", "show", "one"]] {
        assert_eq!(pipeline.kos(wrong).await.code, 2, "{wrong:?}");
    }
}

#[tokio::test]
async fn the_password_in_an_address_is_in_no_list_and_its_way_is_found_all_the_same() {
    let web = PageServer::start();
    let variables = [("KOS_FETCH_ALLOW", "127.0.0.0/8")];
    let pipeline = Pipeline::start_with(Setup { variables: &variables, ..Setup::default() }).await;
    let url = web.set("/a", Page::status(404));
    let with_login = url.replace("http://", "http://reader:pass-word@");
    pipeline.publish("kos.ingest.requested", json!({ "url": with_login }).to_string()).await;
    pipeline.dead_letters(1).await;
    for asked in [&["dead", "list"][..], &["dead", "list", "--json"], &["trace", &with_login]] {
        let ended = pipeline.kos(asked).await;
        assert!(ended.code == 0 && ended.stdout.contains("404"), "{ended:?}");
        assert!(!ended.stdout.contains("pass-word"), "{ended:?}");
    }
    let listed = pipeline.kos(&["dead", "list", "--json"]).await.json();
    assert_eq!(listed[0]["subject"], url.as_str());
}

#[tokio::test]
async fn an_event_that_dies_again_after_its_replay_is_a_letter_again() {
    let web = PageServer::start();
    let variables = [("KOS_FETCH_ALLOW", "127.0.0.0/8")];
    let pipeline = Pipeline::start_with(Setup { variables: &variables, ..Setup::default() }).await;
    let url = web.set("/a", Page::status(404));
    pipeline.publish("kos.ingest.requested", json!({ "url": url }).to_string()).await;
    for round in 0..3 {
        pipeline.dead_letters(1).await;
        assert_eq!(web.hits("/a").len(), round + 1);
        assert_eq!(pipeline.kos(&["dead", "replay", "--all"]).await.code, 0);
        pipeline.wait_until_idle().await;
    }
    web.set("/a", Page::html(plain_page("The ferry runs again")));
    assert_eq!(pipeline.kos(&["dead", "replay", "--all"]).await.code, 0);
    pipeline.page(&path_of(&url), 200).await;
    let trace = pipeline.kos(&["trace", &url, "--json"]).await.json();
    let outcomes: Vec<_> = trace.as_array().unwrap().iter().filter_map(|e| e["outcome"].as_str()).collect();
    assert_eq!(outcomes, ["dead", "dead", "dead", "dead", "ingested", "summarized", "published"], "{trace}");
}
