//! The bytes of a feed as text.

use crate::decode;

/// The text of a feed: UTF-16 and UTF-32 also without a byte order mark, everything else as pages are
/// [decoded](decode::decode).
pub(super) fn decode(body: &[u8], content_type: Option<&str>) -> String {
    if let Some(text) = wide(body) {
        return decode::without_controls(text.into());
    }
    // Marks of a file that was pasted into another; the first of several is no reason to believe it is UTF-16.
    let mut body = body.trim_ascii_start();
    while let Some(rest) = body.strip_prefix(b"\xef\xbb\xbf") {
        body = rest.trim_ascii_start();
    }
    decode::decode(body, content_type)
}

/// How often a unit of two or four bytes must be an ASCII character to be believed: of a feed's start, that is.
const WINDOW: usize = 16;

/// UTF-32 with or without a byte order mark, and UTF-16 without one, told by where the NULs are
/// (XML 1.0 appendix F).
fn wide(body: &[u8]) -> Option<String> {
    let start = body.get(..body.len().min(WINDOW)).filter(|s| s.len() >= 4)?;
    let nul = |offset: usize, step: usize| start.iter().skip(offset).step_by(step).all(|b| *b == 0);
    let (four, two) = (start.len() / 4 * 4, start.len() / 2 * 2);
    let utf32 = |big: bool| {
        let scalar = |b: &[u8]| {
            let bytes: [u8; 4] = b.try_into().unwrap_or_default();
            let value = if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
            char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER)
        };
        body.chunks_exact(4).map(scalar).filter(|c| *c != '\u{feff}').collect::<String>()
    };
    let utf16 = |encoding: &'static encoding_rs::Encoding| encoding.decode_without_bom_handling(body).0.into_owned();
    match start {
        [0, 0, 0xfe, 0xff, ..] => Some(utf32(true)),
        [0xff, 0xfe, 0, 0, ..] => Some(utf32(false)),
        _ if four >= 4 && nul(0, 4) && nul(1, 4) && nul(2, 4) => Some(utf32(true)),
        _ if four >= 4 && nul(1, 4) && nul(2, 4) && nul(3, 4) => Some(utf32(false)),
        _ if two >= 4 && nul(0, 2) => Some(utf16(encoding_rs::UTF_16BE)),
        _ if two >= 4 && nul(1, 2) => Some(utf16(encoding_rs::UTF_16LE)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEED: &str = "<rss><item><title>中文标题</title></item></rss>";

    #[test]
    fn wide_encodings_are_recognised_without_a_mark() {
        let units = |f: fn(u16) -> [u8; 2]| FEED.encode_utf16().flat_map(f).collect::<Vec<u8>>();
        let scalars = |f: fn(u32) -> [u8; 4]| FEED.chars().flat_map(|c| f(u32::from(c))).collect::<Vec<u8>>();
        for bytes in
            [units(u16::to_be_bytes), units(u16::to_le_bytes), scalars(u32::to_be_bytes), scalars(u32::to_le_bytes)]
        {
            assert_eq!(decode(&bytes, Some("application/xml")), FEED);
            let mut odd = bytes.clone();
            odd.push(0x3c);
            assert!(decode(&odd, None).starts_with("<rss>"));
        }
    }

    #[test]
    fn the_xml_declaration_says_the_encoding() {
        let declared = |label: &str| format!("<?xml version='1.0' encoding='{label}'?>{FEED}");
        let gbk = encoding_rs::GBK.encode(&declared("gb2312")).0.into_owned();
        assert!(decode(&gbk, Some("text/xml")).contains("中文标题"));
        let mut marked = b"\n\xef\xbb\xbf\xef\xbb\xbf".to_vec();
        marked.extend(declared("utf-8").bytes());
        assert!(decode(&marked, None).starts_with("<?xml"));
        assert!(decode(declared("gb2312").as_bytes(), None).contains("中文标题"));
    }
}
