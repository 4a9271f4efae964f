//! The pages and forms of comments.

use std::{net::SocketAddr, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::{ConnectInfo, Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use kos_shared::{event::ArticleId, retraction, stage::RecordError};
use tokio::time::timeout;
use url::form_urlencoded;
use uuid::Uuid;

use super::{
    comment::{self, Comment},
    draft::{self, Draft, Refusal},
    limits::{self, Wait},
    state::{self, About},
};
use crate::{
    origin,
    routes::{Reader, Site, Wishes},
    site::{
        ErrorPage, Messages,
        comments::{
            CommentForm, Section, render_comment_form, render_comments, render_comments_feed, render_deletion,
            render_told,
        },
        digest::Day,
        page_path,
    },
};

/// The largest form, in bytes.
const BODY_BYTES: usize = 32 * 1024;

/// How long a form may take to arrive.
const SENDING: Duration = Duration::from_secs(20);

/// What forms are sent as.
const FORM: &str = "application/x-www-form-urlencoded";

/// How many comments the feed has.
const FEED: i64 = 50;

/// An answer that ends a request early.
type Early = Box<Response>;

/// A request about the comments of an article that is there.
struct Asked {
    site: Site,
    reader: Reader,
    about: About,
    author: Option<Uuid>,
    headers: HeaderMap,
    now: Timestamp,
}

impl Asked {
    async fn of(site: Site, id: &str, headers: HeaderMap) -> Result<Self, Early> {
        let reader = Reader::of(&site.info, &Wishes::default(), &headers);
        if site.comments.is_off() {
            return Err(reader.answer_error(&site.info, ErrorPage::NotFound).into());
        }
        let found = async {
            let Ok(id) = id.parse::<ArticleId>() else { return Ok(Err(None)) };
            if let Some(retraction) = retraction::find(&site.pool, id).await? {
                return Ok(Err(Some(retraction.reason)));
            }
            Ok::<_, RecordError>(state::about(&site.pool, id).await?.ok_or(None))
        };
        match found.await {
            Ok(Ok(about)) => {
                let author = author(&site, &headers);
                Ok(Self { site, reader, about, author, headers, now: Timestamp::now() })
            }
            Ok(Err(Some(reason))) => Err(reader.answer_error(&site.info, ErrorPage::Gone { reason: &reason }).into()),
            Ok(Err(None)) => Err(reader.answer_error(&site.info, ErrorPage::NotFound).into()),
            Err(failure) => Err(reader.answer_failure(&site.info, &failure).into()),
        }
    }

    /// The same for a form about a comment that the reader may change.
    async fn of_form(
        site: Site,
        (id, comment): (String, String),
        headers: HeaderMap,
        body: Body,
    ) -> Result<(Self, Comment, Draft), Early> {
        let draft = read_form(&headers, body).await?;
        let (asked, comment) = Self::of(site, &id, headers).await?.own(&comment).await?;
        Ok((asked, comment, draft))
    }

    fn messages(&self) -> &'static Messages {
        self.reader.messages
    }

    fn subject(&self) -> String {
        format!("article {}", self.about.article_id)
    }

    fn failed(self, failure: &RecordError) -> Response {
        self.reader.answer_failure(&self.site.info, failure)
    }

    fn not_found(self) -> Response {
        self.reader.answer_error(&self.site.info, ErrorPage::NotFound)
    }

    fn path(&self) -> String {
        page_path(self.about.article_id)
    }

    /// A page that says why something can't be done.
    fn told(self, status: u16, message: &str) -> Response {
        let page = render_told(&self.site.info, self.messages(), &self.about, message);
        self.reader.answer(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), page)
    }

    /// The form again, with what was typed and what is wrong with it.
    fn refused(
        self,
        draft: &Draft,
        answered: Option<&Comment>,
        edited: Option<&Comment>,
        refusals: &[Refusal],
    ) -> Response {
        let status = refusals.first().map_or(200, |refusal| refusal.status());
        let subject = edited.map_or_else(|| self.subject(), Comment::subject);
        let form = CommentForm {
            about: &self.about,
            answered,
            edited,
            draft,
            refusals,
            token: self.site.comments.keys.form_token(&subject, self.now),
            is_moderated: !self.site.comments.is_open(),
        };
        let page = render_comment_form(&self.site.info, self.messages(), &form);
        self.reader.answer(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), page)
    }

    fn waits(self, draft: &Draft, answered: Option<&Comment>, wait: Wait) -> Response {
        let mut response = self.refused(draft, answered, None, &[wait.refusal]);
        response.headers_mut().insert(header::RETRY_AFTER, wait.seconds.into());
        response
    }

    /// Back to the article, where a notice says what happened.
    fn back(&self, notice: &str, anchor: &str) -> Response {
        let to = format!("{}?comment={notice}#{anchor}", self.path());
        (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
    }

    /// A comment of this article, and whether the reader may change it.
    async fn own(self, comment: &str) -> Result<(Self, Comment), Early> {
        let found = match comment.parse::<Uuid>() {
            Ok(id) => state::find(&self.site.pool, id).await,
            Err(_) => Ok(None),
        };
        let comment = match found {
            Ok(Some(comment)) if comment.article_id == self.about.article_id => comment,
            Ok(_) => return Err(self.not_found().into()),
            Err(failure) => return Err(self.failed(&failure).into()),
        };
        match state::may_change(&comment, self.author, self.now) {
            Ok(()) => Ok((self, comment)),
            Err(Some(refusal)) => Err(self.told(refusal.status(), refusal.message()).into()),
            Err(None) => Err(self.told(403, "comments-not-yours").into()),
        }
    }
}

fn author(site: &Site, headers: &HeaderMap) -> Option<Uuid> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.into_iter().find_map(|cookies| site.comments.keys.author(cookies))
}

/// The section of an article's page: its comments, and the form for another. Empty where there are none to be had.
///
/// # Errors
/// The database fails.
pub async fn section(
    site: &Site,
    messages: &Messages,
    about: ArticleId,
    headers: &HeaderMap,
    query: Option<&str>,
) -> Result<String, RecordError> {
    if site.comments.is_off() {
        return Ok(String::new());
    }
    let now = Timestamp::now();
    let reader = author(site, headers);
    let comments = state::on_article(&site.pool, about, reader).await?;
    let notice = query.and_then(|query| value(query, "comment"));
    Ok(render_comments(
        messages,
        &Section {
            article_id: about,
            comments: &comments,
            reader,
            now,
            notice: notice.as_deref(),
            token: site.comments.keys.form_token(&format!("article {about}"), now),
            is_moderated: !site.comments.is_open(),
        },
    ))
}

fn value(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes()).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

/// The body of a form; what is none gets an answer that says what was expected.
async fn read_form(headers: &HeaderMap, body: Body) -> Result<Draft, Early> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(FORM) {
        let said = format!("expected a form as {FORM}\n");
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, [(header::ACCEPT, FORM)], said).into_response().into());
    }
    match timeout(SENDING, to_bytes(body, BODY_BYTES)).await {
        Ok(Ok(body)) => Ok(Draft::of_form(&body)),
        Ok(Err(_)) => {
            let said = format!("expected a form of at most {BODY_BYTES} bytes\n");
            Err((StatusCode::PAYLOAD_TOO_LARGE, said).into_response().into())
        }
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT.into_response().into()),
    }
}

/// The comment that a form answers.
async fn answered(site: &Site, id: Option<&str>) -> Result<Option<Comment>, RecordError> {
    match id.and_then(|id| id.parse().ok()) {
        Some(id) => Ok(state::find(&site.pool, id).await?.filter(|comment| comment.state == comment::State::Approved)),
        None => Ok(None),
    }
}

/// `GET /articles/{id}/comments`: the form by itself, with `?reply=` for an answer.
pub async fn form(
    State(site): State<Site>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = match Asked::of(site, &id, headers).await {
        Ok(asked) => asked,
        Err(early) => return *early,
    };
    let parent = query.as_deref().and_then(|query| value(query, "reply"));
    let found = match answered(&asked.site, parent.as_deref()).await {
        Ok(found) => found.filter(|found| found.article_id == asked.about.article_id && found.parent_id.is_none()),
        Err(failure) => return asked.failed(&failure),
    };
    if parent.is_some() && found.is_none() {
        return asked.not_found();
    }
    asked.refused(&Draft { parent, ..Draft::default() }, found.as_ref(), None, &[])
}

/// `POST /articles/{id}/comments`.
pub async fn post(
    State(site): State<Site>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let taken = async {
        let draft = read_form(&headers, body).await?;
        let asked = Asked::of(site, &id, headers).await?;
        Ok::<_, Early>((asked, draft))
    };
    let (asked, draft) = match taken.await {
        Ok(taken) => taken,
        Err(early) => return *early,
    };
    let client = asked.site.comments.trusted.client(peer, &asked.headers);
    match posted(&asked, &draft, client).await {
        Ok(Posted::Taken(comment, author)) => {
            let notice = if comment.state == comment::State::Approved { "posted" } else { "waiting" };
            let mut response = asked.back(notice, &comment.anchor());
            let is_secure = asked.site.info.url.as_url().scheme() == "https";
            if let Ok(cookie) = asked.site.comments.keys.cookie(author, is_secure).parse() {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Ok(Posted::Refused(refusals)) => {
            let found = answered(&asked.site, draft.parent.as_deref()).await.unwrap_or_default();
            asked.refused(&draft, found.as_ref(), None, &refusals)
        }
        Ok(Posted::Waits(wait)) => {
            let found = answered(&asked.site, draft.parent.as_deref()).await.unwrap_or_default();
            asked.waits(&draft, found.as_ref(), wait)
        }
        Err(failure) => asked.failed(&failure),
    }
}

enum Posted {
    Taken(Box<Comment>, Uuid),
    Refused(Vec<Refusal>),
    Waits(Wait),
}

impl From<Refusal> for Posted {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(vec![refusal])
    }
}

async fn posted(asked: &Asked, draft: &Draft, client: std::net::IpAddr) -> Result<Posted, RecordError> {
    let Asked { site, about, now, .. } = asked;
    let comments = &site.comments;
    let words = match checked(asked, draft, &asked.subject()) {
        Ok(words) => words,
        Err(refusals) => return Ok(Posted::Refused(refusals)),
    };
    let parent_id = match draft.parent.as_deref().map(str::parse).transpose() {
        Ok(parent_id) => parent_id,
        Err(_) => return Ok(Refusal::NothingToAnswer.into()),
    };
    // What is refused is refused by reading alone, so that a flood doesn't keep others from writing.
    let address = comments.keys.address(client);
    if let Some(wait) = limits::look(&site.pool, &address, *now).await? {
        return Ok(Posted::Waits(wait));
    }
    let digest = comments.keys.digest(&words.normalized);
    if state::is_said(&site.pool, about.article_id, &digest).await? {
        return Ok(Refusal::Duplicate.into());
    }
    let author_id = asked.author.unwrap_or_else(Uuid::new_v4);
    let mut tx = comments.store.begin().await?;
    if let Some(wait) = limits::count(&mut tx, &address, *now).await? {
        return Ok(Posted::Waits(wait));
    }
    let is_approved = comments.is_open();
    let article_id = about.article_id;
    let new = state::New { article_id, parent_id, author_id, words: &words, digest, address, is_approved };
    match state::post(&mut tx, &site.info, new, *now).await? {
        Ok(comment) => {
            tx.commit().await?;
            comments.outbox.notify_one();
            Ok(Posted::Taken(comment.into(), author_id))
        }
        Err(refusal) => Ok(refusal.into()),
    }
}

/// What a form says, where it may.
fn checked(asked: &Asked, draft: &Draft, subject: &str) -> Result<draft::Words, Vec<Refusal>> {
    if !origin::is_own(&asked.headers, &asked.site.info.url) {
        return Err(vec![Refusal::Elsewhere]);
    }
    let form = asked.site.comments.keys.check_form(subject, &draft.token, asked.now);
    match (form, draft::check(draft)) {
        (Ok(()), words) => words,
        (Err(refusal), Ok(_)) => Err(vec![refusal]),
        (Err(refusal), Err(refusals)) => Err(std::iter::once(refusal).chain(refusals).collect()),
    }
}

/// `GET /articles/{id}/comments/{comment}/edit`.
pub async fn edit_form(
    State(site): State<Site>,
    Path((id, comment)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let asked = async { Asked::of(site, &id, headers).await?.own(&comment).await };
    match asked.await {
        Ok((asked, comment)) => {
            let draft = Draft { name: comment.name.clone(), text: comment.text.clone(), ..Draft::default() };
            asked.refused(&draft, None, Some(&comment), &[])
        }
        Err(early) => *early,
    }
}

/// `POST /articles/{id}/comments/{comment}/edit`.
pub async fn edit(
    State(site): State<Site>,
    Path(path): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let (asked, comment, draft) = match Asked::of_form(site, path, headers, body).await {
        Ok(asked) => asked,
        Err(early) => return *early,
    };
    let edited = async {
        // Whoever corrects a typo is fast.
        let words = match checked(&asked, &draft, &comment.subject()) {
            Ok(words) => words,
            Err(refusals) if refusals == [Refusal::TooFast] => match draft::check(&draft) {
                Ok(words) => words,
                Err(refusals) => return Ok(Err(refusals)),
            },
            Err(refusals) => return Ok(Err(refusals)),
        };
        let comments = &asked.site.comments;
        let digest = comments.keys.digest(&words.normalized);
        let mut tx = comments.store.begin().await?;
        let is_open = comments.is_open();
        let edited = state::edit(&mut tx, &asked.site.info, &comment, &words, digest, is_open, asked.now).await?;
        if edited.is_ok() {
            tx.commit().await?;
            comments.outbox.notify_one();
        }
        Ok::<_, RecordError>(edited.map_err(|refusal| vec![refusal]))
    };
    match edited.await {
        Ok(Ok(after)) => {
            let notice = if after.state == comment::State::Approved { "posted" } else { "waiting" };
            asked.back(notice, &after.anchor())
        }
        Ok(Err(refusals)) => asked.refused(&draft, None, Some(&comment), &refusals),
        Err(failure) => asked.failed(&failure),
    }
}

/// `GET /articles/{id}/comments/{comment}/delete`.
pub async fn delete_form(
    State(site): State<Site>,
    Path((id, comment)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let asked = async { Asked::of(site, &id, headers).await?.own(&comment).await };
    match asked.await {
        Ok((asked, comment)) => {
            let token = asked.site.comments.keys.form_token(&comment.subject(), asked.now);
            let page = render_deletion(&asked.site.info, asked.messages(), &asked.about, &comment, token);
            asked.reader.answer(StatusCode::OK, page)
        }
        Err(early) => *early,
    }
}

/// `POST /articles/{id}/comments/{comment}/delete`.
pub async fn delete(
    State(site): State<Site>,
    Path(path): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let (asked, comment, draft) = match Asked::of_form(site, path, headers, body).await {
        Ok(asked) => asked,
        Err(early) => return *early,
    };
    if !origin::is_own(&asked.headers, &asked.site.info.url) {
        return asked.told(Refusal::Elsewhere.status(), Refusal::Elsewhere.message());
    }
    match asked.site.comments.keys.check_form(&comment.subject(), &draft.token, asked.now) {
        Ok(()) | Err(Refusal::TooFast) => {}
        Err(refusal) => return asked.told(refusal.status(), refusal.message()),
    }
    let deleted = async {
        let mut tx = asked.site.comments.store.begin().await?;
        let was_there = state::delete(&mut tx, &comment, asked.now).await?;
        tx.commit().await?;
        Ok::<_, RecordError>(was_there)
    };
    match deleted.await {
        Ok(true) => asked.back("deleted", "comments"),
        Ok(false) => asked.told(Refusal::ChangedMeanwhile.status(), Refusal::ChangedMeanwhile.message()),
        Err(failure) => asked.failed(&failure),
    }
}

/// `GET /comments.atom`: the newest comments, of one article with `?article=`.
pub async fn feed(State(site): State<Site>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let reader = Reader::of(&site.info, &Wishes::default(), &headers);
    let only = query.as_deref().and_then(|query| value(query, "article"));
    let article = only.as_deref().map(str::parse::<ArticleId>).transpose();
    let Ok(article) = article.map_err(drop).and_then(|id| if site.comments.is_off() { Err(()) } else { Ok(id) }) else {
        return reader.answer_error(&site.info, ErrorPage::NotFound);
    };
    match state::newest(&site.pool, article, FEED).await {
        Ok(comments) => {
            let today = Day::begins(Day::of(Timestamp::now()));
            let feed = render_comments_feed(&site.info, &comments, article, today);
            let headers =
                [(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
            (headers, [("x-robots-tag", "noindex")], feed).into_response()
        }
        Err(failure) => reader.answer_failure(&site.info, &failure),
    }
}
