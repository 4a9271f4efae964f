//! What leaves the site for machines and returning readers: feeds, the list of sources, sitemaps, robots.txt, digests.
//!
//! [`state`] reads; what is made of it is rendered by [`site`](crate::site). Whether a client has it already is decided by
//! versions, before anything whole is read.

mod digests;
mod feeds;
mod sitemaps;
pub mod state;

use axum::{
    Router,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::get,
};
use kos_shared::stage::RecordError;

use crate::{
    api,
    delivery::{Validators, not_modified},
    routes::Site,
};

/// Their addresses.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/feed.atom", get(feeds::atom))
        .route("/feed.rss", get(feeds::rss))
        .route("/feed.json", get(feeds::json))
        .route("/sources.opml", get(sitemaps::sources))
        .route("/sitemap.xml", get(sitemaps::index))
        .route("/sitemaps/{file}", get(sitemaps::sitemap))
        .route("/robots.txt", get(sitemaps::robots))
        .route("/digest", get(digests::latest))
        .route("/digest/{date}", get(digests::day))
        .route("/digest.atom", get(digests::feed))
}

/// An answer whose state a client may know: 304 where it does, else what `make` makes.
async fn conditional<M>(request: &HeaderMap, validators: &Validators, make: M) -> Response
where
    M: AsyncFnOnce() -> Result<Response, RecordError>,
{
    let mut headers = HeaderMap::new();
    validators.write(&mut headers);
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-cache"));
    if validators.is_known_to(request) {
        return not_modified(headers);
    }
    match make().await {
        Ok(mut response) => {
            response.headers_mut().extend(headers);
            response
        }
        Err(failure) => failed(&failure),
    }
}

fn document(content_type: &'static str, document: String) -> Response {
    ([(header::CONTENT_TYPE, content_type)], document).into_response()
}

fn failed(failure: &RecordError) -> Response {
    api::failed("a document could not be made", failure)
}
