//! The sources that articles are from.

use axum::{
    Json,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    failed,
    parameters::{Query, unreadable},
};
use crate::{lists::select, routes::Site, site::source_path};

/// How many sources a page has, where nobody says.
pub const PAGE: usize = 50;

/// A page of the list of sources.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SourceList {
    /// The sources, by host.
    items: Vec<Source>,
    /// What `after` is to be for what follows; none at the end.
    next: Option<String>,
}

/// A site that articles are from.
#[derive(Debug, Serialize, JsonSchema)]
struct Source {
    /// Its host.
    host: String,
    /// Its name; its host where it has none.
    name: String,
    /// How many articles of it are here.
    articles: u64,
    /// When the newest of them came (RFC 3339).
    #[schemars(with = "String", extend("format" = "date-time"))]
    newest_at: Timestamp,
    /// Where readers find its articles.
    #[schemars(extend("format" = "uri"))]
    page_url: String,
}

/// `GET /api/v1/sources`.
pub async fn list(State(site): State<Site>, RawQuery(query): RawQuery) -> Response {
    let query = Query::of(query.as_deref());
    let asked = query.read::<String>("after", "the value of next of the page before");
    let (after, limit) = match asked.and_then(|after| Ok((after.unwrap_or_default(), query.limit(PAGE)?))) {
        Ok(asked) => asked,
        Err(parameter) => return unreadable(&parameter),
    };
    let mut sources = match select::sources(&site.pool, &after, limit + 1).await {
        Ok(sources) => sources,
        Err(failure) => return failed("an answer of the API could not be made", &failure),
    };
    let more = sources.len() > limit;
    sources.truncate(limit);
    let next = sources.last().filter(|_| more).map(|last| last.host.clone());
    let view = |source: select::Source| Source {
        page_url: site.info.absolute(&source_path(&source.host)),
        host: source.host,
        name: source.name,
        articles: source.articles,
        newest_at: source.newest_at,
    };
    Json(SourceList { items: sources.into_iter().map(view).collect(), next }).into_response()
}
