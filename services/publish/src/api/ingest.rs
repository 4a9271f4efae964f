//! Taking in pages over HTTP: the same event that any NATS client could publish.

use axum::{
    Json,
    extract::{FromRequest, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use jiff::Timestamp;
use kos_shared::{
    bus::PublishError,
    event::{Attributes, Envelope, EventId, EventType, HttpUrl, IngestRequested, InvalidEvent, Outgoing, Received},
    operator::OperatorError,
};
use schemars::JsonSchema;
use serde::Serialize;
use tracing::{error, info};

use super::{Api, problem, text, token, with_header};

/// The longest body, in bytes: a page of 5 MB with what JSON adds to it, and less than the 8 MB that the bus takes with
/// headers.
pub const BODY_BYTES: usize = 7_500_000;

/// When to try again where the bus takes nothing, in seconds.
const TRY_AGAIN_S: &str = "10";

/// What was asked for will be done.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Accepted {
    /// The event, for `kos trace`.
    event_id: String,
    /// The address as it was understood.
    url: HttpUrl,
}

/// `POST /api/v1/ingest`.
pub async fn ingest(State(api): State<Api>, request: Request) -> Response {
    if let Err(refused) = token::let_in(&api.site, request.headers()) {
        return *refused;
    }
    if !is_json(text(request.headers(), header::CONTENT_TYPE).unwrap_or_default()) {
        let detail = "expected the header Content-Type: application/json";
        return problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body can't be read", detail);
    }
    let body = match Bytes::from_request(request, &api).await {
        Ok(body) => body,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return too_large(&format!("expected at most {BODY_BYTES} bytes"));
        }
        Err(_) => return problem(StatusCode::BAD_REQUEST, "the body can't be read", "it broke off"),
    };
    let wanted = match read(&body) {
        Ok(wanted) => wanted,
        Err(invalid) => {
            return problem(StatusCode::UNPROCESSABLE_ENTITY, "the body is no such event", &invalid.to_string());
        }
    };
    let Some(bus) = &api.bus else { return no_bus() };
    let attributes = Attributes::original(EventId::new(), "/kos/api", &wanted, Timestamp::now());
    // As it came: what this version doesn't know travels along.
    let event = Outgoing { body, ..Outgoing::new(&attributes, &wanted) };
    match bus.publish(&event).await {
        Ok(()) => {
            info!(service = "publish", event_id = %attributes.id, url = %wanted.url.without_login(), "an ingest event over HTTP");
            let accepted = Accepted { event_id: attributes.id.to_string(), url: wanted.url };
            (StatusCode::ACCEPTED, Json(accepted)).into_response()
        }
        Err(OperatorError::Publish(failure @ PublishError::TooLarge { .. })) => too_large(&failure.to_string()),
        Err(failure) => {
            error!(service = "publish", error = %failure, "an ingest event could not be published");
            no_bus()
        }
    }
}

/// The payload, read and checked as ingest workers do.
fn read(body: &Bytes) -> Result<IngestRequested, InvalidEvent> {
    let subject = EventType::IngestRequested.as_str();
    let received = Received { subject, headers: &vec![], body, stream: "", sequence: 0, stored_nanos: 0 };
    Envelope::read(received, EventType::IngestRequested).open()
}

fn is_json(content_type: &str) -> bool {
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

fn too_large(detail: &str) -> Response {
    problem(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large", detail)
}

fn no_bus() -> Response {
    let detail = "the bus takes no events now: the log says why";
    let refused = problem(StatusCode::SERVICE_UNAVAILABLE, "the event was not taken", detail);
    with_header(refused, header::RETRY_AFTER, TRY_AGAIN_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_is_wrong_names_the_field() {
        let wrong = |body: &'static str| read(&Bytes::from_static(body.as_bytes())).unwrap_err();
        for (body, field) in [
            ("", "body"),
            ("[]", "body"),
            ("{}", "url"),
            (r#"{"url": "ftp://paper.example"}"#, "url"),
            (r#"{"url": "https://paper.example", "hints": {"language": "not one"}}"#, "hints.language"),
            (r#"{"url": "https://paper.example", "force": "yes"}"#, "force"),
        ] {
            assert_eq!(wrong(body).field, field, "{body}");
        }
        let taken = read(&Bytes::from_static(br#"{"url": "https://paper.example", "x": 1, "hints": {"title": "T"}}"#));
        assert_eq!(taken.unwrap().hints.unwrap().title.as_deref(), Some("T"));
    }

    #[test]
    fn json_is_told_by_its_media_type() {
        assert!(is_json("application/json") && is_json("Application/JSON; charset=utf-8"));
        assert!(!is_json("") && !is_json("text/plain") && !is_json("application/x-www-form-urlencoded"));
    }
}
