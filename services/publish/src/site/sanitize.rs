//! The site's output policy for article bodies.
//!
//! What comes over the bus was sanitized at ingest; it is sanitized here again, because whoever can
//! publish on the subject can put anything there. A policy decides what may stand at all, then
//! an outline makes a body fit into a page that has its own `h1` and loads nothing.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use ammonia::{Builder, UrlRelative};
use kos_shared::event::Language;

use super::{depth, outline::outlined};

/// The elements that may stand in a body.
const TAGS: &str = "a abbr b bdi bdo blockquote br caption cite code dd del details dfn div dl dt em figcaption figure \
    h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp small strong sub summary sup \
    table tbody td tfoot th thead time tr u ul var";

/// How deep a body may be nested. Unclosed `p` and `li` count too, so there is room for a long list.
const MAX_DEPTH: usize = 2_000;

/// What every link of a body says: no trace of this site, and no word for the other.
pub(super) const LINK_REL: &str = "nofollow noopener noreferrer external";

/// What may stand in a body. No `id`, `class` or `style`: a body can't imitate the page around it,
/// and its anchors can't collide with the page's own.
static POLICY: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut policy = Builder::empty();
    policy
        .tags(TAGS.split_whitespace().collect())
        .clean_content_tags(HashSet::from([
            "script", "style", "template", "noscript", "iframe", "object", "svg", "math",
        ]))
        .generic_attributes(HashSet::from(["dir", "lang"]))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href", "hreflang"])),
            ("abbr", HashSet::from(["title"])),
            ("img", HashSet::from(["alt", "src"])),
            ("li", HashSet::from(["value"])),
            ("ol", HashSet::from(["reversed", "start"])),
            ("td", HashSet::from(["colspan", "rowspan"])),
            ("th", HashSet::from(["colspan", "rowspan", "scope"])),
            ("time", HashSet::from(["datetime"])),
        ]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        // Ingest made addresses absolute; one that isn't would point into this site.
        .url_relative(UrlRelative::Deny)
        .link_rel(Some(LINK_REL))
        .attribute_filter(|_, attribute, value| plausible(attribute, value).then_some(Cow::Borrowed(value)));
    policy
});

/// Whether an attribute that the policy allows has a value that HTML allows there.
fn plausible(attribute: &str, value: &str) -> bool {
    match attribute {
        "lang" | "hreflang" => value.parse::<Language>().is_ok(),
        "dir" => matches!(value, "ltr" | "rtl" | "auto"),
        "colspan" | "rowspan" => value.parse().is_ok_and(|n: u16| (1..=1000).contains(&n)),
        "start" | "value" => value.parse::<i32>().is_ok(),
        "scope" => matches!(value, "row" | "col" | "rowgroup" | "colgroup"),
        _ => true,
    }
}

/// An article's body as the site shows it: sanitized, its headings from `h2` downwards without gaps,
/// with links in the place of images (see [`images`](super::images)) and without the empty elements that images leave behind.
///
/// A body that is nested more than 2,000 deep becomes plain text, tags and all: no text needs it,
/// and the time to parse it grows with the square of its depth.
pub fn site_body(html: &str) -> String {
    if depth::exceeds(html, MAX_DEPTH) {
        return format!("<p>{}</p>", html.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
    }
    outlined(&POLICY.clean(html).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_or_loads_is_gone() {
        let hostile = r#"<p onclick="x()" style="color:red" class="a" id="main">text<script>alert(1)</script>
            <img src="https://tracker.example/p.gif" onerror="x()"><svg onload="x()"></svg><iframe src="//x"></iframe>
            <a href="javascript:alert(1)">one</a> <a href="data:text/html,x">two</a> <a href="/desk">three</a></p>
            <form action="/x"><input name="y"><button>go</button></form><style>*{display:none}</style><base href="//x">"#;
        let body = site_body(hostile);
        for bad in [
            "script", "alert", "on", "style=", "class=", "id=", "href", "src", "svg", "iframe", "form", "input", "base",
        ] {
            assert!(
                !body.replace("one", "").replace("nofollow noopener noreferrer", "").contains(bad),
                "{bad} in {body}"
            );
        }
    }

    #[test]
    fn links_lead_out_without_a_trace() {
        assert_eq!(
            site_body(
                r#"<p><a href="https://example.com/a?b=1&amp;c=2" target="_top" ping="https://x.example/">there</a></p>"#
            ),
            r#"<p><a href="https://example.com/a?b=1&amp;c=2" rel="nofollow noopener noreferrer external">there</a></p>"#
        );
    }

    /// The policy with what the outline adds to it, and without what it takes out.
    fn policy_of_output() -> Builder<'static> {
        let mut policy = Builder::empty();
        policy
            .tags(POLICY.clone_tags())
            .rm_tags(["img", "h1"])
            .generic_attributes(POLICY.clone_generic_attributes())
            .tag_attributes(POLICY.clone_tag_attributes())
            .add_tag_attributes("div", ["class", "tabindex"])
            .add_tag_attributes("p", ["class"])
            .add_tag_attributes("a", ["class"])
            .url_schemes(POLICY.clone_url_schemes())
            .url_relative(UrlRelative::Deny)
            .link_rel(Some(LINK_REL));
        policy
    }

    #[test]
    fn what_is_written_is_what_the_policy_allows() {
        let tricks = [
            r#"<p><abbr title="</p><h1>&quot;><img alt='x'>">HTML</abbr></p><h1>x</h1>"#,
            "<table><tr><td><h1>a</h1><table><tr><td>b</td></tr></table><a href='http://x/\">'></a></td></tr></table>",
            "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
            "<a href=http://x/><p><b>x</a></b><figure><figure><img alt=&lt;&quot;&gt;></figure>",
            "<p>1 < 2 > 0 &lt;script&gt; <",
            "<figure><table><tr><td><img alt=a></figure></table>",
        ];
        let output = policy_of_output();
        for html in tricks {
            let body = site_body(html);
            assert_eq!(output.clean(&body).to_string(), body, "from {html}");
        }
    }

    #[test]
    fn attributes_with_impossible_values_go() {
        let body = site_body(r#"<p lang="not a tag" dir="up">a</p><p lang="zh-Hans" dir="rtl">b</p>"#);
        assert_eq!(body, r#"<p>a</p><p lang="zh-Hans" dir="rtl">b</p>"#);
    }

    #[test]
    fn a_body_that_is_nothing_but_depth_is_text() {
        let body = site_body(&"<ul><LI>".repeat(30_000));
        assert!(body.starts_with("<p>&lt;ul&gt;") && body.ends_with("&lt;LI&gt;</p>"), "{}", &body[..100]);
        let long = "<p>one<br>two<hr><p>three</p>".repeat(1_000);
        assert_eq!(site_body(&long).matches("three").count(), 1_000);
    }

    #[test]
    fn a_deep_body_keeps_its_text() {
        let deep = format!("{}x{}", "<div><b>".repeat(2_000), "</b></div>".repeat(2_000));
        assert!(site_body(&deep).contains('x'));
    }
}
