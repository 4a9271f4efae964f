//! Sitemaps, robots.txt and the list of sources.

use axum::{
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use kos_shared::stage::RecordError;

use super::{document, failed, state};
use crate::{
    api::problem,
    lists::select,
    routes::Site,
    site::{opml::render_opml, sitemap},
};

/// Crawlers read sitemaps about once a day; an hour is soon enough for them.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=3600");

const XML: &str = "application/xml; charset=utf-8";

pub(super) async fn index(State(site): State<Site>) -> Response {
    let count = state::sitemaps(&site.pool).await;
    answer(XML, count.map(|count| sitemap::render_index(&site.info, count)))
}

pub(super) async fn sitemap(State(site): State<Site>, Path(file): Path<String>) -> Response {
    let number = file.strip_suffix(".xml").and_then(|number| number.parse::<u32>().ok());
    let Some(number) = number.filter(|number| *number >= 1 && file == format!("{number}.xml")) else {
        return problem(StatusCode::NOT_FOUND, "no such sitemap", "expected one that /sitemap.xml names");
    };
    match state::sitemap(&site.pool, number).await {
        Ok(articles) if articles.is_empty() && number > 1 => {
            problem(StatusCode::NOT_FOUND, "no such sitemap", "expected one that /sitemap.xml names")
        }
        articles => answer(XML, articles.map(|articles| sitemap::render(&site.info, number, &articles))),
    }
}

pub(super) async fn robots(State(site): State<Site>) -> Response {
    answer("text/plain; charset=utf-8", Ok(sitemap::robots(&site.info)))
}

pub(super) async fn sources(State(site): State<Site>) -> Response {
    let sources = select::sources(&site.pool, "", usize::MAX).await;
    answer("text/x-opml; charset=utf-8", sources.map(|sources| render_opml(&site.info, &sources)))
}

fn answer(content_type: &'static str, made: Result<String, RecordError>) -> Response {
    match made {
        Ok(made) => {
            let mut response = document(content_type, made);
            response.headers_mut().insert(header::CACHE_CONTROL, KEPT);
            response
        }
        Err(failure) => failed(&failure),
    }
}
