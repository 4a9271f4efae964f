//! The API: all that stands below `/api/v1`.
//!
//! [`operations`] is the one table of what can be asked. The routes are made of it and so is the OpenAPI document
//! ([`document`]), whose schemas come from the types that are sent: neither can say what the other doesn't. Articles,
//! sources and ingestion live here, search and comments with their features. [`problem`](mod@problem) is how errors look,
//! [`rate`] says how much one client may ask, [`token`] who the operator is.

mod articles;
mod document;
mod ingest;
mod operations;
mod parameters;
mod problem;
mod rate;
mod sources;
pub(crate) mod token;

use std::net::SocketAddr;

use axum::{
    Extension, Router,
    body::to_bytes,
    extract::{ConnectInfo, FromRef, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    middleware::{Next, from_fn_with_state, map_response},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use jiff::Timestamp;
use kos_shared::operator::Operator;

use self::{
    operations::{Operation, Who},
    rate::Limiter,
};
use crate::routes::Site;

pub(crate) use problem::{failed, problem};

/// Where it stands.
const BASE: &str = "/api/v1";

/// What scripts of other sites may see of an answer, beside what they always may.
const EXPOSED: &str = "etag, ratelimit, ratelimit-policy, retry-after";

/// The longest reason that is passed on, in bytes.
const LONGEST_REASON: usize = 1_024;

/// What a request to the API needs.
#[derive(Clone)]
struct Api {
    site: Site,
    /// What publishes events; none where the site stands without a bus.
    bus: Option<Operator>,
    limiter: Limiter,
}

impl FromRef<Api> for Site {
    fn from_ref(api: &Api) -> Self {
        api.site.clone()
    }
}

/// The API's addresses. `bus` is what ingest events are published on.
pub fn routes(site: Site, bus: Option<Operator>) -> Router {
    let operations = operations::all();
    let document = document::openapi(&site.info, &operations).to_string();
    let api = Api { site, bus, limiter: Limiter::default() };
    let limit = from_fn_with_state(api.clone(), limited);
    let mut routes = Router::new();
    for Operation { method, path, who, handler, .. } in operations {
        let handler = handler().layer(limit.clone());
        let is_public = method == Method::GET && who == Who::Anyone;
        routes = routes.route(path, if is_public { handler.layer(map_response(for_any_origin)) } else { handler });
    }
    let routes = routes
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        .layer(map_response(as_problem))
        .layer(Extension(Document(document.into())))
        .with_state(api);
    Router::new().nest(BASE, routes)
}

/// The OpenAPI document, as it is sent.
#[derive(Clone)]
struct Document(Bytes);

/// `GET /api/v1/openapi.json`.
async fn openapi(Extension(document): Extension<Document>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document.0).into_response()
}

/// Counts a request for its client, and says in the answer how many are left. The operator's are not counted.
async fn limited(State(api): State<Api>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let Some(&ConnectInfo(peer)) = peer.filter(|_| !token::is_operators(&api.site, headers)) else {
        return uncached(next.run(request).await);
    };
    let client = api.site.comments.trusted.client(peer, headers);
    let standing = api.limiter.count(client, Timestamp::now());
    let mut response = if standing.is_over() { rate::too_many(standing) } else { uncached(next.run(request).await) };
    standing.write(response.headers_mut());
    response
}

/// What is read again is asked for again, if only to hear that it is the same.
fn uncached(mut response: Response) -> Response {
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    response
}

/// What everybody may read may be read by scripts of other sites. Their browsers send no cookies and no token with a
/// request that this answers.
async fn for_any_origin(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    response
}

/// What the framework says in plain text, an address that is no UTF-8 for example, as a problem.
async fn as_problem(response: Response) -> Response {
    let status = response.status();
    let is_problem = text(response.headers(), header::CONTENT_TYPE) == Some(problem::MEDIA_TYPE);
    if is_problem || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let said = to_bytes(response.into_body(), LONGEST_REASON).await.unwrap_or_default();
    let title = status.canonical_reason().unwrap_or("the request failed");
    problem(status, title, String::from_utf8_lossy(&said).trim())
}

async fn not_found(uri: Uri) -> Response {
    let detail = format!("{BASE}{} is not among those of {BASE}/openapi.json", uri.path());
    problem(StatusCode::NOT_FOUND, "no such address", &detail)
}

async fn method_not_allowed(method: Method) -> Response {
    let detail = format!("{method} means nothing here: expected one of those that the header Allow names");
    problem(StatusCode::METHOD_NOT_ALLOWED, "no such method", &detail)
}

/// A header of an answer that only some answers have.
pub(crate) fn with_header(mut response: Response, name: HeaderName, value: &'static str) -> Response {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
    response
}

/// The text of a header, where it is one.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
