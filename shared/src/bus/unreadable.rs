//! Messages whose headers the client can't read.
//!
//! The server keeps whatever block of headers a producer sends. Our client refuses one whose names aren't printable
//! ASCII, and drops its connection over it: the server delivers the message, and all that came in the same pull, again
//! and again, and each time the connection is lost. No pull can bring such a message, so it is looked for in the stream
//! through the server's API, which answers in JSON, and handed over as a delivery that is no event.

use async_nats::jetstream::{Context, response::Response};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::{BusError, ConsumerSpec, Delivery, Settlement};
use crate::event::{Headers, InvalidEvent, Received, dead_letter::RAW_HEADERS};

/// How much of the headers as they came is kept, in bytes.
const RAW_BYTES: usize = 3_000;

/// How much of a name or a line is said in a reason, in characters.
const SAID_CHARACTERS: usize = 100;

/// How many bytes of unreadable messages are found at once, before the one that is too much.
const FOUND_BYTES: usize = 16 << 20;

/// A message that was read from its stream because no pull can bring it.
#[derive(Debug)]
pub struct Unreadable {
    context: Context,
    stream: &'static str,
    sequence: u64,
    stored_nanos: i128,
    subject: String,
    headers: Headers,
    body: Bytes,
    problem: InvalidEvent,
}

impl Delivery for Unreadable {
    fn received(&self) -> Received<'_> {
        Received {
            subject: &self.subject,
            headers: &self.headers,
            body: &self.body,
            stream: self.stream,
            sequence: self.sequence,
            stored_nanos: self.stored_nanos,
        }
    }

    /// It was delivered before, or it would not have been looked for; another worker may have found it as well.
    fn deliveries(&self) -> u64 {
        2
    }

    fn problem(&self) -> Option<&InvalidEvent> {
        Some(&self.problem)
    }

    /// Without a delivery there is nothing to acknowledge: where its dead letter is decided on, the message is deleted,
    /// so that no consumer is given it again. Until then the stream keeps it.
    async fn settle(&self, settlement: Settlement) -> Result<(), BusError> {
        if !matches!(settlement, Settlement::Ack | Settlement::Terminate) {
            return Ok(());
        }
        let failed = |e: &dyn std::fmt::Display| BusError::new("could not delete a message", e.to_string());
        let stream = self.context.get_stream_no_info(self.stream).await.map_err(|e| failed(&e))?;
        stream.delete_message(self.sequence).await.map(drop).map_err(|e| failed(&e))
    }
}

/// What the server answers to `STREAM.MSG.GET`; headers and body are in base64.
#[derive(Deserialize)]
struct Answer {
    message: Stored,
}

#[derive(Deserialize)]
struct Stored {
    subject: String,
    seq: u64,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
    time: Timestamp,
}

/// The unreadable messages among the last `last` sequence numbers of the stream that `spec` was given and not all of
/// which are acknowledged.
pub(super) async fn find(context: &Context, spec: &ConsumerSpec, last: u64) -> Result<Vec<Unreadable>, BusError> {
    let failed = |e: &dyn std::fmt::Display| BusError::new("could not look for unreadable messages", e.to_string());
    let stream = context.get_stream_no_info(spec.stream.as_str()).await.map_err(|e| failed(&e))?;
    let info = stream.consumer_info(spec.name).await.map_err(|e| failed(&e))?;
    let (mut found, mut bytes) = (Vec::new(), 0);
    if info.num_ack_pending == 0 {
        return Ok(found);
    }
    let delivered = info.delivered.stream_sequence;
    let mut next = (info.ack_floor.stream_sequence + 1).max(delivered.saturating_sub(last) + 1);
    while next <= delivered && bytes < FOUND_BYTES {
        let wanted = json!({ "seq": next, "next_by_subj": spec.event_type.as_str() });
        let subject = format!("STREAM.MSG.GET.{}", spec.stream);
        let stored = match context.request(subject, &wanted).await.map_err(|e| failed(&e))? {
            Response::Ok(Answer { message }) => message,
            // There is none from there on.
            Response::Err { error } if error.code() == 404 => break,
            Response::Err { error } => return Err(failed(&error)),
        };
        next = stored.seq + 1;
        let raw = BASE64_STANDARD.decode(&stored.hdrs).map_err(|e| failed(&e))?;
        let Err((problem, mut headers)) = read(&raw) else { continue };
        let body = BASE64_STANDARD.decode(&stored.data).map_err(|e| failed(&e))?;
        bytes += raw.len() + body.len();
        headers.push((RAW_HEADERS.to_owned(), BASE64_STANDARD.encode(&raw[..raw.len().min(RAW_BYTES)])));
        found.push(Unreadable {
            context: context.clone(),
            stream: spec.stream.as_str(),
            sequence: stored.seq,
            stored_nanos: stored.time.as_nanosecond(),
            subject: stored.subject,
            headers,
            body: body.into(),
            problem,
        });
    }
    Ok(found)
}

/// Reads a block of headers by the client's rules (async-nats 0.51, `connection.rs`).
///
/// # Errors
/// The first thing that the client doesn't take, and the headers that can be read all the same.
fn read(raw: &[u8]) -> Result<(), (InvalidEvent, Headers)> {
    let mut first_problem = None;
    let mut problem = |field: String, expected: &str, got: &str| {
        let got: String = got.chars().take(SAID_CHARACTERS).collect();
        first_problem.get_or_insert(InvalidEvent { field, problem: format!("expected {expected}, got {got:?}") });
    };
    let text = String::from_utf8_lossy(raw);
    if matches!(text, std::borrow::Cow::Owned(_)) {
        problem("headers".into(), "UTF-8", &text);
    }
    let mut lines = text.lines().peekable();
    // Whatever a producer writes into the first line, the server delivers its own.
    let _version = lines.next();
    let mut headers = Headers::new();
    let mut number = 0;
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        number += 1;
        let field = format!("header {number}");
        let Some((name, value)) = line.split_once(':') else {
            problem(field, "a name, a colon and a value", line);
            continue;
        };
        let mut value = value.trim_start().to_owned();
        while let Some(more) = lines.next_if(|l| l.starts_with(char::is_whitespace)) {
            value.push_str(more);
        }
        value.truncate(value.trim_end().len());
        if !name.bytes().all(|b| b.is_ascii_graphic()) {
            problem(field, "a name of printable ASCII without spaces", name);
        } else if value.contains('\r') {
            problem(field, "a value of one line", &value);
        } else {
            headers.push((name.to_owned(), value));
        }
    }
    first_problem.map_or(Ok(()), |problem| Err((problem, headers)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_the_client_reads_are_readable() {
        for fine in
            ["", "NATS/1.0\r\n\r\n", "NATS/1.0\r\na: 1\r\nB-c:ü 2\r\n folded\r\nd:\r\n\r\n", "NATS/1.0 408\r\na: 1\r\n"]
        {
            assert_eq!(read(fine.as_bytes()), Ok(()), "{fine:?}");
        }
    }

    #[test]
    fn headers_that_the_client_does_not_read_are_named_and_the_others_kept() {
        let cases: [(&[u8], &str); 5] = [
            (
                b"NATS/1.0\r\nx: 1\r\nmit Leerzeichen: 1\r\n\r\n",
                "header 2: expected a name of printable ASCII without spaces, got \"mit Leerzeichen\"",
            ),
            ("NATS/1.0\r\ngröße: 1\r\nx: 1\r\n".as_bytes(), "header 1: expected a name of printable ASCII"),
            (b"NATS/1.0\r\nx: 1\r\na: 1\r2\r\n", "header 2: expected a value of one line, got \"1\\r2\""),
            (b"NATS/1.0\r\nx: 1\r\nnone\r\n", "header 2: expected a name, a colon and a value, got \"none\""),
            (b"NATS/1.0\r\nx: 1\r\na: \xff\r\n", "headers: expected UTF-8"),
        ];
        for (raw, expected) in cases {
            let (problem, headers) = read(raw).unwrap_err();
            assert!(problem.to_string().starts_with(expected), "{problem}");
            assert!(headers.contains(&("x".to_owned(), "1".to_owned())), "{headers:?}");
        }
    }
}
