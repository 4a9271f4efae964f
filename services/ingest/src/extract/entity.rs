//! Entities of HTML in a text that was encoded twice.

/// Longer names are none of those that titles have, in bytes.
const MAX_NAME: usize = 8;

/// How often a text may have been encoded beyond once.
const MAX_TIMES: usize = 2;

/// The names that titles and names of people have.
const NAMES: [(&str, &str); 65] = [
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("lsquo", "‘"),
    ("rsquo", "’"),
    ("ldquo", "“"),
    ("rdquo", "”"),
    ("sbquo", "‚"),
    ("bdquo", "„"),
    ("laquo", "«"),
    ("raquo", "»"),
    ("ndash", "–"),
    ("mdash", "—"),
    ("hellip", "…"),
    ("middot", "·"),
    ("bull", "•"),
    ("trade", "™"),
    ("reg", "®"),
    ("copy", "©"),
    ("deg", "°"),
    ("euro", "€"),
    ("pound", "£"),
    ("eacute", "é"),
    ("egrave", "è"),
    ("agrave", "à"),
    ("ccedil", "ç"),
    ("ntilde", "ñ"),
    ("auml", "ä"),
    ("ouml", "ö"),
    ("uuml", "ü"),
    ("Auml", "Ä"),
    ("Ouml", "Ö"),
    ("Uuml", "Ü"),
    ("szlig", "ß"),
    ("aacute", "á"),
    ("iacute", "í"),
    ("oacute", "ó"),
    ("uacute", "ú"),
    ("Aacute", "Á"),
    ("Eacute", "É"),
    ("Iacute", "Í"),
    ("Oacute", "Ó"),
    ("Uacute", "Ú"),
    ("Ntilde", "Ñ"),
    ("acirc", "â"),
    ("ecirc", "ê"),
    ("icirc", "î"),
    ("ocirc", "ô"),
    ("ucirc", "û"),
    ("atilde", "ã"),
    ("otilde", "õ"),
    ("euml", "ë"),
    ("iuml", "ï"),
    ("aring", "å"),
    ("Aring", "Å"),
    ("oslash", "ø"),
    ("Oslash", "Ø"),
    ("aelig", "æ"),
    ("scaron", "š"),
    ("zcaron", "ž"),
    ("Ccedil", "Ç"),
    ("shy", ""),
];

/// The text with its entities decoded: numbers, and the names that are usual; others stay.
pub(super) fn decoded(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..MAX_TIMES {
        let next = once(&text);
        if next == text {
            break;
        }
        text = next;
    }
    text
}

fn once(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let name = rest.find(';').filter(|end| (2..=MAX_NAME + 1).contains(end)).map(|end| &rest[1..end]);
        match name.and_then(|name| Some((name, meaning(name)?))) {
            Some((name, meaning)) => {
                out.push_str(&meaning);
                rest = &rest[name.len() + 2..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn meaning(name: &str) -> Option<String> {
    let Some(number) = name.strip_prefix('#') else {
        return NAMES.iter().find(|(n, _)| *n == name).map(|(_, meaning)| (*meaning).to_owned());
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_decoded_however_they_are_written() {
        for (text, plain) in [
            ("A &amp;amp; B", "A & B"),
            ("It&#8217;s &quot;so&quot; &#x2014; or &rsquo;", "It’s \"so\" — or ’"),
            ("AT&T; &unknown; & &; &#xd800; &#99999999999;", "AT&T; &unknown; & &; &#xd800; &#99999999999;"),
            ("中&文；", "中&文；"),
        ] {
            assert_eq!(decoded(text), plain, "{text}");
        }
    }
}
