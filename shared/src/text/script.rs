//! Scripts: what a letter, a text and a language are written in.
//!
//! Source of the ranges: the blocks and the Script property of Unicode 16, for letters of living use.

use crate::event::Language;

/// A writing system, as far as this project tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Script {
    /// Latin, full-width forms too.
    Latin,
    /// Chinese characters.
    Han,
    /// Hiragana and katakana.
    Kana,
    /// Korean.
    Hangul,
    /// Cyrillic.
    Cyrillic,
    /// Greek.
    Greek,
    /// Arabic.
    Arabic,
    /// Hebrew.
    Hebrew,
    /// Devanagari.
    Devanagari,
    /// Bengali.
    Bengali,
    /// Tamil.
    Tamil,
    /// Thai.
    Thai,
    /// Any other.
    Other,
}

/// How many scripts [`Script`] has.
const SCRIPTS: usize = Script::Other as usize + 1;

impl Script {
    /// All of them.
    pub const ALL: [Self; SCRIPTS] = [
        Self::Latin,
        Self::Han,
        Self::Kana,
        Self::Hangul,
        Self::Cyrillic,
        Self::Greek,
        Self::Arabic,
        Self::Hebrew,
        Self::Devanagari,
        Self::Bengali,
        Self::Tamil,
        Self::Thai,
        Self::Other,
    ];

    /// The script of a letter; `None` for what is no letter.
    pub fn of(c: char) -> Option<Self> {
        if c.is_ascii() {
            return c.is_ascii_alphabetic().then_some(Self::Latin);
        }
        if !c.is_alphabetic() {
            return None;
        }
        Some(match u32::from(c) {
            _ if is_han(c) => Self::Han,
            _ if is_kana(c) => Self::Kana,
            _ if is_hangul(c) => Self::Hangul,
            0x00AA..=0x02AF | 0x1D00..=0x1DBF | 0x1E00..=0x1EFF | 0x2C60..=0x2C7F | 0xA720..=0xA7FF => Self::Latin,
            0xAB30..=0xAB6F | 0xFB00..=0xFB06 | 0xFF21..=0xFF3A | 0xFF41..=0xFF5A => Self::Latin,
            0x0370..=0x03FF | 0x1F00..=0x1FFF => Self::Greek,
            0x0400..=0x052F | 0x1C80..=0x1C8F | 0x2DE0..=0x2DFF | 0xA640..=0xA69F => Self::Cyrillic,
            0x0590..=0x05FF | 0xFB1D..=0xFB4F => Self::Hebrew,
            0x0600..=0x06FF | 0x0750..=0x077F | 0x0870..=0x08FF | 0xFB50..=0xFDFF | 0xFE70..=0xFEFF => Self::Arabic,
            0x0900..=0x097F | 0xA8E0..=0xA8FF => Self::Devanagari,
            0x0980..=0x09FF => Self::Bengali,
            0x0B80..=0x0BFF => Self::Tamil,
            0x0E00..=0x0E7F => Self::Thai,
            _ => Self::Other,
        })
    }

    /// The scripts that a language is usually written in: by its script subtag where it has one
    /// (`sr-Latn`), else by its primary subtag. `None` where that is not known.
    pub fn of_language(language: &Language) -> Option<&'static [Self]> {
        let subtag = language.as_str().split('-').skip(1).take_while(|s| s.len() > 1).find(|s| s.len() == 4);
        Some(match subtag.unwrap_or_default() {
            "Latn" => &[Self::Latin],
            "Hans" | "Hant" | "Hani" => &[Self::Han],
            "Jpan" => &[Self::Han, Self::Kana],
            "Kore" => &[Self::Hangul, Self::Han],
            "Hang" => &[Self::Hangul],
            "Cyrl" => &[Self::Cyrillic],
            "Grek" => &[Self::Greek],
            "Arab" => &[Self::Arabic],
            "Hebr" => &[Self::Hebrew],
            "Deva" => &[Self::Devanagari],
            "Beng" => &[Self::Bengali],
            "Taml" => &[Self::Tamil],
            "Thai" => &[Self::Thai],
            _ => return Self::of_primary_subtag(language.primary()),
        })
    }

    fn of_primary_subtag(primary: &str) -> Option<&'static [Self]> {
        Some(match primary {
            "zh" | "yue" | "wuu" | "nan" | "hak" | "cmn" | "lzh" => &[Self::Han],
            "ja" => &[Self::Han, Self::Kana],
            "ko" => &[Self::Hangul, Self::Han],
            "ru" | "uk" | "be" | "bg" | "mk" | "kk" | "ky" | "mn" | "tg" => &[Self::Cyrillic],
            "el" => &[Self::Greek],
            "ar" | "fa" | "ur" | "ps" | "ckb" | "ug" | "sd" => &[Self::Arabic],
            "he" | "yi" => &[Self::Hebrew],
            "hi" | "mr" | "ne" | "sa" => &[Self::Devanagari],
            "bn" | "as" => &[Self::Bengali],
            "ta" => &[Self::Tamil],
            "th" => &[Self::Thai],
            "en" | "de" | "fr" | "es" | "pt" | "it" | "nl" | "sv" | "da" | "nb" | "nn" | "no" | "fi" | "is" | "et"
            | "lv" | "lt" | "pl" | "cs" | "sk" | "sl" | "hr" | "bs" | "hu" | "ro" | "sq" | "tr" | "az" | "uz"
            | "vi" | "id" | "ms" | "tl" | "fil" | "sw" | "af" | "ca" | "gl" | "eu" | "ga" | "cy" | "mt" | "la"
            | "eo" => &[Self::Latin],
            _ => return None,
        })
    }
}

/// Whether a character is a Chinese one (Han, in Japanese and Korean too).
pub fn is_han(c: char) -> bool {
    matches!(u32::from(c), 0x3005 | 0x3007 | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x323AF)
}

/// Whether a character is Japanese kana, half-width forms too; the middle dot is none.
pub fn is_kana(c: char) -> bool {
    matches!(u32::from(c),
        0x3041..=0x309F | 0x30A1..=0x30FA | 0x30FC..=0x30FF | 0x31F0..=0x31FF | 0xFF66..=0xFF9F | 0x1B000..=0x1B16F)
}

/// Whether a character is Korean hangul: a syllable or a letter.
pub fn is_hangul(c: char) -> bool {
    matches!(u32::from(c),
        0x1100..=0x11FF | 0x3130..=0x318F | 0xA960..=0xA97F | 0xAC00..=0xD7FF | 0xFFA0..=0xFFDC)
}

/// Whether a character is a letter of a script that puts no spaces between words: Han, kana, Thai, Lao,
/// Khmer, Burmese.
pub fn is_unspaced(c: char) -> bool {
    if c.is_ascii() {
        return false;
    }
    let southeast_asian = matches!(u32::from(c), 0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF);
    is_han(c) || is_kana(c) || (southeast_asian && c.is_alphabetic())
}

/// A text's letters, counted by script.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts([usize; SCRIPTS]);

impl Counts {
    /// Counts the letters of `text`.
    pub fn of(text: &str) -> Self {
        let mut counts = Self::default();
        for script in text.chars().filter_map(Script::of) {
            counts.0[script as usize] += 1;
        }
        counts
    }

    /// How many letters are of `script`.
    pub fn get(&self, script: Script) -> usize {
        self.0[script as usize]
    }

    /// How many letters there are.
    pub fn letters(&self) -> usize {
        self.0.iter().sum()
    }

    /// The share (0 to 1) of letters that are of one of `scripts`; `None` where there is no letter.
    pub fn share(&self, scripts: &[Script]) -> Option<f64> {
        let letters = self.letters();
        let of_these: usize = scripts.iter().map(|s| self.get(*s)).sum();
        (letters > 0).then(|| of_these as f64 / letters as f64)
    }

    /// The script that most letters are of, the first one in [`Script::ALL`] where two have as many;
    /// `None` where there is no letter.
    pub fn dominant(&self) -> Option<Script> {
        Script::ALL.into_iter().rev().max_by_key(|s| self.get(*s)).filter(|s| self.get(*s) > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_has_a_script_and_a_mark_has_none() {
        for (c, script) in [
            ('a', Script::Latin),
            ('é', Script::Latin),
            ('ạ', Script::Latin),
            ('Ａ', Script::Latin),
            ('中', Script::Han),
            ('𠮷', Script::Han),
            ('々', Script::Han),
            ('の', Script::Kana),
            ('ー', Script::Kana),
            ('한', Script::Hangul),
            ('я', Script::Cyrillic),
            ('ω', Script::Greek),
            ('ع', Script::Arabic),
            ('ש', Script::Hebrew),
            ('क', Script::Devanagari),
            ('ก', Script::Thai),
            ('ა', Script::Other),
        ] {
            assert_eq!(Script::of(c), Some(script), "{c}");
        }
        for c in ['1', ' ', '.', '。', '「', '・', '，', '€', '😀', '\u{0}'] {
            assert_eq!(Script::of(c), None, "{c:?}");
        }
    }

    #[test]
    fn most_letters_decide_and_a_tie_has_one_answer() {
        assert_eq!(Counts::of("OpenAI 发布了新的视频生成工具").dominant(), Some(Script::Han));
        assert_eq!(Counts::of("中a").dominant(), Some(Script::Latin));
        assert_eq!(Counts::of("1, 2, 3!").dominant(), None);
    }

    #[test]
    fn the_share_of_a_mixed_text_shows_the_mix() {
        let counts = Counts::of("abc中文 12");
        assert_eq!((counts.letters(), counts.get(Script::Han)), (5, 2));
        assert_eq!(counts.share(&[Script::Han]), Some(0.4));
        assert_eq!(Counts::of("12").share(&[Script::Han]), None);
    }

    #[test]
    fn a_script_subtag_wins_over_the_language() {
        let scripts = |tag: &str| Script::of_language(&tag.parse().unwrap());
        assert_eq!(scripts("zh-CN"), Some(&[Script::Han][..]));
        assert_eq!(scripts("sr-Latn"), Some(&[Script::Latin][..]));
        assert_eq!(scripts("zh-Latn-CN"), Some(&[Script::Latin][..]));
        assert_eq!(scripts("en-x-hant"), Some(&[Script::Latin][..]));
        assert_eq!(scripts("und"), None);
    }
}
