//! The site's addresses.

use std::{ops::Deref, sync::Arc};

use axum::{
    Router,
    extract::{Path, RawQuery, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use jiff::Timestamp;
use kos_shared::{
    event::ArticleId,
    operator::Operator,
    process::Process,
    retraction::{self, Retraction},
    stage::RecordError,
};
use sqlx::AnyPool;
use tracing::error;
use url::form_urlencoded;

use crate::{
    api::{self, problem},
    comments::{self, Comments},
    cookies,
    delivery::{Effort, Encoding, Validators, deliver, not_modified},
    desk,
    lists::{self, Languages, live::Live},
    metrics::{SiteMetrics, count},
    out,
    page_states::{PageState, PageStates},
    pages::{Kept, Key, Pages},
    related,
    search::{self, Searches},
    site::{
        self, ArticlePage, BUILD, CONTENT_SECURITY_POLICY, ErrorPage, Messages, Sections, SiteInfo, Wish, assets,
        choose, crawler_headers, remember, render_article, render_error,
    },
    state,
};

/// How many related articles a page names.
pub(crate) const RELATED: usize = 5;

/// What every request needs. Cheap to clone, since every request has one of its own.
#[derive(Debug, Clone)]
pub struct Site(Arc<SiteParts>);

impl From<SiteParts> for Site {
    fn from(parts: SiteParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for Site {
    type Target = SiteParts;

    fn deref(&self) -> &SiteParts {
        &self.0
    }
}

/// What a [`Site`] is made of.
#[derive(Debug)]
pub struct SiteParts {
    /// The site as a whole.
    pub info: Arc<SiteInfo>,
    /// Its database.
    pub pool: AnyPool,
    /// What its comments need.
    pub comments: Arc<Comments>,
    /// Who is told of new articles.
    pub live: Live,
    /// What state its articles' pages are in.
    pub page_states: PageStates,
    /// Its articles' pages, as far as they are kept.
    pub pages: Pages,
    /// What languages lists have, as they were last read.
    pub languages: Languages,
    /// What gives searches their turns.
    pub searches: Searches,
}

/// All of the site, the callbacks of `hubs`, and the health routes among it. `bus` is what an operator works with; without
/// it there is no desk.
pub fn routes(site: Site, hubs: Router, bus: Option<Operator>, process: &Process) -> Router {
    let desk = bus.clone().zip(site.comments.admin_token.clone());
    let choice = from_fn_with_state(site.info.clone(), keep_choice);
    let desk = desk.map(|(bus, token)| desk::routes(site.clone(), bus, &token).route_layer(choice.clone()));
    let api = api::routes(site.clone(), bus);
    Router::new()
        .route("/articles/{id}", get(article))
        .route("/articles/{id}/{slug}", get(article_with_slug))
        .route("/assets/{file}", get(asset))
        .merge(comments::routes().route_layer(choice))
        .merge(search::routes())
        .merge(lists::routes())
        .merge(out::routes())
        .fallback(not_found)
        .with_state(site)
        .merge(api)
        .merge(hubs)
        .merge(desk.unwrap_or_default())
        .merge(process.routes())
        .layer(from_fn(deliver))
        .layer(from_fn(protect))
        .layer(from_fn_with_state(SiteMetrics::registered(&process.metrics), count))
}

/// For pages that are one reader's own, whose addresses say nothing of languages: what `?lang=` chooses is kept in the
/// cookie, and the page comes without it.
async fn keep_choice(State(info): State<Arc<SiteInfo>>, request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let reader = Reader::of(&info, &Wishes::of(RawQuery(Some(query.to_owned()))), request.headers());
    if reader.cookie.is_none() || request.method() != Method::GET {
        return next.run(request).await;
    }
    let others = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "lang");
    let others = form_urlencoded::Serializer::new(String::new()).extend_pairs(others).finish();
    let (path, separator) = (request.uri().path(), if others.is_empty() { "" } else { "?" });
    reader.signed(Redirect::to(&format!("{path}{separator}{others}")).into_response())
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
    /// Whether it is to say what came of a comment.
    comment: bool,
}

impl Wishes {
    /// Reads any query: what isn't known is passed over, what is said twice holds as said last.
    pub(crate) fn of(query: RawQuery) -> Self {
        let mut wishes = Self::default();
        for (name, value) in form_urlencoded::parse(query.0.unwrap_or_default().as_bytes()) {
            let value = Some(storable(&value));
            match &*name {
                "lang" => wishes.lang = value,
                "language" => wishes.language = value,
                "source" => wishes.source = value,
                "after" => wishes.after = value,
                "before" => wishes.before = value,
                "comment" => wishes.comment = true,
                _ => {}
            }
        }
        wishes
    }
}

/// A text without NUL, which no text of the database has, and PostgreSQL doesn't even take.
pub(crate) fn storable(text: &str) -> String {
    text.replace('\0', "")
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
        self.signed((status, Html(page)).into_response())
    }

    /// What every answer says that depends on its reader.
    fn signed(self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.append(header::VARY, HeaderValue::from_static("accept-language, cookie"));
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
    let wishes = Wishes::of(query);
    let reader = Reader::of(&site.info, &wishes, &headers);
    let Ok(id) = id.parse::<ArticleId>() else { return reader.answer_error(&site.info, ErrorPage::NotFound) };
    // What is made for one reader alone is made anew.
    if wishes.comment || is_author(&headers) {
        return own_page(&site, id, reader, &headers, said.as_deref()).await;
    }
    match validators_of(&site, id, reader.messages).await {
        Ok(Some(validators)) => shared_page(&site, id, &validators, reader, &headers).await,
        Ok(None) => own_page(&site, id, reader, &headers, None).await,
        Err(failure) => reader.answer_failure(&site.info, &failure),
    }
}

/// Whether a request is by somebody whose comments are theirs to change.
fn is_author(headers: &HeaderMap) -> bool {
    cookies::named(headers, comments::AUTHOR_COOKIE).next().is_some()
}

/// What the page of an article that stands is known by: all that it is made of, by versions.
async fn validators_of(
    site: &Site,
    id: ArticleId,
    messages: &Messages,
) -> Result<Option<Validators>, Arc<RecordError>> {
    let Some(PageState { versions, changed_at }) = site.page_states.get(id).await? else { return Ok(None) };
    // The form for comments holds for a day: a page with one is made anew every hour.
    let hour = Timestamp::now().as_second() / 3_600;
    let (id, hour_number) = (id.to_string(), hour.to_string());
    let parts = [&*BUILD, &site.info.name, site.info.url.as_str(), messages.lang, &id, &hour_number, &versions];
    let changed_at = Timestamp::from_second(hour * 3_600).map_or(changed_at, |begun| begun.max(changed_at));
    Ok(Some(Validators::of(parts, Some(changed_at))))
}

/// A page that is the same for all readers of a language: 304 where the reader has it, else as it is kept.
async fn shared_page(
    site: &Site,
    id: ArticleId,
    validators: &Validators,
    reader: Reader,
    request: &HeaderMap,
) -> Response {
    let mut headers = HeaderMap::new();
    validators.write(&mut headers);
    if validators.is_known_to(request) {
        return reader.signed(not_modified(headers));
    }
    let key = Key { article_id: id, lang: reader.messages.lang, encoding: Encoding::accepted(request) };
    let kept = match kept(site, key, validators.tag(), reader.messages).await {
        Ok(Found::Article(kept)) => kept,
        other => return without_page(site, reader, other),
    };
    headers.extend(kept.headers);
    if let Some(encoding) = key.encoding.header() {
        headers.insert(header::CONTENT_ENCODING, encoding);
    }
    reader.signed((headers, Html(kept.body)).into_response())
}

/// A page as it is kept, else made and kept. All codings are made of the same page, which is kept as well.
async fn kept(site: &Site, key: Key, tag: &str, messages: &Messages) -> Result<Found<Kept>, RecordError> {
    if let Some(kept) = site.pages.get(key, tag) {
        return Ok(Found::Article(kept));
    }
    let plain = Key { encoding: Encoding::Identity, ..key };
    let page = match site.pages.get(plain, tag) {
        Some(page) => page,
        None => match made(site, key.article_id, messages, &HeaderMap::new(), None).await? {
            Found::Article((html, headers)) => {
                // The state was read before the article: a page that is newer than it is made once more, never an older
                // one kept.
                let page = Kept { tag: tag.to_owned(), headers, body: html.into() };
                site.pages.put(plain, page.clone());
                page
            }
            Found::Retracted(retraction) => return Ok(Found::Retracted(retraction)),
            Found::Nothing => return Ok(Found::Nothing),
        },
    };
    let encoded = key.encoding.encode(&page.body, Effort::Kept);
    let body = encoded.map_err(|e| RecordError::State(format!("encoding a page: {e}")))?;
    let kept = Kept { body, ..page };
    site.pages.put(key, kept.clone());
    Ok(Found::Article(kept))
}

async fn own_page(site: &Site, id: ArticleId, reader: Reader, headers: &HeaderMap, said: Option<&str>) -> Response {
    match made(site, id, reader.messages, headers, said).await {
        Ok(Found::Article((html, headers))) => reader.signed((headers, Html(html)).into_response()),
        other => without_page(site, reader, other),
    }
}

/// A page and what its headers say, for who sends these headers and this query.
async fn made(
    site: &Site,
    id: ArticleId,
    messages: &Messages,
    headers: &HeaderMap,
    said: Option<&str>,
) -> Result<Found<(String, HeaderMap)>, RecordError> {
    Ok(match find(&site.pool, id).await? {
        Found::Article(page) => {
            let comments = comments::section(site, messages, id, headers, said).await?;
            let related = related::of(&site.pool, id, RELATED).await?;
            let sections = Sections { related: &related, comments: &comments };
            let html = render_article(&site.info, messages, &page, &sections);
            Found::Article((html, crawler_headers([&page.summarized.article.rights])))
        }
        Found::Retracted(retraction) => Found::Retracted(retraction),
        Found::Nothing => Found::Nothing,
    })
}

fn without_page<T>(site: &Site, reader: Reader, found: Result<Found<T>, RecordError>) -> Response {
    match found {
        Ok(Found::Retracted(Retraction { reason, .. })) => {
            reader.answer_error(&site.info, ErrorPage::Gone { reason: &reason })
        }
        Ok(_) => reader.answer_error(&site.info, ErrorPage::NotFound),
        Err(failure) => reader.answer_failure(&site.info, &failure),
    }
}

/// What stands at an article's address.
pub(crate) enum Found<T = Box<ArticlePage>> {
    Article(T),
    Retracted(Retraction),
    Nothing,
}

pub(crate) async fn find(pool: &AnyPool, id: ArticleId) -> Result<Found, RecordError> {
    if let Some(retraction) = retraction::find(pool, id).await? {
        return Ok(Found::Retracted(retraction));
    }
    Ok(state::article(pool, id).await?.map_or(Found::Nothing, |page| Found::Article(Box::new(page))))
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

async fn not_found(State(site): State<Site>, uri: Uri, query: RawQuery, headers: HeaderMap) -> Response {
    if uri.path().starts_with("/api/") {
        return problem(StatusCode::NOT_FOUND, "no such address", uri.path());
    }
    Reader::of(&site.info, &Wishes::of(query), &headers).answer_error(&site.info, site::ErrorPage::NotFound)
}
