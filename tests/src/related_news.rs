//! News in English and Chinese on a dozen topics, written for these tests: nothing in them happened.

use jiff::{SignedDuration, Timestamp};
use kos_shared::event::{Article, ArticleId, ArticleSummarized, Language, Method, Sentence, Summary};
use serde::Deserialize;

use crate::stage;

/// A text, and what it is about.
#[derive(Debug, Clone, Deserialize)]
pub struct TopicText {
    /// What it is called, unique.
    pub id: String,
    /// What it is about: the six texts that have the same topic are related, others aren't.
    pub topic: String,
    /// The language that it is in: English or Chinese.
    pub language: Language,
    /// Its headline.
    pub title: String,
    /// Its body.
    pub text: String,
    /// What a model's summary in the other language would say; two of three have one.
    pub translated: Option<Translated>,
}

/// A summary in another language.
#[derive(Debug, Clone, Deserialize)]
pub struct Translated {
    /// That language.
    pub language: Language,
    /// The headline.
    pub title: String,
    /// The summary.
    pub text: String,
}

/// The seventy-two texts of `corpus/related_news.json`: of each of twelve topics three in English and three in Chinese.
pub fn related_news() -> Vec<TopicText> {
    let json = include_str!("../corpus/related_news.json");
    serde_json::from_str(json).unwrap_or_else(|error| panic!("corpus/related_news.json: {error}"))
}

impl TopicText {
    /// The payload of `kos.article.summarized` that would come of it, from one of five sources, published an hour after the
    /// one before.
    ///
    /// # Panics
    /// Never: the address is well-formed.
    pub fn summarized(&self, number: usize) -> ArticleSummarized {
        let host = format!("paper{}.example", number % 5);
        let request = stage::request(&format!("https://{host}/{}", self.id));
        let published =
            Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 20_000 + i64::try_from(number).unwrap_or_default());
        let article = stage::article_of(&request);
        let article = Article {
            article_id: ArticleId::of_canonical_url(&request.url),
            site: kos_shared::event::Site { name: host.clone(), host },
            title: self.title.clone(),
            text: self.text.clone(),
            body_html: String::new(),
            language: self.language.clone(),
            published_at: Some(published.into()),
            ..article
        };
        let summary = |language: &Language, title: Option<&String>, text: &str, method| Summary {
            language: language.clone(),
            title: title.cloned(),
            text: text.to_owned(),
            sentences: vec![Sentence { text: text.to_owned(), spans: vec![] }],
            method,
            model: None,
            prompt_version: None,
            checks: vec![],
            fallback: None,
        };
        // What needs no model: the beginning of the text.
        let first = kos_shared::text::sentences(&self.text).next().map_or("", |range| &self.text[range]);
        let own = summary(&self.language, None, first, Method::Extractive);
        let other = self.translated.as_ref().map(|t| summary(&t.language, Some(&t.title), &t.text, Method::Llm));
        let summaries = std::iter::once(own).chain(other).collect();
        ArticleSummarized { article, summaries, missing: vec![], attempts: vec![] }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn there_are_six_texts_of_each_of_twelve_topics() {
        let texts = related_news();
        let mut topics: BTreeMap<&str, Vec<&TopicText>> = BTreeMap::new();
        for text in &texts {
            topics.entry(&text.topic).or_default().push(text);
            assert_eq!(texts.iter().filter(|other| other.id == text.id).count(), 1, "{}", text.id);
        }
        assert_eq!(topics.len(), 12);
        for (topic, texts) in topics {
            let english = texts.iter().filter(|text| text.language == Language::ENGLISH).count();
            assert_eq!((texts.len(), english), (6, 3), "{topic}");
        }
    }
}
