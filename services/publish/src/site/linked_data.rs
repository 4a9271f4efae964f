//! What search engines read about an article: schema.org's `NewsArticle` as JSON-LD.

use kos_shared::event::{Article, Revision};
use serde_json::{Value, json};

use super::{SiteInfo, article::seconds, languages, uri::uri};

/// The content of a `<script type="application/ld+json">`: a block of data, which no policy for scripts concerns, since
/// nobody runs it. `title` and `description` are what the page shows; the publisher is the article's own, not this site.
pub(super) fn news_article(site: &SiteInfo, article: &Article, title: &str, description: Option<&str>) -> String {
    let original = uri(&article.canonical_url);
    let mut data = json!({
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": title,
        "mainEntityOfPage": site.page_url(article.article_id),
        "isBasedOn": original,
        "publisher": {"@type": "NewsMediaOrganization", "name": article.site.name, "url": format!("https://{}/", article.site.host)},
        "sdPublisher": {"@type": "Organization", "name": site.name, "url": site.absolute("/")},
        "author": article.authors.iter().map(|name| json!({"@type": "Person", "name": name})).collect::<Vec<_>>(),
    });
    let modified = (article.revision > Revision::FIRST).then(|| seconds(article.fetched_at));
    let said = [
        ("alternativeHeadline", Some(article.title.clone()).filter(|own| own != title)),
        ("description", description.map(str::to_owned)),
        ("inLanguage", Some(languages::lang(&article.language).to_owned()).filter(|lang| !lang.is_empty())),
        ("datePublished", article.published_at.map(seconds)),
        ("dateModified", article.modified_at.map(seconds).or(modified)),
    ];
    for (name, value) in said {
        if let Some(value) = value {
            data[name] = Value::String(value);
        }
    }
    // Inside `script` no entity is read, and `</script` or `<!--` in a text would end it or hide its end.
    data.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::{super::fixtures, *};

    #[test]
    fn a_block_of_data_says_what_the_page_says() {
        let article = fixtures::summarized().article;
        let data: Value =
            serde_json::from_str(&news_article(&fixtures::site(), &article, "渡轮复航", Some("渡轮恢复运行。")))
                .unwrap();
        assert_eq!(data["headline"], "渡轮复航");
        assert_eq!(data["alternativeHeadline"], "The ferry runs again");
        assert_eq!(data["datePublished"], "2026-01-22T05:01:44Z");
        assert_eq!(data["author"][1]["name"], "B. Søren");
        assert_eq!(data["publisher"]["name"], "The Harbour Paper");
        assert_eq!(data["sdPublisher"]["name"], "Tides & Times");
        assert_eq!(data["inLanguage"], "en");
        assert_eq!(data.get("dateModified"), None);
    }

    #[test]
    fn no_text_ends_the_block() {
        let mut article = fixtures::summarized().article;
        (article.title, article.authors) = (fixtures::HOSTILE.into(), vec!["<!--<script>".into()]);
        let block = news_article(&fixtures::site(), &article, fixtures::HOSTILE, Some("</script>"));
        assert!(!block.contains(['<', '>', '&']), "{block}");
        let data: Value = serde_json::from_str(&block).unwrap();
        assert_eq!(data["headline"], fixtures::HOSTILE);
    }
}
