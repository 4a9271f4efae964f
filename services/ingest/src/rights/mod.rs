//! What may be done with an article: what its page, its server and its site say, and what the operator says.
//!
//! [`decide`] weighs [`Claims`] and is the only place that does. It knows three families of signals:
//! [`robots`] directives, the [`tdm`] reservation protocol, and [`usage`] preferences for AI. Where several speak,
//! the most restrictive one holds. The operator's [`Policy`] can tighten what a publisher allows and never loosen it. [`well_known`] fetches what a site says in a file of its own, once a day.

mod decision;
mod path;
mod policy;
mod robots;
pub mod tdm;
#[cfg(test)]
mod tests;
mod usage;
pub mod well_known;

use jiff::Timestamp;
use kos_shared::event::{AiUse, HttpUrl, Rights, Show};

use serde::{Deserialize, Serialize};

pub use decision::decide;
pub use policy::{Policy, UnknownPolicy};
use tdm::TdmRule;

/// Names of `<meta>` that say something about rights, in lower case; the second is this program's product token.
const META_NAMES: [&str; 5] = ["robots", "knowledgeos", "x-robots-tag", "tdm-reservation", "tdm-policy"];

/// Response headers that say something about rights, in lower case.
const HEADER_NAMES: [&str; 5] = ["x-robots-tag", "tdm-reservation", "tdm-policy", "content-usage", "content-signal"];

/// The most values of one page that are weighed. A page has a handful.
const MAX_VALUES: usize = 64;

/// The longest value that is weighed, in bytes.
const MAX_VALUE_BYTES: usize = 8_192;

/// A name in lower case and what it is said to be.
pub type Said = (String, String);

/// Whether a `<meta>` of that name, in lower case, says something about rights.
pub fn is_meta(name: &str) -> bool {
    META_NAMES.contains(&name)
}

/// Those of a response's headers that say something about rights, as `(name, value)`.
pub fn of_headers<'h>(headers: impl IntoIterator<Item = (&'h str, &'h [u8])>) -> Vec<Said> {
    let said = headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
    let said = said.filter(|(name, _)| HEADER_NAMES.contains(&name.as_str()));
    said.take(MAX_VALUES).map(|(name, value)| (name, String::from_utf8_lossy(value).into_owned())).collect()
}

/// What a site says in files of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteClaims {
    /// The rules of its `tdmrep.json`.
    pub tdm: Vec<TdmRule>,
    /// What stands behind `Content-Usage:` in the group of its robots.txt that is for us; a path may stand before the
    /// preferences.
    pub content_usage: Vec<String>,
    /// The same behind `Content-Signal:`. Each is a list of its own: a path in one overrides nothing in the other.
    #[serde(default)]
    pub content_signal: Vec<String>,
}

/// What is said about a page elsewhere than on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outside {
    /// The headers that it came with, as [`of_headers`] picks them.
    pub headers: Vec<Said>,
    /// What its site says.
    pub site: SiteClaims,
    /// Its canonical address by the header `Link`, unchecked.
    #[serde(default)]
    pub canonical_link: Option<HttpUrl>,
}

/// All that is said about a page.
#[derive(Debug, Clone, Copy)]
pub struct Claims<'a> {
    /// Where it was found.
    pub url: &'a HttpUrl,
    /// Those of its `<meta>` that [`is_meta`] knows, as `(name, content)`, names in lower case.
    pub metas: &'a [Said],
    /// What is said elsewhere.
    pub outside: &'a Outside,
    /// When it was found there.
    pub now: Timestamp,
}

/// Rights in a word or some, the same for the same rights: empty where everything is allowed. An article whose rights
/// changed is another version of it, though its text is the same.
pub fn mark(rights: &Rights) -> String {
    let mut words = Vec::new();
    if rights.ai == AiUse::Refused {
        words.push("no-ai".to_owned());
    }
    match rights.show {
        Show::Full => {}
        Show::Excerpt => words.push("excerpt".to_owned()),
        Show::Summary => words.push("summary".to_owned()),
        Show::None => words.push("none".to_owned()),
    }
    words.extend(rights.max_snippet.map(|characters| characters.to_string()));
    if rights.noindex {
        words.push("noindex".to_owned());
    }
    words.join(" ")
}

/// Whether a [`mark`], alone or behind something else, is that of an article of which nothing is shown.
pub fn shows_nothing(marked: &str) -> bool {
    marked.split(' ').any(|word| word == "none")
}
