//! Query parameters that say who is reading or where from, and never which page is meant.
//!
//! Only names that mean nothing else anywhere: `ref`, `from` and `sid` name a page on too many sites. The names are
//! those on which the lists of content blockers and browsers agree (ClearURLs' global rules, Firefox's and Brave's
//! query stripping).

use std::borrow::Cow;

use url::form_urlencoded;

/// Beginnings of names, in lower case.
const PREFIXES: [&str; 13] = [
    "utm_",
    "mtm_",
    "matomo_",
    "piwik_",
    "pk_",
    "itm_",
    "otm_",
    "hsa_",
    "at_custom",
    "ga_",
    "_branch_",
    "oly_",
    // A session of the first Active Server Pages, with its own ending on every server.
    "aspsessionid",
];

/// Names, in lower case.
const NAMES: &[&str] = &[
    // Clicks on advertisements.
    "utm",
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
    "ymclid",
    "ysclid",
    "srsltid",
    "igshid",
    "igsh",
    "epik",
    "rdt_cid",
    "scclid",
    "irclickid",
    "rb_clickid",
    "unicorn_click_id",
    "_openstat",
    "wickedid",
    "zanpid",
    "ef_id",
    "s_kwcid",
    // Analytics.
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "__hssc",
    "__hstc",
    "__hsfp",
    "hsctatracking",
    "hmb_campaign",
    "hmb_medium",
    "hmb_source",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "s_cid",
    "cmpid",
    "cm_mmc",
    "ncid",
    "ftag",
    "xtor",
    "at_medium",
    "at_campaign",
    "wt_mc",
    "wt_zmc",
    "wtrid",
    "vmcid",
    "os_ehash",
    "spm",
    "spm_id_from",
    "smid",
    "smtyp",
    // Mailers.
    "__s",
    "_bhlid",
    "_kx",
    "bsft_clkid",
    "bsft_uid",
    "et_rid",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "ml_subscriber",
    "ml_subscriber_hash",
    "ss_email_id",
    "vero_id",
    "vero_conv",
    "vgo_ee",
    // Social networks.
    "action_object_map",
    "action_ref_map",
    "action_type_map",
    "fb_action_ids",
    "fb_action_types",
    "fb_ref",
    "fb_source",
    "isappinstalled",
    "ref_src",
    "ref_url",
    "share_medium",
    "share_plat",
    "share_session_id",
    "share_source",
    "share_token",
    "vd_source",
    "__twitter_impression",
    // What viewers and caches of AMP add.
    "amp_gsa",
    "amp_js_v",
    "usqp",
    // Sessions.
    "cftoken",
    "jsessionid",
    "oscsid",
    "phpsessid",
    "zenid",
];

/// Names of sessions under which conferences list theirs, too.
const SESSIONS: [&str; 2] = ["sessionid", "session_id"];

/// How long a value of [`SESSIONS`] is at least that tells who reads: what nobody can guess is long.
const SESSION_BYTES: usize = 16;

/// Names that are only such with one of these values.
const PAIRS: [(&str, &[&str]); 1] = [("from", &["groupmessage", "singlemessage", "timeline"])];

/// Whether `parameter`, a `name=value` as it stands in a query, doesn't say which page is meant.
fn is_tracking(parameter: &str) -> bool {
    let Some((name, value)) = form_urlencoded::parse(parameter.as_bytes()).next() else { return false };
    let name = name.to_ascii_lowercase();
    NAMES.contains(&name.as_str())
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || PAIRS.iter().any(|(pair, values)| *pair == name && values.contains(&value.as_ref()))
        || SESSIONS.contains(&name.as_str()) && value.len() >= SESSION_BYTES
}

/// What is left of a query without them, in its order and spelling; `None` where nothing is.
pub(super) fn without_tracking(query: &str) -> Option<String> {
    let kept: Vec<&str> = query.split('&').filter(|p| !p.is_empty() && !is_tracking(p)).collect();
    (!kept.is_empty()).then(|| kept.join("&"))
}

/// An address as it stands on a page, absolute or not, without them.
pub fn address_without_tracking(address: &str) -> Cow<'_, str> {
    let (before, fragment) = address.split_at(address.find('#').unwrap_or(address.len()));
    let Some((path, query)) = before.split_once('?') else { return Cow::Borrowed(address) };
    // What stays is written as it was, `a&&b` too.
    if !query.split('&').any(is_tracking) {
        return Cow::Borrowed(address);
    }
    let kept = without_tracking(query).map(|q| format!("?{q}")).unwrap_or_default();
    Cow::Owned(format!("{path}{kept}{fragment}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_loses_them_and_nothing_else() {
        for (address, left) in [
            ("https://a.example/b?utm_source=x&id=7#c?utm_source=y", "https://a.example/b?id=7#c?utm_source=y"),
            ("../up?mc_cid=9#f", "../up#f"),
            ("?fbclid=1", ""),
            ("/a?b=1&&c", "/a?b=1&&c"),
            ("#utm_source=x", "#utm_source=x"),
            ("mailto:a@example.com?subject=x", "mailto:a@example.com?subject=x"),
        ] {
            assert_eq!(address_without_tracking(address), left);
        }
    }

    #[test]
    fn what_tells_who_reads_is_dropped_and_what_tells_the_page_is_kept() {
        for (query, left) in [
            ("utm_source=x&id=7&fbclid=y", Some("id=7")),
            ("UTM_Source=x&utm=1&%75tm_medium=y", None),
            ("&&", None),
            ("b=2&a=1&b=%20+", Some("b=2&a=1&b=%20+")),
            ("utmost=1&page=2", Some("utmost=1&page=2")),
            ("PHPSESSID=0123456789abcdef&sid=4", Some("sid=4")),
            ("ASPSESSIONIDQQSR=x", None),
            ("session_id=7", Some("session_id=7")),
            ("sessionid=0123456789abcdef&id=7", Some("id=7")),
            ("from=timeline&isappinstalled=0", None),
            ("from=2026-01-01&ref=home", Some("from=2026-01-01&ref=home")),
        ] {
            assert_eq!(without_tracking(query).as_deref(), left, "{query}");
        }
    }

    #[test]
    fn names_are_in_the_form_that_they_are_compared_in() {
        for name in NAMES.iter().chain(&PREFIXES) {
            assert_eq!(**name, name.to_ascii_lowercase());
        }
    }
}
