//! Language tags.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A well-formed BCP 47 tag such as `zh`, `en-GB` or `und` (not determined), in the letter case that
/// RFC 5646 section 2.1.1 recommends.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(Cow<'static, str>);

/// A text that is no language tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a language tag such as en or zh-Hans, got {0:?}")]
pub struct InvalidLanguage(String);

impl Language {
    /// Chinese.
    pub const CHINESE: Self = Self(Cow::Borrowed("zh"));
    /// English.
    pub const ENGLISH: Self = Self(Cow::Borrowed("en"));
    /// Not determined.
    pub const UNDETERMINED: Self = Self(Cow::Borrowed("und"));

    /// The whole tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The primary subtag, in lower case: `zh` of `zh-Hans-CN`.
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }

    /// Whether its subtags name Traditional Chinese characters: by the script, else by the region that writes them. The
    /// script is more than the place: `zh-Hans-HK` is Simplified.
    pub fn names_traditional_characters(&self) -> bool {
        let has = |subtags: &[&str]| self.as_str().split('-').skip(1).any(|s| subtags.contains(&s));
        has(&["Hant"]) || (!has(&["Hans"]) && has(&["TW", "HK", "MO"]))
    }

    /// Whether it is Chinese in Traditional characters.
    pub fn is_traditional_chinese(&self) -> bool {
        self.primary() == "zh" && self.names_traditional_characters()
    }

    /// Whether who reads this reads `other`: one language, and in Chinese one kind of characters.
    pub fn reads(&self, other: &Self) -> bool {
        self.same_language(other) && self.is_traditional_chinese() == other.is_traditional_chinese()
    }

    /// How far `other` is from who reads this: 0 for what [`reads`](Self::reads), 1 for the same language in the other
    /// kind of Chinese characters, 2 for another one.
    pub fn distance(&self, other: &Self) -> u8 {
        u8::from(!self.reads(other)) + u8::from(!self.same_language(other))
    }

    /// Whether the primary subtags are the same.
    pub fn same_language(&self, other: &Self) -> bool {
        self.primary() == other.primary()
    }
}

impl FromStr for Language {
    type Err = InvalidLanguage;

    fn from_str(text: &str) -> Result<Self, InvalidLanguage> {
        let invalid = || InvalidLanguage(text.chars().take(40).collect());
        let mut tag = String::new();
        for (position, subtag) in text.trim().split(['-', '_']).enumerate() {
            let letters_only = position == 0;
            let sized = if letters_only { 2..=8 } else { 1..=8 };
            let formed = |b: u8| if letters_only { b.is_ascii_alphabetic() } else { b.is_ascii_alphanumeric() };
            if !sized.contains(&subtag.len()) || !subtag.bytes().all(formed) {
                return Err(invalid());
            }
            if position > 0 {
                tag.push('-');
            }
            match (position, subtag.len()) {
                (1.., 2) => tag.push_str(&subtag.to_ascii_uppercase()),
                (1.., 4) => {
                    tag.push_str(&subtag[..1].to_ascii_uppercase());
                    tag.push_str(&subtag[1..].to_ascii_lowercase());
                }
                _ => tag.push_str(&subtag.to_ascii_lowercase()),
            }
        }
        if tag.len() > 35 { Err(invalid()) } else { Ok(Self(tag.into())) }
    }
}

impl TryFrom<String> for Language {
    type Error = InvalidLanguage;

    fn try_from(text: String) -> Result<Self, InvalidLanguage> {
        text.parse()
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.0.into_owned()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for Language {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Language".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "description": "BCP 47 language tag", "pattern": "^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_written_the_recommended_way() {
        for (given, tag) in [("EN", "en"), ("zh_cn", "zh-CN"), ("ZH-hans-cn", "zh-Hans-CN"), ("und", "und")] {
            assert_eq!(given.parse::<Language>().unwrap().as_str(), tag);
        }
        for bad in ["", "e", "english please", "12", "en--US", "en-"] {
            assert!(bad.parse::<Language>().is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn regions_of_a_language_are_the_same_language() {
        let british: Language = "en-GB".parse().unwrap();
        assert!(british.same_language(&Language::ENGLISH));
        assert!(!british.same_language(&Language::CHINESE));
        assert!(british.reads(&Language::ENGLISH) && !british.reads(&Language::CHINESE));
    }

    #[test]
    fn traditional_and_simplified_chinese_have_readers_of_their_own() {
        let language = |tag: &str| tag.parse::<Language>().unwrap();
        assert!(language("zh-TW").reads(&language("zh-Hant-HK")) && Language::CHINESE.reads(&language("zh-Hans-HK")));
        assert!(!Language::CHINESE.reads(&language("zh-TW")) && !language("zh-HK").reads(&Language::CHINESE));
        let distances = ["zh-CN", "zh-TW", "en"].map(|tag| Language::CHINESE.distance(&language(tag)));
        assert_eq!(distances, [0, 1, 2]);
    }
}
