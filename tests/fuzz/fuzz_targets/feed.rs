//! Any bytes as a feed: entries or a reason, never more than are promised.

#![no_main]

use kos_ingest::feed::parse::{MAX_ENTRIES, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let url = "https://news.example/feed".parse().expect("it is an address");
    if let Ok(feed) = parse(body, None, &url) {
        assert!(feed.entries.len() <= MAX_ENTRIES, "{} entries", feed.entries.len());
    }
});
