//! Events as earlier versions wrote them (`fixtures/events`, a folder a version, a file a type): today's code still
//! understands all of each, and passes over what it doesn't know.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, path::Path};

use bytes::Bytes;
use kos_shared::event::{
    ArticleIngested, ArticlePublished, ArticleRetracted, ArticleSummarized, Attributes, CommentPosted, Envelope,
    EventType, FeedDue, Headers, IngestRequested, Payload, Received, WebhookDue,
};
use serde_json::{Value, json};

/// An event as it lay in its stream.
struct Released {
    /// The version and the type.
    name: String,
    event_type: EventType,
    headers: Vec<(String, String)>,
    body: Value,
}

/// All events of all versions.
fn released() -> Vec<Released> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/events");
    let mut versions: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    versions.sort();
    assert!(!versions.is_empty());
    let mut released = Vec::new();
    for version in versions {
        for file in fs::read_dir(&version).unwrap() {
            let file = file.unwrap().path();
            let fixture: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
            let subject = file.file_stem().unwrap().to_str().unwrap();
            let headers = fixture["headers"].as_object().unwrap().iter();
            released.push(Released {
                name: format!("{} {subject}", version.file_name().unwrap().display()),
                event_type: EventType::of_subject(subject).unwrap_or_else(|| panic!("{}", file.display())),
                headers: headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect(),
                body: fixture["body"].clone(),
            });
        }
    }
    released
}

/// What today's code makes of an event: its attributes, and its payload as it would be written again.
fn read(event: &Released) -> (Attributes, Value) {
    fn open<P: Payload>(envelope: &Envelope, name: &str) -> Value {
        let payload: P = envelope.open().unwrap_or_else(|e| panic!("{name}: {e}"));
        serde_json::to_value(payload).unwrap()
    }
    let headers: Headers = event.headers.clone();
    let body = Bytes::from(event.body.to_string());
    let received = Received {
        subject: event.event_type.as_str(),
        headers: &headers,
        body: &body,
        stream: "KOS_INGEST",
        sequence: 1,
        stored_nanos: 0,
    };
    let envelope = Envelope::read(received, event.event_type);
    let payload = match event.event_type {
        EventType::IngestRequested => open::<IngestRequested>(&envelope, &event.name),
        EventType::FeedDue => open::<FeedDue>(&envelope, &event.name),
        EventType::ArticleIngested => open::<ArticleIngested>(&envelope, &event.name),
        EventType::ArticleRetracted => open::<ArticleRetracted>(&envelope, &event.name),
        EventType::ArticleSummarized => open::<ArticleSummarized>(&envelope, &event.name),
        EventType::ArticlePublished => open::<ArticlePublished>(&envelope, &event.name),
        EventType::CommentPosted => open::<CommentPosted>(&envelope, &event.name),
        EventType::WebhookDue => open::<WebhookDue>(&envelope, &event.name),
    };
    (envelope.attributes, payload)
}

/// Where `read` lacks something that `written` says.
fn lost(written: &Value, read: &Value, place: &str) -> Vec<String> {
    match (written, read) {
        (Value::Object(written), Value::Object(read)) => {
            let fields = written.iter().filter(|(_, value)| !value.is_null());
            fields.flat_map(|(name, value)| lost(value, &read[name], &format!("{place}/{name}"))).collect()
        }
        (Value::Array(written), Value::Array(read)) if written.len() == read.len() => {
            let items = written.iter().zip(read).enumerate();
            items.flat_map(|(n, (written, read))| lost(written, read, &format!("{place}/{n}"))).collect()
        }
        _ if written == read => Vec::new(),
        _ => vec![format!("{place}: {written} became {read}")],
    }
}

/// The same with a field that nobody knows, in this object and all that are in it.
fn with_unknown_fields(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: serde_json::Map<_, _> =
                fields.iter().map(|(name, value)| (name.clone(), with_unknown_fields(value))).collect();
            fields.insert("of_a_later_version".into(), json!({"text": "later", "numbers": [1, 2.5, null]}));
            Value::Object(fields)
        }
        Value::Array(items) => items.iter().map(with_unknown_fields).collect(),
        other => other.clone(),
    }
}

#[test]
fn every_event_that_a_version_wrote_is_still_understood_whole() {
    for event in released() {
        let (attributes, payload) = read(&event);
        assert_eq!(lost(&event.body, &payload, ""), Vec::<String>::new(), "{}", event.name);
        let written = |name: &str| event.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
        // An id that isn't a UUID is one only together with its source.
        assert!(
            attributes.id.as_str().ends_with(written("ce-id").unwrap()),
            "{}: {}",
            event.name,
            attributes.id.as_str()
        );
        assert_eq!(Some(attributes.source.as_str()), written("ce-source"), "{}", event.name);
        assert_eq!(attributes.subject.as_deref(), written("ce-subject"), "{}", event.name);
        assert_eq!(attributes.time.map(|time| time.to_string()).as_deref(), written("ce-time"), "{}", event.name);
        assert_eq!(attributes.cause.as_ref().map(|id| id.as_str()), written("ce-causationid"), "{}", event.name);
        assert!(written("traceparent").unwrap().contains(&attributes.trace.trace_id()), "{}", event.name);
    }
}

#[test]
fn what_a_later_version_adds_to_an_event_is_passed_over() {
    for mut event in released() {
        let (before, _) = read(&event);
        let known = event.body.clone();
        event.body = with_unknown_fields(&event.body);
        event.headers.push(("ce-oflater".into(), "later".into()));
        event.headers.push(("Kos-Of-Later".into(), "later".into()));
        let (attributes, payload) = read(&event);
        assert_eq!(lost(&known, &payload, ""), Vec::<String>::new(), "{}", event.name);
        assert_eq!(format!("{attributes:?}"), format!("{before:?}"), "{}", event.name);
    }
}

#[test]
fn every_type_of_event_has_a_fixture_of_the_version_that_brought_it() {
    let released = released();
    for event_type in EventType::ALL {
        assert!(released.iter().any(|event| event.event_type == event_type), "{event_type}");
    }
}
