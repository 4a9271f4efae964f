//! An article as search sees it.

use kos_shared::{
    event::{Article, Language},
    store::Dialect,
};

use super::weights::{SUMMARY, TITLE, Weights, body};
use crate::analysis::{Analysis, Field};

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
    /// Those that there are.
    terms: Vec<String>,
    /// Their numbers in a row.
    row: Vec<usize>,
    /// Those that stand nowhere: single characters, language and source.
    loose: Vec<String>,
    /// What each weighs.
    pub weights: Weights,
}

impl Document {
    /// The document of an article that was taken apart.
    pub fn of(article: &Article, analysis: Analysis) -> Self {
        let Analysis { mut terms, texts, characters } = analysis;
        let gap = terms.len();
        let mut row: Vec<usize> = vec![];
        let mut counts = vec![0.0; terms.len()];
        for text in &texts {
            let start = row.len();
            row.extend(text.places.iter().map(|place| place.term).take(MOST_TERMS.saturating_sub(start)));
            let count = match text.field {
                Field::Title => TITLE,
                Field::Summary => SUMMARY,
                Field::Body => body(row.len() - start),
            };
            for term in &row[start..] {
                counts[*term] += count;
            }
            if row.len() < MOST_TERMS {
                row.push(gap);
            }
        }
        let weights = Weights::of(terms.iter().map(String::as_str).zip(counts).filter(|(_, count)| *count > 0.0));
        terms.push(GAP.to_owned());
        let facets = [language_facet(&article.language), source_facet(&article.site.host)];
        let loose = characters.into_iter().map(String::from).chain(facets).collect();
        Self { terms, row, loose, weights }
    }

    /// The terms in a row.
    fn in_row(&self) -> impl Iterator<Item = &str> {
        self.row.iter().map(|term| self.terms[*term].as_str())
    }

    /// The terms as the database reads them: a text for FTS5's tokenizer `ascii`, or the literal of a `tsvector`.
    pub fn indexed(&self, dialect: Dialect) -> String {
        match dialect {
            Dialect::Sqlite => {
                let all: Vec<_> = self.in_row().chain(self.loose.iter().map(String::as_str)).collect();
                all.join(" ")
            }
            Dialect::Postgres => self.vector(),
        }
    }

    fn vector(&self) -> String {
        let mut entries: std::collections::BTreeMap<&str, Vec<String>> = Default::default();
        for (index, term) in self.in_row().enumerate() {
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
    use kos_shared::event::ArticleSummarized;

    use super::*;
    use crate::site::fixtures;

    fn document(summarized: &ArticleSummarized) -> Document {
        Document::of(&summarized.article, Analysis::of(summarized).unwrap())
    }

    #[test]
    fn a_document_has_title_summaries_and_body_in_all_languages() {
        let mut summarized = fixtures::summarized();
        summarized.article.text = "Its captain keeps goats.".into();
        let document = document(&summarized);
        for term in ["ferri", "渡轮", "复航", "goat", GAP] {
            assert!(document.in_row().any(|t| t == term), "{term}");
        }
        for term in ["渡", "\u{E000}en", "\u{E001}paper\u{E002}example"] {
            assert!(document.loose.iter().any(|t| t == term), "{term}");
        }
        assert!(document.weights.of_term("ferri") > document.weights.of_term("goat"));
    }

    #[test]
    fn a_row_does_not_go_on_from_one_text_to_the_next() {
        let mut summarized = fixtures::summarized();
        (summarized.article.title, summarized.article.text) = ("One".into(), "two".into());
        summarized.summaries.clear();
        let document = document(&summarized);
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
        assert_eq!(document(&summarized).row.len(), MOST_TERMS);
    }
}
