//! Feeds, sitemaps, the list of sources and digests.

use kos_shared::event::Rights;
use serde_json::{Value, json};

use crate::{Site, article};

#[tokio::test]
async fn feeds_have_all_articles_or_those_of_a_language_or_a_source() {
    let site = Site::start().await;
    let (english, mut chinese) = (article(2), article(3));
    chinese.site.host = "ribao.example".into();
    assert_ne!(english.language, chinese.language);
    for article in [&english, &chinese] {
        site.publish(article).await;
    }
    for (path, titles) in [
        ("", vec![&chinese.title, &english.title]),
        ("?language=zh", vec![&chinese.title]),
        ("?source=RIBAO.example", vec![&chinese.title]),
        ("?source=ribao.example&language=en", vec![]),
        ("?source=nowhere.example", vec![]),
        ("?q=zzzunheardof", vec![]),
    ] {
        for format in ["atom", "rss", "json"] {
            let path = format!("/feed.{format}{path}");
            let text = site.text(&path).await;
            let feed = feed_rs::parser::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{path}: {e}: {text}"));
            let read: Vec<_> = feed.entries.iter().filter_map(|e| e.title.as_ref()).map(|t| &t.content).collect();
            assert_eq!(read, titles, "{path}");
            assert!(feed.entries.iter().all(|e| e.content.is_some() || e.summary.is_some()), "{path}: {text}");
        }
    }
    let search: String = url::form_urlencoded::byte_serialize(format!("\"{}\"", chinese.title).as_bytes()).collect();
    let found = site.text(&format!("/feed.atom?q={search}")).await;
    assert_eq!(feed_rs::parser::parse(found.as_bytes()).unwrap().entries.len(), 1, "{found}");
    let wrong = site.get("/feed.rss?language=%00").await;
    assert_eq!(wrong.status(), 400);
    assert!(wrong.text().await.unwrap().contains("language: expected"));
}

#[tokio::test]
async fn a_sitemap_has_what_search_engines_may_have_and_nothing_withdrawn() {
    let site = Site::start().await;
    let (public, mut unlisted, withdrawn) = (article(4), article(5), article(6));
    unlisted.rights = Rights { noindex: true, ..Rights::default() };
    for article in [&public, &unlisted, &withdrawn] {
        site.publish(article).await;
    }
    assert!(site.text("/sitemaps/1.xml").await.contains(&withdrawn.article_id.to_string()));
    let before = site.get("/feed.atom").await.headers()["etag"].clone();
    let retraction = json!({"article_id": withdrawn.article_id, "reason": "wrong"});
    site.send("kos.article.retracted", retraction.to_string()).await;
    let page = format!("/articles/{}", withdrawn.article_id);
    kos_tests::eventually(crate::LIMIT, "410", async || (site.get(&page).await.status() == 410).then_some(())).await;

    let index = site.text("/sitemap.xml").await;
    assert!(index.contains("<loc>https://tides.example/sitemaps/1.xml</loc>"), "{index}");
    let sitemap = site.text("/sitemaps/1.xml").await;
    assert!(roxmltree::Document::parse(&sitemap).is_ok(), "{sitemap}");
    assert!(sitemap.contains(&format!("<loc>https://tides.example/articles/{}</loc>", public.article_id)));
    for absent in [&unlisted, &withdrawn] {
        assert!(!sitemap.contains(&absent.article_id.to_string()), "{sitemap}");
    }
    for wrong in ["/sitemaps/2.xml", "/sitemaps/0.xml", "/sitemaps/01.xml", "/sitemaps/x"] {
        assert_eq!(site.get(wrong).await.status(), 404, "{wrong}");
    }
    let robots = site.text("/robots.txt").await;
    assert!(robots.contains("Sitemap: https://tides.example/sitemap.xml"), "{robots}");

    let after = site.get("/feed.atom").await;
    assert_ne!(after.headers()["etag"], before);
    assert!(!after.text().await.unwrap().contains(&withdrawn.article_id.to_string()));
    let opml = site.text("/sources.opml").await;
    assert!(opml.contains(&format!("/feed.atom?source={}", public.site.host)), "{opml}");
}

#[tokio::test]
async fn a_day_has_a_page_and_days_have_a_feed() {
    let site = Site::start().await;
    let article = article(7);
    site.publish(&article).await;
    let latest = site.get("/digest").await;
    assert_eq!(latest.status(), 303);
    let today = latest.headers()["location"].to_str().unwrap().to_owned();
    let page = site.text(&format!("{today}?lang=en")).await;
    assert!(page.contains(&article.title) && page.contains("<html lang=\"en\">"), "{page}");
    for wrong in ["/digest/2999-01-01", "/digest/20260101", "/digest/x"] {
        assert_eq!(site.get(wrong).await.status(), 404, "{wrong}");
    }
    let feed = site.text("/digest.atom?language=en").await;
    // Today isn't over.
    assert_eq!(feed_rs::parser::parse(feed.as_bytes()).unwrap().entries.len(), 0, "{feed}");
    let wrong = site.get("/digest.atom?language=fr").await;
    assert_eq!(wrong.status(), 400);
    let problem: Value = serde_json::from_str(&wrong.text().await.unwrap()).unwrap();
    assert!(problem["detail"].as_str().unwrap().contains("language"), "{problem}");
}
