use kos_shared::event::{AiUse, Rights, Show};

use super::*;

fn said(pairs: &[(&str, &str)]) -> Vec<Said> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn decided(metas: &[(&str, &str)], outside: &Outside) -> Rights {
    let url = "https://news.example/paid/1".parse().unwrap();
    decide(&Claims { url: &url, metas: &said(metas), outside, now: "2026-01-22T05:00:00Z".parse().unwrap() })
}

fn on_page(metas: &[(&str, &str)]) -> Rights {
    decided(metas, &Outside::default())
}

fn in_headers(headers: &[(&str, &str)]) -> Rights {
    let headers = of_headers(headers.iter().map(|(name, value)| (*name, value.as_bytes())));
    decided(&[], &Outside { headers, ..Outside::default() })
}

fn on_site(file: &str, robots: &[&str]) -> Rights {
    let site = SiteClaims {
        tdm: if file.is_empty() { vec![] } else { tdm::rules(file).unwrap() },
        content_usage: robots.iter().map(|line| (*line).to_owned()).collect(),
        content_signal: vec![],
    };
    decided(&[], &Outside { site, ..Outside::default() })
}

#[test]
fn nothing_said_is_nothing_refused() {
    assert_eq!(on_page(&[]), Rights::default());
    let common = [("robots", "index, follow, max-snippet:-1, max-image-preview:large"), ("tdm-reservation", "0")];
    assert_eq!(on_page(&common), Rights::default());
    assert_eq!(mark(&Rights::default()), "");
}

#[test]
fn a_refusal_of_ai_says_where_it_stands() {
    for (rights, place) in [
        (on_page(&[("robots", "noai")]), "the page's robots meta tag says noai"),
        (on_page(&[("knowledgeos", "noai")]), "the page's knowledgeos meta tag says noai"),
        (in_headers(&[("X-Robots-Tag", "googlebot: noarchive, *: noai")]), "the x-robots-tag header says noai"),
        (in_headers(&[("Content-Usage", "ai-use=n")]), "the content-usage header says ai-use=n"),
        (on_site("", &["search=yes, ai-input=no"]), "the site's robots.txt says ai-input=no"),
        (on_page(&[("tdm-reservation", "1")]), "the page's tdm-reservation meta tag reserves"),
        (
            in_headers(&[("TDM-Reservation", "1"), ("tdm-policy", "https://n.example/p")]),
            "conditions at https://n.example/p",
        ),
        (on_site(r#"[{"location": "/paid/", "tdm-reservation": 1}]"#, &[]), "the site's tdmrep.json reserves"),
    ] {
        assert_eq!((rights.ai, rights.show), (AiUse::Refused, Show::Full), "{place}");
        assert!(rights.reason.as_deref().unwrap().contains(place), "{place:?} is not in {rights:?}");
    }
}

#[test]
fn a_path_in_one_list_of_robots_txt_overrides_nothing_in_the_other() {
    let rights = |usage: &str, signal: &str| {
        let (content_usage, content_signal) = (vec![usage.to_owned()], vec![signal.to_owned()]);
        let site = SiteClaims { content_usage, content_signal, ..SiteClaims::default() };
        decided(&[], &Outside { site, ..Outside::default() })
    };
    assert_eq!(rights("/paid/ train-ai=n", "ai-input=no").ai, AiUse::Refused);
    assert_eq!(rights("ai-use=n", "/paid/ ai-input=yes").ai, AiUse::Refused);
    assert_eq!(rights("/paid/ search=n", "search=yes").show, Show::None);
    assert_eq!(rights("/free/ ai-use=n", "/paid/ ai-input=yes").ai, AiUse::Allowed);
}

#[test]
fn what_is_never_done_here_is_noted_and_changes_nothing() {
    for (rights, note) in [
        (on_page(&[("robots", "noimageai")]), "noimageai"),
        (in_headers(&[("content-usage", "train-ai=n")]), "train-ai=n"),
        (on_site("", &["ai-train=no, search=yes"]), "ai-train=no"),
    ] {
        assert_eq!((rights.ai, rights.show), (AiUse::Allowed, Show::Full), "{note}");
        assert!(rights.reason.unwrap().contains(note));
    }
}

#[test]
fn a_limit_on_what_is_shown_says_where_it_stands() {
    for (rights, show, place) in [
        (on_page(&[("robots", "nosnippet")]), Show::None, "the page's robots meta tag says nosnippet"),
        (in_headers(&[("x-robots-tag", "max-snippet: 0")]), Show::None, "the x-robots-tag header says nosnippet"),
        (on_page(&[("robots", "max-snippet:120")]), Show::Excerpt, "max-snippet:120"),
        (on_page(&[("robots", "noarchive")]), Show::Excerpt, "noarchive"),
        (in_headers(&[("x-robots-tag", "unavailable_after: 2026-01-01")]), Show::None, "which has passed"),
        (in_headers(&[("x-robots-tag", "unavailable_after: 2027-01-01")]), Show::Excerpt, "unavailable_after 2027"),
        (in_headers(&[("content-usage", "search=n")]), Show::None, "search=n"),
        (on_site("", &["search=no"]), Show::None, "the site's robots.txt says search=n"),
    ] {
        assert_eq!((rights.ai, rights.show), (AiUse::Allowed, show), "{place}");
        assert!(rights.show_reason.as_deref().unwrap().contains(place), "{place:?} is not in {rights:?}");
    }
}

#[test]
fn of_several_limits_the_strictest_holds() {
    let rights = in_headers(&[("x-robots-tag", "max-snippet:200"), ("x-robots-tag", "max-snippet:90, noarchive")]);
    assert_eq!((rights.show, rights.max_snippet), (Show::Excerpt, Some(90)));
    let both = on_page(&[("robots", "noarchive"), ("knowledgeos", "nosnippet")]);
    assert_eq!(both.show, Show::None);
    assert!(both.show_reason.unwrap().contains("nosnippet"));
}

#[test]
fn a_page_kept_out_of_search_may_be_read() {
    let rights = on_page(&[("robots", "noindex, nofollow")]);
    assert_eq!((rights.show, rights.noindex), (Show::Full, true));
    assert_eq!(mark(&rights), "noindex");
}

#[test]
fn the_page_overrides_the_header_and_that_the_file_about_mining() {
    let file = tdm::rules(r#"[{"location": "/", "tdm-reservation": 1}]"#).unwrap();
    let site = SiteClaims { tdm: file, ..SiteClaims::default() };
    let by = |headers: &[(&str, &str)], metas: &[(&str, &str)]| {
        decided(metas, &Outside { headers: said(headers), site: site.clone(), ..Outside::default() }).ai
    };
    assert_eq!(by(&[], &[]), AiUse::Refused);
    assert_eq!(by(&[("tdm-reservation", "0")], &[]), AiUse::Allowed);
    assert_eq!(by(&[("tdm-reservation", "0")], &[("tdm-reservation", "1")]), AiUse::Refused);
    assert_eq!(by(&[("tdm-reservation", "1")], &[("tdm-reservation", "0")]), AiUse::Allowed);
    assert_eq!(by(&[], &[("tdm-reservation", "yes")]), AiUse::Refused, "what is no value overrides nothing");
}

#[test]
fn the_operator_tightens_and_never_loosens() {
    let with = |policy: Policy, metas: &[(&str, &str)]| {
        let mut rights = on_page(metas);
        policy.tighten(&mut rights);
        rights
    };
    assert_eq!(with(Policy::Full, &[("robots", "nosnippet, noai")]).show, Show::None);
    assert_eq!(with(Policy::Full, &[("robots", "noai")]).ai, AiUse::Refused);
    assert_eq!(with(Policy::Full, &[]), Rights::default());
    let summary = with(Policy::Summary, &[("robots", "max-snippet:50")]);
    assert_eq!((summary.show, summary.max_snippet), (Show::Summary, Some(50)));
    assert_eq!(summary.show_reason.as_deref(), Some("the operator's policy for this source is summary"));
    assert_eq!(mark(&summary), "summary 50");
}

#[test]
fn no_value_is_too_odd() {
    let long = "noindex,".repeat(100_000);
    let odd =
        ["\u{0}", "é".repeat(9_000).as_str(), long.as_str(), "unavailable_after:", "max-snippet:99999999999999999999"]
            .map(str::to_owned);
    for value in &odd {
        let metas: Vec<_> = META_NAMES.iter().map(|name| (*name, value.as_str())).collect();
        on_page(&metas);
        let headers: Vec<_> = HEADER_NAMES.iter().map(|name| (*name, value.as_str())).collect();
        in_headers(&headers);
    }
}
