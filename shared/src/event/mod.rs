//! What travels on the bus: the envelope, the payloads and their schemas.
//!
//! [`Event`] is a payload with its CloudEvents attributes; [`envelope`] reads and writes them,
//! [`payload`] holds the types that producers and services program against, [`schema`] prints
//! them as JSON Schema and AsyncAPI.

mod attributes;
pub mod dead_letter;
mod envelope;
mod event_type;
mod headers;
mod language;
mod payload;
pub mod schema;
mod summary;
mod time;
mod url;

pub use attributes::{Attributes, Event, EventId, TraceContext};
pub use envelope::{Envelope, InvalidEvent, Outgoing, Received};
pub use event_type::EventType;
pub use headers::{Headers, header};
pub use language::{InvalidLanguage, Language};
pub use payload::{
    AiUse, Article, ArticleId, ArticleIngested, ArticlePublished, ArticleRetracted, ArticleSummarized, BodySource,
    CommentPosted, FeedDue, Hints, IngestRequested, Payload, Revision, Rights, Show, Site, WebhookDue,
};
pub use summary::{
    Attempt, AttemptOutcome, Check, Fallback, Method, Missing, MissingCode, Sentence, Span, Summary, Verdict,
};
pub use time::{InvalidTime, OffsetTime};
pub use url::{HttpUrl, InvalidUrl};
