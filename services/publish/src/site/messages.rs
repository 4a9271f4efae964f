//! The texts of the interface, from the message files in `messages/`: a folder a language, a file a feature, in the
//! syntax of Project Fluent. A text is a whole sentence or label, so that a translation is free in its word order and its
//! plural forms. What is said about dates is in [`dates`](super::dates), about an article in
//! [`wording`](super::wording).

use std::{borrow::Cow, sync::LazyLock};

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use kos_shared::event::Language;
use tracing::error;

pub use fluent_bundle::FluentValue;

/// The message files of one language.
macro_rules! files {
    ($language:literal) => {
        files! {
            $language:
            "article",
            "comments",
            "date",
            "desk",
            "digest",
            "error",
            "language",
            "list",
            "related",
            "search",
            "site",
        }
    };
    ($language:literal: $($feature:literal,)*) => {
        &[$(($feature, include_str!(concat!("../../messages/", $language, "/", $feature, ".ftl")))),*]
    };
}

/// The interface in one language.
pub struct Messages {
    /// The language, as it is asked for.
    pub language: Language,
    /// The language as pages declare it.
    pub lang: &'static str,
    /// The language's own name.
    pub name: &'static str,
    bundle: FluentBundle<FluentResource>,
}

/// The interface in Chinese.
pub static CHINESE: LazyLock<Messages> =
    LazyLock::new(|| Messages::new(Language::CHINESE, "zh-Hans", "中文", files!("zh")));

/// The interface in English.
pub static ENGLISH: LazyLock<Messages> =
    LazyLock::new(|| Messages::new(Language::ENGLISH, "en", "English", files!("en")));

/// All of them.
pub fn all() -> [&'static Messages; 2] {
    [&CHINESE, &ENGLISH]
}

impl Messages {
    fn new(language: Language, lang: &'static str, name: &'static str, files: &[(&str, &str)]) -> Self {
        let mut bundle = FluentBundle::new_concurrent(lang.parse().into_iter().collect());
        // Marks that isolate directions would end up in titles and attributes; pages isolate by `bdi` and `dir`.
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(|value, _| match value {
            FluentValue::Number(number) if number.options.use_grouping => Some(grouped(&number.as_string())),
            _ => None,
        }));
        for (feature, text) in files {
            let resource = FluentResource::try_new((*text).to_owned()).unwrap_or_else(|(resource, errors)| {
                error!(language = lang, feature, ?errors, "a message file has mistakes");
                resource
            });
            if let Err(errors) = bundle.add_resource(resource) {
                error!(language = lang, feature, ?errors, "a message is there twice");
            }
        }
        Self { language, lang, name, bundle }
    }

    /// The interface in `language`, if there is one.
    pub fn of(language: &Language) -> Option<&'static Self> {
        all().into_iter().find(|m| m.language.same_language(language))
    }

    /// A text that nothing is filled into. One that isn't there is its id, and an error in the log.
    pub fn text<'a>(&'a self, id: &'a str) -> Cow<'a, str> {
        self.find(id).unwrap_or_else(|| self.missing(id).into())
    }

    /// A text with what is filled into it, by name. Numbers choose their plural forms and are grouped by thousands.
    pub fn with(&self, id: &str, arguments: &[(&str, FluentValue<'_>)]) -> String {
        let arguments: FluentArgs<'_> = arguments.iter().map(|(name, value)| (*name, value.clone())).collect();
        self.format(id, Some(&arguments)).map_or_else(|| self.missing(id), Cow::into_owned)
    }

    /// A text that may not be there: one whose id is made of what came from elsewhere.
    pub(super) fn find(&self, id: &str) -> Option<Cow<'_, str>> {
        self.format(id, None)
    }

    fn format<'a>(&'a self, id: &str, arguments: Option<&'a FluentArgs<'_>>) -> Option<Cow<'a, str>> {
        let pattern = self.bundle.get_message(id)?.value()?;
        let mut errors = vec![];
        let text = self.bundle.format_pattern(pattern, arguments, &mut errors);
        if !errors.is_empty() {
            error!(language = self.lang, id, ?errors, "a message could not be filled");
        }
        Some(text)
    }

    fn missing(&self, id: &str) -> String {
        error!(language = self.lang, id, "a message is not there");
        id.to_owned()
    }
}

/// A number with a comma at every third digit of its whole part, as both languages write it.
fn grouped(number: &str) -> String {
    let (whole, fraction) = number.split_at(number.find('.').unwrap_or(number.len()));
    let (sign, digits) = whole.split_at(usize::from(whole.starts_with('-')));
    let mut grouped = sign.to_owned();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        fs,
        path::{Path, PathBuf},
    };

    use super::*;

    const FILES: [&[(&str, &str)]; 2] = [files!("zh"), files!("en")];

    /// Messages whose ids are made of what comes from elsewhere.
    const MADE: [&str; 3] = ["check-", "language-", "search-unreadable-"];

    /// The ids of a message file, each with the variables that it and what follows it name.
    fn messages(text: &str) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut messages = BTreeMap::new();
        let mut id = "";
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some((first, _)) = line.split_once(" =").filter(|_| !line.starts_with(' ')) {
                id = first;
            }
            let named = line.split('$').skip(1).filter_map(|rest| rest.split([' ', '}', ')', ',']).next());
            messages.entry(id).or_insert_with(BTreeSet::new).extend(named);
        }
        messages.remove("");
        messages
    }

    fn files_below(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
    }

    /// All of the code and the templates.
    fn sources() -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let files = ["src", "templates"].into_iter().flat_map(|folder| files_below(&root.join(folder)));
        files.filter(|path| !path.ends_with("messages.rs")).map(|path| fs::read_to_string(path).unwrap()).collect()
    }

    #[test]
    fn message_files_can_be_read_and_say_nothing_twice() {
        for (language, files) in [("zh", FILES[0]), ("en", FILES[1])] {
            let mut bundle = FluentBundle::new_concurrent(vec![]);
            for (feature, text) in files {
                let resource = FluentResource::try_new((*text).to_owned())
                    .unwrap_or_else(|(_, errors)| panic!("{language}/{feature}.ftl: {errors:?}"));
                bundle.add_resource(resource).unwrap_or_else(|errors| panic!("{language}/{feature}.ftl: {errors:?}"));
            }
        }
    }

    #[test]
    fn every_message_file_is_read() {
        for language in ["zh", "en"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("messages").join(language);
            let there: BTreeSet<_> = files_below(&folder)
                .iter()
                .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
                .collect();
            let read: BTreeSet<_> = FILES[0].iter().map(|(feature, _)| (*feature).to_owned()).collect();
            assert_eq!(there, read, "messages/{language} and the list of message files");
        }
    }

    #[test]
    fn both_languages_say_the_same_things_of_the_same_values() {
        for ((feature, chinese), (_, english)) in FILES[0].iter().zip(FILES[1]) {
            assert_eq!(messages(chinese), messages(english), "{feature}.ftl in zh and en");
        }
    }

    #[test]
    fn every_message_that_is_asked_for_exists() {
        let sources = sources();
        for call in ["text(\"", "with(\"", "with(\n"] {
            for (position, _) in sources.match_indices(call) {
                let Some(id) = sources[position..].split('"').nth(1) else { continue };
                let is_id =
                    id.contains('-') && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
                assert!(!is_id || ENGLISH.find(id).is_some(), "{id} is asked for and not there");
            }
        }
    }

    #[test]
    fn every_message_is_asked_for() {
        let sources = sources();
        for (feature, text) in FILES[1] {
            for id in messages(text).into_keys().filter(|id| !MADE.iter().any(|prefix| id.starts_with(prefix))) {
                assert!(sources.contains(&format!("\"{id}\"")), "nothing asks for {id} of {feature}.ftl");
            }
        }
    }

    #[test]
    fn a_message_that_is_not_there_is_its_id() {
        assert_eq!(ENGLISH.text("no-such-message"), "no-such-message");
        assert_eq!(CHINESE.with("no-such-message", &[("count", 1.into())]), "no-such-message");
    }

    #[test]
    fn numbers_are_grouped_and_choose_their_forms() {
        let words = |count: u32| ENGLISH.with("article-words", &[("count", count.into())]);
        assert_eq!(words(1), "1 word");
        assert_eq!(words(0), "0 words");
        assert_eq!(words(12_345), "12,345 words");
        assert_eq!(CHINESE.with("article-words", &[("count", 1_234_567.into())]), "1,234,567 词");
        assert_eq!(grouped("-1234.5678"), "-1,234.5678");
        assert_eq!(grouped("999"), "999");
    }

    #[test]
    fn nothing_invisible_surrounds_what_is_filled_in() {
        assert_eq!(ENGLISH.with("article-original-in", &[("language", "French".into())]), "Original in French");
    }
}
