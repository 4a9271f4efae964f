//! What a text is compared with: a part of it, or a regular expression.

use std::{fmt, str::FromStr};

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Deserializer, de::Error};

/// The largest compiled regular expression, in bytes.
const MAX_REGEX_BYTES: usize = 256 * 1024;

/// The longest pattern, in characters.
const MAX_CHARS: usize = 1_000;

/// A part of a text, or a regular expression between slashes. Neither minds capital letters.
#[derive(Debug, Clone)]
pub enum Pattern {
    /// A part, in lower case.
    Part {
        /// As it was written.
        written: String,
        /// In lower case.
        lower: String,
    },
    /// A regular expression.
    Regex {
        /// As it was written, slashes and all.
        written: String,
        /// Compiled.
        regex: Regex,
    },
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It would match everything.
    #[error("a pattern is empty, expected a part of a text or a /regular expression/")]
    Empty,
    /// It is longer than anybody writes.
    #[error("a pattern has more than {MAX_CHARS} characters")]
    TooLong,
    /// The regular expression is wrong or grows too large.
    #[error("{written} is no regular expression: {reason}")]
    Regex {
        /// As it was written.
        written: String,
        /// What is wrong.
        reason: String,
    },
}

impl Pattern {
    /// Whether it is found in a text.
    pub fn is_in(&self, text: &str) -> bool {
        match self {
            Self::Part { lower, .. } => text.to_lowercase().contains(lower.as_str()),
            Self::Regex { regex, .. } => regex.is_match(text),
        }
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let written = text.trim();
        if written.is_empty() || written == "//" {
            return Err(PatternError::Empty);
        }
        if written.chars().nth(MAX_CHARS).is_some() {
            return Err(PatternError::TooLong);
        }
        match written.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            Some(expression) => {
                let regex = RegexBuilder::new(expression).case_insensitive(true).size_limit(MAX_REGEX_BYTES).build();
                let regex = regex.map_err(|error| PatternError::Regex {
                    written: written.to_owned(),
                    reason: error.to_string().lines().last().unwrap_or_default().trim().to_owned(),
                })?;
                Ok(Self::Regex { written: written.to_owned(), regex })
            }
            None => Ok(Self::Part { written: written.to_owned(), lower: written.to_lowercase() }),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Part { written, .. } | Self::Regex { written, .. } => f.write_str(written),
        }
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_part_or_an_expression() {
        let found = |pattern: &str, text: &str| pattern.parse::<Pattern>().unwrap().is_in(text);
        assert!(found("Ferry", "the FERRY runs") && !found("ferry.", "the ferry runs"));
        assert!(found("/^live\\b/", "LIVE: the ferry") && !found("/^live\\b/", "alive"));
        assert!(found("渡轮", "渡轮恢复运行"));
        assert!(found("/news/1", "https://paper.example/news/1"), "a path is no expression without a slash at its end");
        assert!(!found("/(?-i)Live/", "live"));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        let wrong = |text: &str| text.parse::<Pattern>().expect_err("it was taken");
        assert_eq!(wrong(" "), PatternError::Empty);
        assert_eq!(wrong("//"), PatternError::Empty);
        assert_eq!(wrong(&"x".repeat(1_001)), PatternError::TooLong);
        assert!(wrong("/[/").to_string().starts_with("/[/ is no regular expression: "));
        assert!(wrong("/(a{1000}){1000}/").to_string().contains("size limit"), "{}", wrong("/(a{1000}){1000}/"));
        assert!("/".parse::<Pattern>().is_ok());
    }
}
