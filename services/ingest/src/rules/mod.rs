//! The operator's rules: which articles are taken in, and how much of them is shown.
//!
//! [`Rules`] are a file (`KOS_RULES`, TOML): one [`RuleSet`] for all sources, and one for each `[[source]]`, a host with
//! its subdomains or a feed. A feed may have a set of its own beside the file, as `kos feed` keeps it. The sets that
//! apply to a source make its [`Applied`] rules: every filter of every set, and the policy of the most particular set.
//!
//! ```toml
//! policy = "full"
//! min_words = 40
//! exclude.title = ["sponsored", "/^live( blog)?:/"]
//!
//! [[source]]
//! host = "example.com"
//! policy = "summary"
//! include.language = ["en", "zh"]
//! ```

mod filter;
mod pattern;

use std::{fmt, str::FromStr};

use kos_shared::event::{Article, Hints, HttpUrl, Language};
use serde::Deserialize;

pub use filter::{Filtered, RuleSet};
pub use pattern::{Pattern, PatternError};

use crate::rights::Policy;

/// What is known about an article. `None` is not known yet; an empty list is known to be empty.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Its address.
    pub url: &'a HttpUrl,
    /// Its title.
    pub title: Option<&'a str>,
    /// Who wrote it.
    pub authors: Option<&'a [String]>,
    /// Its language.
    pub language: Option<&'a Language>,
    /// What it is about.
    pub tags: Option<&'a [String]>,
    /// Its length: words, or characters where the script has no spaces.
    pub words: Option<u32>,
}

impl<'a> Facts<'a> {
    /// What is known of an article.
    pub fn of(article: &'a Article) -> Self {
        Self {
            url: &article.canonical_url,
            title: Some(&article.title),
            authors: Some(&article.authors),
            language: Some(&article.language),
            tags: Some(&article.tags),
            words: Some(article.words),
        }
    }

    /// What a producer knows of the article at `url`.
    pub fn of_hints(url: &'a HttpUrl, hints: Option<&'a Hints>) -> Self {
        let some = |list: &'a Vec<String>| (!list.is_empty()).then_some(list.as_slice());
        Self {
            url,
            title: hints.and_then(|h| h.title.as_deref()),
            authors: hints.and_then(|h| some(&h.authors)),
            language: hints.and_then(|h| h.language.as_ref()),
            tags: hints.and_then(|h| some(&h.tags)),
            words: None,
        }
    }
}

/// A text that holds no rules: what is wrong with it, where, and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RulesError(String);

/// The rules of a file.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    all: RuleSet,
    sources: Vec<Source>,
}

#[derive(Debug, Clone)]
struct Source {
    name: SourceName,
    set: RuleSet,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum SourceName {
    Host(String),
    Feed(String),
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => write!(f, "host {host}"),
            Self::Feed(feed) => write!(f, "feed {feed}"),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    policy: Option<Policy>,
    #[serde(default)]
    include: filter::Patterns,
    #[serde(default)]
    exclude: filter::Patterns,
    min_words: Option<u32>,
    max_words: Option<u32>,
    #[serde(default)]
    source: Vec<FileSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSource {
    host: Option<String>,
    feed: Option<String>,
    policy: Option<Policy>,
    #[serde(default)]
    include: filter::Patterns,
    #[serde(default)]
    exclude: filter::Patterns,
    min_words: Option<u32>,
    max_words: Option<u32>,
}

impl FromStr for Rules {
    type Err = RulesError;

    fn from_str(text: &str) -> Result<Self, RulesError> {
        let file: File = parsed(text)?;
        let all = RuleSet {
            policy: file.policy,
            include: file.include,
            exclude: file.exclude,
            min_words: file.min_words,
            max_words: file.max_words,
        };
        all.check()?;
        let sources = file.source.into_iter().enumerate().map(|(i, source)| Source::read(i + 1, source));
        Ok(Self { all, sources: sources.collect::<Result<_, _>>()? })
    }
}

impl Source {
    fn read(number: usize, source: FileSource) -> Result<Self, RulesError> {
        let name = match (source.host, source.feed) {
            (Some(host), None) if !host.trim().is_empty() && !host.contains(['/', ':', '*']) => {
                SourceName::Host(host.trim().trim_start_matches('.').to_ascii_lowercase())
            }
            (Some(host), None) => {
                return Err(RulesError(format!(
                    "source {number}: host is {host:?}, expected a name such as example.com"
                )));
            }
            (None, Some(feed)) => SourceName::Feed(feed),
            _ => return Err(RulesError(format!("source {number}: expected either a host or a feed"))),
        };
        let set = RuleSet {
            policy: source.policy,
            include: source.include,
            exclude: source.exclude,
            min_words: source.min_words,
            max_words: source.max_words,
        };
        set.check().map_err(|RulesError(what)| RulesError(format!("source {number} ({name}): {what}")))?;
        Ok(Self { name, set })
    }
}

/// What a text of TOML holds.
fn parsed<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, RulesError> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
        let at = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        let written = line.and_then(|line| text.lines().nth(line - 1)).unwrap_or_default().trim();
        let quoted = if written.is_empty() { String::new() } else { format!(" in `{written}`") };
        RulesError(format!("{at}{}{quoted}", error.message()))
    })
}

impl Rules {
    /// The rules for a source. `own` are those that its feed has beside the file.
    pub fn of<'r>(&'r self, host: &str, feed_id: Option<&str>, own: Option<&'r RuleSet>) -> Applied<'r> {
        let mut sets = vec![(String::new(), &self.all)];
        let mut hosts: Vec<&Source> = self.sources.iter().filter(|source| source.is_host(host)).collect();
        // The longer name is the more particular one.
        hosts.sort_by_key(|source| source.name.to_string().len());
        let feeds = self
            .sources
            .iter()
            .filter(|source| matches!(&source.name, SourceName::Feed(feed) if Some(feed.as_str()) == feed_id));
        sets.extend(hosts.into_iter().chain(feeds).map(|source| (format!(" of {}", source.name), &source.set)));
        sets.extend(own.map(|set| (" of the feed".to_owned(), set)));
        Applied { sets }
    }
}

impl Source {
    fn is_host(&self, host: &str) -> bool {
        let SourceName::Host(own) = &self.name else { return false };
        let host = host.to_ascii_lowercase();
        host.strip_suffix(own.as_str()).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    }
}

/// The rules that apply to a source, the most particular last.
#[derive(Debug, Clone)]
pub struct Applied<'r> {
    sets: Vec<(String, &'r RuleSet)>,
}

impl Applied<'_> {
    /// How much of the source's articles is shown: what the most particular set says that says something.
    pub fn policy(&self) -> Option<Policy> {
        self.sets.iter().rev().find_map(|(_, set)| set.policy)
    }

    /// Why an article is not wanted, as far as the facts tell. What isn't known yet excludes nothing.
    ///
    /// # Errors
    /// [`Filtered`] names the rule.
    pub fn admit(&self, facts: &Facts<'_>) -> Result<(), Filtered> {
        self.sets
            .iter()
            .try_for_each(|(name, set)| set.admit(facts).map_err(|Filtered(rule)| Filtered(format!("{rule}{name}"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Rules {
        text.parse().unwrap_or_else(|e| panic!("{e}"))
    }

    fn wrong(text: &str) -> String {
        text.parse::<Rules>().map(|_| ()).expect_err("the file was taken").to_string()
    }

    #[test]
    fn the_most_particular_policy_holds() {
        let rules = rules(
            "policy = \"excerpt\"\n[[source]]\nhost = \"example.com\"\npolicy = \"summary\"\n\
             [[source]]\nhost = \"news.example.com\"\npolicy = \"full\"\n\
             [[source]]\nfeed = \"f1\"\npolicy = \"none\"\n[[source]]\nhost = \"quiet.example\"\n",
        );
        let policy = |host, feed| rules.of(host, feed, None).policy();
        assert_eq!(policy("other.example", None), Some(Policy::Excerpt));
        assert_eq!(policy("EXAMPLE.com", None), Some(Policy::Summary));
        assert_eq!(policy("news.example.com", None), Some(Policy::Full));
        assert_eq!(policy("notexample.com", None), Some(Policy::Excerpt));
        assert_eq!(policy("news.example.com", Some("f1")), Some(Policy::None));
        assert_eq!(policy("quiet.example", Some("f2")), Some(Policy::Excerpt));
        let own = RuleSet { policy: Some(Policy::Summary), ..RuleSet::default() };
        assert_eq!(rules.of("example.com", Some("f1"), Some(&own)).policy(), Some(Policy::Summary));
        assert_eq!(Rules::default().of("example.com", None, None).policy(), None);
    }

    #[test]
    fn a_wrong_file_says_where_what_and_what_was_expected() {
        for (text, said) in [
            ("policy = \"full\"\npolcy = 1", &["line 2", "polcy", "expected one of", "min_words"][..]),
            ("policy = \"all\"", &["line 1", "\"all\" is no policy", "full, excerpt, summary or none"]),
            ("\nmin_words = \"many\"", &["line 2", "u32", "min_words"]),
            ("[[source]]\nhosts = \"x\"", &["line 2", "hosts", "`host`"]),
            ("exclude.title = [\"/(/\"]", &["line 1", "/(/", "regular expression"]),
            ("exclude.title = [\"\"]", &["line 1", "empty"]),
            ("exclude.titel = [\"x\"]", &["titel", "`title`"]),
            ("[[source]]\npolicy = \"none\"", &["source 1", "either a host or a feed"]),
            ("[[source]]\nhost = \"https://example.com/\"", &["source 1", "https://example.com/", "a name such as"]),
            ("min_words = 9\nmax_words = 3", &["min_words", "9", "max_words", "3"]),
            ("policy = ", &["line 1"]),
        ] {
            let error = wrong(text);
            for part in said {
                assert!(error.contains(part), "{part:?} is not in {error:?}");
            }
        }
    }

    #[test]
    fn the_rule_that_excludes_is_named_with_its_source() {
        let url = "https://news.example/1".parse().unwrap();
        let facts =
            Facts { url: &url, title: Some("Live: the ferry"), authors: None, language: None, tags: None, words: None };
        let rules = rules("[[source]]\nhost = \"news.example\"\nexclude.title = [\"/^live:/\"]");
        let filtered = rules.of("news.example", None, None).admit(&facts).unwrap_err();
        assert_eq!(filtered.to_string(), "exclude.title \"/^live:/\" of host news.example");
        assert_eq!(rules.of("other.example", None, None).admit(&facts), Ok(()));
        let own: RuleSet = "exclude.title = ['ferry']".parse().unwrap();
        let filtered = rules.of("other.example", Some("f"), Some(&own)).admit(&facts).unwrap_err();
        assert_eq!(filtered.to_string(), "exclude.title \"ferry\" of the feed");
    }
}
