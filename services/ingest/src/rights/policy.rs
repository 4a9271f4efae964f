//! How much of a source's articles the operator wants shown.

use std::{fmt, str::FromStr};

use kos_shared::event::{Rights, Show};

/// How much of a source's articles is shown, by the operator's word. A publisher who allows less is obeyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Policy {
    /// All of them.
    Full,
    /// Summaries, and the beginning of the text.
    Excerpt,
    /// Summaries alone.
    Summary,
    /// Nothing: its articles are not taken in.
    None,
}

/// A word that is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no policy, expected full, excerpt, summary or none")]
pub struct UnknownPolicy(pub String);

impl Policy {
    /// How much of an article is shown under it.
    pub fn show(self) -> Show {
        match self {
            Self::Full => Show::Full,
            Self::Excerpt => Show::Excerpt,
            Self::Summary => Show::Summary,
            Self::None => Show::None,
        }
    }
}

impl Policy {
    /// Limits what is shown of an article, unless its publisher allows no more anyway.
    pub fn tighten(self, rights: &mut Rights) {
        if self.show() > rights.show {
            rights.show = self.show();
            rights.show_reason = Some(format!("{} for this source is {self}", Rights::BY_OPERATOR));
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "full",
            Self::Excerpt => "excerpt",
            Self::Summary => "summary",
            Self::None => "none",
        })
    }
}

impl FromStr for Policy {
    type Err = UnknownPolicy;

    fn from_str(text: &str) -> Result<Self, UnknownPolicy> {
        match text.trim().to_ascii_lowercase().as_str() {
            "full" => Ok(Self::Full),
            "excerpt" => Ok(Self::Excerpt),
            "summary" => Ok(Self::Summary),
            "none" => Ok(Self::None),
            _ => Err(UnknownPolicy(text.chars().take(100).collect())),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Policy {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_as_it_is_written() {
        for policy in [Policy::Full, Policy::Excerpt, Policy::Summary, Policy::None] {
            assert_eq!(policy.to_string().parse(), Ok(policy));
        }
        assert_eq!(" Summary ".parse(), Ok(Policy::Summary));
        let wrong = "all".parse::<Policy>().unwrap_err().to_string();
        assert_eq!(wrong, "\"all\" is no policy, expected full, excerpt, summary or none");
    }
}
