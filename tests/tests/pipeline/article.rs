//! One event, and what readers get.

use kos_tests::Pipeline;
use serde_json::json;

use crate::{corrected, event, id_of, page, path_of};

const CORRECTION: &str = "Correction: the council met on Tuesday and not on Monday, as this article said at first.";

#[tokio::test]
async fn a_bare_event_with_its_page_becomes_an_article_page() {
    let pipeline = Pipeline::start().await;
    let english = page(2);
    pipeline.publish("kos.ingest.requested", event(&english)).await;
    let shown = pipeline.page(&path_of(&english.url), 200).await;

    assert!(shown.content_type.starts_with("text/html"), "{}", shown.content_type);
    let html = &shown.body;
    assert!(html.contains(&format!("<h1 lang=\"en\" dir=\"auto\">{}</h1>", english.title)), "{html}");
    assert!(html.contains("<html lang=\"zh-Hans\">"), "the interface is in the first of KOS_LANGUAGES: {html}");
    assert!(html.contains("<div class=\"body\" lang=\"en\""), "{html}");
    let words = without_marks(html);
    let plain = english.paragraphs.iter().filter(|p| !p.contains(['"', '\'', '&']));
    for paragraph in plain {
        assert!(words.contains(paragraph.as_str()), "{paragraph:?} is missing in {html}");
    }
    let link = html.split("<a ").find(|a| a.contains("英文原文")).unwrap_or_default();
    assert!(link.contains(&format!("href=\"{}\"", english.url)) && link.contains("hreflang=\"en\""), "{link:?}");
    let summary = html.split("<section class=\"summary\"").nth(1).unwrap_or_default();
    let summary = summary.split("</section>").next().unwrap_or_default();
    assert!(summary.contains("<p lang=\"en\"") && summary.contains("id=\"summary-en-1\""), "{summary:?}");
    assert!(summary.contains("href=\"#source-1\""), "no sentence leads to its words: {summary:?}");
    assert!(html.contains("id=\"source-1\"") && html.contains("href=\"#summary-en-1\""), "{html}");
    assert!(html.contains("没有中文摘要") && html.contains("没有配置能撰写它的模型"), "{html}");
    for around in ["Sign up for our newsletter", "We use cookies", "window.__state", "<script>"] {
        assert!(!html.contains(around), "{around:?} is on the page: {html}");
    }

    let chinese = page(3);
    pipeline.publish("kos.ingest.requested", event(&chinese)).await;
    let html = pipeline.page(&path_of(&chinese.url), 200).await.body;
    let heading = html.split("<h1 ").nth(1).unwrap_or_default();
    assert!(heading.starts_with("lang=\"zh") && heading.contains(&chinese.title), "{html}");
    assert!(html.contains("中文摘要") && without_marks(&html).contains(&chinese.paragraphs[0]), "{html}");
    assert!(html.contains("没有英文摘要"), "{html}");
}

/// A page without what marks the words that carry a summary's sentences.
fn without_marks(html: &str) -> String {
    let mut parts = html.split("<span class=\"source\"");
    let mut words = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (marked, after) = part.split_once("</span>").unwrap_or_default();
        let marked = marked.split("<a class=\"back\"").next().unwrap_or_default();
        words.push_str(marked.split_once('>').unwrap_or_default().1);
        words.push_str(after);
    }
    words
}

#[tokio::test]
async fn the_same_page_changes_nothing_and_a_changed_one_is_the_next_revision() {
    let pipeline = Pipeline::start().await;
    let first = page(4);
    let revision = async || {
        let article = pipeline.get(&format!("/api/v1/articles/{}", id_of(&first.url))).await.body;
        serde_json::from_str::<serde_json::Value>(&article).unwrap()["revision"].as_u64()
    };
    pipeline.publish("kos.ingest.requested", event(&first)).await;
    let before = pipeline.page(&path_of(&first.url), 200).await.body;
    assert_eq!(revision().await, Some(1));

    // Scripts and dates around the article are no change of it.
    let again = first.html.replace("window.__state", "window.__other").replace("Related stories", "Read next");
    let tracked = format!("{}?utm_source=feed#comments", first.url);
    pipeline.publish("kos.ingest.requested", json!({"url": tracked, "html": again}).to_string()).await;
    pipeline.wait_until_idle().await;
    assert_eq!(pipeline.stored("KOS_PUBLISHED").await.len(), 1);
    assert_eq!(pipeline.stored("KOS_INGESTED").await.len(), 1);
    assert_eq!(revision().await, Some(1));
    assert_eq!(pipeline.get(&path_of(&first.url)).await.body, before);

    pipeline.publish("kos.ingest.requested", event(&corrected(&first, CORRECTION))).await;
    pipeline.wait_until_idle().await;
    assert_eq!(revision().await, Some(2));
    assert!(pipeline.get(&path_of(&first.url)).await.body.contains(CORRECTION));
    let published = pipeline.stored("KOS_PUBLISHED").await;
    let revisions: Vec<_> = published.iter().map(|e| e.json()["revision"].as_u64()).collect();
    assert_eq!(revisions, [Some(1), Some(2)]);
}

#[tokio::test]
async fn events_travel_in_one_trace_with_the_attributes_of_cloud_events() {
    let pipeline = Pipeline::start().await;
    let article = page(6);
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("ce-id", "no 1");
    headers.insert("ce-source", "/desk");
    headers.insert("ce-specversion", "1.0");
    headers.insert("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let client = pipeline.client();
    client.publish_with_headers("kos.ingest.requested", headers, event(&article).into()).await.unwrap();
    client.flush().await.unwrap();
    pipeline.page(&path_of(&article.url), 200).await;
    pipeline.wait_until_idle().await;

    let mut cause = "/desk%23no%201".to_owned();
    for (stream, kind, source) in [
        ("KOS_INGESTED", "kos.article.ingested", "/kos/ingest"),
        ("KOS_SUMMARIZED", "kos.article.summarized", "/kos/summarize"),
        ("KOS_PUBLISHED", "kos.article.published", "/kos/publish"),
    ] {
        let stored = pipeline.stored(stream).await;
        let [emitted] = &stored[..] else { panic!("{stream} has {} events", stored.len()) };
        assert_eq!((emitted.header("ce-type"), emitted.header("ce-source")), (kind, source));
        assert_eq!((emitted.header("ce-specversion"), emitted.header("content-type")), ("1.0", "application/json"));
        assert_eq!(emitted.header("Nats-Msg-Id"), emitted.header("ce-id"));
        assert_eq!(emitted.header("ce-subject"), id_of(&article.url));
        assert!(emitted.header("traceparent").starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
        let found = emitted.header("ce-causationid").replace('#', "%23");
        assert_eq!(found, cause, "{stream}");
        cause = emitted.header("ce-id").to_owned();
    }
}

#[tokio::test]
async fn an_article_is_in_the_index_in_the_feed_and_in_the_api() {
    let pipeline = Pipeline::start().await;
    let articles = [page(8), page(9)];
    for article in &articles {
        pipeline.publish("kos.ingest.requested", event(article)).await;
        pipeline.page(&path_of(&article.url), 200).await;
    }
    let index = pipeline.get("/").await.body;
    let feed = pipeline.get("/feed.atom").await;
    assert!(feed.content_type.starts_with("application/atom+xml"), "{}", feed.content_type);
    let document = roxmltree::Document::parse(&feed.body).unwrap_or_else(|e| panic!("{e}: {}", feed.body));
    let entries: Vec<_> = document.descendants().filter(|n| n.has_tag_name("entry")).collect();
    assert_eq!(entries.len(), 2, "{}", feed.body);

    for article in &articles {
        let path = path_of(&article.url);
        assert!(index.contains(&format!("href=\"{path}\"")) && index.contains(&article.title), "{index}");
        let entry = entries.iter().find(|e| {
            let mut titles = e.children().filter(|n| n.has_tag_name("title"));
            titles.any(|t| t.text() == Some(article.title.as_str()))
        });
        let entry = entry.unwrap_or_else(|| panic!("{} is not in {}", article.title, feed.body));
        let links: Vec<_> = entry.children().filter_map(|n| n.attribute("href")).collect();
        assert!(links.contains(&pipeline.site(&path).as_str()), "{links:?}");

        let api = pipeline.get(&format!("/api/v1/articles/{}", id_of(&article.url))).await;
        assert_eq!((api.status, api.content_type.as_str()), (200, "application/json"));
        let json: serde_json::Value = serde_json::from_str(&api.body).unwrap();
        assert_eq!(json["canonical_url"], article.url.as_str());
        assert_eq!(json["page_url"], pipeline.site(&path));
        assert_eq!(json["title"], article.title.as_str());
        let text = json["text"].as_str().unwrap_or_default();
        for paragraph in &article.paragraphs {
            assert!(text.contains(paragraph.as_str()), "{paragraph:?} is missing in {text:?}");
        }
        let summary = &json["summaries"][0];
        assert_eq!(summary["method"], "extractive");
        for sentence in summary["sentences"].as_array().unwrap() {
            let span = &sentence["spans"][0];
            let (start, end) = (span["start"].as_u64().unwrap() as usize, span["end"].as_u64().unwrap() as usize);
            let source: String = text.chars().skip(start).take(end - start).collect();
            assert_eq!(sentence["text"], source.as_str());
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_to_people_and_to_machines() {
    let pipeline = Pipeline::start().await;
    let unknown = path_of("https://daily.example/never/published");
    for path in [unknown.as_str(), "/articles/7", "/nothing/here"] {
        let answer = pipeline.get(path).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.body);
        assert!(answer.content_type.starts_with("text/html") && answer.body.contains("<h1>"), "{path}: {answer:?}");
    }
    for path in [format!("/api/v1{unknown}"), "/api/v1/articles/x".into(), "/api/v2".into()] {
        let answer = pipeline.get(&path).await;
        assert_eq!((answer.status, answer.content_type.as_str()), (404, "application/problem+json"), "{path}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&answer.body).unwrap()["status"], 404);
    }
    for odd in ["/?after=%00&lang=xx", "/articles/%ff", "/?lang=%ff", "/%"] {
        let answer = pipeline.get(odd).await;
        assert!(answer.status < 500, "{odd}: {answer:?}");
    }
}

#[tokio::test]
async fn a_producer_whose_clock_is_ahead_keeps_no_later_version_out() {
    let pipeline = Pipeline::start().await;
    let first = page(14);
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("ce-time", "2099-01-01T00:00:00Z");
    let client = pipeline.client();
    client.publish_with_headers("kos.ingest.requested", headers, event(&first).into()).await.unwrap();
    pipeline.page(&path_of(&first.url), 200).await;
    pipeline.publish("kos.ingest.requested", event(&corrected(&first, CORRECTION))).await;
    pipeline.wait_until_idle().await;
    assert!(pipeline.get(&path_of(&first.url)).await.body.contains(CORRECTION));
}
