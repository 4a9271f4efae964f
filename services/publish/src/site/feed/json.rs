//! JSON Feed 1.1 (<https://www.jsonfeed.org/version/1.1/>).

use serde_json::{Map, Value, json};

use super::{Entry, Feed};

pub(super) fn render(feed: &Feed<'_>, address: &str) -> String {
    let mut document = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home,
        "feed_url": address,
        "authors": [{"name": feed.site_name}],
        "items": feed.entries.iter().map(item).collect::<Vec<_>>(),
    });
    if let (Some(fields), false) = (document.as_object_mut(), feed.lang.is_empty()) {
        fields.insert("language".into(), json!(feed.lang));
    }
    document.to_string()
}

fn item(entry: &Entry<'_>) -> Value {
    let summary = entry.summary.as_ref().map(|(text, _)| text.as_ref());
    let mut fields = Map::new();
    let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    set("id", json!(format!("urn:uuid:{}", entry.id)));
    set("url", json!(entry.page_url));
    set("title", json!(entry.title));
    match &entry.body {
        Some(body) => set("content_html", json!(body)),
        // An item must have a content.
        None => set("content_text", json!(summary.unwrap_or(&entry.title))),
    };
    set("date_published", json!(entry.dated().second()));
    set("date_modified", json!(entry.updated.second()));
    set("authors", entry.authors.iter().map(|name| json!({"name": name})).collect());
    for (name, value) in [
        ("external_url", entry.original_url.as_deref()),
        ("summary", summary),
        ("language", Some(entry.lang).filter(|lang| !lang.is_empty())),
    ] {
        if let Some(value) = value {
            set(name, json!(value));
        }
    }
    if !entry.tags.is_empty() {
        set("tags", json!(entry.tags));
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use kos_shared::event::{Language, Show};

    use super::{
        super::{super::fixtures, Format, Selection},
        *,
    };
    use crate::site::ArticlePage;

    fn feed(page: ArticlePage) -> Value {
        let (site, pages) = (fixtures::site(), [page]);
        let selection = Selection { language: Some(Language::ENGLISH), ..Selection::default() };
        let feed = Feed::new(&site, &selection, &pages, "2026-01-22T06:00:01Z".parse().unwrap());
        serde_json::from_str(&feed.render(Format::Json)).unwrap()
    }

    #[test]
    fn a_feed_has_what_json_feed_asks_for() {
        let feed = feed(fixtures::page());
        assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1");
        assert_eq!(feed["feed_url"], "https://tides.example/feed.json?language=en");
        assert_eq!((&feed["language"], &feed["title"]), (&json!("en"), &json!("Tides & Times · en")));
        let item = &feed["items"][0];
        assert_eq!(item["content_html"], "<p>The ferry runs again.</p>");
        assert_eq!(item["summary"], "The ferry runs again. It leaves at six.");
        assert_eq!(item["date_published"], "2026-01-22T05:01:44Z");
        assert_eq!(item["external_url"], "https://paper.example/ferry?id=7&x=1");
        assert_eq!(item["authors"][1]["name"], "B. Søren");
        assert!(item.get("content_text").is_none() && item.get("tags").is_none());
    }

    #[test]
    fn an_item_always_has_a_content_and_never_an_empty_language() {
        let mut page = fixtures::page();
        page.summarized.article.rights.show = Show::None;
        page.summarized.article.language = Language::UNDETERMINED;
        page.summarized.summaries.clear();
        let feed = feed(page);
        let item = &feed["items"][0];
        assert_eq!(item["content_text"], "The ferry runs again");
        assert!(item.get("content_html").is_none() && item.get("language").is_none());
    }
}
