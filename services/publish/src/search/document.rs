//! An article as search sees it.

use kos_shared::{
    event::{ArticleSummarized, Language},
    store::Dialect,
};

use super::{
    terms::{characters, tokens},
    weights::{BODY, SUMMARY, TITLE, Weights},
};

/// The version of all that makes a document of an article. Documents of another version are made anew at start.
pub const ANALYSIS: i64 = 1;

/// How many terms of an article are indexed: PostgreSQL counts positions to 16,383. It is about 16,000 words.
const MOST_TERMS: usize = 16_000;

/// How often PostgreSQL notes where the same term stands.
const MOST_POSITIONS: usize = 255;

/// What keeps the end of one text and the beginning of the next from standing in a row. No term has it.
const GAP: &str = "\u{E003}";

/// An article's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// In a row.
    terms: Vec<String>,
    /// Those that stand nowhere: single characters, language and source.
    loose: Vec<String>,
    /// What each weighs.
    pub weights: Weights,
}

impl Document {
    /// The terms of an article: its title, its summaries in all languages, its body. What may not be shown was cut before.
    /// `None` where the publisher wants it in no index.
    pub fn of(summarized: &ArticleSummarized) -> Option<Self> {
        let article = &summarized.article;
        if article.rights.noindex {
            return None;
        }
        let summaries = summarized.summaries.iter().flat_map(|s| {
            let title = s.title.as_deref().filter(|title| *title != article.title);
            title.map(|title| (title, TITLE)).into_iter().chain([(s.text.as_str(), SUMMARY)])
        });
        let title = std::iter::once((article.title.as_str(), TITLE));
        let fields: Vec<(&str, f32)> = title.chain(summaries).chain([(article.text.as_str(), BODY)]).collect();

        let (mut terms, mut of_fields): (Vec<String>, Vec<_>) = (vec![], vec![]);
        for (text, count) in &fields {
            let start = terms.len();
            terms.extend(tokens(text).into_iter().map(|token| token.term).take(MOST_TERMS.saturating_sub(start)));
            of_fields.push((start..terms.len(), *count));
            if terms.len() < MOST_TERMS {
                terms.push(GAP.to_owned());
            }
        }
        let body = of_fields.last().map_or(0, |(range, _)| range.len());
        let words = of_fields.into_iter().map(|(range, count)| (terms[range].iter().map(String::as_str), count));
        let weights = Weights::of(words, body);
        let mut loose: Vec<String> = fields.iter().flat_map(|(text, _)| characters(text)).map(String::from).collect();
        loose.sort_unstable();
        loose.dedup();
        loose.extend([language_facet(&article.language), source_facet(&article.site.host)]);
        Some(Self { terms, loose, weights })
    }

    /// The terms as the database reads them: a text for FTS5's tokenizer `ascii`, or the literal of a `tsvector`.
    pub fn indexed(&self, dialect: Dialect) -> String {
        match dialect {
            Dialect::Sqlite => {
                let all: Vec<_> = self.terms.iter().chain(&self.loose).map(String::as_str).collect();
                all.join(" ")
            }
            Dialect::Postgres => self.vector(),
        }
    }

    fn vector(&self) -> String {
        let mut entries: std::collections::BTreeMap<&str, Vec<String>> = Default::default();
        for (index, term) in self.terms.iter().enumerate() {
            let positions = entries.entry(term).or_default();
            if positions.len() < MOST_POSITIONS {
                positions.push((index + 1).to_string());
            }
        }
        for term in &self.loose {
            entries.entry(term).or_default();
        }
        let entries = entries.into_iter().map(|(term, positions)| match positions.is_empty() {
            true => format!("'{term}'"),
            false => format!("'{term}':{}", positions.join(",")),
        });
        entries.collect::<Vec<_>>().join(" ")
    }
}

/// The term that all articles of a language have, whatever its script and region.
pub fn language_facet(language: &Language) -> String {
    format!("\u{E000}{}", language.primary())
}

/// The term that all articles of a source have.
pub fn source_facet(host: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() { c } else { '\u{E002}' };
    format!("\u{E001}{}", host.to_lowercase().chars().take(255).map(plain).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::fixtures;

    #[test]
    fn a_document_has_title_summaries_and_body_in_all_languages() {
        let mut summarized = fixtures::summarized();
        summarized.article.text = "Its captain keeps goats.".into();
        let document = Document::of(&summarized).unwrap();
        for term in ["ferri", "渡轮", "复航", "goat", GAP] {
            assert!(document.terms.iter().any(|t| t == term), "{term}");
        }
        for term in ["渡", "\u{E000}en", "\u{E001}paper\u{E002}example"] {
            assert!(document.loose.iter().any(|t| t == term), "{term}");
        }
        assert!(document.weights.of_term("ferri") > document.weights.of_term("goat"));
    }

    #[test]
    fn an_article_that_wants_no_index_has_none() {
        let mut summarized = fixtures::summarized();
        summarized.article.rights.noindex = true;
        assert_eq!(Document::of(&summarized), None);
    }

    #[test]
    fn a_row_does_not_go_on_from_one_text_to_the_next() {
        let mut summarized = fixtures::summarized();
        (summarized.article.title, summarized.article.text) = ("One".into(), "two".into());
        summarized.summaries.clear();
        let document = Document::of(&summarized).unwrap();
        assert_eq!(
            document.indexed(Dialect::Sqlite),
            "one \u{E003} two \u{E003} \u{E000}en \u{E001}paper\u{E002}example"
        );
        assert!(document.indexed(Dialect::Postgres).starts_with("'one':1 'two':3 '\u{E000}en'"));
    }

    #[test]
    fn a_book_is_indexed_as_far_as_positions_go() {
        let mut summarized = fixtures::summarized();
        summarized.article.text = "word 字词".repeat(30_000);
        assert_eq!(Document::of(&summarized).unwrap().terms.len(), MOST_TERMS);
    }
}
