//! What a page says about its article as JSON-LD in the vocabulary of schema.org.

use kos_shared::event::HttpUrl;
use serde_json::{Map, Value};

use super::{entity, metadata::absolute, title::fold};

/// How deep `@graph`, `mainEntity` and lists are followed.
const MAX_DEPTH: usize = 8;

/// The most objects of a page that are looked at.
const MAX_OBJECTS: usize = 400;

/// What a page says about itself as JSON-LD.
#[derive(Debug, Default)]
pub(super) struct JsonLd {
    /// The article that is described: where there are several, that of the page.
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
    /// Its text, as written.
    pub(super) body: Option<String>,
}

/// What tells a page's own article from others that it describes.
#[derive(Debug, Default)]
pub(super) struct Page<'p> {
    /// The address that it is at, and the one that it says it is at.
    pub(super) addresses: Vec<&'p HttpUrl>,
    /// What it calls itself, folded.
    pub(super) titles: Vec<String>,
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
pub(super) fn of_scripts(scripts: &[String], page: &Page<'_>) -> JsonLd {
    let values: Vec<Value> = scripts.iter().filter_map(|s| parse(s)).collect();
    let mut objects = Vec::new();
    for value in &values {
        collect(value, 0, &mut objects);
    }
    let described = |is: fn(&str) -> bool| {
        let all = objects.iter().filter(|o| has_type(o, is));
        // Of equals the first.
        let found = all.map(|o| (page.likeness(o), o)).reduce(|best, next| if next.0 > best.0 { next } else { best });
        found.map(|(_, o)| describe(o, &objects)).unwrap_or_default()
    };
    let site = objects.iter().find(|o| has_type(o, |t| t == "WebSite"));
    JsonLd {
        article: described(is_article),
        page: described(|t| t.ends_with("Page")),
        site: site.and_then(|o| text(o, "name").or_else(|| text(o, "alternateName"))),
    }
}

impl Page<'_> {
    /// How much an object is what the page is about: 2 by its address, 1 by its title, else 0.
    fn likeness(&self, object: &Map<String, Value>) -> u8 {
        let keys = ["url", "mainEntityOfPage", "@id"];
        let said = keys.iter().filter_map(|k| object.get(*k)).flat_map(|v| texts(v, &["@id", "url"], 0));
        let mut addresses = said.filter_map(|href| absolute(self.addresses.first()?, &href));
        let same = |a: &HttpUrl, b: &HttpUrl| {
            a.host() == b.host()
                && a.as_url().path().trim_end_matches('/') == b.as_url().path().trim_end_matches('/')
                && a.as_url().query() == b.as_url().query()
        };
        if addresses.any(|a| self.addresses.iter().any(|b| same(&a, b))) {
            return 2;
        }
        let headline = text(object, "headline").or_else(|| text(object, "name")).map(|h| fold(&entity::decoded(&h)));
        let titled = |h: &String| !h.is_empty() && self.titles.iter().any(|t| t.starts_with(h.as_str()));
        u8::from(headline.is_some_and(|h| titled(&h)))
    }
}

fn parse(script: &str) -> Option<Value> {
    let script = script.trim();
    serde_json::from_str(script).ok().or_else(|| {
        // What hid scripts from browsers of old: `//<![CDATA[`, `<!--`.
        let bare = script.replace("<![CDATA[", "").replace("]]>", "");
        let (start, end) = (bare.find(['{', '['])?, bare.rfind(['}', ']'])?);
        serde_json::from_str(&mended(bare.get(start..=end)?)).ok()
    })
}

/// JSON without the usual faults: line feeds inside of strings, commas behind the last of a list.
fn mended(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    // Where the last comma is, as long as only blanks came after it.
    let mut comma: Option<usize> = None;
    for c in json.chars() {
        let c = if c.is_control() { ' ' } else { c };
        if in_string {
            in_string = c != '"' || escaped;
            escaped = c == '\\' && !escaped;
        } else {
            if let Some(at) = comma.filter(|_| matches!(c, '}' | ']')) {
                out.replace_range(at..=at, " ");
            }
            match c {
                ',' => comma = Some(out.len()),
                ' ' => {}
                _ => comma = None,
            }
            in_string = c == '"';
        }
        out.push(c);
    }
    out
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
    kind.ends_with("Article") || kind.ends_with("Posting") && kind != "JobPosting" || kind == "Report"
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
        image: object.get("image").and_then(|v| image(v, objects, 0)),
        keywords: keywords.flat_map(|v| texts(v, &["name"], 0)).collect(),
        free: object.get("isAccessibleForFree").and_then(|v| match v {
            Value::Bool(free) => Some(*free),
            Value::String(free) => free.to_ascii_lowercase().parse().ok(),
            _ => None,
        }),
        body: text(object, "articleBody"),
    }
}

/// The address of an image; what only points to an object by its `@id` takes it from there.
fn image(value: &Value, objects: &[&Map<String, Value>], depth: usize) -> Option<String> {
    let address = |value: &Value| texts(value, &["url", "contentUrl"], 0).into_iter().next();
    match value {
        Value::Array(items) if depth < MAX_DEPTH => items.iter().find_map(|i| image(i, objects, depth + 1)),
        Value::Object(object) => address(value).or_else(|| {
            let id = object.get("@id").filter(|id| id.is_string())?;
            let meant = objects
                .iter()
                .find(|o| o.get("@id") == Some(id) && (o.contains_key("url") || o.contains_key("contentUrl")))?;
            ["url", "contentUrl"].iter().find_map(|k| text(meant, k))
        }),
        other => address(other),
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
        Value::Object(object) if object.contains_key("@list") && depth < MAX_DEPTH => {
            object.get("@list").map(|list| people(list, objects, depth + 1)).unwrap_or_default()
        }
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
        of_scripts(&[script.to_owned()], &Page::default())
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
            "//<![CDATA[\n{\"@type\":\"Article\",\"author\":[\"Jane Doe\",],\"datePublished\":\"2024-05-06\",\n}\n//]]>",
            r#"<!-- {"@type":"Article","headline":"a, ] b\", }","author":"Jane Doe","datePublished":"2024-05-06",} -->"#,
            "{\"@type\":\"Article\",\"description\":\"two\nlines\",\"author\":\"Jane Doe\",\"datePublished\":\"2024-05-06\"}",
        ] {
            let found = of(script).article;
            assert_eq!((names(&found), found.published.as_deref()), (vec!["Jane Doe"], Some("2024-05-06")), "{script}");
        }
    }

    #[test]
    fn of_several_articles_the_pages_own_is_taken() {
        let script = r#"[{"@type":"NewsArticle","url":"/news/9","headline":"A tunnel opens","author":"Max Moe"},
            {"@type":"NewsArticle","headline":"Old bridge to close","author":"John Roe"},
            {"@type":"NewsArticle","mainEntityOfPage":{"@id":"https://example.com/news/1/#x"},"author":"Jane Doe"}]"#;
        let url: HttpUrl = "https://example.com/news/1".parse().unwrap();
        let of = |addresses, titles| {
            names(&of_scripts(&[script.to_owned()], &Page { addresses, titles }).article)[0].to_owned()
        };
        assert_eq!(of(vec![&url], vec![]), "Jane Doe");
        let other: HttpUrl = "https://example.com/news/2".parse().unwrap();
        assert_eq!(of(vec![&other], vec![fold("Old bridge to close - The Example")]), "John Roe");
        assert_eq!(of(vec![&other], vec![]), "Max Moe");
    }

    #[test]
    fn an_image_that_is_only_pointed_to_is_found() {
        let of = |objects: &str| {
            of(&format!(r##"{{"@graph":[{{"@type":"Article","image":{{"@id":"#i"}}}}{objects}]}}"##)).article.image
        };
        assert_eq!(of(r##",{"@type":"ImageObject","@id":"#i","url":"/big.jpg"}"##).as_deref(), Some("/big.jpg"));
        assert_eq!(of(""), None);
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
        let job = r#"{"@type":"JobPosting","author":"x"}"#;
        for script in ["", "{", "}{", "[]", "null", job, r#"{"@type":"WebSite","author":"x"}"#, &"[".repeat(10_000)] {
            assert!(of(script).article.authors.is_empty());
        }
    }

    #[test]
    fn an_author_that_is_only_pointed_to_is_found() {
        let found = of(
            r##"{"@graph":[{"@type":"Article","author":{"@list":[{"@id":"#jane"}]}},{"@type":"WebSite","name":"The Paper"},
            {"@type":"WebPage","datePublished":"2024-05-06"},{"@type":"Person","@id":"#jane","name":"Jane Doe"}]}"##,
        );
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
