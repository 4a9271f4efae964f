//! The payloads, one type an event. They are the reference of the contract: the JSON Schemas and the
//! AsyncAPI document are generated from them.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Attempt, EventType, HttpUrl, Language, Missing, OffsetTime, Summary};

/// A type that travels as the body of one kind of event.
pub trait Payload: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// The event that carries it.
    const TYPE: EventType;

    /// What the event is about (the CloudEvents `subject`): an address or an article's id.
    fn subject(&self) -> Option<String>;

    /// The article that the event is about, where it says so itself.
    fn article_id(&self) -> Option<ArticleId>;

    /// What the types alone can't hold: the wrong field and what was expected of it.
    fn validate(&self) -> Result<(), (&'static str, String)> {
        Ok(())
    }
}

/// An article's identity: the UUIDv5 (RFC 9562, URL namespace) of its canonical address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ArticleId(#[schemars(with = "String", extend("format" = "uuid"))] Uuid);

impl ArticleId {
    /// The id of the article whose canonical address is `url`.
    pub fn of_canonical_url(url: &HttpUrl) -> Self {
        Self(Uuid::new_v5(&Uuid::NAMESPACE_URL, url.as_str().as_bytes()))
    }
}

impl fmt::Display for ArticleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for ArticleId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// Counts an article's versions, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Revision(#[schemars(range(min = 1))] pub u32);

impl Revision {
    /// The first version.
    pub const FIRST: Self = Self(1);
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// `kos.ingest.requested`: take in the page at `url`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IngestRequested {
    /// Where the page is.
    pub url: HttpUrl,
    /// The page itself, where the producer has it already: then nothing is fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// What the producer knows about the page, from a feed's entry for example.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hints: Option<Hints>,
    /// The feed that the page was found in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed_id: Option<String>,
    /// Take it in again, even if it did not change or was retracted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
}

/// What a producer knows about a page beforehand.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Hints {
    /// The article's title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// When it was published (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub published_at: Option<OffsetTime>,
    /// The language that it is written in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// The article's body as a feed gave it, as HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_html: Option<String>,
    /// When it was last changed (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub modified_at: Option<OffsetTime>,
    /// What it is about, in the publisher's words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// `kos.feed.due`: poll a feed. Its event id is derived from both fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FeedDue {
    /// The feed.
    pub feed_id: String,
    /// Which of the feed's turns this is.
    pub slot: u64,
}

/// One revision of an article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Article {
    /// The article, over all its revisions.
    pub article_id: ArticleId,
    /// Which version this is, from 1.
    pub revision: Revision,
    /// The address that was asked for.
    pub url: HttpUrl,
    /// The one address that the article is known by.
    pub canonical_url: HttpUrl,
    /// Where it was published.
    pub site: Site,
    /// The feed that it was found in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed_id: Option<String>,
    /// Its title, in its own language.
    pub title: String,
    /// Who wrote it.
    #[serde(default)]
    pub authors: Vec<String>,
    /// When its publisher says that it was published (RFC 3339), by its own clock where it names one.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub published_at: Option<OffsetTime>,
    /// When its publisher says that it was last changed (RFC 3339), by its own clock where it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub modified_at: Option<OffsetTime>,
    /// When it was taken in (RFC 3339).
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub fetched_at: Timestamp,
    /// The language that it is written in, `und` where nobody knows.
    pub language: Language,
    /// Its body as sanitized HTML: no scripts, no styles, absolute addresses.
    pub body_html: String,
    /// Its body as text, a line a paragraph.
    pub text: String,
    /// Where body and text are from.
    #[serde(default)]
    pub body_source: BodySource,
    /// Its lead image.
    #[serde(default)]
    pub image: Option<HttpUrl>,
    /// What it is about, in the publisher's words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Its length: words, or characters where the script has no spaces.
    pub words: u32,
    /// SHA-256 (hexadecimal) of what a reader would call its content.
    pub content_hash: String,
    /// What its publisher allows.
    #[serde(default)]
    pub rights: Rights,
    /// The article, taken in before, that tells the same story in nearly the same words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<ArticleId>,
    /// How much of its wording that article has, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub similarity: Option<f64>,
    /// It was taken in by force, and so may stand again where it was retracted before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forced: bool,
    /// Fields that this version doesn't know, passed on as they came.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Map<String, Value>,
}

/// `kos.article.ingested`: a new article, or a new revision of one.
pub type ArticleIngested = Article;

/// Where an article was published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Site {
    /// The site's name as it calls itself, else its host.
    pub name: String,
    /// The host in the canonical address.
    pub host: String,
}

/// Where an article's body is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BodySource {
    /// Its page.
    #[default]
    Page,
    /// The feed that announced it, which has more of it than the page.
    Feed,
}

/// What an article's publisher and the operator allow.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Rights {
    /// Whether machines may use it.
    pub ai: AiUse,
    /// Where that is said, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How much of it may be shown.
    #[serde(default)]
    pub show: Show,
    /// Where that is said, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show_reason: Option<String>,
    /// The longest excerpt that may be shown, in characters, where the publisher sets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_snippet: Option<u32>,
    /// Its publisher wants it in no search results: ours leave it out, and its page says so to search engines.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub noindex: bool,
}

impl Rights {
    /// What `show_reason` begins with where it is the operator who limits what is shown, and not the publisher.
    pub const BY_OPERATOR: &'static str = "the operator's policy";

    /// Whether it is the operator who limits what is shown.
    pub fn limited_by_operator(&self) -> bool {
        self.show_reason.as_deref().is_some_and(|reason| reason.starts_with(Self::BY_OPERATOR))
    }
}

/// How much of an article may be shown to readers. Title, source and link always may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Show {
    /// All of it.
    #[default]
    Full,
    /// Summaries, and the beginning of its text.
    Excerpt,
    /// Summaries alone.
    Summary,
    /// Nothing but title, source and link.
    None,
}

/// Whether machines may use an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AiUse {
    /// Nothing says that they may not.
    #[default]
    Allowed,
    /// The publisher reserved it.
    Refused,
}

/// `kos.article.summarized`: the article and its summaries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ArticleSummarized {
    /// The article, whole.
    #[serde(flatten)]
    pub article: Article,
    /// A summary for each language that could be had.
    pub summaries: Vec<Summary>,
    /// The languages asked for that could not be had.
    #[serde(default)]
    pub missing: Vec<Missing>,
    /// What models were asked and answered, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
}

/// `kos.article.published`: a page is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ArticlePublished {
    /// The article.
    pub article_id: ArticleId,
    /// Which version of it.
    pub revision: Revision,
    /// Where a reader finds it.
    pub page_url: HttpUrl,
    /// The languages of its summaries.
    pub languages: Vec<Language>,
    /// When the page was put there (RFC 3339).
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub published_at: Timestamp,
}

/// `kos.comment.posted`: readers see a comment, or its newer wording. Where comments are moderated that is when one is
/// approved; what was not is in no event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CommentPosted {
    /// The comment.
    #[schemars(extend("format" = "uuid"))]
    pub comment_id: String,
    /// The article that it is about.
    pub article_id: ArticleId,
    /// The comment that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "uuid"))]
    pub parent_id: Option<String>,
    /// Which wording of it this is, from 1.
    #[schemars(range(min = 1))]
    pub revision: u32,
    /// What its author goes by; nobody has checked it.
    pub name: String,
    /// What it says, as text: paragraphs are parted by an empty line.
    pub text: String,
    /// Where a reader finds it.
    pub page_url: HttpUrl,
    /// When it was written (RFC 3339).
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub posted_at: Timestamp,
}

/// `kos.webhook.due`: tell one webhook of a page. Its event id is the `webhook-id` that the receiver gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WebhookDue {
    /// The webhook, by its name in the operator's file.
    pub webhook: String,
    /// What it is told.
    pub published: ArticlePublished,
}

/// `kos.article.retracted`: an article is withdrawn. It is named by `article_id` or by `url`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ArticleRetracted {
    /// The article.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub article_id: Option<ArticleId>,
    /// An address of the article.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<HttpUrl>,
    /// Why.
    pub reason: String,
}

impl Payload for IngestRequested {
    const TYPE: EventType = EventType::IngestRequested;

    fn subject(&self) -> Option<String> {
        Some(self.url.without_login().to_string())
    }

    fn article_id(&self) -> Option<ArticleId> {
        None
    }
}

impl Payload for FeedDue {
    const TYPE: EventType = EventType::FeedDue;

    fn subject(&self) -> Option<String> {
        Some(self.feed_id.clone())
    }

    fn article_id(&self) -> Option<ArticleId> {
        None
    }
}

impl Payload for ArticleIngested {
    const TYPE: EventType = EventType::ArticleIngested;

    fn subject(&self) -> Option<String> {
        Some(self.article_id.to_string())
    }

    fn article_id(&self) -> Option<ArticleId> {
        Some(self.article_id)
    }

    fn validate(&self) -> Result<(), (&'static str, String)> {
        if self.revision < Revision::FIRST {
            return Err(("revision", "expected a number from 1, got 0".into()));
        }
        Ok(())
    }
}

impl Payload for ArticleSummarized {
    const TYPE: EventType = EventType::ArticleSummarized;

    fn subject(&self) -> Option<String> {
        self.article.subject()
    }

    fn article_id(&self) -> Option<ArticleId> {
        Payload::article_id(&self.article)
    }

    fn validate(&self) -> Result<(), (&'static str, String)> {
        self.article.validate()
    }
}

impl Payload for ArticlePublished {
    const TYPE: EventType = EventType::ArticlePublished;

    fn subject(&self) -> Option<String> {
        Some(self.article_id.to_string())
    }

    fn article_id(&self) -> Option<ArticleId> {
        Some(self.article_id)
    }
}

impl Payload for CommentPosted {
    const TYPE: EventType = EventType::CommentPosted;

    fn subject(&self) -> Option<String> {
        Some(self.comment_id.clone())
    }

    fn article_id(&self) -> Option<ArticleId> {
        Some(self.article_id)
    }
}

impl Payload for WebhookDue {
    const TYPE: EventType = EventType::WebhookDue;

    fn subject(&self) -> Option<String> {
        self.published.subject()
    }

    fn article_id(&self) -> Option<ArticleId> {
        Some(self.published.article_id)
    }
}

impl Payload for ArticleRetracted {
    const TYPE: EventType = EventType::ArticleRetracted;

    fn subject(&self) -> Option<String> {
        self.article_id.map(|id| id.to_string()).or_else(|| self.url.as_ref().map(|u| u.to_string()))
    }

    fn article_id(&self) -> Option<ArticleId> {
        self.article_id
    }

    fn validate(&self) -> Result<(), (&'static str, String)> {
        match (&self.article_id, &self.url) {
            (None, None) => Err(("article_id", "expected an article_id or a url, got neither".into())),
            _ if self.reason.trim().is_empty() => {
                Err(("reason", "expected a reason that readers can read, got none".into()))
            }
            _ => Ok(()),
        }
    }
}
