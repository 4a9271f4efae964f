//! How answers travel: HEAD, conditional requests and content codings, the same for everything that the site serves.
//!
//! A handler that knows its state by less than its body says so with [`Validators`] and answers 304 before it makes the
//! body; for all others the body is hashed here. Answers without a known length, such as event streams, pass as they are.

mod encoding;
mod validators;

use axum::{
    body::{Body, HttpBody, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, Response as HttpResponse, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use kos_shared::stage::on_cpu;
use tracing::error;

pub use encoding::{Effort, Encoding};
pub use validators::Validators;

/// The largest body that is hashed and encoded.
const LARGEST: u64 = 16 << 20;

/// A body shorter than this fits into a packet as it is.
const WORTH_ENCODING: usize = 1_024;

/// A body up to this is encoded sooner than it is handed to another thread.
const SMALL: usize = 128 << 10;

/// Answers HEAD as GET without a body, conditional requests with 304, and encodes what gets smaller by it.
pub async fn deliver(mut request: Request, next: Next) -> Response {
    let head = request.method() == Method::HEAD;
    if head {
        *request.method_mut() = Method::GET;
    }
    let asks = request.method() == Method::GET;
    let headers = request.headers().clone();
    let response = next.run(request).await;
    let response = if asks { prepared(&headers, response).await } else { response };
    if head { without_body(response) } else { response }
}

/// 304 with what a cache is to know, from the headers of the answer that is not sent.
pub fn not_modified(mut headers: HeaderMap) -> Response {
    for whole in [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING] {
        headers.remove(whole);
    }
    (StatusCode::NOT_MODIFIED, headers).into_response()
}

async fn prepared(request: &HeaderMap, response: Response) -> Response {
    let known_length = response.body().size_hint().exact().is_some_and(|length| length <= LARGEST);
    if response.status() == StatusCode::NOT_MODIFIED || !known_length {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, LARGEST as usize).await else {
        error!("the body of an answer could not be read");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if parts.status == StatusCode::OK {
        let validators = Validators::read(&parts.headers).unwrap_or_else(|| {
            let made = Validators::of([&body], None);
            made.write(&mut parts.headers);
            made
        });
        if validators.is_known_to(request) {
            vary_by_encoding(&mut parts.headers);
            return not_modified(parts.headers);
        }
    }
    let body = encoded(request, &mut parts.headers, body).await;
    HttpResponse::from_parts(parts, Body::from(body))
}

async fn encoded(request: &HeaderMap, headers: &mut HeaderMap, body: Bytes) -> Bytes {
    if !gets_smaller(headers) {
        return body;
    }
    vary_by_encoding(headers);
    let encoding = Encoding::accepted(request);
    if headers.contains_key(header::CONTENT_ENCODING) || body.len() < WORTH_ENCODING {
        return body;
    }
    let Some(name) = encoding.header() else { return body };
    let made = if body.len() > SMALL {
        let body = body.clone();
        on_cpu(move || encoding.encode(&body, Effort::Once)).await
    } else {
        encoding.encode(&body, Effort::Once)
    };
    match made {
        Ok(encoded) => {
            headers.insert(header::CONTENT_ENCODING, name);
            headers.remove(header::CONTENT_LENGTH);
            encoded
        }
        Err(_) => body,
    }
}

/// Whether a coding makes a body of this type smaller.
fn gets_smaller(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.starts_with("text/")
        || essence.ends_with("json")
        || essence.ends_with("xml")
        || essence.ends_with("javascript")
}

fn vary_by_encoding(headers: &mut HeaderMap) {
    let said = headers.get_all(header::VARY).iter().filter_map(|v| v.to_str().ok());
    if !said.flat_map(|v| v.split(',')).any(|name| name.trim().eq_ignore_ascii_case("accept-encoding")) {
        headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
}

fn without_body(mut response: Response) -> Response {
    let length = response.body().size_hint().exact();
    if let Some(length) = length.filter(|_| response.status() != StatusCode::NOT_MODIFIED) {
        response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    }
    *response.body_mut() = Body::empty();
    response
}

#[cfg(test)]
mod tests;
