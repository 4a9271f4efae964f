//! The feeds of articles.

use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use jiff::Timestamp;
use url::form_urlencoded;

use super::{conditional, document, state};
use crate::{
    api::problem,
    delivery::Validators,
    routes::{Site, storable},
    search::{SearchError, refused},
    site::{
        BUILD, crawler_headers,
        digest::Day,
        feed::{Feed, Format, Selection},
    },
};

/// How many articles a feed has.
const LENGTH: u32 = 50;

/// The longest search that is the title of a feed, in characters.
const LONGEST_SEARCH: usize = 200;

/// The longest host that there can be (RFC 1035), with a port.
const LONGEST_HOST: usize = 260;

pub(super) async fn atom(site: State<Site>, query: RawQuery, headers: HeaderMap) -> Response {
    feed(site, Format::Atom, query, &headers).await
}

pub(super) async fn rss(site: State<Site>, query: RawQuery, headers: HeaderMap) -> Response {
    feed(site, Format::Rss, query, &headers).await
}

pub(super) async fn json(site: State<Site>, query: RawQuery, headers: HeaderMap) -> Response {
    feed(site, Format::Json, query, &headers).await
}

async fn feed(State(site): State<Site>, format: Format, query: RawQuery, headers: &HeaderMap) -> Response {
    let selection = match selection(&query.0.unwrap_or_default()) {
        Ok(selection) => selection,
        Err(wrong) => return problem(StatusCode::BAD_REQUEST, "no such feed", &wrong),
    };
    let known = async {
        let newest = state::newest(&site.pool, &site.searches, &selection, LENGTH).await?;
        let retracted = state::last_retraction(&site.pool).await?;
        Ok::<_, SearchError>((newest, retracted))
    };
    let (newest, retracted) = match known.await {
        Ok(known) => known,
        Err(error) => return refused(&error),
    };
    let changed = newest.iter().map(|(_, version)| version.changed_at).max();
    let parts = newest.iter().map(|(id, version)| format!("{id} {}", version.number));
    // An empty one was last changed when the site last lost an article, or is empty today.
    let updated = changed.or(retracted).unwrap_or_else(|| Day::begins(Day::of(Timestamp::now())));
    let own =
        [BUILD.clone(), site.info.name.clone(), format.extension().to_owned(), selection.query(), updated.to_string()];
    let validators = Validators::of(own.into_iter().chain(parts), changed.into_iter().chain(retracted).max());
    let ids: Vec<_> = newest.iter().map(|(id, _)| *id).collect();
    conditional(headers, &validators, async || {
        let pages = state::whole(&site.pool, &ids).await?;
        let feed = Feed::new(&site.info, &selection, &pages, updated).render(format);
        let mut response = document(format.content_type(), feed);
        let rights = crawler_headers(pages.iter().map(|page| &page.summarized.article.rights));
        response.headers_mut().extend(rights);
        Ok(response)
    })
    .await
}

/// What an address asks for, or what is wrong with it. Names that aren't known are passed over, an empty value asks for
/// nothing.
fn selection(query: &str) -> Result<Selection, String> {
    let mut selection = Selection::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let value = value.trim();
        match &*name {
            _ if value.is_empty() => {}
            "language" => {
                let language = value.parse();
                selection.language =
                    Some(language.map_err(|_| format!("language: expected a tag such as zh or en, got {value:?}"))?);
            }
            "source" => {
                if value.len() > LONGEST_HOST {
                    return Err("source: expected a host such as news.example".into());
                }
                selection.source = Some(storable(value).to_lowercase());
            }
            "q" if value.chars().count() > LONGEST_SEARCH => {
                return Err(format!("q: expected at most {LONGEST_SEARCH} characters"));
            }
            "q" => selection.q = Some(value.to_owned()),
            _ => {}
        }
    }
    Ok(selection)
}

#[cfg(test)]
mod tests {
    use kos_shared::event::Language;

    use super::*;

    #[test]
    fn an_address_selects_by_language_and_source() {
        let read = selection("language=zh-TW&source=Paper.Example&utm=1&q=%20").unwrap();
        assert_eq!(read.language.unwrap().primary(), "zh");
        assert_eq!(read.source.as_deref(), Some("paper.example"));
        assert_eq!(selection("").unwrap(), Selection::default());
        assert_eq!(selection("language=en").unwrap().language, Some(Language::ENGLISH));
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(selection("language=%00").unwrap_err().starts_with("language: expected "));
        assert!(selection(&format!("source={}", "a".repeat(300))).unwrap_err().starts_with("source: expected "));
        assert!(selection(&format!("q={}", "a".repeat(300))).unwrap_err().starts_with("q: expected "));
    }
}
