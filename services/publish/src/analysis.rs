//! An article taken apart into terms, once for all that reads them: [`search`](crate::search) and
//! [`related`](crate::related).

use std::{collections::HashMap, ops::ControlFlow};

use kos_shared::event::ArticleSummarized;

use crate::search::terms::{Spelling, characters, visit};

/// How many terms of one text are read: more than search keeps of an article.
const MOST_TERMS: usize = 16_384;

/// What a text is to its article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Its title, or one that a summary gives it.
    Title,
    /// A summary.
    Summary,
    /// Its body.
    Body,
}

/// A term where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which of the article's terms.
    pub term: usize,
    /// Where it ends in its text, in bytes.
    pub end: usize,
    /// Whether it is one lone character of a script without spaces.
    pub lone: bool,
}

/// A text of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// What it is.
    pub field: Field,
    /// Its terms in their order, no more than the first 16,384.
    pub places: Vec<Place>,
}

/// An article's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Analysis {
    /// Each of them once.
    pub terms: Vec<String>,
    /// The texts that have them: titles and summaries, the body last.
    pub texts: Vec<Text>,
    /// The characters of scripts without spaces in all texts, each once.
    pub characters: Vec<char>,
}

impl Analysis {
    /// Takes an article apart: its title, its summaries in all languages, its body. What may not be shown was cut before.
    /// `None` where the publisher wants it in no index.
    pub fn of(summarized: &ArticleSummarized) -> Option<Self> {
        let article = &summarized.article;
        if article.rights.noindex {
            return None;
        }
        let summaries = summarized.summaries.iter().flat_map(|s| {
            let title = s.title.as_deref().filter(|title| *title != article.title);
            title.map(|title| (Field::Title, title)).into_iter().chain([(Field::Summary, s.text.as_str())])
        });
        let title = (Field::Title, article.title.as_str());
        let texts: Vec<_> = std::iter::once(title).chain(summaries).chain([(Field::Body, &*article.text)]).collect();

        let mut vocabulary = Vocabulary::default();
        let mut analysis = Self { terms: vec![], texts: Vec::with_capacity(texts.len()), characters: vec![] };
        for (field, text) in texts {
            analysis.texts.push(Text { field, places: vocabulary.places(text) });
            analysis.characters.extend(characters(text));
        }
        analysis.characters.sort_unstable();
        analysis.characters.dedup();
        analysis.terms = vocabulary.terms;
        Some(analysis)
    }
}

/// Terms by number. Folding and stemming cost more than all else, so each spelling of an article goes through them once.
#[derive(Default)]
struct Vocabulary<'t> {
    terms: Vec<String>,
    by_term: HashMap<String, usize>,
    /// `None` where a spelling is no term.
    by_spelling: HashMap<Spelling<'t>, Option<usize>>,
}

impl<'t> Vocabulary<'t> {
    fn places(&mut self, text: &'t str) -> Vec<Place> {
        let mut places = Vec::with_capacity((text.len() / 4).min(MOST_TERMS));
        let _: ControlFlow<()> = visit(text, |spelling, range, lone| {
            if let Some(term) = self.number(spelling) {
                places.push(Place { term, end: range.end, lone });
            }
            if places.len() < MOST_TERMS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        places
    }

    fn number(&mut self, spelling: Spelling<'t>) -> Option<usize> {
        if let Some(number) = self.by_spelling.get(&spelling) {
            return *number;
        }
        let term = spelling.clone().term();
        let number = (!term.is_empty()).then(|| match self.by_term.get(&*term) {
            Some(number) => *number,
            None => {
                self.terms.push(term.clone().into_owned());
                self.by_term.insert(term.into_owned(), self.terms.len() - 1);
                self.terms.len() - 1
            }
        });
        self.by_spelling.insert(spelling, number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{search::terms::tokens, site::fixtures};

    #[test]
    fn the_terms_of_all_texts_are_those_of_search_in_their_order() {
        let mut summarized = fixtures::summarized();
        summarized.article.text = "Running runs, Café ｃａｆｅ ℀ 安装简单的软件 股 ｶﾞｽ か゛く 서울에서 A股".into();
        let analysis = Analysis::of(&summarized).unwrap();
        let body = analysis.texts.last().unwrap();
        assert_eq!(body.field, Field::Body);
        let read: Vec<_> = body.places.iter().map(|p| (analysis.terms[p.term].clone(), p.end, p.lone)).collect();
        let expected: Vec<_> =
            tokens(&summarized.article.text).into_iter().map(|t| (t.term, t.range.end, t.lone)).collect();
        assert_eq!(read, expected);
        let fields: Vec<_> = analysis.texts.iter().map(|text| text.field).collect();
        use Field::{Body, Summary, Title};
        assert_eq!(fields, [Title, Summary, Title, Summary, Body]);
        let mut terms = analysis.terms.clone();
        terms.sort();
        terms.dedup();
        assert_eq!(terms.len(), analysis.terms.len(), "a term has one number");
    }

    #[test]
    fn an_article_that_wants_no_index_is_not_taken_apart() {
        let mut summarized = fixtures::summarized();
        summarized.article.rights.noindex = true;
        assert_eq!(Analysis::of(&summarized), None);
    }
}
