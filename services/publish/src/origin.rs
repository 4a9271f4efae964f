//! Whether a form was sent from a page of this site.

use axum::http::{HeaderMap, header};
use kos_shared::event::HttpUrl;

/// Whether a request comes from this site, as far as its browser says: by `Sec-Fetch-Site` (Fetch Metadata), else by
/// `Origin` (Fetch standard, section 3.2). One that says neither is judged by its form's token alone.
pub fn is_own(headers: &HeaderMap, site: &HttpUrl) -> bool {
    let sent = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    if let Some(site) = sent("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = sent(header::ORIGIN.as_str()) else { return true };
    let host = origin.split_once("://").map(|(_, host)| host);
    // Behind a proxy one name may be in the address, and another in the request.
    origin == site.as_url().origin().ascii_serialization() || (host.is_some() && host == sent(header::HOST.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(headers: &[(&'static str, &str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        is_own(&headers, &"https://tides.example/".parse().unwrap())
    }

    #[test]
    fn a_form_from_elsewhere_is_told_by_what_its_browser_says() {
        assert!(own(&[]));
        assert!(own(&[("sec-fetch-site", "same-origin"), ("origin", "https://tides.example")]));
        assert!(own(&[("origin", "https://tides.example")]));
        assert!(own(&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")]));
        for site in ["cross-site", "same-site", ""] {
            assert!(!own(&[("sec-fetch-site", site), ("origin", "https://tides.example")]), "{site}");
        }
        for origin in ["https://evil.example", "null", "https://tides.example.evil.example", ""] {
            assert!(!own(&[("origin", origin), ("host", "tides.example")]), "{origin}");
        }
    }
}
