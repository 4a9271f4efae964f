//! Languages as HTML and the interface name them.

use kos_shared::event::Language;

/// The names of the languages that the interface can name: primary subtag, in Chinese, in English.
const NAMES: [(&str, &str, &str); 26] = [
    ("ar", "阿拉伯文", "Arabic"),
    ("cs", "捷克文", "Czech"),
    ("da", "丹麦文", "Danish"),
    ("de", "德文", "German"),
    ("el", "希腊文", "Greek"),
    ("en", "英文", "English"),
    ("es", "西班牙文", "Spanish"),
    ("fa", "波斯文", "Persian"),
    ("fi", "芬兰文", "Finnish"),
    ("fr", "法文", "French"),
    ("he", "希伯来文", "Hebrew"),
    ("hi", "印地文", "Hindi"),
    ("id", "印尼文", "Indonesian"),
    ("it", "意大利文", "Italian"),
    ("ja", "日文", "Japanese"),
    ("ko", "韩文", "Korean"),
    ("nl", "荷兰文", "Dutch"),
    ("pl", "波兰文", "Polish"),
    ("pt", "葡萄牙文", "Portuguese"),
    ("ru", "俄文", "Russian"),
    ("sv", "瑞典文", "Swedish"),
    ("th", "泰文", "Thai"),
    ("tr", "土耳其文", "Turkish"),
    ("uk", "乌克兰文", "Ukrainian"),
    ("vi", "越南文", "Vietnamese"),
    ("zh", "中文", "Chinese"),
];

/// A language's names in Chinese and in English.
pub(super) fn names(language: &Language) -> Option<(&'static str, &'static str)> {
    let primary = language.primary();
    NAMES.iter().find(|(tag, _, _)| *tag == primary).map(|(_, chinese, english)| (*chinese, *english))
}

/// The value of a `lang` attribute: HTML says "unknown" with an empty one, not with `und`.
pub(super) fn lang(language: &Language) -> &str {
    if language.primary() == "und" { "" } else { language.as_str() }
}

/// Whether a text's length is counted in characters: its script has no spaces between words.
pub(super) fn counted_in_characters(language: &Language) -> bool {
    matches!(language.primary(), "zh" | "yue" | "wuu" | "ja" | "th" | "lo" | "km" | "my")
}

/// What stands between two sentences.
pub(super) fn sentence_gap(language: &Language) -> &'static str {
    if matches!(language.primary(), "zh" | "yue" | "wuu" | "ja") { "" } else { " " }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_and_scripts_are_named_as_their_language() {
        assert_eq!(names(&"zh-Hant-TW".parse().unwrap()), Some(("中文", "Chinese")));
        assert_eq!(names(&"tlh".parse().unwrap()), None);
    }

    #[test]
    fn an_undetermined_language_is_an_empty_lang() {
        assert_eq!(lang(&Language::UNDETERMINED), "");
        assert_eq!(lang(&Language::CHINESE), "zh");
    }
}
