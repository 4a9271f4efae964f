//! Search's addresses: the page and the API.

use axum::{
    Router,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};

use super::{
    Found,
    filters::{Asked, Meant},
    find,
};
use crate::{
    api::{failed, problem},
    routes::{Reader, Site, Wishes},
    site::{crawler_headers, render_search, results_view},
};

/// `/search`.
pub fn routes() -> Router<Site> {
    Router::new().route("/search", get(page))
}

async fn page(State(site): State<Site>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let asked = Asked::of(query.as_deref().unwrap_or_default());
    let reader = Reader::of(&site.info, &Wishes::of(RawQuery(query)), &headers);
    let Meant { wanted, after, unreadable, limit } = asked.meant();
    match find(&site.pool, &wanted, after, limit).await {
        Ok(found) => {
            let page = render_search(&site.info, reader.messages, &asked, &wanted.query, &unreadable, &found);
            reader.answer(StatusCode::OK, page)
        }
        Err(failure) => reader.answer_failure(&site.info, &failure),
    }
}

/// `GET /api/v1/search`.
pub(crate) async fn json(State(site): State<Site>, RawQuery(query): RawQuery) -> Response {
    let meant = Asked::of(query.as_deref().unwrap_or_default()).meant();
    if !meant.unreadable.is_empty() {
        let said: Vec<_> = meant.unreadable.iter().map(ToString::to_string).collect();
        return problem(StatusCode::BAD_REQUEST, "a parameter can't be read", &said.join("; "));
    }
    match find(&site.pool, &meant.wanted, meant.after, meant.limit).await {
        Ok(found) => {
            let Found { hits, .. } = &found;
            let headers = crawler_headers(hits.iter().map(|hit| &hit.summarized.article.rights));
            (headers, axum::Json(results_view(&site.info, &meant.wanted.query, &found))).into_response()
        }
        Err(failure) => failed("a search failed", &failure),
    }
}
