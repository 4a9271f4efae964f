//! Search's addresses: the page and the API.

use axum::{
    Router,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::{
    Found, SearchError, TRY_AGAIN_S,
    filters::{Asked, Meant},
};
use crate::{
    api::{failed, problem, with_header},
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
    let found = site.searches.find(&site.pool, &wanted, after, limit).await;
    let render = |found| render_search(&site.info, reader.messages, &asked, &wanted.query, &unreadable, found);
    match found {
        Ok(found) => {
            let page = render(Some(&found));
            reader.answer(StatusCode::OK, page)
        }
        Err(SearchError::Busy) => {
            let page = render(None);
            with_header(reader.answer(StatusCode::SERVICE_UNAVAILABLE, page), header::RETRY_AFTER, TRY_AGAIN_S)
        }
        Err(SearchError::Failed(failure)) => reader.answer_failure(&site.info, &failure),
    }
}

/// `GET /api/v1/search`.
pub(crate) async fn json(State(site): State<Site>, RawQuery(query): RawQuery) -> Response {
    let meant = Asked::of(query.as_deref().unwrap_or_default()).meant();
    if !meant.unreadable.is_empty() {
        let said: Vec<_> = meant.unreadable.iter().map(ToString::to_string).collect();
        return problem(StatusCode::BAD_REQUEST, "a parameter can't be read", &said.join("; "));
    }
    match site.searches.find(&site.pool, &meant.wanted, meant.after, meant.limit).await {
        Ok(found) => {
            let Found { hits, .. } = &found;
            let headers = crawler_headers(hits.iter().map(|hit| &hit.summarized.article.rights));
            (headers, axum::Json(results_view(&site.info, &meant.wanted.query, &found))).into_response()
        }
        Err(error) => refused(&error),
    }
}

/// The answer to a program whose search found nothing out.
pub(crate) fn refused(error: &SearchError) -> Response {
    match error {
        SearchError::Busy => {
            let detail = format!("other searches are at work; expected the request again after {TRY_AGAIN_S} seconds");
            let busy = problem(StatusCode::SERVICE_UNAVAILABLE, "too many searches at once", &detail);
            with_header(busy, header::RETRY_AFTER, TRY_AGAIN_S)
        }
        SearchError::Failed(failure) => failed("a search failed", failure),
    }
}
