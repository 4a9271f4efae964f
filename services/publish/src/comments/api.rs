//! Comments for programs: those that readers see for everyone, the rest for the operator.

use axum::{
    Json,
    extract::{Path, RawQuery, State as Extract},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use kos_shared::{event::ArticleId, retraction, stage::RecordError};
use schemars::JsonSchema;
use serde::Serialize;
use url::form_urlencoded;

use super::{
    comment::{Comment, Cursor, State},
    state::{self, Decided},
};
use crate::{
    api::token::let_in,
    api::{self, problem},
    routes::Site,
};

/// How many comments an answer has unless it is asked for another number.
pub const PAGE: usize = 50;

/// How many it has at most.
pub const LARGEST_PAGE: usize = 100;

/// A comment as the API gives it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Comment")]
pub struct View {
    /// Its id.
    #[schemars(extend("format" = "uuid"))]
    comment_id: String,
    /// What it is about.
    article_id: ArticleId,
    /// The comment that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "uuid"))]
    parent_id: Option<String>,
    /// What its author goes by; nobody has checked it.
    name: String,
    /// What it says, as text: paragraphs are parted by an empty line.
    text: String,
    /// Counts its wordings, from 1.
    #[schemars(range(min = 1))]
    revision: i64,
    /// What was decided about it: `pending`, `approved`, `rejected` or `deleted`.
    state: &'static str,
    /// When it was written (RFC 3339).
    #[schemars(with = "String", extend("format" = "date-time"))]
    posted_at: Timestamp,
    /// When its author last changed it (RFC 3339), where that happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    changed_at: Option<Timestamp>,
    /// Where a reader finds it.
    #[schemars(extend("format" = "uri"))]
    page_url: String,
}

/// A page of a list of comments.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CommentList")]
pub struct List {
    /// The comments.
    comments: Vec<View>,
    /// What `after` is to be for what follows; none at the end.
    next: Option<String>,
}

fn view(site: &Site, comment: Comment) -> View {
    View {
        page_url: format!("{}#{}", site.info.page_url(comment.article_id), comment.anchor()),
        comment_id: comment.comment_id.to_string(),
        article_id: comment.article_id,
        parent_id: comment.parent_id.map(|id| id.to_string()),
        revision: comment.revision,
        state: comment.state.as_str(),
        changed_at: (comment.revision > 1).then_some(comment.changed_at),
        posted_at: comment.posted_at,
        name: comment.name,
        text: comment.text,
    }
}

/// What a list is asked for.
#[derive(Debug, PartialEq)]
struct Page {
    after: Option<Cursor>,
    limit: usize,
    state: State,
}

impl Page {
    /// Reads a query, in which an empty parameter is none; the error says which part is wrong and what was expected.
    fn of(query: Option<&str>) -> Result<Self, String> {
        let mut page = Self { after: None, limit: PAGE, state: State::Pending };
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match &*name {
                _ if value.is_empty() => {}
                "after" => {
                    let after = value.parse().map_err(|()| "after: expected the `next` of an answer".to_owned())?;
                    page.after = Some(after);
                }
                "limit" => {
                    let limit = value.parse().ok().filter(|limit| (1..=LARGEST_PAGE).contains(limit));
                    page.limit = limit.ok_or_else(|| format!("limit: expected a number from 1 to {LARGEST_PAGE}"))?;
                }
                "state" => {
                    let state = value.parse().ok().filter(|state| *state != State::Deleted);
                    page.state = state.ok_or("state: expected pending, approved or rejected")?;
                }
                _ => {}
            }
        }
        Ok(page)
    }
}

fn list(site: &Site, mut comments: Vec<Comment>, limit: usize) -> Response {
    let more = comments.len() > limit;
    comments.truncate(limit);
    let next = comments.last().filter(|_| more).map(|last| Cursor::after(last).to_string());
    let comments = comments.into_iter().map(|comment| view(site, comment)).collect();
    ([(header::CACHE_CONTROL, "no-cache")], Json(List { comments, next })).into_response()
}

fn failed(failure: &RecordError) -> Response {
    api::failed("comments could not be read or written", failure)
}

fn wrong(detail: &str) -> Response {
    problem(StatusCode::BAD_REQUEST, "the query can't be read", detail)
}

/// `GET /api/v1/articles/{id}/comments`: those that readers see, in the order in which they were written.
pub async fn of_article(Extract(site): Extract<Site>, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    let page = match Page::of(query.as_deref()) {
        Ok(page) => page,
        Err(detail) => return wrong(&detail),
    };
    let found = async {
        let Ok(id) = id.parse::<ArticleId>() else { return Ok(None) };
        if let Some(retraction) = retraction::find(&site.pool, id).await? {
            let detail = format!("retracted at {}: {}", retraction.retracted_at, retraction.reason);
            return Ok(Some(Err(problem(StatusCode::GONE, "the article was retracted", &detail))));
        }
        if site.comments.is_off() || state::about(&site.pool, id).await?.is_none() {
            return Ok(None);
        }
        Ok::<_, RecordError>(Some(Ok(state::approved(&site.pool, id, page.after, page.limit + 1).await?)))
    };
    match found.await {
        Ok(Some(Ok(comments))) => list(&site, comments, page.limit),
        Ok(Some(Err(gone))) => gone,
        Ok(None) => {
            let detail = "expected the id of an article, a UUID, that is here and has comments switched on";
            problem(StatusCode::NOT_FOUND, "no such comments", detail)
        }
        Err(failure) => failed(&failure),
    }
}

/// `GET /api/v1/comments?state=pending`: what waits for a decision, or was decided on; the longest first.
pub async fn queue(Extract(site): Extract<Site>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    if let Err(refused) = let_in(&site, &headers) {
        return *refused;
    }
    let page = match Page::of(query.as_deref()) {
        Ok(page) => page,
        Err(detail) => return wrong(&detail),
    };
    match state::queue(&site.pool, page.state, page.after, page.limit + 1).await {
        Ok(comments) => list(&site, comments, page.limit),
        Err(failure) => failed(&failure),
    }
}

/// `POST /api/v1/comments/{id}/approve`, with `?revision=` for the wording that was read and no other.
pub async fn approve(
    Extract(site): Extract<Site>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    if let Err(refused) = let_in(&site, &headers) {
        return *refused;
    }
    match revision(query.as_deref()) {
        Ok(revision) => decide(site, &id, Decision::Approve { revision }).await,
        Err(detail) => wrong(&detail),
    }
}

/// `POST /api/v1/comments/{id}/reject`.
pub async fn reject(Extract(site): Extract<Site>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    if let Err(refused) = let_in(&site, &headers) {
        return *refused;
    }
    decide(site, &id, Decision::Reject).await
}

/// What is done with a comment.
#[derive(Debug, Clone, Copy)]
enum Decision {
    Approve { revision: Option<i64> },
    Reject,
}

/// The wording that a query names.
fn revision(query: Option<&str>) -> Result<Option<i64>, String> {
    let mut said = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    match said.find(|(name, value)| name == "revision" && !value.is_empty()) {
        Some((_, value)) => {
            let revision = value.parse().ok().filter(|revision| *revision >= 1);
            revision.map(Some).ok_or_else(|| "revision: expected that of the comment, a number from 1".to_owned())
        }
        None => Ok(None),
    }
}

async fn decide(site: Site, id: &str, decision: Decision) -> Response {
    let decided = async {
        let Ok(id) = id.parse() else { return Ok(Decided::NotFound) };
        let mut tx = site.comments.store.begin().await?;
        let now = Timestamp::now();
        let decided = match decision {
            Decision::Approve { revision } => state::approve(&mut tx, &site.info, id, revision, now).await?,
            Decision::Reject => state::reject(&mut tx, id, now).await?,
        };
        tx.commit().await?;
        site.comments.outbox.notify_one();
        Ok::<_, RecordError>(decided)
    };
    match decided.await {
        Ok(Decided::Done(comment)) => Json(view(&site, comment)).into_response(),
        Ok(Decided::NotFound) => {
            problem(StatusCode::NOT_FOUND, "no such comment", "expected the id of a comment, a UUID, that is here")
        }
        Ok(Decided::Changed) => {
            problem(StatusCode::CONFLICT, "the comment was changed", "its author gave it other words: read it again")
        }
        Ok(Decided::ArticleGone) => {
            problem(StatusCode::CONFLICT, "the article was retracted", "its comments can't be approved")
        }
        Err(failure) => failed(&failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_may_name_the_wording_that_was_read() {
        assert_eq!(
            (revision(None), revision(Some("x=y&revision=")), revision(Some("revision=2"))),
            (Ok(None), Ok(None), Ok(Some(2)))
        );
        for wrong in ["0", "-1", "x", "99999999999999999999"] {
            assert!(revision(Some(&format!("revision={wrong}"))).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_query_that_cannot_be_read_says_what_was_expected() {
        assert_eq!(Page::of(None), Ok(Page { after: None, limit: PAGE, state: State::Pending }));
        assert_eq!(Page::of(Some("limit=7&state=rejected&x=y&after=")).unwrap().limit, 7);
        for (query, part) in
            [("after=x", "after: "), ("limit=0", "limit: "), ("limit=101", "limit: "), ("state=deleted", "state: ")]
        {
            assert!(Page::of(Some(query)).unwrap_err().starts_with(part), "{query}");
        }
    }
}
