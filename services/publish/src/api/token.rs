//! Whether it is the operator who asks.

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::Response,
};

use super::{problem, text, with_header};
use crate::{routes::Site, signing::is_same};

/// Whether a request shows `KOS_ADMIN_TOKEN`, as RFC 6750 section 2.1 has it. It takes as long for a token that nearly is.
pub fn is_operators(site: &Site, headers: &HeaderMap) -> bool {
    let Some(expected) = &site.comments.admin_token else { return false };
    let shown = text(headers, header::AUTHORIZATION).and_then(|value| value.split_once(' '));
    let token = shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    token.is_some_and(|token| is_same(token, expected.reveal()))
}

/// Lets the operator in; the answer to anybody else.
pub fn let_in(site: &Site, headers: &HeaderMap) -> Result<(), Box<Response>> {
    if is_operators(site, headers) {
        return Ok(());
    }
    if site.comments.admin_token.is_none() {
        let detail = "nothing is here unless KOS_ADMIN_TOKEN is set";
        return Err(problem(StatusCode::NOT_FOUND, "no such address", detail).into());
    }
    let detail = "expected the header Authorization: Bearer, and the operator's token";
    let refused = problem(StatusCode::UNAUTHORIZED, "not let in", detail);
    Err(with_header(refused, header::WWW_AUTHENTICATE, "Bearer").into())
}
