//! A file of rules, read: TOML, with the line and the key of what is wrong in it.

use std::str::FromStr;

use kos_shared::event::HttpUrl;
use serde::Deserialize;
use toml::Spanned;
use url::Host;

use super::{RuleSet, Rules, RulesError, Source, SourceName, filter::Patterns};
use crate::{feed::subscription, rights::Policy};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    policy: Option<Policy>,
    #[serde(default)]
    include: Patterns,
    #[serde(default)]
    exclude: Patterns,
    min_words: Option<Spanned<u32>>,
    max_words: Option<u32>,
    #[serde(default)]
    source: Vec<Spanned<FileSource>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSource {
    host: Option<Spanned<String>>,
    feed: Option<Spanned<String>>,
    policy: Option<Policy>,
    #[serde(default)]
    include: Patterns,
    #[serde(default)]
    exclude: Patterns,
    min_words: Option<Spanned<u32>>,
    max_words: Option<u32>,
}

impl FromStr for Rules {
    type Err = RulesError;

    fn from_str(text: &str) -> Result<Self, RulesError> {
        let file: File = parsed(text)?;
        let min_at = file.min_words.as_ref().map(|min| min.span().start);
        let all = RuleSet {
            policy: file.policy,
            include: file.include,
            exclude: file.exclude,
            min_words: file.min_words.map(Spanned::into_inner),
            max_words: file.max_words,
        };
        all.check().map_err(|RulesError(what)| RulesError(format!("{}{what}", line(text, min_at))))?;
        let sources = file.source.into_iter().enumerate().map(|(i, source)| {
            let start = source.span().start;
            read(source.into_inner()).map_err(|(at, what)| {
                RulesError(format!("{}source {}: {what}", line(text, Some(at.unwrap_or(start))), i + 1))
            })
        });
        Ok(Self { all, sources: sources.collect::<Result<_, _>>()? })
    }
}

/// What is wrong, and where that stands if it is not the source as a whole.
type Wrong = (Option<usize>, String);

fn read(source: FileSource) -> Result<Source, Wrong> {
    let name = match (source.host, source.feed) {
        (Some(host), None) => SourceName::Host(host_name(host.get_ref()).ok_or_else(|| {
            (Some(host.span().start), format!("host is {:?}, expected a name such as example.com", host.get_ref()))
        })?),
        (None, Some(feed)) => SourceName::Feed(feed_id(feed.get_ref()).map_err(|why| {
            (Some(feed.span().start), format!("feed is {:?}, expected an id or an address: {why}", feed.get_ref()))
        })?),
        _ => return Err((None, "expected either a host or a feed".into())),
    };
    let min_at = source.min_words.as_ref().map(|min| min.span().start);
    let set = RuleSet {
        policy: source.policy,
        include: source.include,
        exclude: source.exclude,
        min_words: source.min_words.map(Spanned::into_inner),
        max_words: source.max_words,
    };
    set.check().map_err(|RulesError(what)| (min_at, format!("({name}): {what}")))?;
    Ok(Source { name, set })
}

/// A host as addresses have it: in lower case, in Punycode, without the root's dot.
fn host_name(written: &str) -> Option<String> {
    let name = written.trim().trim_start_matches('.').trim_end_matches('.');
    if name.is_empty() || name.contains(['/', ':', '*', '@']) {
        return None;
    }
    Host::parse(name).ok().map(|host| host.to_string())
}

/// A feed's id, also where it is named by the address that it was added under.
fn feed_id(written: &str) -> Result<String, String> {
    let written = written.trim();
    if written.is_empty() {
        return Err("it is empty".into());
    }
    if !written.contains(['/', ':']) {
        return Ok(written.to_owned());
    }
    let url: HttpUrl = written.parse().map_err(|error: kos_shared::event::InvalidUrl| error.to_string())?;
    Ok(subscription::feed_id(&url))
}

/// What a text of TOML holds.
pub(super) fn parsed<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, RulesError> {
    let syntax = |error: toml::de::Error| wrong(text, &error, "");
    let document = toml::Deserializer::parse(text).map_err(syntax)?;
    serde_path_to_error::deserialize(document).map_err(|error| {
        let key = super::key(error.path());
        wrong(text, error.inner(), &key)
    })
}

fn wrong(text: &str, error: &toml::de::Error, key: &str) -> RulesError {
    let at = error.span().map(|span| span.start);
    let written = at.and_then(|at| text.lines().nth(line_number(text, at) - 1)).unwrap_or_default().trim();
    let quoted = if written.is_empty() { String::new() } else { format!(" in `{written}`") };
    let key = if key.is_empty() { String::new() } else { format!("{key}: ") };
    RulesError(format!("{}{key}{}{quoted}", line(text, at), error.message()))
}

fn line(text: &str, at: Option<usize>) -> String {
    at.map(|at| format!("line {}: ", line_number(text, at))).unwrap_or_default()
}

fn line_number(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or_default().matches('\n').count() + 1
}
