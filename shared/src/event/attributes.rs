//! An event's attributes: what CloudEvents 1.0 calls the context.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use uuid::Uuid;

use super::{EventType, Payload};

/// The namespace of all derived ids: UUIDv5 of `https://knowledge-os.invalid/events` as a URL.
const NAMESPACE: Uuid = Uuid::from_u128(0x1d0b_9f5e_6a7c_5b0e_9d35_0b6d_21f0_77aa);

/// The longest id that is kept as it came, in bytes; a longer one is hashed.
const MAX_ID_BYTES: usize = 200;

/// What makes an event the same event when it comes again.
///
/// CloudEvents makes `id` unique only together with `source`. Ids of ours are UUIDs and stand for
/// themselves; any other id is kept as `source#id`, so that two producers that both count from 1 don't
/// shadow each other.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(String);

impl EventId {
    /// A new id for an event that nothing caused (UUIDv7).
    pub fn new() -> Self {
        Self(Uuid::now_v7().to_string())
    }

    /// The id of an event that a producer named `id`, in its own `source`.
    pub fn of_producer(source: &str, id: &str) -> Self {
        if let Ok(uuid) = Uuid::parse_str(id) {
            return Self(uuid.to_string());
        }
        let whole = if source.is_empty() { id.to_owned() } else { format!("{source}#{id}") };
        if whole.len() > MAX_ID_BYTES || whole.chars().any(char::is_control) {
            return Self::hashed(&["producer", source, id]);
        }
        Self(whole)
    }

    /// The id of an event that came without one: where and when its stream stored it. The time tells
    /// apart two streams of one name, one of which was deleted.
    pub fn of_position(stream: &str, sequence: u64, stored_nanos: i128) -> Self {
        Self::hashed(&["position", stream, &sequence.to_string(), &stored_nanos.to_string()])
    }

    /// The id of the `index`th event that `stage` emits because of this one: the same cause twice
    /// gives the same event twice.
    pub fn derive(&self, stage: &str, index: usize) -> Self {
        Self::hashed(&[&self.0, stage, &index.to_string()])
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 16 bytes of the id's hash, for what needs a stable number.
    fn bytes(&self) -> [u8; 16] {
        *Uuid::new_v5(&NAMESPACE, self.0.as_bytes()).as_bytes()
    }

    fn hashed(parts: &[&str]) -> Self {
        Self(Uuid::new_v5(&NAMESPACE, parts.join("\u{1f}").as_bytes()).to_string())
    }
}

impl Default for EventId {
    fn default() -> Self {
        Self::new()
    }
}

impl From<String> for EventId {
    /// Takes an id that was made by this type before: from a database or an answer of a worker.
    fn from(id: String) -> Self {
        Self(id)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The W3C trace context (`traceparent`) that an event travels in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    pub(crate) trace_id: u128,
    pub(crate) span_id: u64,
    pub(crate) flags: u8,
}

impl TraceContext {
    /// The context of an event that came without one: a trace of its own.
    pub fn of_event(id: &EventId) -> Self {
        let trace_id = u128::from_be_bytes(id.bytes()).max(1);
        Self { trace_id, span_id: span_of(id), flags: 1 }
    }

    /// The trace's id, 32 hexadecimal digits.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

fn span_of(id: &EventId) -> u64 {
    let bytes = id.bytes();
    (0..8).fold(0, |n, i| n << 8 | u64::from(bytes[i + 8])).max(1)
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags)
    }
}

impl FromStr for TraceContext {
    type Err = ();

    /// Reads a `traceparent` as W3C Trace Context section 3.2 has it; what isn't one is `Err`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.trim().split('-');
        let mut hex = |digits: usize| {
            let part = parts.next().filter(|p| p.len() == digits).ok_or(())?;
            if !part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
                return Err(());
            }
            u128::from_str_radix(part, 16).map_err(|_| ())
        };
        let (version, trace_id, span_id, flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
        let more = parts.next().is_some();
        if version == 0xff || (version == 0 && more) || trace_id == 0 || span_id == 0 {
            return Err(());
        }
        Ok(Self { trace_id, span_id: span_id as u64, flags: flags as u8 })
    }
}

/// Everything about an event but its payload.
#[derive(Debug, Clone, PartialEq)]
pub struct Attributes {
    /// What makes it the same event when it comes again.
    pub id: EventId,
    /// Who says so: `/kos/ingest` for a service of ours.
    pub source: String,
    /// What kind of event it is.
    pub event_type: EventType,
    /// When it happened.
    pub time: Option<Timestamp>,
    /// What it is about.
    pub subject: Option<String>,
    /// The event that caused it.
    pub cause: Option<EventId>,
    /// How often it was replayed by hand.
    pub replay: u64,
    /// The trace that it belongs to.
    pub trace: TraceContext,
}

impl Attributes {
    /// Attributes of an event that nothing caused.
    pub fn original<P: Payload>(id: EventId, source: &str, payload: &P, now: Timestamp) -> Self {
        Self {
            trace: TraceContext::of_event(&id),
            id,
            source: source.to_owned(),
            event_type: P::TYPE,
            time: Some(now),
            subject: payload.subject(),
            cause: None,
            replay: 0,
        }
    }
}

/// A payload with its attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Event<P> {
    /// Everything about it but its payload.
    pub attributes: Attributes,
    /// What it says.
    pub data: P,
}

impl<P> Event<P> {
    /// What makes it the same event when it comes again.
    pub fn id(&self) -> &EventId {
        &self.attributes.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_cause_gives_the_same_event() {
        let cause = EventId::new();
        assert_eq!(cause.derive("ingest", 0), cause.derive("ingest", 0));
        assert_ne!(cause.derive("ingest", 0), cause.derive("ingest", 1));
        assert_ne!(cause.derive("ingest", 0), cause.derive("summarize", 0));
        assert_ne!(cause.derive("ingest", 0), EventId::new().derive("ingest", 0));
    }

    #[test]
    fn producers_that_both_count_from_one_do_not_shadow_each_other() {
        assert_ne!(EventId::of_producer("/a", "1"), EventId::of_producer("/b", "1"));
        let uuid = "6BA7B811-9DAD-11D1-80B4-00C04FD430C8";
        assert_eq!(EventId::of_producer("/a", uuid), EventId::of_producer("/b", &uuid.to_lowercase()));
    }

    #[test]
    fn ids_that_no_database_takes_are_hashed() {
        for bad in ["nul\0", "line\nfeed", &"x".repeat(5_000)] {
            let id = EventId::of_producer("/a", bad);
            assert!(Uuid::parse_str(id.as_str()).is_ok(), "{id}");
        }
    }

    #[test]
    fn a_traceparent_survives_reading_and_writing() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let trace: TraceContext = text.parse().unwrap();
        assert_eq!(trace.to_string(), text);
        for bad in ["", "00-0-0-0", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", &text.to_uppercase()] {
            assert!(bad.parse::<TraceContext>().is_err() || bad == text, "{bad:?} was taken");
        }
        let own = TraceContext::of_event(&EventId::new());
        assert_eq!(own.to_string().parse(), Ok(own));
    }
}
