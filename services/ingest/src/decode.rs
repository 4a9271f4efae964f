//! A page's bytes as text.

use std::{borrow::Cow, cell::LazyCell};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, GBK, UTF_8, WINDOWS_1252};

/// How far into a page a `<meta>` may declare the encoding, in bytes. The standard says 1,024; pages put
/// scripts before it.
const META_WINDOW: usize = 4_096;

/// How much of a page is shown to the detector, in bytes.
const DETECTOR_WINDOW: usize = 256 * 1024;

/// The share of malformed characters that a declared encoding may show and still be believed: a few
/// broken bytes on a page of the declared encoding must not give it another one.
const TOLERATED: f64 = 0.02;

/// So many characters of several bytes are UTF-8 by chance in no other encoding.
const LEAST_WELL_FORMED: u32 = 8;

/// The text of a page.
///
/// A byte order mark decides. Then UTF-8 does where the bytes are that but for a few: by chance they never are. Then
/// what `content_type` declares, what the page declares and what the bytes look like, in this order,
/// the first under which they make sense: servers declare one encoding for all pages, whatever they hold.
/// Control characters are gone, but for tab, line feed and carriage return.
pub fn decode(body: &[u8], content_type: Option<&str>) -> String {
    let text = match Encoding::for_bom(body) {
        Some((encoding, length)) => encoding.decode_without_bom_handling(&body[length..]).0,
        None => decode_without_mark(body, content_type),
    };
    without_controls(text)
}

fn decode_without_mark<'a>(body: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    let of_server = content_type.and_then(charset_of_content_type);
    let of_page = charset_of_page(&body[..body.len().min(META_WINDOW)]);
    let declared_plain = [of_server, of_page].into_iter().flatten().all(Encoding::is_ascii_compatible);
    // ISO-2022-JP writes everything in ASCII bytes, so ASCII alone doesn't settle it.
    if declared_plain && let Ok(text) = std::str::from_utf8(body) {
        return Cow::Borrowed(text);
    }

    // By chance no other encoding looks like that either, so a few broken bytes make no difference.
    if declared_plain && is_nearly_utf8(body) {
        return UTF_8.decode_without_bom_handling(body).0;
    }

    // Looking is slow, and most declarations are true.
    let detected = LazyCell::new(|| detect(body));
    // windows-1252 (that is ISO-8859-1 too) takes any bytes, and is what servers declare unasked.
    let believable = |e: &&'static Encoding| *e != WINDOWS_1252 || !is_multi_byte(*detected);
    // A single broken byte makes the detector give up an encoding of several.
    let hidden = || (*detected != GBK && looks_like_gbk(body)).then_some(GBK);
    let declared = [of_server, of_page].into_iter().flatten().filter(believable);
    let looks: [&dyn Fn() -> Option<&'static Encoding>; 2] = [&hidden, &|| Some(*detected)];
    let mut best: Option<(f64, Cow<'a, str>)> = None;
    for encoding in declared.chain(looks.iter().filter_map(|look| look())) {
        let (text, malformed) = encoding.decode_without_bom_handling(body);
        let share = if malformed { malformed_share(&text) } else { 0.0 };
        if share <= TOLERATED {
            return text;
        }
        if best.as_ref().is_none_or(|(least, _)| share < *least) {
            best = Some((share, text));
        }
    }
    best.map_or_else(|| UTF_8.decode_without_bom_handling(body).0, |(_, text)| text)
}

/// Whether there are characters of several bytes in UTF-8, and next to nothing else that is not ASCII.
fn is_nearly_utf8(body: &[u8]) -> bool {
    let (mut malformed, mut well_formed) = (0_u32, 0_u32);
    for chunk in body.utf8_chunks() {
        well_formed += chunk.valid().chars().map(|c| u32::from(!c.is_ascii())).sum::<u32>();
        malformed += u32::from(!chunk.invalid().is_empty());
    }
    // Of pages with few such characters a single one may be broken.
    let tolerated = (f64::from(well_formed) * TOLERATED).max(1.0);
    well_formed >= LEAST_WELL_FORMED && f64::from(malformed) <= tolerated
}

/// Malformed characters among all that are not ASCII.
fn malformed_share(text: &str) -> f64 {
    let (mut malformed, mut all) = (0_u32, 0_u32);
    for c in text.chars().filter(|c| !c.is_ascii()) {
        all += 1;
        malformed += u32::from(c == char::REPLACEMENT_CHARACTER);
    }
    f64::from(malformed) / f64::from(all.max(1))
}

/// Whether nearly all that is not ASCII is pairs of bytes for the common characters of GB 2312, level 1 and
/// punctuation, and not only for those where Korean has its syllables.
fn looks_like_gbk(body: &[u8]) -> bool {
    let (mut common, mut chinese, mut all) = (0_u32, 0_u32, 0_u32);
    let mut rest = &body[..body.len().min(DETECTOR_WINDOW)];
    while let Some(at) = rest.iter().position(|b| !b.is_ascii()) {
        rest = &rest[at..];
        let (pair, length) = match rest {
            [lead, trail, ..] if *lead >= 0x81 && *trail >= 0x40 => ((*lead, *trail), 2),
            _ => ((0, 0), 1),
        };
        all += 1;
        common += u32::from(matches!(pair.0, 0xa1..=0xa3 | 0xb0..=0xd7) && pair.1 >= 0xa1);
        chinese += u32::from(matches!(pair.0, 0xc9..=0xd7) && pair.1 >= 0xa1);
        rest = &rest[length..];
    }
    all >= 64 && common * 10 >= all * 9 && chinese * 5 >= all
}

fn is_multi_byte(encoding: &'static Encoding) -> bool {
    !encoding.is_single_byte()
}

fn detect(body: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let window = &body[..body.len().min(DETECTOR_WINDOW)];
    detector.feed(window, window.len() == body.len());
    detector.guess(None, Utf8Detection::Allow)
}

/// The `charset` of a Content-Type (RFC 9110 section 8.3).
fn charset_of_content_type(value: &str) -> Option<&'static Encoding> {
    let value = value.to_ascii_lowercase();
    // Some forget the semicolon, and some send the header twice, so any charset is taken.
    value.match_indices("charset").find_map(|(at, name)| {
        let label = value[at + name.len()..].trim_start().strip_prefix('=')?.trim_start();
        let label = label.trim_start_matches(['"', '\'']);
        let end = label.find(|c: char| matches!(c, ';' | ',' | '"' | '\'') || c.is_ascii_whitespace());
        Encoding::for_label(&label.as_bytes()[..end.unwrap_or(label.len())])
    })
}

/// What an XML declaration, `<meta charset>` or `<meta http-equiv=content-type>` declares. UTF-16 is read as
/// UTF-8: who could read the declaration read ASCII (WHATWG HTML, prescan a byte stream).
fn charset_of_page(start: &[u8]) -> Option<&'static Encoding> {
    let start = start.to_ascii_lowercase();
    if let Some(encoding) = charset_of_xml(&start) {
        return Some(encoding);
    }
    let mut rest = start.as_slice();
    while let Some(at) = find(rest, b"<meta") {
        rest = &rest[at + 5..];
        let tag = &rest[..find(rest, b">").unwrap_or(rest.len())];
        let Some(at) = find(tag, b"charset") else { continue };
        let value = tag[at + 7..].trim_ascii_start();
        let Some(value) = value.strip_prefix(b"=") else { continue };
        let value = value.trim_ascii_start();
        let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value);
        let end = value.iter().position(|b| matches!(b, b'"' | b'\'' | b';' | b'/' | b' ' | b'\t' | b'\n' | b'\r'));
        if let Some(encoding) = Encoding::for_label(&value[..end.unwrap_or(value.len())]) {
            return Some(if encoding.is_ascii_compatible() || is_iso_2022(encoding) { encoding } else { UTF_8 });
        }
    }
    None
}

/// The `encoding` of an XML declaration, in lower case.
fn charset_of_xml(start: &[u8]) -> Option<&'static Encoding> {
    let declaration = &start[find(start, b"<?xml")?..];
    let declaration = &declaration[..find(declaration, b">")?];
    let value = declaration[find(declaration, b"encoding")? + 8..].trim_ascii_start().strip_prefix(b"=")?;
    let value = value.trim_ascii_start().split(|b| matches!(b, b'"' | b'\'')).nth(1)?;
    let encoding = Encoding::for_label(value)?;
    Some(if encoding.is_ascii_compatible() || is_iso_2022(encoding) { encoding } else { UTF_8 })
}

fn is_iso_2022(encoding: &'static Encoding) -> bool {
    encoding == encoding_rs::ISO_2022_JP
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}

/// The text without control characters that no text needs, NUL above all: PostgreSQL takes none.
pub(crate) fn without_controls(text: Cow<'_, str>) -> String {
    let unwanted = |b: &u8| *b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r') || *b == 0x7f;
    if !text.as_bytes().iter().any(unwanted) {
        return text.into_owned();
    }
    let kept = |c: char| match c {
        '\u{c}' => Some(' '), // white space to HTML
        c if c.is_ascii() && unwanted(&(c as u8)) => None,
        c => Some(c),
    };
    text.chars().filter_map(kept).collect()
}

#[cfg(test)]
mod tests {
    use encoding_rs::{BIG5, EUC_KR, ISO_2022_JP, SHIFT_JIS};

    use super::*;

    const CHINESE: &str =
        "北京今天下午发布了新的交通管理规定，市民可以在网上查询全部条文，也可以到各区的办事大厅领取。";

    fn page(meta: &str, text: &str) -> String {
        format!("<html><head>{meta}<title>{text}</title></head><body><p>{text}</p></body></html>")
    }

    #[test]
    fn a_declared_encoding_is_used() {
        let gbk = GBK.encode(&page("", CHINESE)).0.into_owned();
        for content_type in [
            "text/html; charset=gb2312",
            "text/html;Charset=\"GBK\"",
            "text/html; x=y; charset=gb18030",
            "text/html charset=gbk",
            "text/html, text/html; charset = gbk",
        ] {
            assert!(decode(&gbk, Some(content_type)).contains(CHINESE), "{content_type}");
        }
        for meta in [
            "<meta charset=gb2312>",
            "<META CHARSET='gbk'/>",
            r#"<meta http-equiv="Content-Type" content="text/html; charset=gb2312" />"#,
        ] {
            let bytes = GBK.encode(&page(meta, CHINESE)).0.into_owned();
            assert!(decode(&bytes, None).contains(CHINESE), "{meta}");
        }
    }

    #[test]
    fn a_wrong_declaration_is_not_believed() {
        let utf8 = page("<meta charset=gb2312>", CHINESE);
        for content_type in [None, Some("text/html; charset=ISO-8859-1"), Some("text/html; charset=gbk")] {
            assert!(decode(utf8.as_bytes(), content_type).contains(CHINESE), "{content_type:?}");
        }
        let gbk = GBK.encode(&page("", CHINESE)).0.into_owned();
        for content_type in [None, Some("text/html; charset=utf-8"), Some("text/html; charset=ISO-8859-1")] {
            assert!(decode(&gbk, content_type).contains(CHINESE), "{content_type:?}");
        }
        let big5 = BIG5.encode(&page("<meta charset=big5>", "臺灣的新聞網站今天發布了新的報導內容")).0.into_owned();
        assert!(decode(&big5, Some("text/html; charset=utf-8")).contains("新聞網站"));
    }

    #[test]
    fn other_encodings_are_recognised() {
        let japanese = "東京では今日、新しい交通規則が発表されました。市民はウェブで確認できます。";
        let korean = "서울에서 오늘 새로운 교통 규칙이 발표되었습니다. 시민은 웹에서 확인할 수 있습니다.";
        assert!(decode(&SHIFT_JIS.encode(&page("", japanese)).0, None).contains(japanese));
        assert!(decode(&EUC_KR.encode(&page("", korean)).0, None).contains(korean));
        let iso_2022 = ISO_2022_JP.encode(&page("<meta charset=iso-2022-jp>", japanese)).0.into_owned();
        assert!(decode(&iso_2022, None).contains(japanese));
        let french = "Le café a été fermé à l'été, où l'élève répétait.";
        let latin1 = WINDOWS_1252.encode(&page("", french)).0.into_owned();
        assert!(decode(&latin1, None).contains(french));
        assert!(decode(&latin1, Some("text/html; charset=iso-8859-1")).contains(french));
    }

    #[test]
    fn a_byte_order_mark_decides() {
        let mut utf16 = vec![0xff, 0xfe];
        utf16.extend(CHINESE.encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(decode(&utf16, Some("text/html; charset=utf-8")), CHINESE);
        assert_eq!(decode(format!("\u{feff}{CHINESE}").as_bytes(), Some("text/html; charset=gbk")), CHINESE);
    }

    #[test]
    fn a_few_broken_bytes_do_not_change_the_encoding() {
        let mut bytes = page("<meta charset=utf-8>", &CHINESE.repeat(5)).into_bytes();
        let middle = bytes.len() / 2;
        bytes.insert(middle, 0xff);
        let text = decode(&bytes, Some("text/html; charset=utf-8"));
        assert!(text.contains("北京今天下午") && text.contains('\u{fffd}'), "{text}");
    }

    #[test]
    fn a_broken_byte_in_utf8_does_not_garble_the_page_whatever_is_declared() {
        let late = format!("<!--{}--><meta charset=utf-8>", "x".repeat(META_WINDOW));
        for (meta, content_type) in [
            ("<meta charset=utf-8>", Some("text/html; charset=ISO-8859-1")),
            ("", None),
            (late.as_str(), Some("text/html")),
            ("<meta charset=gbk>", None),
        ] {
            for text in
                [CHINESE.repeat(5), "He said \u{201c}it\u{2019}s late\u{201d}, \u{201c}so\u{201d} \u{2026} ".repeat(2)]
            {
                let mut bytes = page(meta, &text).into_bytes();
                let middle = bytes.windows(2).rposition(|w| w == b"<p").unwrap();
                bytes.insert(middle, 0xff);
                assert!(decode(&bytes, content_type).contains(&text), "{meta:.30} {content_type:?}");
            }
        }
        let french = "Le café a été fermé à l'été, où l'élève répétait. 100 Â£".repeat(9);
        let latin1 = WINDOWS_1252.encode(&page("", &french)).0.into_owned();
        assert!(decode(&latin1, None).contains(&french));
    }

    #[test]
    fn a_broken_pair_does_not_make_chinese_western() {
        let mut bytes = GBK.encode(&page("", &CHINESE.repeat(5))).0.into_owned();
        bytes.splice(12..12, [0xff, 0x20]);
        assert!(decode(&bytes, None).contains("北京今天下午"));
    }

    #[test]
    fn control_characters_are_dropped() {
        assert_eq!(decode(b"a\0b\x01c\td\ne\x0cf\x1b\x7f", None), "abc\td\ne f");
        assert_eq!(decode(b"", None), "");
    }
}
