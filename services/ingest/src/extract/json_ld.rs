//! What a page says about its article as JSON-LD in the vocabulary of schema.org.

use serde_json::{Map, Value};

/// How deep `@graph`, `mainEntity` and lists are followed.
const MAX_DEPTH: usize = 8;

/// An article's description.
#[derive(Debug, Default)]
pub(super) struct JsonLd {
    /// Names of its authors.
    pub(super) authors: Vec<String>,
    /// When it was published, as written.
    pub(super) published: Option<String>,
    /// Its publisher's name.
    pub(super) publisher: Option<String>,
    /// The address of its image.
    pub(super) image: Option<String>,
}

/// The first article among the scripts of a page; what is no JSON is passed over.
pub(super) fn of_scripts(scripts: &[String]) -> JsonLd {
    scripts.iter().filter_map(|s| parse(s)).find_map(|v| article(&v, 0).map(describe)).unwrap_or_default()
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

fn article(value: &Value, depth: usize) -> Option<&Map<String, Value>> {
    if depth > MAX_DEPTH {
        return None;
    }
    match value {
        Value::Array(items) => items.iter().find_map(|i| article(i, depth + 1)),
        Value::Object(object) if is_article(object) => Some(object),
        Value::Object(object) => {
            let inner = ["@graph", "mainEntity", "mainEntityOfPage"];
            inner.iter().filter_map(|k| object.get(*k)).find_map(|v| article(v, depth + 1))
        }
        _ => None,
    }
}

fn is_article(object: &Map<String, Value>) -> bool {
    let named =
        |t: &Value| t.as_str().is_some_and(|t| t.ends_with("Article") || t.ends_with("Posting") || t == "Report");
    match object.get("@type") {
        Some(Value::Array(types)) => types.iter().any(named),
        Some(one) => named(one),
        None => false,
    }
}

fn describe(object: &Map<String, Value>) -> JsonLd {
    let first = |key: &str| object.get(key).and_then(|v| texts(v, &["name", "url", "@id"], 0).into_iter().next());
    JsonLd {
        authors: object
            .get("author")
            .or_else(|| object.get("creator"))
            .map(|v| texts(v, &["name"], 0))
            .unwrap_or_default(),
        published: first("datePublished").or_else(|| first("dateCreated")),
        publisher: object.get("publisher").and_then(|v| texts(v, &["name"], 0).into_iter().next()),
        image: object.get("image").and_then(|v| texts(v, &["url", "contentUrl", "@id"], 0).into_iter().next()),
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

    #[test]
    fn an_article_is_found_wherever_it_stands() {
        for script in [
            r#"{"@type":"NewsArticle","author":{"name":"Jane Doe"},"datePublished":"2024-05-06"}"#,
            r#"[{"@type":"WebSite"},{"@type":["Article","X"],"author":[{"name":"Jane Doe"}],"datePublished":"2024-05-06"}]"#,
            r#"{"@graph":[{"@type":"Person"},{"@type":"BlogPosting","author":"Jane Doe","datePublished":"2024-05-06"}]}"#,
            r#"{"@type":"WebPage","mainEntity":{"@type":"Article","author":["Jane Doe"],"datePublished":"2024-05-06"}};"#,
            "{\"@type\":\"Article\",\"description\":\"two\nlines\",\"author\":\"Jane Doe\",\"datePublished\":\"2024-05-06\"}",
        ] {
            let found = of(script);
            assert_eq!(
                (found.authors, found.published.as_deref()),
                (vec!["Jane Doe".to_owned()], Some("2024-05-06")),
                "{script}"
            );
        }
    }

    #[test]
    fn publisher_and_image_are_found_in_their_forms() {
        let found =
            of(r#"{"@type":"Article","publisher":{"name":"The Paper"},"image":[{"url":"https://example.com/a.png"}]}"#);
        assert_eq!(
            (found.publisher.as_deref(), found.image.as_deref()),
            (Some("The Paper"), Some("https://example.com/a.png"))
        );
    }

    #[test]
    fn what_describes_no_article_is_passed_over() {
        for script in ["", "{", "[]", "null", r#"{"@type":"WebSite","author":"x"}"#, &"[".repeat(10_000)] {
            assert!(of(script).authors.is_empty());
        }
    }
}
