//! Languages as HTML names them and readers count them.

use kos_shared::event::Language;

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
    fn an_undetermined_language_is_an_empty_lang() {
        assert_eq!(lang(&Language::UNDETERMINED), "");
        assert_eq!(lang(&Language::CHINESE), "zh");
    }
}
