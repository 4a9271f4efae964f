//! The one address that an article is known by.

use kos_shared::event::HttpUrl;
use url::{Url, form_urlencoded};

/// Beginnings of the names of query parameters that tell where a reader came from.
const TRACKING_PREFIXES: [&str; 7] = ["utm_", "mtm_", "matomo_", "pk_", "hsa_", "at_custom", "ga_"];

/// Names of query parameters that tell where a reader came from and never which page is meant: those of
/// advertisers, of mailers and of social networks, as content blockers list them.
const TRACKING: [&str; 56] = [
    // Click identifiers.
    "gclid",
    "gclsrc",
    "dclid",
    "gbraid",
    "wbraid",
    "gad_source",
    "gad_campaignid",
    "fbclid",
    "msclkid",
    "twclid",
    "ttclid",
    "li_fat_id",
    "yclid",
    "ysclid",
    "srsltid",
    "igshid",
    "igsh",
    "epik",
    "rdt_cid",
    "scclid",
    "irclickid",
    "_openstat",
    "wickedid",
    "zanpid",
    // Analytics.
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "__hssc",
    "__hstc",
    "__hsfp",
    "hsctatracking",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "s_cid",
    "cmpid",
    "ncid",
    "ftag",
    "xtor",
    "at_medium",
    "at_campaign",
    "spm",
    "smid",
    "smtyp",
    // Mailers and social networks.
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "oly_anon_id",
    "oly_enc_id",
    "vero_id",
    "vero_conv",
    "fb_action_ids",
    "ref_src",
    "ref_url",
    "__twitter_impression",
];

/// Beginnings of hosts that show the same pages as the host without them.
const SAME_SITE_PREFIXES: [&str; 5] = ["www.", "m.", "mobile.", "amp.", "wap."];

/// The canonical address of a page: what the page declares where that can be true, else where it was
/// found, without fragment and tracking parameters.
///
/// A declared address counts when it is on the same site and is not the site's root while the page isn't:
/// templates that declare the front page on every article would fold a whole site into one.
pub fn canonical_url(page: &HttpUrl, declared: Option<&HttpUrl>) -> HttpUrl {
    let is_root = |url: &HttpUrl| url.as_url().path() == "/" && url.as_url().query().is_none_or(str::is_empty);
    let believable = |d: &&HttpUrl| site(d.host()) == site(page.host()) && (is_root(page) || !is_root(d));
    without_tracking(declared.filter(believable).unwrap_or(page))
}

/// The host without what tells a site's mobile pages from the others, once.
fn site(host: &str) -> &str {
    SAME_SITE_PREFIXES.iter().find_map(|p| host.strip_prefix(p)).filter(|rest| rest.contains('.')).unwrap_or(host)
}

/// An address without its fragment, tracking parameters and an empty query. What remains keeps its order
/// and its spelling: a server may mind both. (A default port is gone since parsing.)
fn without_tracking(url: &HttpUrl) -> HttpUrl {
    let mut clean: Url = url.as_url().clone();
    clean.set_fragment(None);
    if let Some(query) = url.as_url().query() {
        let kept: Vec<&str> = query.split('&').filter(|p| !p.is_empty() && !is_tracking(p)).collect();
        clean.set_query((!kept.is_empty()).then(|| kept.join("&")).as_deref());
    }
    HttpUrl::try_from(clean).unwrap_or_else(|_| url.clone())
}

fn is_tracking(parameter: &str) -> bool {
    let Some((name, _)) = form_urlencoded::parse(parameter.as_bytes()).next() else { return false };
    let name = name.to_ascii_lowercase();
    TRACKING.contains(&name.as_str()) || TRACKING_PREFIXES.iter().any(|p| name.starts_with(p))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(page: &str, declared: Option<&str>) -> String {
        canonical_url(&page.parse().unwrap(), declared.map(|d| d.parse().unwrap()).as_ref()).to_string()
    }

    #[test]
    fn what_tells_where_a_reader_came_from_is_dropped() {
        for (page, clean) in [
            ("https://example.com/a?utm_source=x&id=7&fbclid=y#top", "https://example.com/a?id=7"),
            ("https://example.com/a?UTM_Source=x", "https://example.com/a"),
            ("https://example.com/a?", "https://example.com/a"),
            ("https://example.com:443/a?b=2&a=1&b=%20+", "https://example.com/a?b=2&a=1&b=%20+"),
            ("https://example.com/a?utmost=1&page=2", "https://example.com/a?utmost=1&page=2"),
            ("http://example.com:8080/a?&&", "http://example.com:8080/a"),
        ] {
            assert_eq!(canonical(page, None), clean, "{page}");
        }
    }

    #[test]
    fn a_declared_address_of_the_same_site_wins() {
        for (page, declared) in [
            ("http://m.example.com/a?id=1", "https://www.example.com/news/a"),
            ("https://amp.example.com/a", "https://example.com/a"),
            ("https://example.com/a/amp", "https://example.com/a"),
            ("https://example.com/?p=1", "https://example.com/a"),
            ("https://example.com/", "https://www.example.com/"),
        ] {
            assert_eq!(canonical(page, Some(declared)), declared, "{page}");
        }
        assert_eq!(
            canonical("https://example.com/x", Some("https://example.com/a?utm_id=1#c")),
            "https://example.com/a"
        );
    }

    #[test]
    fn a_declared_address_that_cannot_be_true_is_not_believed() {
        for (page, declared) in [
            ("https://example.com/a", "https://example.org/a"),
            ("https://example.com/a", "https://example.com/"),
            ("https://example.com/a", "https://www.example.com"),
            ("https://blog.example.com/a", "https://example.com/a"),
            ("https://m.com/a", "https://com/a"),
        ] {
            assert_eq!(canonical(page, Some(declared)), page, "{declared}");
        }
    }
}
