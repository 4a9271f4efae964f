//! What kinds of events there are.

use std::fmt;

/// What kinds of events there are. Their names are also the subjects that they travel on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventType {
    /// Somebody wants a page taken in.
    IngestRequested,
    /// A feed's time to be polled has come.
    FeedDue,
    /// An article was taken in, or a new revision of it.
    ArticleIngested,
    /// An article was withdrawn.
    ArticleRetracted,
    /// Summaries of an article were written.
    ArticleSummarized,
    /// An article's page is there.
    ArticlePublished,
    /// Readers see a comment.
    CommentPosted,
    /// Somebody who asked for it is to be told of a page.
    WebhookDue,
}

impl EventType {
    /// All of them, in the order in which an article meets them.
    pub const ALL: [Self; 8] = [
        Self::IngestRequested,
        Self::FeedDue,
        Self::ArticleIngested,
        Self::ArticleRetracted,
        Self::ArticleSummarized,
        Self::ArticlePublished,
        Self::CommentPosted,
        Self::WebhookDue,
    ];

    /// The CloudEvents `type`, which is the NATS subject too.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IngestRequested => "kos.ingest.requested",
            Self::FeedDue => "kos.feed.due",
            Self::ArticleIngested => "kos.article.ingested",
            Self::ArticleRetracted => "kos.article.retracted",
            Self::ArticleSummarized => "kos.article.summarized",
            Self::ArticlePublished => "kos.article.published",
            Self::CommentPosted => "kos.comment.posted",
            Self::WebhookDue => "kos.webhook.due",
        }
    }

    /// The event that travels on `subject`.
    pub fn of_subject(subject: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.as_str() == subject)
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
