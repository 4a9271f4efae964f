//! Dead letters: events that were given up, whole, with the reason, ready to be replayed.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::{
    event::{EventId, Headers, Outgoing, Received, dead_letter as headers},
    store::failures::FailedAttempt,
};

/// The longest reason that is put in a header, in characters.
const REASON_CHARACTERS: usize = 500;

/// How many attempts the history tells of: the last ones.
const HISTORY_ATTEMPTS: usize = 10;

/// The longest reason in the history, in characters.
const HISTORY_REASON_CHARACTERS: usize = 300;

/// The longest history, in bytes. With it all that a letter has beside its event stays below 8 kB: the server takes
/// 64 kB of headers, and `max_payload` in all.
const HISTORY_BYTES: usize = 5_000;

/// The longest value of any other header, in characters. An event's id and its subject are shorter than that.
const VALUE_CHARACTERS: usize = 250;

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
    let mut add = |name: &str, value: &str| kept.push((name.to_owned(), value.to_owned()));
    add("Nats-Msg-Id", id_of_letter.as_str());
    add(headers::SERVICE, service);
    add(headers::REASON, &one_line(reason, REASON_CHARACTERS));
    add(headers::ATTEMPTS, &history.len().to_string());
    add(headers::TIME, &now.to_string());
    add(headers::EVENT_ID, &one_line(id.as_str(), VALUE_CHARACTERS));
    add(headers::SUBJECT, &one_line(received.subject, VALUE_CHARACTERS));
    add(headers::STREAM, received.stream);
    add(headers::SEQUENCE, &received.sequence.to_string());
    add(headers::STORED, &received.stored_nanos.to_string());
    add(headers::HISTORY, &last_attempts(history));
    Outgoing { id: id_of_letter, subject: format!("kos.dead.{service}"), headers: kept, body: received.body.clone() }
}

/// The attempts as a JSON array; of a long history only the end.
fn last_attempts(history: &[FailedAttempt]) -> String {
    let first = history.len().saturating_sub(HISTORY_ATTEMPTS);
    let mut attempts: VecDeque<FailedAttempt> = history[first..]
        .iter()
        .map(|a| FailedAttempt { reason: one_line(&a.reason, HISTORY_REASON_CHARACTERS), ..a.clone() })
        .collect();
    loop {
        let text = serde_json::to_string(&attempts).unwrap_or_default();
        if text.len() <= HISTORY_BYTES || attempts.pop_front().is_none() {
            return text;
        }
    }
}

/// A header's value is one line of text.
fn one_line(value: &str, characters: usize) -> String {
    value.chars().take(characters).map(|c| if c.is_control() { ' ' } else { c }).collect()
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

    #[test]
    fn what_a_dead_letter_adds_stays_below_eight_kilobytes_whatever_happened() {
        let headers: Headers = vec![("x-mine".into(), "1".into())];
        let body = Bytes::from_static(b"{}");
        let subject = "s".repeat(5_000);
        let received = Received {
            subject: &subject,
            headers: &headers,
            body: &body,
            stream: "KOS_INGEST",
            sequence: u64::MAX,
            stored_nanos: 0,
        };
        for filler in ["x", "\"", "新", "\u{1f600}", "\0"] {
            let attempt = |attempt| FailedAttempt {
                attempt,
                failed_at: Timestamp::MAX,
                class: "rate_limited".into(),
                reason: filler.repeat(1_000),
            };
            let history: Vec<FailedAttempt> = (1..=500).map(attempt).collect();
            let id = EventId::from(filler.repeat(5_000));
            let letter = dead_letter("summarize", &id, received, &history, Timestamp::MAX);
            let event = Outgoing { headers: headers.clone(), ..letter.clone() };
            assert!(letter.size() - event.size() < 8_000, "{filler:?}: {}", letter.size());
            let told = letter.headers.iter().find(|(n, _)| n == headers::HISTORY).map(|(_, v)| v.as_str()).unwrap();
            let told: Vec<FailedAttempt> = serde_json::from_str(told).unwrap();
            assert!((3..=10).contains(&told.len()) && told.last().unwrap().attempt == 500, "{filler:?}: {told:?}");
        }
    }
}
