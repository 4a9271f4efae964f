//! What may stand in a comment: cleaning, comparing, and finding its links.

use url::Url;

/// One line that a name or title may be: without control characters, its spaces single.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        let word: String = word.chars().filter(|c| !is_unwanted(*c)).collect();
        if !word.is_empty() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
    }
    line
}

/// A text of lines: without control characters, with at most one empty line in a row and none at its ends.
pub fn paragraphs_of(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{85}', '\u{2028}', '\u{2029}'], "\n");
    let mut clean = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.split('\n') {
        let line: String = line.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|c| !is_unwanted(*c)).collect();
        let line = line.trim_end();
        if line.trim().is_empty() {
            empty += 1;
            continue;
        }
        if !clean.is_empty() {
            clean.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        empty = 0;
        clean.push_str(line);
    }
    clean
}

/// Whether a text has anything that a reader sees.
pub fn is_visible(text: &str) -> bool {
    let blank = |c: char| {
        matches!(c, '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180e}'
            | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}')
    };
    text.chars().any(|c| !c.is_whitespace() && !c.is_control() && !blank(c))
}

/// Characters that no comment has: controls, what turns the direction of what follows, tags and noncharacters.
///
/// Source: Unicode Technical Report 36, section 2.5 (bidirectional text spoofing); Unicode 16, section 23.7.
fn is_unwanted(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fdd0}'..='\u{fdef}' | '\u{e0000}'..='\u{e007f}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// What two comments have in common that say the same: their letters and digits, without case and width.
pub fn normalized(text: &str) -> String {
    let folded = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    };
    let kept: String = text.chars().map(folded).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    // What is made of signs alone is compared by them.
    if kept.is_empty() { text.chars().filter(|c| !c.is_whitespace()).collect() } else { kept }
}

/// How many links a text has, or would like to have.
pub fn count_links(text: &str) -> usize {
    let text = text.to_ascii_lowercase();
    let schemes = text.matches("://").count();
    // `https://www.…` is one link.
    let bare = text.matches("www.").count().saturating_sub(text.matches("://www.").count());
    schemes + bare
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text.
    Text(&'a str),
    /// An address of the web, and how it was written.
    Link {
        /// The address.
        url: String,
        /// How it was written.
        text: &'a str,
    },
}

/// The paragraphs of a comment, the lines of each, and their parts.
pub fn pieces(text: &str) -> Vec<Vec<Vec<Piece<'_>>>> {
    text.split("\n\n").map(|paragraph| paragraph.split('\n').map(line).collect()).collect()
}

fn line(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = vec![];
    let mut rest = text;
    let mut searched = 0;
    while let Some(start) = next_link(&rest[searched..]).map(|at| at + searched) {
        let end = start + link_length(&rest[start..]);
        match link(&rest[start..end]) {
            Some(url) => {
                if start > 0 {
                    pieces.push(Piece::Text(&rest[..start]));
                }
                pieces.push(Piece::Link { url, text: &rest[start..end] });
                (rest, searched) = (&rest[end..], 0);
            }
            None => searched = end,
        }
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

fn next_link(text: &str) -> Option<usize> {
    let at = |scheme: &str| {
        let starts = text.as_bytes().windows(scheme.len());
        starts.enumerate().find(|(_, window)| window.eq_ignore_ascii_case(scheme.as_bytes())).map(|(at, _)| at)
    };
    at("https://").into_iter().chain(at("http://")).min()
}

/// How much of what begins with a scheme is the address: up to what no address has, without the punctuation of the
/// sentence that it stands in.
fn link_length(text: &str) -> usize {
    let ends = |c: char| {
        c.is_whitespace()
            || matches!(c, '<' | '>' | '"' | '`' | '{' | '}' | '|' | '\\' | '^')
            || matches!(c, '\u{3000}'..='\u{303f}' | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' | '“' | '”' | '‘' | '’')
    };
    let mut link = &text[..text.find(ends).unwrap_or(text.len())];
    loop {
        let cut = match link.chars().next_back() {
            Some('.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~') => true,
            Some(')') => link.matches(')').count() > link.matches('(').count(),
            Some(']') => link.matches(']').count() > link.matches('[').count(),
            _ => false,
        };
        if !cut {
            return link.len().max("http://".len());
        }
        link = &link[..link.len() - 1];
    }
}

/// The address, where it is one that may be followed: one that names a login looks as if it led elsewhere.
fn link(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    (plain && url.host().is_some()).then(|| url.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_or_hides_text_is_removed() {
        assert_eq!(one_line(" A\u{202e}da \u{0} \t North\u{feff}\r\n"), "Ada North");
        assert_eq!(one_line("\u{200f}\u{2066}"), "");
        let text = paragraphs_of("\n\n one\u{2069}\r\ntwo\u{1b}[31m\t \r\n\r\n\n \nthree\u{fffe}\n");
        assert_eq!(text, " one\ntwo[31m\n\nthree");
    }

    #[test]
    fn what_scripts_need_stays() {
        let family = "👨\u{200d}👩\u{200d}👧 می\u{200c}خواهم";
        assert_eq!(paragraphs_of(family), family);
    }

    #[test]
    fn what_nobody_sees_is_nothing() {
        for empty in ["", " ", "\u{200b}\u{2060}", "\u{3164}", "\u{2800}\u{fe0f}"] {
            assert!(!is_visible(empty), "{empty:?}");
        }
        assert!(is_visible("。") && is_visible("👍"));
    }

    #[test]
    fn the_same_words_are_the_same_comment() {
        for same in ["Buy now!!!", "buy  NOW", "ＢＵＹ，ｎｏｗ", "b-u-y\nnow\u{200b}"] {
            assert_eq!(normalized(same), "buynow", "{same}");
        }
        assert_ne!(normalized("👍"), normalized("👎"));
        assert_eq!(normalized("同意！"), normalized("同意。"));
    }

    #[test]
    fn links_are_counted_as_they_are_meant() {
        for (text, links) in [
            ("none", 0),
            ("https://www.a.example/ and HTTP://b.example", 2),
            ("www.a.example, WWW.b.example", 2),
            ("javascript://x", 1),
        ] {
            assert_eq!(count_links(text), links, "{text}");
        }
    }

    fn links(text: &str) -> Vec<String> {
        let pieces = pieces(text).into_iter().flatten().flatten();
        pieces
            .filter_map(|piece| if let Piece::Link { text, .. } = piece { Some(text.to_owned()) } else { None })
            .collect()
    }

    #[test]
    fn an_address_ends_where_the_sentence_goes_on() {
        for (text, expected) in [
            ("See https://a.example/b?c=d&e, please.", "https://a.example/b?c=d&e"),
            ("(https://a.example/x_(y))", "https://a.example/x_(y)"),
            ("见https://a.example/新闻。好", "https://a.example/新闻"),
            ("<a href=\"https://a.example/\">", "https://a.example/"),
            ("HTTPS://A.example!", "HTTPS://A.example"),
        ] {
            assert_eq!(links(text), [expected], "{text}");
        }
    }

    #[test]
    fn what_is_no_address_of_the_web_stays_text() {
        for text in [
            "javascript:alert(1)",
            "https://",
            "http://:80",
            "https://bank.example@evil.example/",
            "data:text/html,x",
            "http://\u{202e}",
        ] {
            assert!(links(text).is_empty(), "{text}");
            let whole: String = pieces(text)
                .iter()
                .flatten()
                .flatten()
                .map(|piece| match piece {
                    Piece::Text(text) | Piece::Link { text, .. } => *text,
                })
                .collect();
            assert_eq!(whole, text);
        }
    }

    #[test]
    fn paragraphs_and_lines_are_kept() {
        let pieces = pieces("one\ntwo\n\nthree https://a.example");
        assert_eq!(pieces.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(pieces[1][0].len(), 2);
    }
}
