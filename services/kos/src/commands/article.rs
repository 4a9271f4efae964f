//! An article on standard input.

use std::io::{Read, stdin};

use anyhow::Context;
use jiff::Timestamp;
use kos_shared::{
    event::{Article, ArticleId, BodySource, HttpUrl, Revision, Rights, Site},
    text::count_words,
};
use serde_json::Value;

use crate::WrongUsage;

/// What stands on standard input, as an article.
pub fn from_stdin() -> anyhow::Result<Article> {
    let mut input = Vec::new();
    stdin().read_to_end(&mut input).context("standard input")?;
    let input = str::from_utf8(&input).map_err(|e| WrongUsage(format!("standard input: expected UTF-8 text: {e}")))?;
    Ok(of_input(input)?)
}

/// An article as `kos extract` prints it, or any text: then its first line is not taken for a title.
fn of_input(input: &str) -> Result<Article, WrongUsage> {
    if input.trim_start().starts_with('{') {
        let value: Value = serde_json::from_str(input)
            .map_err(|e| WrongUsage(format!("standard input: expected an article as JSON: {e}")))?;
        return serde_json::from_value(value)
            .map_err(|e| WrongUsage(format!("standard input: expected the payload of kos.article.ingested: {e}")));
    }
    if input.trim().is_empty() {
        return Err(WrongUsage("standard input: expected an article as JSON, or a text, got nothing".into()));
    }
    let url: HttpUrl = "https://standard-input.invalid/".parse().map_err(|e| WrongUsage(format!("{e}")))?;
    Ok(Article {
        article_id: ArticleId::of_canonical_url(&url),
        revision: Revision::FIRST,
        site: Site { name: url.host().to_owned(), host: url.host().to_owned() },
        canonical_url: url.clone(),
        url,
        feed_id: None,
        title: String::new(),
        authors: Vec::new(),
        published_at: None,
        fetched_at: Timestamp::now(),
        language: kos_ingest::extract::language_of(input),
        body_html: String::new(),
        text: input.to_owned(),
        image: None,
        words: u32::try_from(count_words(input)).unwrap_or(u32::MAX),
        content_hash: String::new(),
        rights: Rights::default(),
        modified_at: None,
        body_source: BodySource::Page,
        tags: vec![],
        duplicate_of: None,
        similarity: None,
        forced: false,
        extra: serde_json::Map::new(),
    })
}
