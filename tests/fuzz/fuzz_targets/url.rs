//! Any text as an address: what is taken is http, and the canonical form of a canonical form is itself.

#![no_main]

use kos_ingest::canonical::canonical_url;
use kos_shared::event::HttpUrl;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (page, declared) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(page) = page.parse::<HttpUrl>() else { return };
    let declared: Option<HttpUrl> = declared.parse().ok();
    assert!(matches!(page.as_url().scheme(), "http" | "https"), "{page}");
    let canonical = canonical_url(&page, declared.as_ref());
    assert_eq!(canonical_url(&canonical, None), canonical, "of {page} and {declared:?}");
});
