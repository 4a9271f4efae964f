//! One set of rules: what it lets in.

use std::{fmt, str::FromStr};

use kos_shared::event::{HttpUrl, Language};
use serde::Deserialize;
use serde_json::Value;

use super::{Facts, Pattern, RulesError, file::parsed, key};
use crate::rights::Policy;

/// The rules for all sources, for one host or for one feed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    /// How much of its articles is shown.
    pub policy: Option<Policy>,
    /// Of each of these that is not empty, an article has to match one.
    #[serde(default)]
    pub include: Patterns,
    /// An article that matches one of these is not taken in.
    #[serde(default)]
    pub exclude: Patterns,
    /// The least length: words, or characters where the script has no spaces.
    pub min_words: Option<u32>,
    /// The greatest length.
    pub max_words: Option<u32>,
}

/// Patterns for the parts of an article.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patterns {
    /// For its title.
    #[serde(default)]
    pub title: Vec<Pattern>,
    /// For the name of any of its authors.
    #[serde(default)]
    pub author: Vec<Pattern>,
    /// For any of its tags.
    #[serde(default)]
    pub tag: Vec<Pattern>,
    /// For its address.
    #[serde(default)]
    pub url: Vec<Pattern>,
    /// Its language; `en` is every English.
    #[serde(default)]
    pub language: Vec<Language>,
}

/// The rule that keeps an article out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Filtered(pub(super) String);

impl FromStr for RuleSet {
    type Err = RulesError;

    fn from_str(text: &str) -> Result<Self, RulesError> {
        let set: Self = parsed(text)?;
        set.check()?;
        Ok(set)
    }
}

impl RuleSet {
    /// What no single key shows to be wrong.
    ///
    /// # Errors
    /// [`RulesError`] names the keys that contradict each other.
    pub fn check(&self) -> Result<(), RulesError> {
        match (self.min_words, self.max_words) {
            (Some(min), Some(max)) if min > max => {
                Err(RulesError(format!("min_words is {min} and max_words {max}, expected no more than max_words")))
            }
            _ => Ok(()),
        }
    }

    /// The rules that a JSON object holds.
    ///
    /// # Errors
    /// [`RulesError`] names the key that is wrong.
    pub fn of_json(json: &Value) -> Result<Self, RulesError> {
        let set: Self = serde_path_to_error::deserialize(json).map_err(|error| match key(error.path()) {
            path if path.is_empty() => RulesError(error.inner().to_string()),
            path => RulesError(format!("{path}: {}", error.inner())),
        })?;
        set.check()?;
        Ok(set)
    }

    /// Whether an article is let in whose page nobody has read yet: only what is excluded counts.
    pub(super) fn admit_unseen(&self, url: &HttpUrl, title: Option<&str>) -> Result<(), Filtered> {
        let title = title.map(|title| [title]);
        let title = title.as_ref().map(|title| &title[..]);
        texts("title", title, &[], &self.exclude.title)?;
        texts("url", Some(&[url.as_str()][..]), &[], &self.exclude.url)
    }

    /// Whether an article is let in, as far as the facts tell.
    pub(super) fn admit(&self, facts: &Facts<'_>) -> Result<(), Filtered> {
        let (include, exclude) = (&self.include, &self.exclude);
        let title = facts.title.map(|title| [title]);
        let url = [facts.url.as_str()];
        let title = title.as_ref().map(|title| &title[..]);
        texts("title", title, &include.title, &exclude.title)?;
        texts("url", Some(&url[..]), &include.url, &exclude.url)?;
        texts("author", facts.authors, &include.author, &exclude.author)?;
        texts("tag", facts.tags, &include.tag, &exclude.tag)?;
        let language = facts.language.map(std::slice::from_ref);
        either("language", language, &include.language, &exclude.language, same_language)?;
        let Some(words) = facts.words else { return Ok(()) };
        match (self.min_words, self.max_words) {
            (Some(min), _) if words < min => Err(Filtered(format!("min_words {min}: it has {words}"))),
            (_, Some(max)) if words > max => Err(Filtered(format!("max_words {max}: it has {words}"))),
            _ => Ok(()),
        }
    }
}

fn same_language(wanted: &Language, language: &Language) -> bool {
    wanted.same_language(language)
}

fn texts<T: AsRef<str>>(
    key: &str,
    known: Option<&[T]>,
    include: &[Pattern],
    exclude: &[Pattern],
) -> Result<(), Filtered> {
    either(key, known, include, exclude, |pattern, text| pattern.is_in(text.as_ref()))
}

/// Whether one of the values that are known is excluded, or none is included though some have to be.
fn either<P: fmt::Display, T>(
    key: &str,
    known: Option<&[T]>,
    include: &[P],
    exclude: &[P],
    matches: impl Fn(&P, &T) -> bool,
) -> Result<(), Filtered> {
    let Some(known) = known else { return Ok(()) };
    let is_among = |pattern: &&P| known.iter().any(|value| matches(pattern, value));
    if let Some(pattern) = exclude.iter().find(is_among) {
        return Err(Filtered(format!("exclude.{key} \"{pattern}\"")));
    }
    if include.is_empty() || include.iter().any(|pattern| is_among(&pattern)) {
        return Ok(());
    }
    let wanted: Vec<_> = include.iter().map(|pattern| format!("\"{pattern}\"")).collect();
    Err(Filtered(format!("include.{key} {}", wanted.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept_out(rules: &str, change: impl FnOnce(&mut Facts<'_>)) -> Option<String> {
        let (authors, tags) = (["Ada North".to_owned(), "B. Søren".to_owned()], ["Ferries".to_owned()]);
        let (url, language) = ("https://paper.example/news/ferry?id=7".parse().unwrap(), Language::ENGLISH);
        let mut facts = Facts {
            url: &url,
            title: Some("The ferry runs again"),
            authors: Some(&authors),
            language: Some(&language),
            tags: Some(&tags),
            words: Some(300),
        };
        change(&mut facts);
        rules.parse::<RuleSet>().unwrap().admit(&facts).err().map(|filtered| filtered.to_string())
    }

    #[test]
    fn an_article_is_excluded_by_any_of_its_parts() {
        for (rule, named) in [
            ("exclude.title = ['train', 'FERRY']", "exclude.title \"FERRY\""),
            ("exclude.author = ['/^b\\. /']", "exclude.author \"/^b\\. /\""),
            ("exclude.tag = ['ferries']", "exclude.tag \"ferries\""),
            ("exclude.url = ['/news/']", "exclude.url \"/news/\""),
            ("exclude.language = ['en-GB']", "exclude.language \"en-GB\""),
            ("min_words = 301", "min_words 301: it has 300"),
            ("max_words = 299", "max_words 299: it has 300"),
            ("include.title = ['train', 'tram']", "include.title \"train\", \"tram\""),
            ("include.title = ['ferry']\ninclude.language = ['zh']", "include.language \"zh\""),
        ] {
            assert_eq!(kept_out(rule, |_| {}).as_deref(), Some(named));
        }
    }

    #[test]
    fn an_article_that_matches_is_let_in() {
        for rule in [
            "",
            "policy = 'summary'",
            "include.title = ['train', 'ferry']",
            "include.language = ['zh', 'en']\nmin_words = 300\nmax_words = 300",
            "exclude.title = ['train']\ninclude.author = ['north']",
        ] {
            assert_eq!(kept_out(rule, |_| {}), None, "{rule}");
        }
    }

    #[test]
    fn a_wrong_object_says_which_key() {
        let wrong = |json| RuleSet::of_json(&json).unwrap_err().to_string();
        let error = wrong(serde_json::json!({"exclude": {"title": ["fine", "/(/"]}}));
        assert!(error.starts_with("exclude.title[1]: ") && error.contains("/(/"), "{error}");
        let error = wrong(serde_json::json!({"min_words": "many"}));
        assert!(error.starts_with("min_words: "), "{error}");
        assert!(wrong(serde_json::json!({"min_words": 9, "max_words": 3})).contains("max_words 3"));
    }

    #[test]
    fn what_is_not_known_yet_excludes_nothing_and_what_is_missing_is_not_included() {
        let rule = "include.author = ['North']\ninclude.title = ['train']\nmin_words = 900";
        let unknown = |facts: &mut Facts<'_>| (facts.authors, facts.title, facts.words) = (None, None, None);
        assert_eq!(kept_out(rule, unknown), None);
        assert_eq!(kept_out(rule, |facts| facts.authors = Some(&[])).as_deref(), Some("include.title \"train\""));
        let unsigned = kept_out("include.author = ['North']", |facts| facts.authors = Some(&[]));
        assert_eq!(unsigned.as_deref(), Some("include.author \"North\""));
    }
}
