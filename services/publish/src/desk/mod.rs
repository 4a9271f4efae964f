//! The operator's desk: what the pipeline has to do, what it gave up, how the feeds are, which comments readers may see, and
//! what is to be withdrawn.
//!
//! It exists where `KOS_ADMIN_TOKEN` is set. [`session`] says who is in, [`actions`] is what may be done, [`pages`] what
//! is seen, and [`chart`] draws. What it knows of the other services it asks over the bus, as the command line does
//! ([`kos_shared::operator`]).

mod actions;
mod chart;
mod pages;
mod session;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use jiff::Timestamp;
use kos_shared::{config::Secret, operator::Operator};
use serde::Deserialize;
use tracing::warn;

use self::session::{Entrance, Session};
use crate::{
    origin,
    routes::{Reader, Site},
    site::{ErrorPage, Messages},
};

/// The longest form that is read, in bytes.
const MAX_FORM: usize = 16 * 1024;

/// How long a session lasts.
const SESSION: Duration = Duration::from_secs(12 * 60 * 60);

/// What the desk needs.
#[derive(Clone)]
struct Desk {
    site: Site,
    operator: Operator,
    entrance: Arc<Entrance>,
}

/// The desk's addresses. `token` is what the operator shows to be let in.
pub fn routes(site: Site, operator: Operator, token: &Secret) -> Router {
    let desk = Desk { site, operator, entrance: Arc::new(Entrance::new(token)) };
    Router::new()
        .route("/desk", get(pages::overview))
        .route("/desk/dead-letters", get(pages::dead_letters))
        .route("/desk/feeds", get(pages::feeds))
        .route("/desk/comments", get(pages::comments))
        .route("/desk/login", get(login_page).post(login))
        .route("/desk/logout", post(logout))
        .route("/desk/dead-letters/{number}/replay", post(actions::replay))
        .route("/desk/dead-letters/{number}/discard", post(actions::discard))
        .route("/desk/comments/{id}/approve", post(actions::approve))
        .route("/desk/comments/{id}/reject", post(actions::reject))
        .route("/desk/retract", post(actions::retract))
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .with_state(desk)
}

impl Desk {
    fn messages(&self, headers: &HeaderMap) -> &'static Messages {
        Reader::of_headers(&self.site.info, headers).messages
    }

    /// The session of a request, or the way to the login.
    fn session(&self, headers: &HeaderMap) -> Result<Session, Box<Response>> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        self.entrance
            .session(cookies, Timestamp::now())
            .ok_or_else(|| Box::new(private(Redirect::to("/desk/login").into_response())))
    }

    /// A page for the one who is in, and for no cache.
    fn page(&self, status: StatusCode, html: String) -> Response {
        private((status, axum::response::Html(html)).into_response())
    }

    fn failed(&self, messages: &Messages, error: &dyn std::fmt::Display) -> Response {
        warn!(service = "publish", %error, "the desk could not be answered");
        self.page(StatusCode::BAD_GATEWAY, pages::failure(&self.site.info, messages, &error.to_string()))
    }
}

/// What only one reader may see.
fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    response
}

#[derive(Deserialize)]
struct Login {
    #[serde(default)]
    token: String,
}

async fn login_page(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    if desk.session(&headers).is_ok() {
        return private(Redirect::to("/desk").into_response());
    }
    desk.page(StatusCode::OK, pages::login(&desk.site.info, desk.messages(&headers), None))
}

async fn login(State(desk): State<Desk>, headers: HeaderMap, form: axum::Form<Login>) -> Response {
    let messages = desk.messages(&headers);
    let now = Timestamp::now();
    if !origin::is_own(&headers, &desk.site.info.url) {
        return desk.page(StatusCode::FORBIDDEN, pages::login(&desk.site.info, messages, Some("desk-foreign")));
    }
    if !desk.entrance.may_try(now) {
        let page = pages::login(&desk.site.info, messages, Some("desk-too-many"));
        return desk.page(StatusCode::TOO_MANY_REQUESTS, page);
    }
    if !desk.entrance.is_token(form.token.trim()) {
        warn!(service = "publish", "a wrong token at the desk");
        desk.entrance.failed(now);
        return desk.page(StatusCode::FORBIDDEN, pages::login(&desk.site.info, messages, Some("desk-wrong-token")));
    }
    let secure = desk.site.info.url.as_str().starts_with("https:");
    let cookie = session::cookie(&desk.entrance.begin(now, SESSION), SESSION, secure);
    let mut response = Redirect::to("/desk").into_response();
    if let Ok(cookie) = cookie.parse() {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    private(response)
}

async fn logout(State(desk): State<Desk>, headers: HeaderMap, form: axum::Form<actions::Confirmed>) -> Response {
    if let Ok(session) = desk.session(&headers)
        && session.confirms(&form.csrf)
    {
        let mut response = Redirect::to("/desk/login").into_response();
        if let Ok(cookie) = session::cookie("", Duration::ZERO, false).parse() {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        return private(response);
    }
    let page = ErrorPage::NotFound;
    Reader::of_headers(&desk.site.info, &headers).answer_error(&desk.site.info, page)
}
