//! CloudEvents 1.0 on NATS: binary mode (attributes in `ce-*` headers, the payload as body),
//! structured mode (`application/cloudevents+json`) and a bare JSON body without any header.
//!
//! Sources: CloudEvents 1.0.2, its NATS protocol binding and its JSON format; W3C Trace Context.

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use super::{
    Attributes, EventId, EventType, Headers, Payload, TraceContext, header,
    headers::{decode, encode},
};

/// The media type of an event in structured mode.
const STRUCTURED: &str = "application/cloudevents+json";

/// The longest subject that is kept, in bytes: an entry in an index of PostgreSQL may have 2,700.
const MAX_SUBJECT_BYTES: usize = 2_000;

/// A message as the bus delivered it.
#[derive(Debug, Clone, Copy)]
pub struct Received<'a> {
    /// The subject that it was published on.
    pub subject: &'a str,
    /// Its headers.
    pub headers: &'a Headers,
    /// Its body.
    pub body: &'a Bytes,
    /// The stream that it is kept in.
    pub stream: &'a str,
    /// Its sequence number there.
    pub sequence: u64,
    /// When it was stored there, in nanoseconds since 1970.
    pub stored_nanos: i128,
}

/// Why a message is no event that a stage can handle. No retry will mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct InvalidEvent {
    /// The field or attribute that is wrong, `body` for the whole.
    pub field: String,
    /// What is wrong with it, and what was expected.
    pub problem: String,
}

/// An event whose attributes were read and whose payload is still text.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// The attributes; what could not be read of them is made up, so that a message that is no event
    /// has an identity too.
    pub attributes: Attributes,
    payload: Result<Bytes, InvalidEvent>,
}

impl Envelope {
    /// Reads the envelope of a message on a subject that carries `event_type`.
    pub fn read(received: Received<'_>, event_type: EventType) -> Self {
        let structured = header(received.headers, "content-type")
            .is_some_and(|t| t.trim_start().to_ascii_lowercase().starts_with(STRUCTURED));
        let mut context = if structured { structured_mode(received.body) } else { binary_mode(received) };
        let invalid = context.check(event_type).err();

        let position = || EventId::of_position(received.stream, received.sequence, received.stored_nanos);
        let id = match &context.id {
            Some(id) => EventId::of_producer(&context.source, id),
            None => position(),
        };
        let trace = (context.traceparent.as_deref().or_else(|| header(received.headers, "traceparent")))
            .and_then(|t| t.parse().ok())
            .unwrap_or_else(|| TraceContext::of_event(&id));
        let attributes = Attributes {
            id,
            source: std::mem::take(&mut context.source),
            event_type,
            // An event without a time is as old as its place in the stream, whenever it is read.
            time: (context.time.and_then(|t| t.parse().ok()))
                .or_else(|| Timestamp::from_nanosecond(received.stored_nanos).ok()),
            subject: context.subject.map(storable),
            cause: context.cause.map(|id| EventId::of_producer("", &id)),
            replay: context.replay.and_then(|n| n.parse().ok()).unwrap_or(0),
            trace,
        };
        Self { attributes, payload: invalid.map_or(context.payload, Err) }
    }

    /// The payload, typed and validated.
    ///
    /// # Errors
    /// Names the attribute or field that is missing or wrong, and what was expected there.
    pub fn open<P: Payload>(&self) -> Result<P, InvalidEvent> {
        let body = self.payload.as_ref().map_err(Clone::clone)?;
        let payload: P = match serde_json::from_slice(body) {
            Ok(payload) if !may_hold_nul(body) => payload,
            _ => parse_with_care(body)?,
        };
        payload.validate().map_err(|(field, problem)| InvalidEvent { field: field.into(), problem })?;
        Ok(payload)
    }
}

impl Envelope {
    /// The same event as a new cause, for the `number`th replay: its id is derived from both, so that the inbox doesn't
    /// take it for the old one. `headers` are those that it came with; what no attribute says is kept.
    ///
    /// # Errors
    /// Where its payload can't even be found.
    pub fn replay(&self, number: u64, headers_before: &Headers) -> Result<Outgoing, InvalidEvent> {
        let body = self.payload.as_ref().map_err(Clone::clone)?.clone();
        let mut attributes = self.attributes.clone();
        attributes.id = attributes.id.derive(&format!("replay {number}"), 0);
        attributes.cause = Some(self.attributes.id.clone());
        attributes.replay = number;
        let mut headers = headers(&attributes);
        let said = ["ce-", "nats-", "kos-dead-", "content-type", "traceparent"];
        let unsaid = |name: &str| !said.iter().any(|prefix| name.to_ascii_lowercase().starts_with(prefix));
        headers.extend(headers_before.iter().filter(|(name, _)| unsaid(name)).cloned());
        Ok(Outgoing { id: attributes.id, subject: attributes.event_type.as_str().to_owned(), headers, body })
    }
}

/// An event on its way out: its headers in binary mode, and its body.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// What makes it the same event when it comes again; also its `Nats-Msg-Id`.
    pub id: EventId,
    /// The subject that it is published on.
    pub subject: String,
    /// Its headers, `Nats-Msg-Id` among them.
    pub headers: Headers,
    /// Its body.
    pub body: Bytes,
}

impl Outgoing {
    /// An event in binary mode.
    ///
    /// # Panics
    /// Never: a payload is plain data with text keys, which always can be written as JSON.
    pub fn new<P: Payload>(attributes: &Attributes, payload: &P) -> Self {
        #[expect(clippy::expect_used, reason = "see the docstring")]
        let body = serde_json::to_vec(payload).expect("a payload can be written as JSON");
        Self {
            id: attributes.id.clone(),
            subject: attributes.event_type.as_str().to_owned(),
            headers: headers(attributes),
            body: body.into(),
        }
    }

    /// Headers and body in bytes, as the server counts them.
    pub fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(n, v)| n.len() + v.len() + 4).sum();
        headers + "NATS/1.0\r\n\r\n".len() + self.body.len()
    }
}

/// The headers of an event in binary mode.
fn headers(a: &Attributes) -> Headers {
    let mut headers = vec![
        ("Nats-Msg-Id".to_owned(), encode(a.id.as_str())),
        ("content-type".to_owned(), "application/json".to_owned()),
        ("ce-specversion".to_owned(), "1.0".to_owned()),
        ("ce-id".to_owned(), encode(a.id.as_str())),
        ("ce-source".to_owned(), encode(&a.source)),
        ("ce-type".to_owned(), a.event_type.as_str().to_owned()),
        ("traceparent".to_owned(), a.trace.to_string()),
    ];
    let mut optional = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            headers.push((name.to_owned(), encode(&value)));
        }
    };
    optional("ce-time", a.time.map(|t| t.to_string()));
    optional("ce-subject", a.subject.clone());
    optional("ce-causationid", a.cause.as_ref().map(|c| c.to_string()));
    optional("ce-replay", (a.replay > 0).then(|| a.replay.to_string()));
    headers
}

/// The attributes as they came, before anything was made of them.
struct Context {
    id: Option<String>,
    source: String,
    specversion: Option<String>,
    event_type: Option<String>,
    time: Option<String>,
    subject: Option<String>,
    cause: Option<String>,
    replay: Option<String>,
    traceparent: Option<String>,
    payload: Result<Bytes, InvalidEvent>,
}

impl Context {
    fn check(&self, expected: EventType) -> Result<(), InvalidEvent> {
        let wrong = |field: &str, problem: String| Err(InvalidEvent { field: field.into(), problem });
        if let Some(version) = self.specversion.as_deref().filter(|v| !v.starts_with("1.")) {
            return wrong("specversion", format!("expected 1.0, got {version:?}"));
        }
        if let Some(given) = self.event_type.as_deref().filter(|t| *t != expected.as_str()) {
            return wrong("type", format!("expected {expected} on this subject, got {given:?}"));
        }
        if self.id.as_deref().is_some_and(str::is_empty) {
            return wrong("id", "expected a text that is not empty".into());
        }
        if let Some(time) = self.time.as_deref().filter(|t| t.parse::<Timestamp>().is_err()) {
            return wrong("time", format!("expected a time as in RFC 3339, got {time:?}"));
        }
        Ok(())
    }
}

fn binary_mode(received: Received<'_>) -> Context {
    let attribute = |name: &str| header(received.headers, name).map(decode);
    Context {
        // A producer that knows nothing of CloudEvents but sets a message id means the same thing by it.
        id: attribute("ce-id").or_else(|| attribute("Nats-Msg-Id")),
        source: attribute("ce-source").unwrap_or_default(),
        specversion: attribute("ce-specversion"),
        event_type: attribute("ce-type"),
        time: attribute("ce-time"),
        subject: attribute("ce-subject"),
        cause: attribute("ce-causationid"),
        replay: attribute("ce-replay"),
        traceparent: attribute("ce-traceparent"),
        payload: Ok(received.body.clone()),
    }
}

fn structured_mode(body: &Bytes) -> Context {
    let invalid = |field: &str, problem: &str| InvalidEvent { field: field.into(), problem: problem.into() };
    let mut whole = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(whole)) => Ok(whole),
        Ok(_) => Err(invalid("body", "expected a CloudEvent as a JSON object")),
        Err(e) => Err(invalid("body", &format!("expected a CloudEvent as JSON: {e}"))),
    };
    let mut attribute = |name: &str| match whole.as_mut().ok()?.remove(name)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let mut context = Context {
        id: attribute("id"),
        source: attribute("source").unwrap_or_default(),
        specversion: attribute("specversion"),
        event_type: attribute("type"),
        time: attribute("time"),
        subject: attribute("subject"),
        cause: attribute("causationid"),
        replay: attribute("replay"),
        traceparent: attribute("traceparent"),
        payload: Err(invalid("data", "expected the payload as a JSON object, got nothing")),
    };
    match whole {
        Ok(mut whole) => match (whole.remove("data"), whole.contains_key("data_base64")) {
            (Some(data), _) => context.payload = Ok(data.to_string().into()),
            (None, true) => context.payload = Err(invalid("data_base64", "expected the payload as JSON in `data`")),
            (None, false) => {}
        },
        Err(error) => context.payload = Err(error),
    }
    context
}

/// A text that every database takes and can index: without control characters, and not too long.
fn storable(mut text: String) -> String {
    text.retain(|c| !c.is_control());
    text.truncate(text.floor_char_boundary(MAX_SUBJECT_BYTES));
    text
}

/// Whether a JSON text may hold the character U+0000, which PostgreSQL's text type refuses.
fn may_hold_nul(body: &[u8]) -> bool {
    // As text, because the search for a text is five times as fast as one for bytes; what is no UTF-8 is no JSON.
    std::str::from_utf8(body).is_ok_and(|text| text.contains("\\u0000"))
}

/// Reads a payload the slow way: without NULs, and with the path of what is wrong.
fn parse_with_care<P: Payload>(body: &[u8]) -> Result<P, InvalidEvent> {
    let whole = |problem: String| InvalidEvent { field: "body".into(), problem };
    let mut value: Value = serde_json::from_slice(body).map_err(|e| whole(format!("expected JSON: {e}")))?;
    if !value.is_object() {
        return Err(whole("expected a JSON object".into()));
    }
    remove_nuls(&mut value);
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let problem = error.into_inner().to_string();
        let missing = problem.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        match (missing, path.as_str()) {
            (Some(field), ".") => InvalidEvent { field: field.into(), problem: "is missing".into() },
            (Some(field), path) => InvalidEvent { field: format!("{path}.{field}"), problem: "is missing".into() },
            (None, ".") => whole(problem),
            (None, path) => InvalidEvent { field: path.into(), problem },
        }
    })
}

fn remove_nuls(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => text.retain(|c| c != '\0'),
        Value::Array(items) => items.iter_mut().for_each(remove_nuls),
        Value::Object(fields) => fields.values_mut().for_each(remove_nuls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{ArticleRetracted, IngestRequested};

    fn read(headers: &[(&str, &str)], body: &str) -> Envelope {
        let headers = headers.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        let received = Received {
            subject: "kos.ingest.requested",
            headers: &headers,
            body: &Bytes::copy_from_slice(body.as_bytes()),
            stream: "KOS_INGEST",
            sequence: 7,
            stored_nanos: 1_700_000_000_000_000_000,
        };
        Envelope::read(received, EventType::IngestRequested)
    }

    fn problem(body: &str) -> InvalidEvent {
        read(&[], body).open::<IngestRequested>().unwrap_err()
    }

    #[test]
    fn a_bare_body_is_an_event_named_by_its_position() {
        let envelope = read(&[], r#"{"url":"https://example.com/1","colour":"blue"}"#);
        let payload: IngestRequested = envelope.open().unwrap();
        assert_eq!(payload.url.as_str(), "https://example.com/1");
        let again = read(&[], "{}");
        assert_eq!(envelope.attributes.id, again.attributes.id);
    }

    #[test]
    fn what_is_written_in_binary_mode_is_read_again() {
        let payload = IngestRequested {
            url: "https://example.com/新闻?a=b%20c".parse().unwrap(),
            html: Some("<p>x</p>".into()),
            hints: None,
            feed_id: None,
            force: false,
        };
        let cause = EventId::new();
        let mut attributes = Attributes::original(
            EventId::of_producer("/über uns", "no 1"),
            "/kos/test",
            &payload,
            Timestamp::UNIX_EPOCH,
        );
        attributes.cause = Some(cause);
        attributes.replay = 3;
        let out = Outgoing::new(&attributes, &payload);
        assert!(out.headers.iter().all(|(_, v)| v.bytes().all(|b| (0x21..0x7f).contains(&b))), "{:?}", out.headers);
        let headers: Vec<_> = out.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let envelope = read(&headers, std::str::from_utf8(&out.body).unwrap());
        assert_eq!(envelope.open::<IngestRequested>().unwrap(), payload);
        let mut expected = attributes.clone();
        expected.id = EventId::of_producer("/kos/test", attributes.id.as_str());
        assert_eq!(envelope.attributes, expected);
    }

    #[test]
    fn structured_mode_is_understood() {
        let body = r#"{"specversion":"1.0","id":"a1","source":"/desk","type":"kos.ingest.requested",
            "time":"2026-01-22T05:01:44Z","data":{"url":"https://example.com/1"}}"#;
        let envelope = read(&[("Content-Type", "application/cloudevents+json; charset=utf-8")], body);
        assert_eq!(envelope.attributes.id.as_str(), "/desk#a1");
        assert_eq!(envelope.open::<IngestRequested>().unwrap().url.host(), "example.com");
        let without = read(&[("content-type", STRUCTURED)], r#"{"id":"a","source":"b"}"#);
        assert_eq!(without.open::<IngestRequested>().unwrap_err().field, "data");
    }

    #[test]
    fn a_wrong_field_is_named() {
        assert_eq!(problem("").field, "body");
        assert_eq!(problem("[]").problem, "expected a JSON object");
        assert_eq!(problem("{}").to_string(), "url: is missing");
        assert_eq!(problem(r#"{"url":5}"#).field, "url");
        let relative = problem(r#"{"url":"/news/1"}"#);
        assert_eq!(relative.to_string(), r#"url: expected an absolute http or https address, got "/news/1""#);
        assert_eq!(problem(r#"{"url":"https://a.b/","hints":{"authors":"Ann"}}"#).field, "hints.authors");
        assert_eq!(problem(r#"{"url":"https://a.b/","hints":{"published_at":"soon"}}"#).field, "hints.published_at");
    }

    #[test]
    fn a_wrong_attribute_is_named() {
        let body = r#"{"url":"https://example.com/1"}"#;
        for (name, value, field) in [
            ("ce-specversion", "0.3", "specversion"),
            ("ce-type", "kos.article.ingested", "type"),
            ("ce-time", "yesterday", "time"),
            ("ce-id", "", "id"),
        ] {
            let error = read(&[(name, value)], body).open::<IngestRequested>().unwrap_err();
            assert_eq!(error.field, field);
        }
    }

    #[test]
    fn a_replay_is_a_new_event_with_the_same_payload() {
        let headers = vec![("x-desk".to_owned(), "7".to_owned()), ("ce-id".to_owned(), "a".to_owned())];
        let envelope = read(&[("x-desk", "7"), ("ce-id", "a")], r#"{"url":"https://example.com/1"}"#);
        let replay = envelope.replay(3, &headers).unwrap();
        assert_ne!(replay.id, envelope.attributes.id);
        assert_ne!(replay.id, envelope.replay(4, &headers).unwrap().id);
        assert_eq!(replay.id, envelope.replay(3, &headers).unwrap().id);
        assert_eq!(header(&replay.headers, "ce-replay"), Some("3"));
        assert_eq!(header(&replay.headers, "ce-id"), Some(replay.id.as_str()));
        assert_eq!(header(&replay.headers, "x-desk"), Some("7"));
        assert_eq!(&replay.body[..], br#"{"url":"https://example.com/1"}"#);
    }

    #[test]
    fn nuls_are_dropped_and_nothing_else() {
        let envelope = read(&[], r#"{"url":"https://example.com/1","html":"a\u0000b \\u0000"}"#);
        assert_eq!(envelope.open::<IngestRequested>().unwrap().html.unwrap(), "ab \\u0000");
    }

    #[test]
    fn a_retraction_names_an_article() {
        let received = read(&[], r#"{"reason":"error"}"#);
        assert_eq!(received.open::<ArticleRetracted>().unwrap_err().field, "article_id");
    }
}
