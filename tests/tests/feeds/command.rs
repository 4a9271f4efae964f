//! `kos feed`: what an operator does with feeds.

use kos_tests::{Page, PageServer};
use serde_json::{Value, json};

use crate::{article, ingest::Ingest, rss};

const TEXT: &str = "The ferry runs again, the captain said on Monday morning in the harbour.";

#[tokio::test]
async fn feeds_are_added_listed_decided_on_and_removed() {
    let (web, ingest) = (PageServer::start(), Ingest::start().await);
    let home = web.url("");
    web.set("/ferry", article("Ferry", TEXT));
    let feed = web.set("/feed", rss(&home, &[("1", "/ferry", "Ferry", TEXT)]));
    let id = ingest.add(&feed).await;
    ingest.requested(1).await;

    let again = ingest.kos(&["feed", "add", &feed, "--json"]).await;
    assert_eq!((again.code, &again.json()[0]["known"]), (0, &json!(true)), "{again:?}");
    let table = ingest.kos(&["feed", "list"]).await;
    assert!(table.stdout.contains("The Island Daily") && table.stdout.contains("1 feed, 0 of them"), "{table:?}");
    let listed = ingest.feed(&id).await;
    assert!(listed["last_success_at"].is_string() && listed["next_poll_at"].is_string(), "{listed}");

    let set = ingest.kos(&["feed", "set", &id, "--policy", "excerpt", "--rules", r#"{"min_words": 1}"#]).await;
    assert_eq!(set.code, 0, "{set:?}");
    let decided = ingest.feed(&id).await;
    assert_eq!((&decided["policy"], &decided["rules"]), (&json!("excerpt"), &json!({"min_words": 1})));
    ingest.kos(&["feed", "set", &feed, "--policy", "default", "--rules", "{}"]).await;
    let decided = ingest.feed(&id).await;
    assert_eq!((&decided["policy"], &decided["rules"]), (&Value::Null, &Value::Null));
    assert_eq!(ingest.kos(&["feed", "set", &id, "--rules", "[]"]).await.code, 2);

    let some = ingest.kos(&["feed", "remove", &id, "https://nowhere.example/feed"]).await;
    assert_eq!(some.code, 3, "{some:?}");
    assert!(some.stderr.contains("nowhere.example"), "{some:?}");
    assert_eq!(ingest.kos(&["feed", "remove", &id]).await.code, 1);
    assert_eq!(ingest.kos(&["feed", "list", "--json"]).await.json(), json!([]));

    // Added again, its turns are none that were before.
    assert_eq!(ingest.add(&feed).await, id);
    ingest.turns(2).await;
    assert!(ingest.feed(&id).await["last_success_at"].is_string());
}

#[tokio::test]
async fn what_is_no_feed_is_refused_with_what_was_tried() {
    let (web, ingest) = (PageServer::start(), Ingest::start().await);
    let page = web.set("/", article("No feed here", TEXT));
    let good = web.set("/feed-of-another-name", rss(&web.url(""), &[]));
    let none = ingest.kos(&["feed", "add", &page]).await;
    assert_eq!(none.code, 1, "{none:?}");
    assert!(none.stderr.contains("no feed was found; tried") && none.stderr.contains("html"), "{}", none.stderr);
    let some = ingest.kos(&["feed", "add", &page, &good]).await;
    assert_eq!(some.code, 3, "{some:?}");
    assert_eq!(ingest.kos(&["feed", "add", "not an address"]).await.code, 2);
    web.set("/down", Page::status(503));
    let down = ingest.kos(&["feed", "add", &web.url("/down")]).await;
    assert!(down.code == 1 && down.stderr.contains("503"), "{down:?}");
}

#[tokio::test]
async fn a_site_leads_to_its_feed_named_or_not() {
    let (web, ingest) = (PageServer::start(), Ingest::start().await);
    let named = web.set("/the-feed", rss(&web.url(""), &[]));
    let link = "<html><head><link rel=alternate type=application/rss+xml href=/the-feed></head><p>News</html>";
    let site = web.set("/news", Page::html(link));
    let usual = web.set("/feed", rss(&web.url(""), &[]));
    let silent = web.set("/", article("No link here", TEXT));
    let added = ingest.kos(&["feed", "add", &site, &silent, "--json"]).await;
    assert_eq!(added.code, 0, "{added:?}");
    let urls: Vec<_> = added.json().as_array().unwrap().iter().map(|a| a["feed"]["url"].clone()).collect();
    assert_eq!(urls, [json!(named), json!(usual)]);
}

#[tokio::test]
async fn a_list_goes_in_and_comes_out_again() {
    let (web, ingest) = (PageServer::start(), Ingest::start().await);
    let known = web.set("/feeds/0", rss(&web.url(""), &[]));
    let id = ingest.add(&known).await;
    let outlines: String = (0..120)
        .map(|n| format!("<outline type='rss' text='Feed {n}' xmlUrl='{}'/>", web.url(&format!("/feeds/{n}"))))
        .collect();
    let list = format!("<opml version='2.0'><body><outline text='News'>{outlines}</outline></body></opml>");
    let folder = tempfile::TempDir::new().unwrap();
    let (from, to) = (folder.path().join("in.opml"), folder.path().join("out.opml"));
    std::fs::write(&from, &list).unwrap();
    let imported = ingest.kos(&["feed", "import", &from.display().to_string()]).await;
    assert_eq!(imported.code, 0, "{imported:?}");
    assert!(imported.stdout.contains("120 of 120 feeds followed, 1 of them before"), "{imported:?}");
    // None was asked for before the answer, and they come due over a minute.
    let listed = ingest.kos(&["feed", "list", "--json"]).await.json();
    let nexts: std::collections::BTreeSet<_> =
        listed.as_array().unwrap().iter().map(|f| f["next_poll_at"].to_string()).collect();
    assert!(nexts.len() > 100, "{nexts:?}");
    assert_eq!(ingest.feed(&id).await["title"], "The Island Daily");

    let exported = ingest.kos(&["feed", "export", &to.display().to_string(), "--json"]).await;
    assert_eq!((exported.code, &exported.json()["feeds"]), (0, &json!(120)), "{exported:?}");
    let again = ingest.kos(&["feed", "import", &to.display().to_string(), "--json"]).await.json();
    assert!(again.as_array().unwrap().iter().all(|a| a["known"] == true), "{again}");
    assert!(ingest.kos(&["feed", "export"]).await.stdout.contains("text=\"The Island Daily\""));
    let silent = web.url("/silent");
    let some =
        format!("<opml><outline text='Kept name' xmlUrl='{silent}'/><outline text='b' xmlUrl='nowhere'/></opml>");
    let some = ingest.kos_with(&["feed", "import", "-"], &some).await;
    assert!(some.code == 3 && some.stderr.contains("nowhere: expected an absolute"), "{some:?}");
    let listed = ingest.kos(&["feed", "list", "--json"]).await.json();
    let kept = listed.as_array().unwrap().iter().find(|feed| feed["url"] == silent.as_str());
    assert_eq!(kept.unwrap()["title"], "Kept name");
    let wrong = ingest.kos_with(&["feed", "import", "-"], "<html></html>").await;
    assert!(wrong.code == 2 && wrong.stderr.contains("expected opml"), "{wrong:?}");
}

#[tokio::test]
async fn a_feed_is_checked_and_not_followed() {
    let (web, ingest) = (PageServer::start(), Ingest::start().await);
    let page = rss("http://daily.example", &[("1", "/ferry", "Ferry", TEXT)]);
    let text = String::from_utf8(page.body.clone()).unwrap();
    let feed = web.set("/feed", page);
    for checked in [ingest.kos(&["feed", "check", &feed]).await, ingest.kos_with(&["feed", "check", "-"], &text).await]
    {
        assert_eq!(checked.code, 0, "{checked:?}");
        assert!(checked.stdout.contains("The Island Daily, 1 entry"), "{checked:?}");
        assert!(checked.stdout.contains("Ferry http://daily.example/ferry"), "{checked:?}");
    }
    let page = ingest.kos_with(&["feed", "check", "-"], "<html><p>No feed</html>").await;
    assert!(page.code == 1 && page.stderr.contains("html"), "{page:?}");
    assert_eq!(ingest.kos(&["feed", "list", "--json"]).await.json(), json!([]));
}
