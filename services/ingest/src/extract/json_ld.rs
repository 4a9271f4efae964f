//! What a page says about its article as JSON-LD in the vocabulary of schema.org.

use serde_json::{Map, Value};

/// How deep `@graph`, `mainEntity` and lists are followed.
const MAX_DEPTH: usize = 8;

/// The most objects of a page that are looked at.
const MAX_OBJECTS: usize = 400;

/// What a page says about itself as JSON-LD.
#[derive(Debug, Default)]
pub(super) struct JsonLd {
    /// The first article that is described.
    pub(super) article: Described,
    /// The page, where it is described as such (`WebPage`).
    pub(super) page: Described,
    /// The site's name.
    pub(super) site: Option<String>,
}

/// A description of an article or a page.
#[derive(Debug, Default)]
pub(super) struct Described {
    /// Its title.
    pub(super) headline: Option<String>,
    /// Its authors.
    pub(super) authors: Vec<Author>,
    /// When it was published, as written.
    pub(super) published: Option<String>,
    /// When it was last changed, as written.
    pub(super) modified: Option<String>,
    /// Its publisher's name.
    pub(super) publisher: Option<String>,
    /// The address of its image.
    pub(super) image: Option<String>,
    /// Its keywords, as written, and its sections.
    pub(super) keywords: Vec<String>,
    /// Whether it may be read without paying.
    pub(super) free: Option<bool>,
}

/// An author as described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Author {
    /// The name, as written.
    pub(super) name: String,
    /// Said to be no person.
    pub(super) organisation: bool,
}

/// What the scripts of a page say; what is no JSON is passed over.
pub(super) fn of_scripts(scripts: &[String]) -> JsonLd {
    let values: Vec<Value> = scripts.iter().filter_map(|s| parse(s)).collect();
    let mut objects = Vec::new();
    for value in &values {
        collect(value, 0, &mut objects);
    }
    let described = |is: fn(&str) -> bool| {
        let found = objects.iter().find(|o| has_type(o, is));
        found.map(|o| describe(o, &objects)).unwrap_or_default()
    };
    let site = objects.iter().find(|o| has_type(o, |t| t == "WebSite"));
    JsonLd {
        article: described(is_article),
        page: described(|t| t.ends_with("Page")),
        site: site.and_then(|o| text(o, "name").or_else(|| text(o, "alternateName"))),
    }
}

fn parse(script: &str) -> Option<Value> {
    let script = script.trim().trim_start_matches("<![CDATA[").trim_end_matches("]]>").trim_end_matches(';');
    let lenient = || {
        // Line feeds inside of strings are the usual fault.
        let flat: String = script.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        serde_json::from_str(&flat).ok()
    };
    serde_json::from_str(script).ok().or_else(lenient)
}

/// The objects that stand for themselves, and those that a page is about.
fn collect<'v>(value: &'v Value, depth: usize, objects: &mut Vec<&'v Map<String, Value>>) {
    if depth > MAX_DEPTH || objects.len() >= MAX_OBJECTS {
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, depth + 1, objects)),
        Value::Object(object) => {
            objects.push(object);
            for key in ["@graph", "mainEntity", "mainEntityOfPage"] {
                if let Some(inner) = object.get(key) {
                    collect(inner, depth + 1, objects);
                }
            }
        }
        _ => {}
    }
}

fn is_article(kind: &str) -> bool {
    kind.ends_with("Article") || kind.ends_with("Posting") || kind == "Report"
}

fn has_type(object: &Map<String, Value>, is: fn(&str) -> bool) -> bool {
    let named = |t: &Value| t.as_str().is_some_and(|t| is(t.rsplit(['/', ':']).next().unwrap_or(t)));
    match object.get("@type") {
        Some(Value::Array(types)) => types.iter().any(named),
        Some(one) => named(one),
        None => false,
    }
}

fn describe(object: &Map<String, Value>, objects: &[&Map<String, Value>]) -> Described {
    let first = |key: &str, keys: &[&str]| object.get(key).and_then(|v| texts(v, keys, 0).into_iter().next());
    let authors = ["author", "creator"].iter().filter_map(|k| object.get(*k)).map(|v| people(v, objects, 0));
    let keywords = ["keywords", "articleSection"].iter().filter_map(|k| object.get(*k));
    Described {
        headline: text(object, "headline").or_else(|| text(object, "name")),
        authors: authors.into_iter().find(|names| !names.is_empty()).unwrap_or_default(),
        published: first("datePublished", &["@value"]).or_else(|| first("dateCreated", &["@value"])),
        modified: first("dateModified", &["@value"]),
        publisher: first("publisher", &["name"]),
        image: first("image", &["url", "contentUrl", "@id"]),
        keywords: keywords.flat_map(|v| texts(v, &["name"], 0)).collect(),
        free: object.get("isAccessibleForFree").and_then(|v| match v {
            Value::Bool(free) => Some(*free),
            Value::String(free) => free.to_ascii_lowercase().parse().ok(),
            _ => None,
        }),
    }
}

fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    object.get(key).and_then(|v| texts(v, &["@value"], 0).into_iter().next())
}

/// People and organisations; what only points to an object by its `@id` takes the name from there.
fn people(value: &Value, objects: &[&Map<String, Value>], depth: usize) -> Vec<Author> {
    let named = |names: Vec<String>, organisation: bool| {
        names.into_iter().map(move |name| Author { name, organisation }).collect()
    };
    let is_organisation = |o: &Map<String, Value>| has_type(o, |t| t.ends_with("Organization") || t == "Corporation");
    match value {
        Value::Array(items) if depth < MAX_DEPTH => items.iter().flat_map(|i| people(i, objects, depth + 1)).collect(),
        Value::Object(object) if !object.contains_key("name") && object.get("@id").is_some_and(Value::is_string) => {
            let meant = |o: &&&Map<String, Value>| o.get("@id") == object.get("@id") && o.contains_key("name");
            let found = objects.iter().find(meant);
            found.map(|o| named(text(o, "name").into_iter().collect(), is_organisation(o))).unwrap_or_default()
        }
        Value::Object(object) => named(texts(value, &["name"], 0), is_organisation(object)),
        other => named(texts(other, &["name"], 0), false),
    }
}

/// The texts of a value that may be a text, an object with a text under one of `keys`, or a list of these.
fn texts(value: &Value, keys: &[&str], depth: usize) -> Vec<String> {
    match value {
        _ if depth > MAX_DEPTH => vec![],
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(|i| texts(i, keys, depth + 1)).collect(),
        Value::Object(object) => {
            keys.iter().find_map(|k| object.get(*k)).map(|v| texts(v, keys, depth + 1)).unwrap_or_default()
        }
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(script: &str) -> JsonLd {
        of_scripts(&[script.to_owned()])
    }

    fn names(described: &Described) -> Vec<&str> {
        described.authors.iter().map(|a| a.name.as_str()).collect()
    }

    #[test]
    fn an_article_is_found_wherever_it_stands() {
        for script in [
            r#"{"@type":"NewsArticle","author":{"name":"Jane Doe"},"datePublished":"2024-05-06"}"#,
            r#"[{"@type":"WebSite"},{"@type":["Article","X"],"author":[{"name":"Jane Doe"}],"datePublished":"2024-05-06"}]"#,
            r#"{"@graph":[{"@type":"Person"},{"@type":"BlogPosting","author":"Jane Doe","datePublished":"2024-05-06"}]}"#,
            r#"{"@type":"WebPage","mainEntity":{"@type":"Article","author":["Jane Doe"],"datePublished":"2024-05-06"}};"#,
            "{\"@type\":\"Article\",\"description\":\"two\nlines\",\"author\":\"Jane Doe\",\"datePublished\":\"2024-05-06\"}",
        ] {
            let found = of(script).article;
            assert_eq!((names(&found), found.published.as_deref()), (vec!["Jane Doe"], Some("2024-05-06")), "{script}");
        }
    }

    #[test]
    fn publisher_and_image_are_found_in_their_forms() {
        let found =
            of(r#"{"@type":"Article","publisher":{"name":"The Paper"},"image":[{"url":"https://example.com/a.png"}]}"#)
                .article;
        assert_eq!(
            (found.publisher.as_deref(), found.image.as_deref()),
            (Some("The Paper"), Some("https://example.com/a.png"))
        );
    }

    #[test]
    fn what_describes_no_article_is_passed_over() {
        for script in ["", "{", "[]", "null", r#"{"@type":"WebSite","author":"x"}"#, &"[".repeat(10_000)] {
            assert!(of(script).article.authors.is_empty());
        }
    }

    #[test]
    fn an_author_that_is_only_pointed_to_is_found() {
        let found =
            of(r##"{"@graph":[{"@type":"Article","author":{"@id":"#jane"}},{"@type":"WebSite","name":"The Paper"},
            {"@type":"WebPage","datePublished":"2024-05-06"},{"@type":"Person","@id":"#jane","name":"Jane Doe"}]}"##);
        assert_eq!(names(&found.article), ["Jane Doe"]);
        assert_eq!(found.site.as_deref(), Some("The Paper"));
        assert_eq!((found.article.published, found.page.published.as_deref()), (None, Some("2024-05-06")));
    }

    #[test]
    fn keywords_and_whether_it_is_free_are_read() {
        let found = of(r#"{"@type":"http://schema.org/NewsArticle","keywords":["a","b, c"],"articleSection":"News",
            "isAccessibleForFree":"False"}"#)
        .article;
        assert_eq!(found.keywords, ["a", "b, c", "News"]);
        assert_eq!(found.free, Some(false));
    }
}
