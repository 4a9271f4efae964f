//! The characters that may stand in a document.

use std::borrow::Cow;

/// A text without the characters that XML 1.0 (section 2.2) or HTML (section 13.1.6) forbids, escaped or not: one of them
/// makes a whole feed unreadable. Those that they advise against go, too: control characters, and what is no character.
pub(super) fn writable(text: &str) -> Cow<'_, str> {
    let unwanted = |c: char| match c {
        '\t' | '\n' | '\r' => false,
        '\u{fdd0}'..='\u{fdef}' => true,
        c => c.is_control() || u32::from(c) & 0xfffe == 0xfffe,
    };
    if text.contains(unwanted) { text.replace(unwanted, "").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_neither_xml_nor_html_wants_is_left_out() {
        assert_eq!(writable("a\0b\u{7f}\u{85}\u{9f}c\u{fdd0}\u{1ffff}\td\ne\u{a0}é"), "abc\td\ne\u{a0}é");
    }

    #[test]
    fn the_texts_of_the_world_stay() {
        for text in ["渡轮", "مرحبا \u{202e}x", "👩‍👩‍👧 e\u{301}\u{feff}\u{fffd}", ""] {
            assert!(matches!(writable(text), Cow::Borrowed(same) if same == text));
        }
    }
}
