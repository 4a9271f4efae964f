//! A comment.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use kos_shared::event::ArticleId;
use uuid::Uuid;

/// What was decided about a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing yet: its author alone sees it.
    Pending,
    /// All readers see it.
    Approved,
    /// Nobody sees it.
    Rejected,
    /// Its author took it away.
    Deleted,
}

impl State {
    /// The state as the database and the API name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Deleted => "deleted",
        }
    }
}

impl FromStr for State {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [Self::Pending, Self::Approved, Self::Rejected, Self::Deleted];
        all.into_iter().find(|state| state.as_str() == text).ok_or(())
    }
}

/// What a reader said about an article.
#[derive(Debug, Clone, PartialEq)]
pub struct Comment {
    /// Its identity (UUIDv7).
    pub comment_id: Uuid,
    /// What it is about.
    pub article_id: ArticleId,
    /// What it answers.
    pub parent_id: Option<Uuid>,
    /// The browser that it came from.
    pub author_id: Uuid,
    /// What its author goes by.
    pub name: String,
    /// What it says, as text.
    pub text: String,
    /// What was decided about it.
    pub state: State,
    /// Counts its wordings, from 1.
    pub revision: i64,
    /// When it was written.
    pub posted_at: Timestamp,
    /// When its author last changed it.
    pub changed_at: Timestamp,
}

impl Comment {
    /// The `id` of its place on the page.
    pub fn anchor(&self) -> String {
        format!("comment-{}", self.comment_id)
    }

    /// What a form that changes it is about.
    pub fn subject(&self) -> String {
        format!("comment {}", self.comment_id)
    }
}

/// Where a list goes on: after the comment that the page before ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// When that comment was written, in milliseconds since 1970.
    pub posted_at_ms: i64,
    /// That comment.
    pub comment_id: Uuid,
}

impl Cursor {
    /// The cursor behind a comment.
    pub fn after(comment: &Comment) -> Self {
        Self { posted_at_ms: comment.posted_at.as_millisecond(), comment_id: comment.comment_id }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.posted_at_ms, self.comment_id)
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (posted_at_ms, comment_id) = text.split_once('-').ok_or(())?;
        Ok(Self { posted_at_ms: posted_at_ms.parse().map_err(drop)?, comment_id: comment_id.parse().map_err(drop)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_way_to_the_reader_and_back() {
        let cursor = Cursor { posted_at_ms: 1_700_000_000_000, comment_id: Uuid::from_u128(7) };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in ["", "1", "x-y", "1-2"] {
            assert!(bad.parse::<Cursor>().is_err(), "{bad:?} was taken");
        }
    }
}
