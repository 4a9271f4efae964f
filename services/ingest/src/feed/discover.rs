//! Feeds of a site.

use kos_shared::event::HttpUrl;

/// The feeds that a page declares.
pub fn discover(_html: &str, _url: &HttpUrl) -> Vec<HttpUrl> {
    Vec::new()
}

/// Where feeds often are.
pub fn guesses(_url: &HttpUrl) -> Vec<HttpUrl> {
    Vec::new()
}
