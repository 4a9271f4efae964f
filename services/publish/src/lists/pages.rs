//! The addresses of lists.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
    routing::get,
};
use kos_shared::{
    event::{ArticleId, Language},
    stage::RecordError,
};

use super::{Cursor, Entry, Filter, Turn, select};
use crate::{
    api::{failed, problem},
    comments,
    routes::{Reader, Site, Wishes, storable},
    site::{ErrorPage, ListPage, SourcesPage, render_index, render_sources},
};

/// How many articles one page of a list has.
const PAGE: usize = 30;

/// How many sources one page of their list has.
const SOURCES: usize = 100;

/// In how many seconds a listener that found no room is to try again.
const TRY_AGAIN_S: &str = "60";

/// `/`, `/sources`, `/sources/{host}` and `/live`.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/", get(front))
        .route("/sources", get(sources))
        .route("/sources/{host}", get(source))
        .route("/live", get(live))
}

async fn front(State(site): State<Site>, query: RawQuery, headers: HeaderMap) -> Response {
    list(&site, None, query, &headers).await
}

async fn source(State(site): State<Site>, Path(host): Path<String>, query: RawQuery, headers: HeaderMap) -> Response {
    list(&site, Some(storable(&host).to_lowercase()), query, &headers).await
}

async fn list(site: &Site, host: Option<String>, query: RawQuery, headers: &HeaderMap) -> Response {
    let wishes = Wishes::of(query);
    let reader = Reader::of(&site.info, &wishes, headers);
    let filter = Filter { host, language: wishes.language.as_deref().and_then(|tag| tag.parse().ok()) };
    let turn = turn(&wishes);
    match read(site, &filter, turn).await {
        Ok(None) => reader.answer_error(&site.info, ErrorPage::NotFound),
        Ok(Some(Read { page, also_at, languages })) => {
            let shown = ListPage { filter: &filter, turn, page: &page, also_at: &also_at, languages: &languages };
            let page = render_index(&site.info, reader.messages, &shown);
            reader.answer(StatusCode::OK, page)
        }
        Err(failure) => reader.answer_failure(&site.info, &failure),
    }
}

/// A cursor that can't be read begins at the beginning: it was cut off on its way, or made up.
fn turn(wishes: &Wishes) -> Turn {
    let cursor = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<Cursor>().ok());
    match (cursor(&wishes.after), cursor(&wishes.before)) {
        (Some(cursor), _) => Turn::After(cursor),
        (None, Some(cursor)) => Turn::Before(cursor),
        (None, None) => Turn::First,
    }
}

struct Read {
    page: select::Page,
    also_at: Vec<Entry>,
    languages: Arc<[Language]>,
}

/// A page of a list; none of a source without articles, which is no source.
async fn read(site: &Site, filter: &Filter, turn: Turn) -> Result<Option<Read>, RecordError> {
    let mut page = select::page(&site.pool, filter, turn, PAGE).await?;
    if let Some(host) = filter.host.as_deref().filter(|_| page.entries.is_empty())
        && !select::is_source(&site.pool, host).await?
    {
        return Ok(None);
    }
    let listed: Vec<ArticleId> = page.entries.iter().map(|entry| entry.article_id).collect();
    let counts = comments::counts(&site.pool, &listed).await?;
    for entry in &mut page.entries {
        entry.comments = counts.get(&entry.article_id).copied().unwrap_or(0).into();
    }
    let also_at = select::also_at(&site.pool, &page.entries).await?;
    let of_all = *filter == Filter::default() && turn == Turn::First;
    let newest = page.entries.first().map(Entry::cursor).filter(|_| of_all);
    Ok(Some(Read { page, also_at, languages: site.languages.read(&site.pool, newest).await? }))
}

async fn sources(State(site): State<Site>, query: RawQuery, headers: HeaderMap) -> Response {
    let wishes = Wishes::of(query);
    let reader = Reader::of(&site.info, &wishes, &headers);
    let after = wishes.after.unwrap_or_default();
    match select::sources(&site.pool, &after, SOURCES + 1).await {
        Ok(mut sources) => {
            let more = sources.len() > SOURCES;
            sources.truncate(SOURCES);
            let page =
                render_sources(&site.info, reader.messages, &SourcesPage { sources: &sources, after: &after, more });
            reader.answer(StatusCode::OK, page)
        }
        Err(failure) => reader.answer_failure(&site.info, &failure),
    }
}

async fn live(State(site): State<Site>, query: RawQuery, headers: HeaderMap) -> Response {
    let wishes = Wishes::of(query);
    let language: Option<Language> = match wishes.language.as_deref().map(str::parse).transpose() {
        Ok(language) => language,
        Err(_) => return bad("language", "a language tag such as en"),
    };
    // Who was cut off says so in a header, who just opened a page in the address.
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()).or(wishes.after.as_deref());
    let after: Option<Cursor> = match last.filter(|text| !text.is_empty()).map(str::parse).transpose() {
        Ok(after) => after,
        Err(()) => return bad("after", "the id of an event of this stream"),
    };
    let filter = Filter { host: wishes.source.map(|host| host.to_lowercase()), language };
    match site.live.listen(&site.pool, filter, after).await {
        Ok(Some(stream)) => stream,
        Ok(None) => {
            let detail = "as many listen as the site has room for: try again later";
            let mut full = problem(StatusCode::SERVICE_UNAVAILABLE, "no room for another listener", detail);
            full.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static(TRY_AGAIN_S));
            full
        }
        Err(failure) => failed("a listener could not be told what it missed", &failure),
    }
}

fn bad(what: &str, expected: &str) -> Response {
    problem(StatusCode::BAD_REQUEST, &format!("{what} can't be read"), &format!("expected {expected}"))
}
