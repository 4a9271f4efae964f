//! One feed over its life: what is new, what is changed, and what is only called otherwise.

use jiff::Timestamp;
use kos_tests::{Page, PageServer};
use serde_json::Value;

use crate::{article, ingest::Ingest, rss};

const FERRY: &str = "The ferry runs again, the captain said on Monday morning in the harbour.";
const TRAIN: &str = "The train is late again, the driver said on Tuesday evening at the station.";

/// A site with a feed of two entries whose pages are there.
fn site() -> (PageServer, String, String) {
    let web = PageServer::start();
    let home = web.url("");
    web.set("/ferry", article("Ferry", FERRY));
    web.set("/train", article("Train", TRAIN));
    let feed = web.set("/feed", rss(&home, &[("1", "/ferry", "Ferry", FERRY), ("2", "/train", "Train", TRAIN)]));
    (web, home, feed)
}

fn wait_s(feed: &Value) -> f64 {
    let next = feed["next_poll_at"].as_str().unwrap_or_default().parse::<Timestamp>();
    next.unwrap_or_else(|e| panic!("{feed}: {e}")).duration_since(Timestamp::now()).as_secs_f64()
}

#[tokio::test]
async fn a_changed_guid_or_address_repeats_nothing_and_a_change_becomes_a_revision() {
    let (web, home, feed) = site();
    let ingest = Ingest::start().await;
    let id = ingest.add(&feed).await;
    let requests = ingest.requested(2).await;
    assert!(requests.iter().all(|r| r["feed_id"] == id.as_str()), "{requests:?}");
    let hints = &requests.iter().find(|r| r["url"] == format!("{home}/ferry")).unwrap()["hints"];
    assert_eq!((&hints["title"], &hints["content_html"]), (&Value::from("Ferry"), &Value::from(FERRY)));
    assert_eq!(ingest.number("select count(*) from articles").await, 2);

    // Other GUIDs, tracking parameters, another markup, another digit.
    let train = format!("&lt;p&gt;{TRAIN} 7&lt;/p&gt;");
    web.set("/feed", rss(&home, &[("8", "/ferry?utm_source=rss", "Ferry", FERRY), ("9", "/train", "Train", &train)]));
    ingest.poll(&id, 2).await;
    ingest.requested(2).await;
    // Another address under the same GUID.
    web.set("/feed", rss(&home, &[("8", "/news/ferry", "Ferry", FERRY), ("9", "/train", "Train", &train)]));
    ingest.poll(&id, 3).await;
    ingest.requested(2).await;

    let corrected = "The train is on time again, the driver said on Wednesday at the station.";
    web.set("/train", article("Train", corrected));
    web.set("/feed", rss(&home, &[("8", "/ferry", "Ferry", FERRY), ("9", "/train", "Train", corrected)]));
    ingest.poll(&id, 4).await;
    let requests = ingest.requested(3).await;
    assert_eq!(requests[2]["url"], format!("{home}/train"));
    assert_eq!(ingest.number("select max(revision) from articles").await, 2);
    assert_eq!(ingest.number("select count(*) from articles").await, 2);
    let health = ingest.feed(&id).await;
    assert_eq!((&health["entries"], &health["failures"]), (&Value::from(2), &Value::from(0)), "{health}");
}

#[tokio::test]
async fn an_unchanged_feed_is_not_sent_again_by_its_server() {
    let (web, home, feed) = site();
    let entries = [("1", "/ferry", "Ferry", FERRY)];
    let modified = "Sat, 28 Feb 2026 10:00:00 GMT";
    web.set("/feed", rss(&home, &entries).header("etag", "\"v1\"").header("last-modified", modified));
    let ingest = Ingest::start().await;
    let id = ingest.add(&feed).await;
    ingest.requested(1).await;
    web.set("/feed", Page::status(304));
    ingest.poll(&id, 2).await;
    let hits = web.hits("/feed");
    let headers = &hits.last().unwrap().headers;
    assert_eq!(
        (&headers["if-none-match"], &headers["if-modified-since"]),
        (&"\"v1\"".parse().unwrap(), &modified.parse().unwrap())
    );
    let health = ingest.feed(&id).await;
    assert_eq!((&health["last_error"], &health["failures"]), (&Value::Null, &Value::from(0)), "{health}");
    ingest.requested(1).await;
}

#[tokio::test]
async fn a_move_for_good_is_followed_and_one_for_now_is_not() {
    let (web, home, feed) = site();
    let ingest = Ingest::start().await;
    let id = ingest.add(&feed).await;
    ingest.requested(2).await;
    let entries = [("1", "/ferry", "Ferry", FERRY), ("2", "/train", "Train", TRAIN)];
    let moved = web.set("/new", rss(&home, &entries));
    web.set("/feed", Page::redirect("/new"));
    ingest.poll(&id, 2).await;
    assert_eq!(ingest.feed(&id).await["url"], feed);
    web.set("/feed", Page::status(301).header("location", "/new"));
    ingest.poll(&id, 3).await;
    assert_eq!(ingest.feed(&id).await["url"], moved);
    let asked = web.hits("/feed").len();
    ingest.poll(&id, 4).await;
    assert_eq!(web.hits("/feed").len(), asked, "the old address was asked again");
    ingest.requested(2).await;
}

#[tokio::test]
async fn of_two_feeds_that_moved_to_one_address_at_once_one_gives_way() {
    let (web, home, feed) = site();
    let other = web.set("/other", rss(&home, &[]));
    let ingest = Ingest::start().await;
    let ids = [ingest.add(&feed).await, ingest.add(&other).await];
    ingest.turns(2).await;
    // As two workers leave them that moved them at once, and didn't see each other's move.
    ingest.number("update feeds set url = (select max(url) from feeds) returning 1").await;
    ingest.poll(&ids[0], 3).await;
    ingest.poll(&ids[1], 4).await;
    let (stays, goes) = (ids.iter().min().unwrap(), ids.iter().max().unwrap());
    assert_eq!(ingest.feed(stays).await["state"], "active");
    let gone = ingest.feed(goes).await;
    assert!(gone["state"] == "gone" && gone["last_error"].as_str().unwrap().contains(stays.as_str()), "{gone}");
}

#[tokio::test]
async fn a_feed_that_is_gone_is_left_alone_until_somebody_asks() {
    let (web, home, feed) = site();
    let ingest = Ingest::start_with(1, None, &[("KOS_FEED_MIN_INTERVAL", "1s"), ("KOS_FEED_MAX_INTERVAL", "1s")]).await;
    let id = ingest.add(&feed).await;
    ingest.requested(2).await;
    // Gone is only where it leads to for now.
    web.set("/gone", Page::status(410));
    web.set("/feed", Page::redirect("/gone"));
    kos_tests::eventually(std::time::Duration::from_secs(30), "a feed that fails", async || {
        let health = ingest.feed(&id).await;
        let fails = health["last_error"].as_str().is_some_and(|error| error.contains("410"));
        if fails && health["state"] == "active" { Ok(()) } else { Err(health.to_string()) }
    })
    .await;
    web.set("/feed", Page::status(410));
    ingest.kos(&["feed", "poll", &feed]).await;
    let gone = kos_tests::eventually(std::time::Duration::from_secs(30), "a feed that is gone", async || {
        let health = ingest.feed(&id).await;
        if health["state"] == "gone" { Ok(health) } else { Err(health.to_string()) }
    })
    .await;
    assert_eq!(gone["next_poll_at"], Value::Null, "{gone}");
    assert!(gone["last_error"].as_str().unwrap().contains("410"), "{gone}");
    let asked = web.hits("/feed").len();
    // Another feed that is due each second shows that the schedule goes on.
    let other = web.set("/other", rss(&home, &[]));
    ingest.add(&other).await;
    kos_tests::eventually(std::time::Duration::from_secs(30), "polls of the other", async || {
        web.hits("/other").len() >= 4
    })
    .await;
    assert_eq!(web.hits("/feed").len(), asked, "it was asked again");

    web.set("/feed", rss(&home, &[("1", "/ferry", "Ferry", FERRY)]));
    let added = ingest.kos(&["feed", "add", &feed, "--json"]).await;
    assert_eq!((added.code, &added.json()[0]["feed"]["state"]), (0, &Value::from("active")), "{added:?}");
    kos_tests::eventually(std::time::Duration::from_secs(30), "a feed that is back", async || {
        ingest.feed(&id).await["state"] == "active" && web.hits("/feed").len() > asked
    })
    .await;
}

#[tokio::test]
async fn a_feed_that_fails_says_why_and_is_asked_less_and_less() {
    let (web, _, feed) = site();
    let ingest = Ingest::start().await;
    let id = ingest.add(&feed).await;
    ingest.requested(2).await;
    web.set("/feed", article("We have moved", FERRY));
    ingest.poll(&id, 2).await;
    let health = ingest.feed(&id).await;
    let error = health["last_error"].as_str().unwrap_or_default();
    assert!(error.contains("html") && error.contains("add the site's address"), "{health}");
    let first = wait_s(&health);
    for (turn, page) in [(3, Page::status(500)), (4, Page::status(404))] {
        web.set("/feed", page);
        ingest.poll(&id, turn).await;
    }
    let health = ingest.feed(&id).await;
    assert_eq!((&health["failures"], &health["state"]), (&Value::from(3), &Value::from("active")), "{health}");
    assert!(health["last_error"].as_str().unwrap().contains("404"), "{health}");
    assert!(wait_s(&health) > first * 3.0, "{first} s, then {health}");

    web.set("/feed", Page::status(429).header("retry-after", "20000"));
    ingest.poll(&id, 5).await;
    let patient = wait_s(&ingest.feed(&id).await);
    assert!((19_900.0..22_100.0).contains(&patient), "{patient} s");
    // Nothing of it is a dead letter: the schedule decides.
    assert!(kos_tests::pipeline::stored(ingest.client(), "KOS_DEAD").await.is_empty());
    ingest.requested(2).await;
}

#[tokio::test]
async fn what_a_feed_and_its_server_ask_for_is_the_least_wait() {
    let (web, home, _) = site();
    let ingest = Ingest::start().await;
    let fresh = rss(&home, &[]).header("cache-control", "public, max-age=7200");
    let ttl = rss(&home, &[]);
    let body = String::from_utf8(ttl.body.clone()).unwrap().replace("<channel>", "<channel><ttl>180</ttl>");
    for (turn, (path, page, least)) in
        [("/fresh", fresh, 7_200.0), ("/ttl", Page { body: body.into_bytes(), ..ttl }, 10_800.0)]
            .into_iter()
            .enumerate()
    {
        let id = ingest.add(&web.set(path, page)).await;
        ingest.turns(turn as i64 + 1).await;
        let wait = wait_s(&ingest.feed(&id).await);
        assert!((least - 60.0..least * 1.1 + 1.0).contains(&wait), "{path}: {wait} s");
    }
}

#[tokio::test]
async fn a_first_reading_takes_the_newest_and_what_comes_later_is_taken_whole() {
    let (web, ingest) = (PageServer::start(), Ingest::start().await);
    let home = web.url("");
    let paths: Vec<[String; 2]> = (0..130).map(|n| [n.to_string(), format!("/{n}")]).collect();
    let entries: Vec<_> = paths.iter().map(|[n, path]| (n.as_str(), path.as_str(), "News", TRAIN)).collect();
    for [_, path] in &paths {
        web.set(path, article(&format!("News at {path}"), TRAIN));
    }
    let id = ingest.add(&web.set("/feed", rss(&home, &entries[60..]))).await;
    let requests = ingest.requested(50).await;
    assert!(requests.iter().any(|r| r["url"] == format!("{home}/60")), "{requests:?}");
    web.set("/feed", rss(&home, &entries));
    ingest.poll(&id, 2).await;
    ingest.requested(110).await;
}

#[tokio::test]
async fn an_entry_without_an_address_is_an_article_where_it_has_a_text() {
    let (web, ingest) = (PageServer::start(), Ingest::start().await);
    let text = "The ferry between the two islands runs again after a winter in the yard, its captain said. ".repeat(5);
    let items = |guid: &str| {
        format!(
            "<rss version=\"2.0\"><channel><title>Notes</title><link>{}/notes</link><item><guid isPermaLink=\"false\">{guid}</guid>\
             <title>Ferry</title><description>{text}</description></item><item><title>Short</title></item></channel></rss>",
            web.url("")
        )
    };
    let id = ingest.add(&web.set("/feed", Page::html(items("1")))).await;
    let requests = ingest.requested(1).await;
    assert!(requests[0]["url"].as_str().unwrap().starts_with(&web.url("/notes?entry=")), "{requests:?}");
    assert_eq!(ingest.number("select count(*) from articles").await, 1);
    web.set("/feed", Page::html(items("another one")));
    ingest.poll(&id, 2).await;
    ingest.requested(1).await;
    assert_eq!(ingest.feed(&id).await["entries_without_link"], 1);
    assert!(web.hits("/notes").is_empty());
}
