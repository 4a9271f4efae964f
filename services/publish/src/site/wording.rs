//! What the interface says about an article: its languages, length and rights, and how its summaries were made.

use std::borrow::Cow;

use kos_shared::event::{Fallback, Language, MissingCode, Rights, Show, Verdict};

use super::{languages, messages::Messages};

/// The check that a model whose summaries mostly failed lately can't pass.
const RECORD: &str = "record";

impl Messages {
    /// A language's name; its tag where it has none here, nothing where the language is not known. Traditional
    /// Chinese has a name of its own.
    pub(crate) fn language_name<'a>(&'a self, language: &'a Language) -> Option<Cow<'a, str>> {
        let written = if language.is_traditional_chinese() { "zh-hant" } else { language.primary() };
        match self.find(&format!("language-{written}")) {
            None if language.primary() == "und" => None,
            name => Some(name.unwrap_or(Cow::Borrowed(language.as_str()))),
        }
    }

    /// The label of a link to the original. A reader of its language needs no warning.
    pub(crate) fn original(&self, language: &Language) -> String {
        match self.language_name(language) {
            Some(name) if !self.language.same_language(language) => {
                self.with("article-original-in", &[("language", name.into())])
            }
            _ => self.text("article-original").into_owned(),
        }
    }

    /// The heading of a summary.
    pub(crate) fn summary(&self, language: &Language) -> String {
        match self.language_name(language) {
            Some(name) => self.with("article-summary-in", &[("language", name.into())]),
            None => self.text("article-summary").into_owned(),
        }
    }

    /// That there is no summary in Simplified Chinese, where there is one in Traditional characters.
    pub(crate) fn no_simplified_summary(&self) -> String {
        self.with("article-no-summary-in", &[("language", self.text("language-zh-hans").into())])
    }

    /// That there is no summary in `language`.
    pub(crate) fn no_summary(&self, language: &Language) -> String {
        match self.language_name(language) {
            Some(name) => self.with("article-no-summary-in", &[("language", name.into())]),
            None => self.text("article-no-summary").into_owned(),
        }
    }

    /// Who limits what is shown of an article, and to what; `None` where it is shown whole.
    pub(crate) fn limited(&self, rights: &Rights) -> Option<Cow<'_, str>> {
        Some(match (rights.show, rights.limited_by_operator()) {
            (Show::Full, _) => return None,
            (Show::Excerpt, true) => self.text("article-operator-excerpt"),
            (Show::Excerpt, false) => self.text("article-publisher-excerpt"),
            (Show::Summary, true) => self.text("article-operator-summary"),
            (Show::Summary, false) => self.text("article-publisher-summary"),
            (Show::None, true) => self.text("article-operator-none"),
            (Show::None, false) => self.text("article-publisher-none"),
        })
    }

    /// Why there is no summary by a model, with the checks that its answers failed; `None` where only the event's own
    /// words tell.
    pub(crate) fn why(&self, code: MissingCode, failed: &[String]) -> Option<String> {
        let because = match code {
            MissingCode::NothingToSummarize => self.text("article-missing-nothing"),
            MissingCode::RightsRefused => self.text("article-missing-refused"),
            MissingCode::NoModel => self.text("article-missing-no-model"),
            // An answer did pass: there is no list of what it failed.
            MissingCode::ModelFailed if failed.iter().any(|name| name == RECORD) => {
                return Some(self.text("article-missing-record").into_owned());
            }
            MissingCode::ModelFailed => self.text("article-missing-failed"),
            MissingCode::ModelUnavailable => self.text("article-missing-unavailable"),
            MissingCode::BudgetSpent => self.text("article-missing-spent"),
            MissingCode::Other => return None,
        };
        if failed.is_empty() {
            return Some(because.into_owned());
        }
        Some(format!("{because}{}{}", self.text("site-colon"), self.check_names(failed.iter().map(String::as_str))))
    }

    /// That a summary is an excerpt, and why no model wrote it.
    pub(crate) fn excerpt(&self, fallback: Option<&Fallback>) -> String {
        match fallback.map(|f| self.why(f.code, &f.failed).unwrap_or_else(|| f.reason.clone())) {
            Some(reason) => self.with("article-excerpt-because", &[("reason", reason.into())]),
            None => self.text("article-excerpt").into_owned(),
        }
    }

    /// Which model wrote a summary.
    pub(crate) fn written_by(&self, model: Option<&str>) -> String {
        let model = model.map_or_else(|| self.text("article-model-unnamed"), Cow::Borrowed);
        self.with("article-model", &[("model", model.into())])
    }

    /// Which checks came to `verdict`; their names as the event gives them.
    pub(crate) fn checks<'n>(&self, verdict: Verdict, names: impl Iterator<Item = &'n str>) -> Option<String> {
        let names = self.check_names(names);
        let checks = [("checks", names.as_str().into())];
        (!names.is_empty()).then(|| match verdict {
            Verdict::Pass => self.with("article-checks-passed", &checks),
            Verdict::Fail => self.with("article-checks-failed", &checks),
            Verdict::CannotJudge => self.with("article-checks-undecided", &checks),
        })
    }

    /// The names of checks as readers know them; one that has no such name keeps its own.
    fn check_names<'n>(&self, names: impl Iterator<Item = &'n str>) -> String {
        let known = names.map(|name| self.find(&format!("check-{name}")).unwrap_or(Cow::Borrowed(name)).into_owned());
        known.collect::<Vec<_>>().join(&self.text("site-separator"))
    }

    /// An article's length.
    pub(crate) fn length(&self, words: u32, language: &Language) -> String {
        let count = [("count", words.into())];
        if languages::counted_in_characters(language) {
            self.with("article-characters", &count)
        } else {
            self.with("article-words", &count)
        }
    }

    /// How long an article takes to read.
    pub(crate) fn reading_time(&self, words: u32, language: &Language) -> String {
        // Silent reading: 238 words a minute for English non-fiction (Brysbaert 2019); for scripts
        // without spaces the middle of the usual 300 to 500 characters.
        let a_minute = if languages::counted_in_characters(language) { 400 } else { 238 };
        self.with("article-minutes", &[("count", words.div_ceil(a_minute).max(1).into())])
    }
}

#[cfg(test)]
mod tests {
    use super::super::messages::{CHINESE, ENGLISH};

    use super::*;

    #[test]
    fn a_link_to_the_original_warns_of_another_language() {
        let french: Language = "fr-CA".parse().unwrap();
        assert_eq!(CHINESE.original(&Language::ENGLISH), "英文原文");
        assert_eq!(CHINESE.original(&Language::CHINESE), "原文");
        assert_eq!(ENGLISH.original(&Language::ENGLISH), "Original");
        assert_eq!(ENGLISH.original(&french), "Original in French");
        assert_eq!(ENGLISH.original(&Language::UNDETERMINED), "Original");
    }

    #[test]
    fn lengths_are_counted_as_the_language_is() {
        assert_eq!(ENGLISH.length(1, &Language::ENGLISH), "1 word");
        assert_eq!(ENGLISH.length(12_345, &Language::CHINESE), "12,345 characters");
        assert_eq!(CHINESE.length(1_234_567, &Language::ENGLISH), "1,234,567 词");
        assert_eq!(CHINESE.length(800, &Language::CHINESE), "800 字");
        assert_eq!(CHINESE.reading_time(800, &Language::CHINESE), "约 2 分钟读完");
        assert_eq!(ENGLISH.reading_time(0, &Language::ENGLISH), "1 minute to read");
        assert_eq!(ENGLISH.reading_time(u32::MAX, &Language::ENGLISH), "18,046,082 minutes to read");
    }

    #[test]
    fn a_summary_that_was_withheld_is_not_said_to_have_failed_the_checks() {
        let why = |failed: &[&str]| {
            let failed: Vec<_> = failed.iter().map(|name| (*name).to_owned()).collect();
            ENGLISH.why(MissingCode::ModelFailed, &failed).unwrap()
        };
        assert_eq!(why(&["record"]), "most of what the model wrote lately failed the checks");
        assert_eq!(why(&["numbers", "record"]), "most of what the model wrote lately failed the checks");
        assert_eq!(why(&["numbers"]), "no model's answer passed the checks: numbers");
    }

    #[test]
    fn a_check_without_a_label_keeps_its_name() {
        let line = CHINESE.checks(Verdict::Pass, ["language", "novelty"].into_iter());
        assert_eq!(line.as_deref(), Some("通过检查：语言、novelty。"));
        assert_eq!(ENGLISH.checks(Verdict::Fail, std::iter::empty()), None);
    }

    #[test]
    fn regions_are_named_as_their_language_and_kinds_of_chinese_characters_are_told_apart() {
        let named = |tag: &str| CHINESE.language_name(&tag.parse().unwrap()).map(Cow::into_owned);
        assert_eq!(
            [named("zh"), named("zh-TW"), named("zh-Hans")],
            ["中文", "繁体中文", "中文"].map(|n| Some(n.into()))
        );
        assert_eq!(ENGLISH.language_name(&"zh-CN".parse().unwrap()).as_deref(), Some("Chinese"));
        assert_eq!(ENGLISH.language_name(&"en-GB".parse().unwrap()).as_deref(), Some("English"));
        assert_eq!(ENGLISH.language_name(&"tlh".parse().unwrap()).as_deref(), Some("tlh"));
        assert_eq!(ENGLISH.language_name(&Language::UNDETERMINED), None);
    }
}
