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

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{ConnectInfo, DefaultBodyLimit, FromRequestParts, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Redirect, Response},
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

    /// The session of a request.
    fn session(&self, headers: &HeaderMap) -> Option<Session> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        self.entrance.session(cookies, Timestamp::now())
    }
}

/// A request of somebody who is in. Anybody else is shown the way to the login.
struct Visit {
    desk: Desk,
    session: Session,
    messages: &'static Messages,
    /// Whether it comes from a page of this site.
    is_own: bool,
}

impl FromRequestParts<Desk> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Response> {
        let headers = &parts.headers;
        let login = || private(Redirect::to("/desk/login").into_response());
        Ok(Self {
            session: desk.session(headers).ok_or_else(login)?,
            messages: desk.messages(headers),
            is_own: origin::is_own(headers, &desk.site.info.url),
            desk: desk.clone(),
        })
    }
}

impl Visit {
    /// The page that says what went wrong.
    fn refused(&self, status: StatusCode, reason: &str) -> Response {
        page(status, pages::failure(&self.desk.site.info, self.messages, reason))
    }

    fn failed(&self, error: &dyn std::fmt::Display) -> Response {
        warn!(service = "publish", %error, "the desk could not be answered");
        self.refused(StatusCode::BAD_GATEWAY, &error.to_string())
    }
}

/// A page for one reader alone.
fn page(status: StatusCode, html: String) -> Response {
    private((status, Html(html)).into_response())
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
    if desk.session(&headers).is_some() {
        return private(Redirect::to("/desk").into_response());
    }
    page(StatusCode::OK, pages::login(&desk.site.info, desk.messages(&headers), None))
}

async fn login(
    State(desk): State<Desk>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    form: axum::Form<Login>,
) -> Response {
    let messages = desk.messages(&headers);
    let now = Timestamp::now();
    let client = desk.site.comments.trusted.client(peer, &headers);
    if !origin::is_own(&headers, &desk.site.info.url) {
        return page(StatusCode::FORBIDDEN, pages::login(&desk.site.info, messages, Some("desk-foreign")));
    }
    if !desk.entrance.may_try(client, now) {
        return page(StatusCode::TOO_MANY_REQUESTS, pages::login(&desk.site.info, messages, Some("desk-too-many")));
    }
    if !desk.entrance.is_token(form.token.trim()) {
        warn!(service = "publish", "a wrong token at the desk");
        desk.entrance.failed(client, now);
        return page(StatusCode::FORBIDDEN, pages::login(&desk.site.info, messages, Some("desk-wrong-token")));
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
    if let Some(session) = desk.session(&headers)
        && session.confirms(&form.csrf)
    {
        let mut response = Redirect::to("/desk/login").into_response();
        if let Ok(cookie) = session::cookie("", Duration::ZERO, false).parse() {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        return private(response);
    }
    Reader::of_headers(&desk.site.info, &headers).answer_error(&desk.site.info, ErrorPage::NotFound)
}
