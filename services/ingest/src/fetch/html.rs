//! Whether an answer is an HTML page.

/// Whether a Content-Type says HTML; `None` where it leaves that open.
pub(super) fn is_html_type(content_type: Option<&str>) -> Option<bool> {
    // Some forget the semicolon, and some send the header twice.
    let value = content_type.unwrap_or_default().trim_start();
    let ends = |c: char| matches!(c, ';' | ',') || c.is_ascii_whitespace();
    let essence = value.split(ends).next().unwrap_or_default().to_ascii_lowercase();
    match essence.as_str() {
        "text/html" | "application/xhtml+xml" => Some(true),
        "" | "application/octet-stream" | "application/xml" | "text/xml" | "unknown/unknown" | "*/*" => None,
        _ => Some(false),
    }
}

/// Whether bytes begin as HTML does (after WHATWG MIME Sniffing section 7.1).
pub(super) fn looks_like_html(body: &[u8]) -> bool {
    const STARTS: [&str; 12] = [
        "<!doctype html",
        "<html",
        "<head",
        "<body",
        "<title",
        "<meta",
        "<script",
        "<div",
        "<article",
        "<p>",
        "<h1",
        "<table",
    ];
    let mut start = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
    // A declaration or comments may come before.
    for (open, close) in [("<?xml", "?>"), ("<!--", "-->"), ("<!--", "-->")] {
        if start.starts_with(open.as_bytes()) {
            let end = start.windows(close.len()).take(4_096).position(|w| w == close.as_bytes());
            start = end.map_or(&[][..], |at| &start[at + close.len()..]).trim_ascii_start();
        }
    }
    STARTS.iter().any(|s| start.get(..s.len()).is_some_and(|b| b.eq_ignore_ascii_case(s.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_told_from_other_types() {
        for html in [
            "text/html",
            "Text/HTML; charset=gbk",
            "application/xhtml+xml",
            "text/html charset=utf-8",
            " text/html, text/html; charset=utf-8",
        ] {
            assert_eq!(is_html_type(Some(html)), Some(true), "{html}");
        }
        for other in ["application/pdf", "text/plain", "image/png", "application/json"] {
            assert_eq!(is_html_type(Some(other)), Some(false), "{other}");
        }
        for open in [None, Some(""), Some("application/octet-stream"), Some("text/xml")] {
            assert_eq!(is_html_type(open), None, "{open:?}");
        }
    }

    #[test]
    fn html_is_recognised_by_its_beginning() {
        for html in ["\u{feff} <!DOCTYPE HTML>", "<html>", "<?xml version='1.0'?>\n<!-- c --><html>", "\n<BODY>"] {
            assert!(looks_like_html(html.as_bytes()), "{html}");
        }
        for other in ["", "%PDF-1.7", "{\"a\": 1}", "<?xml version='1.0'?><rss>", "<!-- never closed <html>"] {
            assert!(!looks_like_html(other.as_bytes()), "{other}");
        }
    }
}
