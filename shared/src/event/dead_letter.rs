//! The headers that a dead letter (`kos.dead.<service>`) has beside those of its event.

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
/// When the stream stored it, in nanoseconds since 1970: the time of an event that came without one.
pub const STORED: &str = "Kos-Dead-Stored-Nanos";
/// The last failed attempts, as a JSON array.
pub const HISTORY: &str = "Kos-Dead-History";
/// The event's headers as they came, in base64, where they are none; cut where they are long.
pub const RAW_HEADERS: &str = "Kos-Dead-Raw-Headers";
/// What all of them begin with.
pub const PREFIX: &str = "Kos-Dead-";
