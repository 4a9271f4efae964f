//! Errors as RFC 9457 has them.

use std::borrow::Cow;

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use kos_shared::stage::RecordError;
use schemars::JsonSchema;
use serde::Serialize;
use tracing::error;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What says no more than the status does (RFC 9457 section 4.2.1).
const UNSPECIFIC: &str = "about:blank";

/// An error (RFC 9457).
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Problem<'a> {
    /// What kind of problem it is; `about:blank` where the status says it.
    #[serde(rename = "type")]
    #[schemars(extend("format" = "uri-reference"))]
    pub kind: &'static str,
    /// The problem in a few words, the same ones every time.
    pub title: Cow<'a, str>,
    /// The status of the answer.
    #[schemars(range(min = 400, max = 599))]
    pub status: u16,
    /// What is wrong this time, and what was expected.
    pub detail: Cow<'a, str>,
    /// The policies that were broken, by their names in `RateLimit-Policy`.
    #[serde(rename = "violated-policies", skip_serializing_if = "<[_]>::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub violated_policies: &'a [&'static str],
}

impl IntoResponse for Problem<'_> {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // Texts and numbers under texts always can be written.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response()
    }
}

/// An error whose kind the status says.
pub(crate) fn problem(status: StatusCode, title: &str, detail: &str) -> Response {
    let (title, detail) = (title.into(), detail.into());
    Problem { kind: UNSPECIFIC, title, status: status.as_u16(), detail, violated_policies: &[] }.into_response()
}

/// The answer where the database fails; the log says what could not be done, and why.
pub(crate) fn failed(what: &str, failure: &RecordError) -> Response {
    error!(error = %failure, "{what}");
    problem(StatusCode::INTERNAL_SERVER_ERROR, "the site failed", "the log says why")
}
