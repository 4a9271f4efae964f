//! `kos ingest`, `kos retract`, `kos replay`: what the operator's command publishes.

use std::fs;

use kos_tests::{Page, PageServer, Pipeline, Setup, pipeline::Ended};
use serde_json::Value;
use tempfile::TempDir;

use crate::{event, id_of, page, path_of, plain_page};

fn allowed() -> Setup<'static> {
    Setup { variables: &[("KOS_FETCH_ALLOW", "127.0.0.0/8")], ..Setup::default() }
}

fn pages(ended: &Ended) -> Vec<String> {
    let items = ended.json();
    items.as_array().into_iter().flatten().filter_map(|i| Some(i["page_url"].as_str()?.to_owned())).collect()
}

#[tokio::test]
async fn ingest_takes_addresses_from_standard_input_and_waits_for_their_pages() {
    let (web, pipeline) = (PageServer::start(), Pipeline::start_with(allowed()).await);
    let urls = ["/a", "/b", "/c"].map(|path| web.set(path, Page::html(plain_page(&format!("The ferry at {path}")))));
    let list = format!("# of today\n{}\n\n  {}\r\n{}", urls[0], urls[1], urls[2]);
    let ended = pipeline.kos_with(&["ingest", "-", "--wait"], list.clone()).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    let printed: Vec<_> = ended.stdout.lines().collect();
    assert_eq!(printed, urls.each_ref().map(|url| pipeline.site(&path_of(url))), "{ended:?}");
    for url in &urls {
        assert_eq!(pipeline.get(&path_of(url)).await.status, 200);
    }

    // Nothing new comes of it a second time; the pages are there all the same.
    let again = pipeline.kos_with(&["ingest", "-", "--wait", "--json"], list).await;
    assert_eq!((again.code, pages(&again).len()), (0, 3), "{again:?}");
    assert!(again.json().as_array().unwrap().iter().all(|i| i["outcome"] == "unchanged"), "{again:?}");
    assert_eq!(pipeline.stored("KOS_PUBLISHED").await.len(), 3);
}

#[tokio::test]
async fn ingest_takes_a_file_and_asks_where_it_is_from() {
    let (pipeline, folder) = (Pipeline::start().await, TempDir::new().unwrap());
    let file = |name: &str, content: &str| {
        let file = folder.path().join(name);
        fs::write(&file, content).unwrap();
        file.display().to_string()
    };
    let article = page(30);
    let with_link = file("with-link.html", &article.html);
    let without = file("without.html", &plain_page("A page without an address"));

    let ended = pipeline.kos(&["ingest", &with_link, "--wait", "--json"]).await;
    assert_eq!((ended.code, pages(&ended)), (0, vec![pipeline.site(&path_of(&article.url))]), "{ended:?}");

    let before = pipeline.stored("KOS_INGEST").await.len();
    let refused = pipeline.kos(&["ingest", &with_link, &without]).await;
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("--url") && refused.stderr.contains("without.html"), "{}", refused.stderr);
    assert_eq!(pipeline.stored("KOS_INGEST").await.len(), before, "something was published all the same");

    let named = "https://daily.example/named";
    let ended = pipeline.kos(&["ingest", &without, "--url", named, "--wait"]).await;
    assert_eq!((ended.code, ended.stdout.trim()), (0, pipeline.site(&path_of(named)).as_str()), "{ended:?}");
    let piped = "https://daily.example/piped";
    let ended = pipeline.kos_with(&["ingest", "-", "--url", piped, "--wait"], plain_page("Piped")).await;
    assert_eq!((ended.code, ended.stdout.trim()), (0, pipeline.site(&path_of(piped)).as_str()), "{ended:?}");
}

#[tokio::test]
async fn a_bad_address_is_refused_before_anything_is_published() {
    let pipeline = Pipeline::start().await;
    for bad in ["/news/1", "ftp://daily.example/1", "daily.example/1", "no such file.html", "http://", "mailto:a@b.c"] {
        let list = format!("https://daily.example/good\n{bad}");
        for ended in [
            pipeline.kos(&["ingest", "https://daily.example/good", bad]).await,
            pipeline.kos_with(&["ingest", "-"], list).await,
        ] {
            assert_eq!(ended.code, 2, "{bad}: {ended:?}");
            assert!(ended.stderr.contains("expected an absolute http or https address"), "{bad}: {}", ended.stderr);
        }
    }
    assert_eq!(pipeline.kos(&["ingest"]).await.code, 2);
    assert_eq!(pipeline.kos(&["ingest", "https://daily.example/1", "--url", "nowhere"]).await.code, 2);
    assert!(pipeline.stored("KOS_INGEST").await.is_empty());
}

#[tokio::test]
async fn the_exit_code_says_whether_all_some_or_none_of_the_pages_are_there() {
    let (web, pipeline) = (PageServer::start(), Pipeline::start_with(allowed()).await);
    let (good, bad) = (web.set("/a", Page::html(plain_page("The ferry"))), web.set("/b", Page::status(404)));
    let some = pipeline.kos(&["ingest", &good, &bad, "--wait"]).await;
    assert_eq!(some.code, 3, "{some:?}");
    assert_eq!(some.stdout.trim(), pipeline.site(&path_of(&good)));
    assert!(some.stderr.contains("404"), "{}", some.stderr);
    let none = pipeline.kos(&["ingest", &bad, "--wait", "--json"]).await;
    assert_eq!(none.code, 1, "{none:?}");
    assert_eq!(none.json()[0]["outcome"], "dead");
    assert!(none.json()[0]["reason"].as_str().unwrap_or_default().contains("404"), "{none:?}");
    web.set("/slow", Page::status(503));
    let slow = pipeline.kos(&["ingest", &web.url("/slow"), "--wait", "--timeout-seconds", "1"]).await;
    assert_eq!(slow.code, 1, "{slow:?}");
    assert!(slow.stderr.contains("still with ingest"), "{}", slow.stderr);
}

#[tokio::test]
async fn what_was_retracted_is_said_to_who_ingests_it_and_force_brings_it_back() {
    let (pipeline, folder) = (Pipeline::start().await, TempDir::new().unwrap());
    let article = page(32);
    let file = folder.path().join("page.html").display().to_string();
    fs::write(&file, &article.html).unwrap();
    assert_eq!(pipeline.kos(&["ingest", &file, "--wait"]).await.code, 0);
    let retracted = pipeline.kos(&["retract", &article.url, "--reason", "it was wrong", "--json"]).await;
    assert_eq!(retracted.code, 0, "{retracted:?}");
    assert!(retracted.json()["event_id"].is_string());
    let gone = pipeline.page(&path_of(&article.url), 410).await;
    assert!(gone.body.contains("it was wrong"), "{}", gone.body);
    pipeline.wait_until_idle().await;

    let refused = pipeline.kos(&["ingest", &file, "--wait", "--json"]).await;
    assert_eq!((refused.code, &refused.json()[0]["outcome"]), (1, &Value::from("retracted")), "{refused:?}");
    assert_eq!(refused.json()[0]["reason"], "it was wrong");
    let forced = pipeline.kos(&["ingest", &file, "--wait", "--force"]).await;
    assert_eq!(forced.code, 0, "{forced:?}");
    assert_eq!(pipeline.get(&path_of(&article.url)).await.status, 200);

    let by_id = pipeline.kos(&["retract", &id_of(&article.url), "--reason", "again"]).await;
    assert_eq!(by_id.code, 0, "{by_id:?}");
    assert!(pipeline.page(&path_of(&article.url), 410).await.body.contains("again"));
    let nonsense = pipeline.kos(&["retract", "that one", "--reason", "x"]).await;
    assert_eq!(nonsense.code, 2, "{nonsense:?}");
}

#[tokio::test]
async fn a_replayed_stage_does_its_work_again_and_makes_no_revision() {
    let pipeline = Pipeline::start().await;
    let articles = [page(34), page(35)];
    for article in &articles {
        pipeline.publish("kos.ingest.requested", event(article)).await;
    }
    pipeline.wait_until_idle().await;
    for round in 1..3 {
        let replayed = pipeline.kos(&["replay", "--stage", "summarize", "--json"]).await;
        assert_eq!((replayed.code, replayed.json()["replayed"].as_u64()), (0, Some(2)), "{replayed:?}");
        pipeline.wait_until_idle().await;
        assert_eq!(pipeline.stored("KOS_PUBLISHED").await.len(), 2 + 2 * round);
    }
    for article in &articles {
        let api = pipeline.get(&format!("/api/v1{}", path_of(&article.url))).await;
        assert_eq!(serde_json::from_str::<Value>(&api.body).unwrap()["revision"], 1);
    }
    let index = pipeline.get("/").await.body;
    assert_eq!(index.matches("<li>\n<h3 ").count(), 2, "{index}");

    // The first stage sees the same pages: nothing changed, so nothing comes of it.
    let replayed = pipeline.kos(&["replay", "--stage", "ingest", "--since", "1h", "--json"]).await;
    assert_eq!(replayed.json()["replayed"], 2, "{replayed:?}");
    pipeline.wait_until_idle().await;
    assert_eq!(pipeline.stored("KOS_PUBLISHED").await.len(), 6);
    let none = pipeline.kos(&["replay", "--stage", "publish", "--since", "2099-01-01T00:00:00Z", "--json"]).await;
    assert_eq!((none.code, none.json()["replayed"].as_u64()), (0, Some(0)), "{none:?}");
    assert_eq!(pipeline.kos(&["replay", "--stage", "publish", "--since", "yesterday"]).await.code, 2);
    assert_eq!(pipeline.kos(&["replay", "--stage", "print"]).await.code, 2);
    assert!(pipeline.stored("KOS_DEAD").await.is_empty());
}
