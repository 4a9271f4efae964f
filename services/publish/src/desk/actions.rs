//! What may be done at the desk. Each is a form of the session that does it.

use axum::{
    Form,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use kos_shared::{
    event::{ArticleId, ArticleRetracted, Attributes, EventId, HttpUrl, Outgoing},
    stage::RecordError,
};
use serde::Deserialize;
use tracing::info;
use uuid::Uuid;

use super::{Visit, private};
use crate::comments::{self, Decided};

/// A form without fields of its own.
#[derive(Deserialize)]
pub(super) struct Confirmed {
    /// The session's token.
    #[serde(default)]
    pub csrf: String,
}

#[derive(Deserialize)]
pub(super) struct Approve {
    #[serde(default)]
    csrf: String,
    /// The wording that was seen; no comment has the number 0.
    #[serde(default)]
    revision: i64,
}

#[derive(Deserialize)]
pub(super) struct Retract {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    article: String,
    #[serde(default)]
    reason: String,
}

impl Visit {
    /// Whether the one who is in sent this form from this site.
    fn confirm(&self, csrf: &str) -> Result<(), Box<Response>> {
        if self.session.confirms(csrf) && self.is_own {
            return Ok(());
        }
        Err(Box::new(self.refused(StatusCode::FORBIDDEN, &self.messages.text("desk-foreign"))))
    }
}

pub(super) async fn replay(visit: Visit, Path(number): Path<u64>, form: Form<Confirmed>) -> Response {
    dead_letter(&visit, number, &form.csrf, true).await
}

pub(super) async fn discard(visit: Visit, Path(number): Path<u64>, form: Form<Confirmed>) -> Response {
    dead_letter(&visit, number, &form.csrf, false).await
}

async fn dead_letter(visit: &Visit, number: u64, csrf: &str, replay: bool) -> Response {
    if let Err(refusal) = visit.confirm(csrf) {
        return *refusal;
    }
    let operator = &visit.desk.operator;
    let letter = match operator.dead_letter(number).await {
        Ok(letter) => letter,
        Err(error) => return visit.failed(&error),
    };
    // Where there is none any more somebody else was faster: then it is as it should be.
    if let Some(letter) = letter {
        let ended = if replay { operator.replay(&letter).await } else { operator.discard(number).await };
        if let Err(error) = ended {
            return visit.failed(&error);
        }
        let (event_id, action) = (&letter.event_id, if replay { "replayed" } else { "discarded" });
        info!(service = "publish", %event_id, number, action, "a dead letter at the desk");
    }
    private(Redirect::to("/desk/dead-letters").into_response())
}

pub(super) async fn approve(visit: Visit, Path(id): Path<Uuid>, form: Form<Approve>) -> Response {
    comment(&visit, id, &form.csrf, Some(form.revision)).await
}

pub(super) async fn reject(visit: Visit, Path(id): Path<Uuid>, form: Form<Confirmed>) -> Response {
    comment(&visit, id, &form.csrf, None).await
}

/// Approves a comment in the wording of this revision, or rejects it in any.
async fn comment(visit: &Visit, id: Uuid, csrf: &str, approved: Option<i64>) -> Response {
    if let Err(refusal) = visit.confirm(csrf) {
        return *refusal;
    }
    let decided = async {
        let (site, now) = (&visit.desk.site, Timestamp::now());
        let mut tx = site.comments.store.begin().await?;
        let decided = match approved {
            Some(_) => comments::approve(&mut tx, &site.info, id, approved, now).await?,
            None => comments::reject(&mut tx, id, now).await?,
        };
        tx.commit().await?;
        site.comments.outbox.notify_one();
        Ok::<_, RecordError>(decided)
    };
    match decided.await {
        Ok(Decided::Changed) => visit.refused(StatusCode::CONFLICT, &visit.messages.text("comments-changed-meanwhile")),
        // One that is gone, or whose article is, is out of the queue as well.
        Ok(Decided::Done(_) | Decided::NotFound | Decided::ArticleGone) => {
            info!(service = "publish", comment_id = %id, approved = approved.is_some(), "a comment at the desk");
            private(Redirect::to("/desk/comments").into_response())
        }
        Err(error) => visit.failed(&error),
    }
}

pub(super) async fn retract(visit: Visit, form: Form<Retract>) -> Response {
    if let Err(refusal) = visit.confirm(&form.csrf) {
        return *refusal;
    }
    let messages = visit.messages;
    let (article, reason) = (form.article.trim(), form.reason.trim());
    let Some((article_id, url)) = named(article) else {
        return visit.refused(StatusCode::UNPROCESSABLE_ENTITY, &messages.text("desk-retract-article-wrong"));
    };
    if reason.is_empty() {
        return visit.refused(StatusCode::UNPROCESSABLE_ENTITY, &messages.text("desk-retract-reason-missing"));
    }
    let retraction = ArticleRetracted { article_id, url, reason: reason.to_owned() };
    let attributes = Attributes::original(EventId::new(), "/kos/desk", &retraction, Timestamp::now());
    if let Err(error) = visit.desk.operator.publish(&Outgoing::new(&attributes, &retraction)).await {
        return visit.failed(&error);
    }
    info!(service = "publish", event_id = %attributes.id, article, "a retraction at the desk");
    private(Redirect::to("/desk").into_response())
}

/// The article that is meant: by its id, by its page on this site, or by its address.
fn named(text: &str) -> Option<(Option<ArticleId>, Option<HttpUrl>)> {
    if let Ok(id) = text.parse::<ArticleId>() {
        return Some((Some(id), None));
    }
    let url: HttpUrl = text.parse().ok()?;
    let on_page = text.split_once("/articles/").and_then(|(_, rest)| rest.split(['/', '?', '#']).next()?.parse().ok());
    Some(on_page.map_or((None, Some(url)), |id| (Some(id), None)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_is_named_by_its_id_its_page_or_its_address() {
        let id = "6ba7b811-9dad-51d1-80b4-00c04fd430c8";
        let by_id = Some((Some(id.parse().unwrap()), None));
        assert_eq!(named(id), by_id);
        assert_eq!(named(&format!("https://site.example/articles/{id}/slug?lang=zh")), by_id);
        let url = "https://paper.example/articles/7";
        assert_eq!(named(url), Some((None, Some(url.parse().unwrap()))));
        for wrong in ["", "7", "ftp://paper.example/"] {
            assert_eq!(named(wrong), None, "{wrong}");
        }
    }
}
