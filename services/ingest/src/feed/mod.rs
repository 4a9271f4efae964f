//! Feeds: what is in them, when to ask for them again, and what of it is new.
//!
//! [`parse`](parse::parse) reads RSS, Atom and JSON Feed, whole or broken, into a [`Feed`]; [`discover`] finds the
//! feeds of a site, and [`opml`] reads and writes lists of them.
//!
//! A feed that is followed is a [`subscription`]. [`scheduler`] begins its turns, in every worker; [`stage`] polls it
//! then and asks for what [`entries`] calls new; [`schedule`] says when its next turn is. [`control`] is what operators
//! can ask for. Where a feed offers a hub, [`websub`] has it tell of changes.

pub mod control;
pub mod date;
pub mod discover;
pub mod entries;
pub mod find;
mod letters;
pub mod news;
pub mod opml;
pub mod parse;
pub mod poll;
pub mod schedule;
pub mod scheduler;
pub mod seen;
pub mod skips;
pub mod stage;
pub mod state;
pub mod subscription;
pub mod websub;

use std::{borrow::Cow, time::Duration};

use kos_shared::event::{HttpUrl, Language, OffsetTime};

use self::skips::Skips;

/// A feed as its publisher wrote it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Feed {
    /// Its title, as text.
    pub title: Option<String>,
    /// The site that it belongs to.
    pub site_url: Option<HttpUrl>,
    /// The address that it says it is at (`rel=self`).
    pub self_url: Option<HttpUrl>,
    /// WebSub hubs that it offers (`rel=hub`).
    pub hubs: Vec<HttpUrl>,
    /// The language of its entries, as far as they don't say.
    pub language: Option<Language>,
    /// How long it asks not to be polled again: `ttl`, or what `sy:updatePeriod` and `sy:updateFrequency` come to.
    pub ttl: Option<Duration>,
    /// When it asks not to be polled.
    pub skips: Skips,
    /// Its entries in the order of the document, at most [`parse::MAX_ENTRIES`]: of more, the newest.
    pub entries: Vec<Entry>,
    /// What was wrong with the document and mended, in words.
    pub repairs: Vec<Cow<'static, str>>,
    /// Whether the document ended before it was whole, so that more may come when it is asked for again.
    pub cut_off: bool,
}

/// One entry of a feed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entry {
    /// What its publisher calls it: `guid`, `atom:id`, `rdf:about`, `id`.
    pub guid: Option<String>,
    /// Where the article is.
    pub url: Option<HttpUrl>,
    /// Its title, as text.
    pub title: Option<String>,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// When it was published.
    pub published_at: Option<OffsetTime>,
    /// When it was changed.
    pub updated_at: Option<OffsetTime>,
    /// Its language, where it says so itself.
    pub language: Option<Language>,
    /// Its text as HTML: the longer of what the feed calls content and description.
    pub content_html: Option<String>,
    /// What it is about.
    pub tags: Vec<String>,
}
