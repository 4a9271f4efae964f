//! An article as lists show it.

use jiff::Timestamp;
use kos_shared::event::{ArticleId, ArticleSummarized, Language, Summary};
use serde::{Deserialize, Serialize};

/// The longest first sentence, in characters: three lines or so, more would make the list a wall.
const SENTENCE_CHARS: usize = 240;

/// An article as a line of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The article.
    pub article_id: ArticleId,
    /// The story that it tells, named after the first article that told it.
    pub story_id: ArticleId,
    /// Whether it stands for its story in lists of all sources.
    pub leads: bool,
    /// When the article first came to this site: what lists are sorted by.
    pub added_at: Timestamp,
    /// When its publisher says that it was published.
    pub published_at: Option<Timestamp>,
    /// The host of the site that published it.
    pub host: String,
    /// The name of that site; its host where it has none.
    pub site_name: String,
    /// Its title.
    pub title: String,
    /// The language of its title and text.
    pub language: Language,
    /// Its length, as the event counts it.
    pub words: u32,
    /// What its summaries begin with, in the event's order.
    pub leads_in: Vec<Lead>,
    /// How many comments readers see below it.
    pub comments: u64,
}

/// What a list shows of a summary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lead {
    /// The summary's language.
    pub language: Language,
    /// The article's title in that language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its first sentence. None where the publisher wants none of the text on a page that lists articles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentence: Option<String>,
}

impl Entry {
    /// The title in `language`, else the article's own; and its language.
    pub fn title_in(&self, language: &Language) -> (&str, &Language) {
        let own = (self.title.as_str(), &self.language);
        let leads = self.leads_in.iter().filter_map(|lead| Some((lead.title.as_deref()?, &lead.language)));
        std::iter::once(own).chain(leads).min_by_key(|(_, written)| language.distance(written)).unwrap_or(own)
    }

    /// The first sentence of the summary in `language`, else of the first summary; and its language.
    pub fn sentence_in(&self, language: &Language) -> Option<(&str, &Language)> {
        let sentences = self.leads_in.iter().filter_map(|lead| Some((lead.sentence.as_deref()?, &lead.language)));
        sentences.min_by_key(|(_, written)| language.distance(written))
    }

    /// The languages that there is something to read in: the article's own first, then those of summaries.
    pub fn languages(&self) -> Vec<&Language> {
        let mut languages = vec![&self.language];
        for lead in &self.leads_in {
            if !languages.iter().any(|known| known.same_language(&lead.language)) {
                languages.push(&lead.language);
            }
        }
        languages
    }
}

/// What lists show of an article's summaries. Of an article that is to be found in no search results nothing but titles
/// is shown on pages that search engines read.
pub(super) fn leads(summarized: &ArticleSummarized) -> Vec<Lead> {
    let noindex = summarized.article.rights.noindex;
    let lead = |summary: &Summary| Lead {
        language: summary.language.clone(),
        title: summary.title.clone().filter(|title| !title.trim().is_empty()),
        sentence: (!noindex).then(|| first_sentence(summary)).flatten(),
    };
    summarized.summaries.iter().map(lead).collect()
}

fn first_sentence(summary: &Summary) -> Option<String> {
    let sentence = summary.sentences.first().map_or(summary.text.as_str(), |sentence| &sentence.text).trim();
    (!sentence.is_empty()).then(|| shortened(sentence))
}

/// A sentence that is too long, cut behind a word where there is one.
fn shortened(sentence: &str) -> String {
    let Some((end, _)) = sentence.char_indices().nth(SENTENCE_CHARS) else { return sentence.to_owned() };
    let cut = &sentence[..end];
    let behind_a_word = cut.rfind(char::is_whitespace).filter(|at| at * 4 > cut.len() * 3).map_or(cut, |at| &cut[..at]);
    format!("{}…", behind_a_word.trim_end_matches(|c: char| c.is_whitespace() || c == ',' || c == '，'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::fixtures;

    fn entry(change: impl FnOnce(&mut ArticleSummarized)) -> Entry {
        let mut summarized = fixtures::summarized();
        change(&mut summarized);
        let article = &summarized.article;
        Entry {
            article_id: article.article_id,
            story_id: article.article_id,
            leads: true,
            added_at: Timestamp::UNIX_EPOCH,
            published_at: None,
            host: article.site.host.clone(),
            site_name: article.site.name.clone(),
            title: article.title.clone(),
            language: article.language.clone(),
            words: article.words,
            leads_in: leads(&summarized),
            comments: 0,
        }
    }

    #[test]
    fn a_reader_gets_title_and_sentence_in_their_language_where_a_summary_has_them() {
        let entry = entry(|_| {});
        assert_eq!(entry.title_in(&Language::CHINESE), ("渡轮复航", &Language::CHINESE));
        assert_eq!(entry.sentence_in(&Language::CHINESE), Some(("渡轮恢复运行。", &Language::CHINESE)));
        assert_eq!(entry.title_in(&Language::ENGLISH), ("The ferry runs again", &Language::ENGLISH));
        assert_eq!(entry.sentence_in(&Language::ENGLISH), Some(("The ferry runs again.", &Language::ENGLISH)));
        assert_eq!(entry.languages(), [&Language::ENGLISH, &Language::CHINESE]);
    }

    #[test]
    fn what_there_is_in_another_language_comes_with_that_language() {
        let entry = entry(|summarized| summarized.summaries.truncate(1));
        assert_eq!(entry.title_in(&Language::CHINESE), ("The ferry runs again", &Language::ENGLISH));
        assert_eq!(entry.sentence_in(&Language::CHINESE), Some(("The ferry runs again.", &Language::ENGLISH)));
    }

    #[test]
    fn an_article_for_no_search_engine_shows_its_titles_only() {
        let entry = entry(|summarized| summarized.article.rights.noindex = true);
        assert_eq!(entry.sentence_in(&Language::CHINESE), None);
        assert_eq!(entry.title_in(&Language::CHINESE).0, "渡轮复航");
    }

    #[test]
    fn a_long_sentence_is_cut_behind_a_word() {
        assert_eq!(shortened("short"), "short");
        let cut = shortened(&"word, ".repeat(100));
        assert!(cut.ends_with("word…") && cut.chars().count() <= SENTENCE_CHARS + 1, "{cut}");
        assert_eq!(shortened(&"字".repeat(500)).chars().count(), SENTENCE_CHARS + 1);
    }
}
