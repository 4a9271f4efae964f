//! Any bytes as a page: an article or a reason, and what comes out is safe and clean.

#![no_main]

use kos_ingest::{decode::decode, extract::extract};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|page: &[u8]| {
    let html = decode(page, None);
    let url = "https://news.example/2024/05/03/story".parse().expect("it is an address");
    if let Ok(article) = extract(&html, &url, None, "2024-06-01T00:00:00Z".parse().expect("it is a time")) {
        assert!(!article.title.is_empty(), "an article without a title");
        assert!(!article.text.contains('\0'), "a NUL in the text");
        let body = article.body_html.to_ascii_lowercase();
        for forbidden in ["<script", "<iframe", "<style", "<object"] {
            assert!(!body.contains(forbidden), "{forbidden} in a body");
        }
        for tag in body.split('<').skip(1).map(inside_of_tag) {
            // The sanitizer writes attributes in one way: the name, `="`, the value with its quotes escaped.
            for value in [" href=\"", " src=\"", " cite=\""].iter().flat_map(|name| tag.split(name).skip(1)) {
                for scheme in ["javascript:", "data:", "vbscript:"] {
                    assert!(!value.trim_start().starts_with(scheme), "{scheme} in an attribute of a body");
                }
            }
        }
    }
});

/// What of `rest`, which begins behind a `<`, belongs to the tag: up to the first `>` outside of quotes.
fn inside_of_tag(rest: &str) -> &str {
    let mut quoted = false;
    let end = rest.find(|c| {
        quoted ^= c == '"';
        c == '>' && !quoted
    });
    &rest[..end.unwrap_or(rest.len())]
}
