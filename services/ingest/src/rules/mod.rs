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

mod file;
mod filter;
mod pattern;

use std::fmt;

use kos_shared::event::{Article, HttpUrl, Language};
use serde_path_to_error::{Path, Segment};

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

/// The key that a path in a text of rules names, without what only the reader of TOML knows.
fn key(path: &Path) -> String {
    let mut key = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Map { key: name } if name.starts_with("$__") => {}
            Segment::Map { key: name } if key.is_empty() => key.push_str(name),
            Segment::Map { key: name } => key.push_str(&format!(".{name}")),
            Segment::Seq { index } => key.push_str(&format!("[{index}]")),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    key
}

impl Rules {
    /// The rules for a source. `own` are those that its feed has beside the file.
    pub fn of<'r>(&'r self, host: &str, feed_id: Option<&str>, own: Option<&'r RuleSet>) -> Applied<'r> {
        self.of_hosts([host], feed_id, own)
    }

    /// The rules for a source whose article has addresses on several hosts.
    pub fn of_hosts<'r, 'h>(
        &'r self,
        hosts: impl IntoIterator<Item = &'h str>,
        feed_id: Option<&str>,
        own: Option<&'r RuleSet>,
    ) -> Applied<'r> {
        Applied { hosts: hosts.into_iter().map(|host| self.sets(host, feed_id, own)).collect() }
    }

    /// The sets for a host, the most particular last.
    fn sets<'r>(&'r self, host: &str, feed_id: Option<&str>, own: Option<&'r RuleSet>) -> Vec<(String, &'r RuleSet)> {
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
        sets
    }
}

impl Source {
    fn is_host(&self, host: &str) -> bool {
        let SourceName::Host(own) = &self.name else { return false };
        // With the root's dot it is the same host.
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        host.strip_suffix(own.as_str()).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    }
}

/// The rules that apply to a source.
#[derive(Debug, Clone)]
pub struct Applied<'r> {
    /// The sets for each of its hosts, the most particular last.
    hosts: Vec<Vec<(String, &'r RuleSet)>>,
}

impl Applied<'_> {
    /// How much of the source's articles is shown: what the most particular set says that says something, and of several
    /// hosts the strictest.
    pub fn policy(&self) -> Option<Policy> {
        self.hosts.iter().filter_map(|sets| sets.iter().rev().find_map(|(_, set)| set.policy)).max()
    }

    /// Whether nothing of the source is taken in.
    pub fn refuses(&self) -> bool {
        self.policy() == Some(Policy::None)
    }

    /// Why the article at `url` is not wanted, as far as that can be known before its page is read. A feed's word for it
    /// is no more than a hint: it may keep out what is excluded by name, and prove nothing else.
    ///
    /// # Errors
    /// [`Filtered`] names the rule.
    pub fn admit_unseen(&self, url: &HttpUrl, title: Option<&str>) -> Result<(), Filtered> {
        let named = |(name, set): &(String, &RuleSet)| {
            set.admit_unseen(url, title).map_err(|Filtered(rule)| Filtered(format!("{rule}{name}")))
        };
        self.hosts.iter().flatten().try_for_each(named)
    }

    /// Why an article is not wanted, as far as the facts tell. What isn't known yet excludes nothing.
    ///
    /// # Errors
    /// [`Filtered`] names the rule.
    pub fn admit(&self, facts: &Facts<'_>) -> Result<(), Filtered> {
        self.hosts
            .iter()
            .flatten()
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
        let hosts = ["example.com", "other.example", "news.example.com"];
        assert_eq!(rules.of_hosts(hosts, None, None).policy(), Some(Policy::Summary), "the strictest of several hosts");
    }

    #[test]
    fn a_host_is_named_in_any_spelling() {
        let rules = rules("[[source]]\nhost = \"Bücher.example.\"\npolicy = \"none\"");
        let policy = |url: &str| rules.of(url.parse::<HttpUrl>().unwrap().host(), None, None).policy();
        assert_eq!(policy("https://bücher.example/1"), Some(Policy::None));
        assert_eq!(policy("https://www.xn--bcher-kva.example./1"), Some(Policy::None), "with the root's dot");
        assert_eq!(policy("https://bucher.example/1"), None);
    }

    #[test]
    fn a_feed_is_named_by_its_id_or_its_address() {
        let url: HttpUrl = "https://example.com/feed.xml".parse().unwrap();
        let id = crate::feed::subscription::feed_id(&url);
        for name in [url.as_str(), "HTTPS://Example.com/feed.xml", &id] {
            let rules = rules(&format!("[[source]]\nfeed = {name:?}\npolicy = \"none\""));
            assert_eq!(rules.of("example.com", Some(&id), None).policy(), Some(Policy::None), "{name}");
        }
    }

    #[test]
    fn before_a_page_is_read_only_what_is_excluded_by_title_or_address_is_kept_out() {
        let url = "https://news.example/live/1".parse().unwrap();
        let kept_out = |text: &str, title| rules(text).of("news.example", None, None).admit_unseen(&url, title).err();
        assert!(kept_out("exclude.title = ['ferry']", Some("The ferry")).is_some());
        assert!(kept_out("exclude.url = ['/live/']", None).is_some());
        for unproven in ["include.title = ['train']", "include.url = ['/news/']", "exclude.language = ['en']"] {
            assert_eq!(kept_out(unproven, Some("The ferry")), None, "{unproven}");
        }
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
            ("min_words = 1\nexclude.title = [\n  \"fine\",\n  \"/(/\",\n]", &["line", "exclude.title[1]", "/(/"]),
            (
                "[[source]]\nhost = \"a.example\"\n[[source]]\nhost = \"b.example\"\nexclude.tag = [\"/[/\"]",
                &["line 5", "source[1].exclude.tag[0]"],
            ),
            ("exclude.titel = [\"x\"]", &["titel", "`title`"]),
            ("[[source]]\npolicy = \"none\"", &["line 1", "source 1", "either a host or a feed"]),
            ("\n[[source]]\nfeed = \"ftp://example.com/\"", &["line 3", "source 1", "feed", "ftp://example.com/"]),
            (
                "[[source]]\nhost = \"https://example.com/\"",
                &["line 2", "source 1", "https://example.com/", "a name such as"],
            ),
            ("\nmin_words = 9\nmax_words = 3", &["line 2", "min_words", "9", "max_words", "3"]),
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
