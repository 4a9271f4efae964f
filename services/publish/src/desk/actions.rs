//! What may be done at the desk. Each is a form of the session that does it.

use axum::{
    Form,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
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

use super::{Desk, pages, private};
use crate::{comments, origin};

/// A form without fields of its own.
#[derive(Deserialize)]
pub(super) struct Confirmed {
    /// The session's token.
    #[serde(default)]
    pub csrf: String,
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

impl Desk {
    /// Whether the one who is in sent this form from this site.
    fn is_confirmed(&self, headers: &HeaderMap, csrf: &str) -> Result<(), Box<Response>> {
        let session = self.session(headers)?;
        if session.confirms(csrf) && origin::is_own(headers, &self.site.info.url) {
            return Ok(());
        }
        let text = self.messages(headers).text("desk-foreign").into_owned();
        let page = pages::failure(&self.site.info, self.messages(headers), &text);
        Err(Box::new(self.page(StatusCode::FORBIDDEN, page)))
    }
}

pub(super) async fn replay(
    State(desk): State<Desk>,
    Path(number): Path<u64>,
    headers: HeaderMap,
    form: Form<Confirmed>,
) -> Response {
    dead_letter(&desk, number, &headers, &form.csrf, true).await
}

pub(super) async fn discard(
    State(desk): State<Desk>,
    Path(number): Path<u64>,
    headers: HeaderMap,
    form: Form<Confirmed>,
) -> Response {
    dead_letter(&desk, number, &headers, &form.csrf, false).await
}

async fn dead_letter(desk: &Desk, number: u64, headers: &HeaderMap, csrf: &str, replay: bool) -> Response {
    if let Err(refusal) = desk.is_confirmed(headers, csrf) {
        return *refusal;
    }
    let messages = desk.messages(headers);
    let letters = match desk.operator.dead_letters(None).await {
        Ok(letters) => letters,
        Err(error) => return desk.failed(messages, &error),
    };
    // Somebody else was faster: then it is as it should be.
    if let Some(letter) = letters.iter().find(|letter| letter.number == number) {
        let ended = if replay { desk.operator.replay(letter).await } else { desk.operator.discard(number).await };
        if let Err(error) = ended {
            return desk.failed(messages, &error);
        }
        let (event_id, action) = (&letter.event_id, if replay { "replayed" } else { "discarded" });
        info!(service = "publish", %event_id, number, action, "a dead letter at the desk");
    }
    private(Redirect::to("/desk/dead-letters").into_response())
}

pub(super) async fn approve(
    State(desk): State<Desk>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    form: Form<Confirmed>,
) -> Response {
    comment(&desk, id, &headers, &form.csrf, true).await
}

pub(super) async fn reject(
    State(desk): State<Desk>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    form: Form<Confirmed>,
) -> Response {
    comment(&desk, id, &headers, &form.csrf, false).await
}

async fn comment(desk: &Desk, id: Uuid, headers: &HeaderMap, csrf: &str, approve: bool) -> Response {
    if let Err(refusal) = desk.is_confirmed(headers, csrf) {
        return *refusal;
    }
    let decided = async {
        let (site, now) = (&desk.site, Timestamp::now());
        let mut tx = site.comments.store.begin().await?;
        // One that is gone, or whose article is, is out of the queue as well.
        let _decided = match approve {
            true => comments::approve(&mut tx, &site.info, id, now).await?,
            false => comments::reject(&mut tx, id, now).await?,
        };
        tx.commit().await?;
        site.comments.outbox.notify_one();
        Ok::<_, RecordError>(())
    };
    if let Err(error) = decided.await {
        return desk.failed(desk.messages(headers), &error);
    }
    info!(service = "publish", comment_id = %id, approved = approve, "a comment at the desk");
    private(Redirect::to("/desk/comments").into_response())
}

pub(super) async fn retract(State(desk): State<Desk>, headers: HeaderMap, form: Form<Retract>) -> Response {
    if let Err(refusal) = desk.is_confirmed(&headers, &form.csrf) {
        return *refusal;
    }
    let messages = desk.messages(&headers);
    let (article, reason) = (form.article.trim(), form.reason.trim());
    let Some((article_id, url)) = named(article) else {
        let text = messages.text("desk-retract-article-wrong");
        return desk.page(StatusCode::UNPROCESSABLE_ENTITY, pages::failure(&desk.site.info, messages, &text));
    };
    if reason.is_empty() {
        let text = messages.text("desk-retract-reason-missing");
        return desk.page(StatusCode::UNPROCESSABLE_ENTITY, pages::failure(&desk.site.info, messages, &text));
    }
    let retraction = ArticleRetracted { article_id, url, reason: reason.to_owned() };
    let attributes = Attributes::original(EventId::new(), "/kos/desk", &retraction, Timestamp::now());
    if let Err(error) = desk.operator.publish(&Outgoing::new(&attributes, &retraction)).await {
        return desk.failed(messages, &error);
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
