//! The site's addresses.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, RawQuery, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    middleware::{Next, from_fn},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use kos_shared::{
    event::ArticleId,
    process::Process,
    retraction::{self, Retraction},
    stage::RecordError,
};
use serde_json::json;
use sqlx::AnyPool;
use tracing::error;
use url::form_urlencoded;

use crate::{
    comments::{self, Comments},
    lists::{self, live::Live},
    related, search,
    site::{
        self, ArticlePage, ArticleView, CONTENT_SECURITY_POLICY, ErrorPage, Messages, Sections, SiteInfo, Wish, assets,
        choose, crawler_headers, remember, render_article, render_atom, render_error,
    },
    state,
};

/// How many articles the feed has.
const FEED: u32 = 50;

/// How many related articles a page names.
const RELATED: usize = 5;

/// What every request needs.
#[derive(Debug, Clone)]
pub struct Site {
    /// The site as a whole.
    pub info: Arc<SiteInfo>,
    /// Its database.
    pub pool: AnyPool,
    /// What its comments need.
    pub comments: Arc<Comments>,
    /// Who is told of new articles.
    pub live: Live,
}

/// All of the site, the callbacks of `hubs`, the `desk` where there is one, and the health routes among it.
pub fn routes(site: Site, hubs: Router, desk: Option<Router>, process: &Process) -> Router {
    Router::new()
        .route("/articles/{id}", get(article))
        .route("/articles/{id}/{slug}", get(article_with_slug))
        .route("/feed.atom", get(feed))
        .route("/api/v1/articles/{id}", get(article_json))
        .route("/assets/{file}", get(asset))
        .merge(comments::routes())
        .merge(search::routes())
        .merge(lists::routes())
        .fallback(not_found)
        .with_state(site)
        .merge(hubs)
        .merge(desk.unwrap_or_default())
        .merge(process.routes())
        .layer(from_fn(protect))
}

/// Headers that keep a page from doing what this site never does.
async fn protect(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// What the address asks for.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) lang: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) after: Option<String>,
    pub(crate) before: Option<String>,
}

impl Wishes {
    /// Reads any query: what isn't known is passed over, what is said twice holds as said last.
    pub(crate) fn of(query: RawQuery) -> Self {
        let mut wishes = Self::default();
        for (name, value) in form_urlencoded::parse(query.0.unwrap_or_default().as_bytes()) {
            match &*name {
                "lang" => wishes.lang = Some(value.into_owned()),
                "language" => wishes.language = Some(value.into_owned()),
                "source" => wishes.source = Some(value.into_owned()),
                "after" => wishes.after = Some(value.into_owned()),
                "before" => wishes.before = Some(value.into_owned()),
                _ => {}
            }
        }
        wishes
    }
}

/// A reader's request: the language to answer in, and the cookie that remembers it.
pub(crate) struct Reader {
    pub(crate) messages: &'static Messages,
    cookie: Option<String>,
}

impl Reader {
    /// Who asks for a page whose address says nothing of languages.
    pub(crate) fn of_headers(site: &SiteInfo, headers: &HeaderMap) -> Self {
        Self::of(site, &Wishes::default(), headers)
    }

    pub(crate) fn of(site: &SiteInfo, wishes: &Wishes, headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok());
        let wish = Wish {
            query: wishes.lang.as_deref(),
            cookies: text(header::COOKIE),
            accept_language: text(header::ACCEPT_LANGUAGE),
        };
        Self {
            messages: choose(wish, &site.language),
            cookie: remember(wish.query, site.url.as_url().scheme() == "https"),
        }
    }

    pub(crate) fn answer(self, status: StatusCode, page: String) -> Response {
        let mut response = (status, Html(page)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("accept-language, cookie"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if let Some(cookie) = self.cookie.and_then(|c| c.parse().ok()) {
            headers.insert(header::SET_COOKIE, cookie);
        }
        response
    }

    pub(crate) fn answer_error(self, site: &SiteInfo, page: ErrorPage<'_>) -> Response {
        let status = StatusCode::from_u16(page.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let page = render_error(site, self.messages, page);
        self.answer(status, page)
    }

    pub(crate) fn answer_failure(self, site: &SiteInfo, failure: &RecordError) -> Response {
        error!(error = %failure, "a page could not be made");
        self.answer_error(site, ErrorPage::Internal)
    }
}

async fn article_with_slug(
    State(site): State<Site>,
    Path((id, _slug)): Path<(String, String)>,
    query: RawQuery,
    headers: HeaderMap,
) -> Response {
    match id.parse::<ArticleId>() {
        Ok(id) => to_article(id, query),
        Err(_) => article(State(site), Path(id), query, headers).await,
    }
}

fn to_article(id: ArticleId, query: RawQuery) -> Response {
    let query = query.0.map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("{}{query}", site::page_path(id))).into_response()
}

async fn article(State(site): State<Site>, Path(id): Path<String>, query: RawQuery, headers: HeaderMap) -> Response {
    // The same id in capitals, in braces or without hyphens.
    if let Some(other) = id.parse::<ArticleId>().ok().filter(|known| known.to_string() != id) {
        return to_article(other, query);
    }
    let said = query.0.clone();
    let reader = Reader::of(&site.info, &Wishes::of(query), &headers);
    match find(&site.pool, &id).await {
        Ok(Found::Article(page)) => {
            let id = page.summarized.article.article_id;
            let below = async {
                let comments = comments::section(&site, reader.messages, id, &headers, said.as_deref()).await?;
                Ok::<_, RecordError>((related::of(&site.pool, id, RELATED).await?, comments))
            };
            match below.await {
                Ok((related, comments)) => {
                    let sections = Sections { related: &related, comments: &comments };
                    let page = render_article(&site.info, reader.messages, &page, &sections);
                    reader.answer(StatusCode::OK, page)
                }
                Err(failure) => reader.answer_failure(&site.info, &failure),
            }
        }
        Ok(Found::Retracted(Retraction { reason, .. })) => {
            reader.answer_error(&site.info, ErrorPage::Gone { reason: &reason })
        }
        Ok(Found::Nothing) => reader.answer_error(&site.info, ErrorPage::NotFound),
        Err(failure) => reader.answer_failure(&site.info, &failure),
    }
}

/// What stands at an article's address.
enum Found {
    Article(Box<ArticlePage>),
    Retracted(Retraction),
    Nothing,
}

async fn find(pool: &AnyPool, id: &str) -> Result<Found, RecordError> {
    let Ok(id) = id.parse::<ArticleId>() else { return Ok(Found::Nothing) };
    if let Some(retraction) = retraction::find(pool, id).await? {
        return Ok(Found::Retracted(retraction));
    }
    Ok(state::article(pool, id).await?.map_or(Found::Nothing, |page| Found::Article(Box::new(page))))
}

async fn article_json(State(site): State<Site>, Path(id): Path<String>) -> Response {
    match find(&site.pool, &id).await {
        Ok(Found::Article(page)) => {
            let ArticlePage { summarized, added_at, .. } = *page;
            let related = match related::of(&site.pool, summarized.article.article_id, RELATED).await {
                Ok(related) => related,
                Err(failure) => return failed(&failure),
            };
            let headers = crawler_headers([&summarized.article.rights]);
            let view = ArticleView::new(&site.info, summarized, added_at).with_related(&site.info, related);
            (headers, axum::Json(view)).into_response()
        }
        Ok(Found::Retracted(Retraction { reason, retracted_at })) => {
            let detail = format!("retracted at {retracted_at}: {reason}");
            problem(StatusCode::GONE, "the article was retracted", &detail)
        }
        Ok(Found::Nothing) => {
            problem(StatusCode::NOT_FOUND, "no such article", "expected the id of an article, a UUID, that is here")
        }
        Err(failure) => failed(&failure),
    }
}

fn failed(failure: &RecordError) -> Response {
    error!(error = %failure, "an article could not be read");
    problem(StatusCode::INTERNAL_SERVER_ERROR, "the site failed", "the log says why")
}

/// An error as RFC 9457 has it.
pub(crate) fn problem(status: StatusCode, title: &str, detail: &str) -> Response {
    let body = json!({"status": status.as_u16(), "title": title, "detail": detail});
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}

async fn feed(State(site): State<Site>) -> Response {
    match state::newest(&site.pool, FEED).await {
        Ok(pages) => {
            let newest = pages.iter().map(|page| page.added_at.max(page.summarized.article.fetched_at)).max();
            let feed = render_atom(&site.info, &pages, newest.unwrap_or_default());
            let headers = crawler_headers(pages.iter().map(|page| &page.summarized.article.rights));
            (headers, [(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")], feed).into_response()
        }
        Err(failure) => {
            error!(error = %failure, "the feed could not be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn asset(uri: Uri) -> Response {
    match assets::find(uri.path()) {
        Some(asset) => {
            let headers = [(header::CONTENT_TYPE, asset.content_type), (header::CACHE_CONTROL, assets::CACHE_CONTROL)];
            (headers, asset.content).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn not_found(State(site): State<Site>, uri: Uri, headers: HeaderMap) -> Response {
    if uri.path().starts_with("/api/") {
        return problem(StatusCode::NOT_FOUND, "no such address", uri.path());
    }
    Reader::of(&site.info, &Wishes::default(), &headers).answer_error(&site.info, site::ErrorPage::NotFound)
}
