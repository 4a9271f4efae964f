//! A feed out of bytes.

use kos_shared::event::HttpUrl;

use super::Feed;

/// The most entries that are read of a feed, in the order of the document.
pub const MAX_ENTRIES: usize = 1_000;

/// Why bytes are no feed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAFeed {
    /// There is nothing there.
    #[error("the feed is empty")]
    Empty,
}

/// The feed that `body` is, found at `url`.
///
/// # Errors
/// [`NotAFeed`] says what it is instead.
pub fn parse(_body: &[u8], _content_type: Option<&str>, _url: &HttpUrl) -> Result<Feed, NotAFeed> {
    Err(NotAFeed::Empty)
}
