//! The headers of a message, and how attributes are written in them.

use std::fmt::Write;

/// A message's headers in their order; a name may stand more than once.
pub type Headers = Vec<(String, String)>;

/// The first header of that name, in any letter case.
pub fn header<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
}

/// Percent-encodes what a header can't carry: all but printable ASCII, and the space, `"` and `%`.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'!' | b'#'..=b'$' | b'&'..=b'~' => encoded.push(byte.into()),
            _ => {
                let _infallible = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

/// Undoes [`encode`]; what isn't percent-encoded stays as it is.
pub(super) fn decode(text: &str) -> String {
    let digit = |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16));
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_survives_the_way_through_a_header() {
        for text in ["", "plain", "100 % sure", "/über uns#1", "line\nfeed", "\"quoted\"", "新闻"] {
            let encoded = encode(text);
            assert!(encoded.bytes().all(|b| (0x21..0x7f).contains(&b)), "{encoded:?}");
            assert_eq!(decode(&encoded), text);
        }
    }

    #[test]
    fn what_is_not_percent_encoded_stays_as_it_is() {
        for text in ["50%", "%zz", "a%2", "%ff"] {
            assert_eq!(decode(text), text);
        }
    }
}
