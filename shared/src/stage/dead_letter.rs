//! Dead letters: events that were given up, whole, with the reason, ready to be replayed.

use jiff::Timestamp;

use crate::{
    event::{EventId, Headers, Outgoing, Received},
    store::failures::FailedAttempt,
};

/// The headers that a dead letter has beside those of its event.
pub mod headers {
    /// The service that gave up.
    pub const SERVICE: &str = "Kos-Dead-Service";
    /// Why, in one line.
    pub const REASON: &str = "Kos-Dead-Reason";
    /// How often it was tried.
    pub const ATTEMPTS: &str = "Kos-Dead-Attempts";
    /// When it was given up (RFC 3339).
    pub const TIME: &str = "Kos-Dead-Time";
    /// The event's id, whether it came with one or not.
    pub const EVENT_ID: &str = "Kos-Dead-Event-Id";
    /// The subject that it was published on.
    pub const SUBJECT: &str = "Kos-Dead-Subject";
    /// The stream that kept it.
    pub const STREAM: &str = "Kos-Dead-Stream";
    /// Its sequence number there.
    pub const SEQUENCE: &str = "Kos-Dead-Sequence";
    /// The failed attempts, as a JSON array.
    pub const HISTORY: &str = "Kos-Dead-History";
    /// What all of them begin with.
    pub const PREFIX: &str = "Kos-Dead-";
}

/// The longest reason that is put in a header, in characters.
const REASON_CHARACTERS: usize = 500;

/// The dead letter of an event, on `kos.dead.<service>`.
pub fn dead_letter(
    service: &str,
    id: &EventId,
    received: Received<'_>,
    history: &[FailedAttempt],
    now: Timestamp,
) -> Outgoing {
    let reason = history.last().map_or("", |last| last.reason.as_str());
    // Headers that steer the server would make it do again what they asked for then.
    let mut kept: Headers = received.headers.iter().filter(|(n, _)| !n.starts_with("Nats-")).cloned().collect();
    let id_of_letter = id.derive(&format!("dead.{service}"), 0);
    let mut add = |name: &str, value: &str| kept.push((name.to_owned(), one_line(value)));
    add("Nats-Msg-Id", id_of_letter.as_str());
    add(headers::SERVICE, service);
    add(headers::REASON, &reason.chars().take(REASON_CHARACTERS).collect::<String>());
    add(headers::ATTEMPTS, &history.len().to_string());
    add(headers::TIME, &now.to_string());
    add(headers::EVENT_ID, id.as_str());
    add(headers::SUBJECT, received.subject);
    add(headers::STREAM, received.stream);
    add(headers::SEQUENCE, &received.sequence.to_string());
    add(headers::HISTORY, &serde_json::to_string(history).unwrap_or_default());
    Outgoing { id: id_of_letter, subject: format!("kos.dead.{service}"), headers: kept, body: received.body.clone() }
}

/// A header's value is one line of text.
fn one_line(value: &str) -> String {
    value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::event::EventId;

    #[test]
    fn a_dead_letter_carries_the_whole_event_and_the_reason() {
        let original: Headers =
            vec![("ce-id".into(), "a1".into()), ("Nats-Msg-Id".into(), "a1".into()), ("x-mine".into(), "1".into())];
        let body = Bytes::from_static(b"{\"url\":5}");
        let received = Received {
            subject: "kos.ingest.requested",
            headers: &original,
            body: &body,
            stream: "KOS_INGEST",
            sequence: 9,
            stored_nanos: 0,
        };
        let attempt = FailedAttempt {
            attempt: 1,
            failed_at: Timestamp::UNIX_EPOCH,
            class: "permanent".into(),
            reason: "url: expected a\nstring".into(),
        };
        let letter = dead_letter("ingest", &EventId::new(), received, &[attempt], Timestamp::UNIX_EPOCH);
        let header = |name: &str| letter.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        assert_eq!(letter.subject, "kos.dead.ingest");
        assert_eq!(letter.body, body);
        assert_eq!(header("ce-id"), Some("a1"));
        assert_eq!(header("x-mine"), Some("1"));
        assert_eq!(header("Nats-Msg-Id"), Some(letter.id.as_str()));
        assert_eq!(header(headers::REASON), Some("url: expected a string"));
        assert_eq!(header(headers::SUBJECT), Some("kos.ingest.requested"));
    }
}
