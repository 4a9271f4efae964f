//! How answers travel.

use std::io::Read;

use reqwest::Method;

use crate::{Site, article, revised};

/// An address of each kind that the site has.
async fn addresses(site: &Site, id: &str) -> Vec<String> {
    let page = site.text(&format!("/articles/{id}")).await;
    let stylesheet = page.split('"').find(|part| part.starts_with("/assets/") && part.ends_with(".css")).unwrap();
    let fixed = ["/", "/feed.atom", "/feed.rss", "/feed.json", "/sources.opml", "/sitemap.xml", "/sitemaps/1.xml"];
    let more = ["/robots.txt", "/digest.atom", "/feed.atom?language=en"];
    let own = [format!("/articles/{id}"), format!("/api/v1/articles/{id}"), stylesheet.to_owned()];
    fixed.iter().chain(&more).map(|path| (*path).to_owned()).chain(own).collect()
}

#[tokio::test]
async fn what_a_reader_has_is_not_sent_again() {
    let site = Site::start().await;
    let article = article(8);
    site.publish(&article).await;
    for path in addresses(&site, &article.article_id.to_string()).await {
        let whole = site.get(&path).await;
        assert_eq!(whole.status(), 200, "{path}");
        let headers = whole.headers().clone();
        let body = whole.bytes().await.unwrap();
        let etag = headers.get("etag").unwrap_or_else(|| panic!("{path} has no tag")).to_str().unwrap();

        let again = site.ask(0, Method::GET, &path, &[("if-none-match", etag)]).await;
        assert_eq!(again.status(), 304, "{path}");
        assert_eq!(again.headers()["etag"], etag, "{path}");
        assert_eq!(again.headers().get("cache-control"), headers.get("cache-control"), "{path}");
        assert!(again.bytes().await.unwrap().is_empty(), "{path}");
        let other = site.ask(0, Method::GET, &path, &[("if-none-match", "\"other\"")]).await;
        assert_eq!(other.status(), 200, "{path}");

        let head = site.ask(0, Method::HEAD, &path, &[]).await;
        assert_eq!(head.status(), 200, "{path}");
        assert_eq!(head.headers()["content-length"], body.len().to_string().as_str(), "{path}");
        assert_eq!(head.headers()["etag"], etag, "{path}");
        assert!(head.bytes().await.unwrap().is_empty(), "{path}");
        if let Some(date) = headers.get("last-modified").and_then(|v| v.to_str().ok()) {
            let since = site.ask(0, Method::GET, &path, &[("if-modified-since", date)]).await;
            assert_eq!(since.status(), 304, "{path}");
            // A tag that doesn't match goes before a date that does.
            let both = [("if-modified-since", date), ("if-none-match", "\"other\"")];
            assert_eq!(site.ask(0, Method::GET, &path, &both).await.status(), 200, "{path}");
        }
    }
    let missing = site.ask(0, Method::GET, "/articles/x", &[("if-none-match", "*")]).await;
    assert_eq!(missing.status(), 404);
}

#[tokio::test]
async fn a_page_with_parameters_that_mean_nothing_is_the_same_page() {
    let site = Site::start().await;
    let article = article(10);
    site.publish(&article).await;
    let page = format!("/articles/{}", article.article_id);
    let etag = async |path: &str| site.get(path).await.headers()["etag"].clone();
    assert_eq!(etag(&format!("{page}?utm_source=feed")).await, etag(&page).await);
    assert_ne!(etag(&format!("{page}?comment=held")).await, etag(&page).await);
}

#[tokio::test]
async fn every_coding_decodes_to_the_same_bytes() {
    let site = Site::start().await;
    let article = article(9);
    site.publish(&article).await;
    for path in addresses(&site, &article.article_id.to_string()).await {
        let plain = site.get(&path).await.bytes().await.unwrap();
        // The second time an article's page comes from where pages are kept.
        for (accepted, again) in [("gzip", 1), ("zstd", 1), ("gzip", 2), ("zstd", 2)] {
            let answer = site.ask(0, Method::GET, &path, &[("accept-encoding", accepted)]).await;
            if plain.len() < 1_024 && !answer.headers().contains_key("content-encoding") {
                continue;
            }
            assert_eq!(answer.headers()["content-encoding"], accepted, "{path}");
            let vary: Vec<_> = answer.headers().get_all("vary").iter().filter_map(|v| v.to_str().ok()).collect();
            assert!(vary.join(",").contains("accept-encoding"), "{path}: {vary:?}");
            let encoded = answer.bytes().await.unwrap();
            let mut decoded = Vec::new();
            match accepted {
                "gzip" => flate2::read::GzDecoder::new(&*encoded).read_to_end(&mut decoded).unwrap(),
                _ => zstd::stream::Decoder::new(&*encoded).unwrap().read_to_end(&mut decoded).unwrap(),
            };
            assert!(decoded == plain && encoded.len() < plain.len(), "{path} {accepted} {again}");
        }
    }
}

#[tokio::test]
async fn a_change_is_seen_at_once_at_every_replica() {
    let site = Site::with(2, "").await;
    let first = article(10);
    site.publish(&first).await;
    let path = format!("/articles/{}", first.article_id);
    let mut tags = Vec::new();
    for replica in [0, 1, 0, 1] {
        let answer = site.ask(replica, Method::GET, &path, &[("accept-language", "en")]).await;
        tags.push(answer.headers()["etag"].to_str().unwrap().to_owned());
        assert!(answer.text().await.unwrap().contains(&first.title));
    }
    assert!(tags.iter().all(|tag| *tag == tags[0]), "replicas agree: {tags:?}");
    let second = revised(&first, "The ferry stops again");
    site.publish(&second).await;
    for replica in [0, 1] {
        let headers = [("accept-language", "en"), ("if-none-match", tags[0].as_str())];
        let answer = site.ask(replica, Method::GET, &path, &headers).await;
        assert_eq!(answer.status(), 200);
        assert!(answer.text().await.unwrap().contains("The ferry stops again"));
    }
    // Another language is another page.
    let chinese = site.ask(0, Method::GET, &path, &[("accept-language", "zh")]).await.text().await.unwrap();
    assert!(chinese.contains("<html lang=\"zh-Hans\">"), "{chinese}");
}
