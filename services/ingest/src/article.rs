//! A page becomes an article: extraction and identity put together.

use jiff::Timestamp;
use kos_shared::event::{Article, ArticleId, Hints, HttpUrl, Revision, Site};

use crate::{
    canonical::canonical_url,
    extract::{NotReadable, extract},
    rights::{Claims, Outside, decide},
};

/// The article on the page `html` that was found at `url`, of which only the page itself says what may be done with it.
///
/// # Errors
/// [`NotReadable`] says why there is no article on the page.
pub fn article(
    html: &str,
    url: &HttpUrl,
    hints: Option<&Hints>,
    fetched_at: Timestamp,
) -> Result<Article, NotReadable> {
    article_within(&Outside::default(), html, url, hints, fetched_at)
}

/// The article on the page `html` that was found at `url`. Its revision is the first: only the database knows better.
///
/// # Errors
/// [`NotReadable`] says why there is no article on the page.
pub fn article_within(
    outside: &Outside,
    html: &str,
    url: &HttpUrl,
    hints: Option<&Hints>,
    fetched_at: Timestamp,
) -> Result<Article, NotReadable> {
    let extracted = extract(html, url, hints, fetched_at)?;
    // The server's word comes last: it is the same one for a whole folder more often than the page's is.
    let canonical_url = canonical_url(url, extracted.canonical_links.iter().chain(&outside.canonical_link));
    Ok(Article {
        article_id: ArticleId::of_canonical_url(&canonical_url),
        revision: Revision::FIRST,
        url: url.clone(),
        site: Site { name: extracted.site_name, host: canonical_url.host().to_owned() },
        canonical_url,
        feed_id: None,
        title: extracted.title,
        authors: extracted.authors,
        published_at: extracted.published_at,
        modified_at: extracted.modified_at,
        fetched_at,
        language: extracted.language,
        body_html: extracted.body_html,
        text: extracted.text,
        body_source: extracted.body_source,
        image: extracted.image,
        tags: extracted.tags,
        words: extracted.words,
        content_hash: extracted.content_hash,
        rights: decide(&Claims { url, metas: &extracted.rights, outside, now: fetched_at }),
        duplicate_of: None,
        similarity: None,
        forced: false,
        extra: serde_json::Map::new(),
    })
}
