//! Bodies of articles as HTML that may stand on a page of ours.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use ammonia::{Builder, UrlRelative};
use kos_shared::{address::address_without_tracking, event::HttpUrl};

use crate::decode::without_controls;

/// What may stand in a body: text and its structure. Nothing that runs, loads or asks.
static TAGS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    "a abbr article b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt \
     em figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp section \
     small span strong sub summary sup table tbody td tfoot th thead time tr u ul var wbr"
        .split_whitespace()
        .collect()
});

/// What goes with all that is in it; of other elements that may not stand, the content stays.
static DROPPED_WHOLE: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    HashSet::from([
        "audio", "button", "canvas", "embed", "iframe", "math", "noscript", "object", "script", "select", "style",
        "svg", "template", "textarea", "title", "video",
    ])
});

static ATTRIBUTES: LazyLock<HashMap<&'static str, HashSet<&'static str>>> = LazyLock::new(|| {
    HashMap::from([
        ("a", HashSet::from(["href", "hreflang"])),
        ("bdo", HashSet::from(["dir"])),
        ("blockquote", HashSet::from(["cite"])),
        ("col", HashSet::from(["span"])),
        ("colgroup", HashSet::from(["span"])),
        ("img", HashSet::from(["alt", "height", "src", "width"])),
        ("ol", HashSet::from(["reversed", "start"])),
        ("q", HashSet::from(["cite"])),
        ("td", HashSet::from(["colspan", "rowspan"])),
        ("th", HashSet::from(["colspan", "rowspan", "scope"])),
        ("time", HashSet::from(["datetime"])),
    ])
});

/// Attributes that any element may have.
static ANYWHERE: LazyLock<HashSet<&'static str>> = LazyLock::new(|| HashSet::from(["dir", "lang", "title"]));

static SCHEMES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| HashSet::from(["http", "https", "mailto"]));

/// A fragment of HTML from the page at `base`, safe to show: only text, its structure, links and images,
/// with absolute addresses.
pub fn sanitize(html: &str, base: &HttpUrl) -> String {
    // The base address is a setting of the builder, so there is one a page; its sets are made once.
    let mut builder = Builder::empty();
    builder
        .tags(TAGS.clone())
        .clean_content_tags(DROPPED_WHOLE.clone())
        .tag_attributes(ATTRIBUTES.clone())
        .generic_attributes(ANYWHERE.clone())
        .url_schemes(SCHEMES.clone())
        .url_relative(UrlRelative::RewriteWithBase(base.as_url().clone()))
        .link_rel(Some("nofollow noopener noreferrer"))
        .attribute_filter(attribute);
    without_controls(Cow::Owned(builder.clean(html).to_string()))
}

/// What an attribute that may stand may say.
fn attribute<'v>(element: &str, name: &str, value: &'v str) -> Option<Cow<'v, str>> {
    let web = || !value.trim_start().to_ascii_lowercase().starts_with("mailto:");
    let number = || !value.is_empty() && value.len() <= 5 && value.bytes().all(|b| b.is_ascii_digit());
    let kept = match (element, name) {
        ("img", "src") => web(),
        // ammonia doesn't know `cite` for an address.
        (_, "cite") => value.starts_with("https://") || value.starts_with("http://"),
        (_, "width" | "height" | "colspan" | "rowspan" | "span" | "start") => number(),
        (_, "dir") => matches!(value, "ltr" | "rtl" | "auto"),
        _ => true,
    };
    kept.then(|| match name {
        // Who follows a link out of an article is not to be told apart by it.
        "href" | "src" | "cite" => address_without_tracking(value),
        _ => Cow::Borrowed(value),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(html: &str) -> String {
        sanitize(html, &"https://example.com/news/1".parse().unwrap())
    }

    #[test]
    fn text_and_its_structure_stay() {
        for html in [
            "<h2>Title</h2><p lang=\"en\" dir=\"ltr\">A <em>b</em> <strong>c</strong> H<sub>2</sub>O</p>",
            "<ul><li>one</li></ul><ol><li>two</li></ol>",
            "<table><tbody><tr><td colspan=\"2\">x</td></tr></tbody></table>",
            "<figure><img src=\"https://example.com/a.png\" alt=\"A\" width=\"3\" height=\"4\"><figcaption>c</figcaption></figure>",
            "<blockquote>q</blockquote><pre><code>x &lt; y</code></pre>",
            "<ruby>漢<rt>かん</rt></ruby>",
        ] {
            assert_eq!(clean(html), html);
        }
    }

    #[test]
    fn what_runs_loads_or_asks_is_gone() {
        for (html, safe) in [
            ("a<script>alert(1)</script>b", "ab"),
            ("a<style>p{}</style><iframe src=x>y</iframe>b", "ab"),
            ("a<video><source src=v>Upgrade</video><audio src=x>No audio here</audio>b", "ab"),
            ("<form action=x><input name=n>text<button>go</button></form>", "text"),
            ("<p onclick=x() style=color:red class=c id=i>a</p>", "<p>a</p>"),
            ("<svg><script>alert(1)</script><a xlink:href='javascript:x'>t</a></svg>b", "b"),
            ("<a href='javascript:alert(1)'>t</a>", "<a rel=\"nofollow noopener noreferrer\">t</a>"),
            ("<a href=' jAvAsCrIpT:alert(1)'>t</a>", "<a rel=\"nofollow noopener noreferrer\">t</a>"),
            ("<img src='data:image/png;base64,AAAA' alt=x>", "<img alt=\"x\">"),
            ("<img src='mailto:a@b' onerror=x()>", "<img>"),
            ("<img src=a.png srcset='x 2x' width=100%>", "<img src=\"https://example.com/news/a.png\">"),
            ("<q cite='javascript:x'>t</q>", "<q>t</q>"),
            ("<!-- c --><p>a&#0;&#1;b</p>", "<p>a\u{fffd}b</p>"),
        ] {
            assert_eq!(clean(html), safe, "{html}");
        }
    }

    #[test]
    fn addresses_do_not_tell_where_a_reader_comes_from() {
        assert_eq!(
            clean(
                "<a href='https://a.example/x?utm_source=s&amp;id=7&amp;fbclid=f#g'>t</a><img src='/i.png?utm_campaign=x'>"
            ),
            "<a href=\"https://a.example/x?id=7#g\" rel=\"nofollow noopener noreferrer\">t</a>\
             <img src=\"https://example.com/i.png\">"
        );
    }

    #[test]
    fn addresses_are_absolute() {
        let html =
            "<a href='/x?a=1&amp;b=2'>t</a><a href='#s'>u</a><a href='mailto:a@b.c'>m</a><img src='//cdn.net/i.png'>";
        let rel = "rel=\"nofollow noopener noreferrer\"";
        assert_eq!(
            clean(html),
            format!(
                "<a href=\"https://example.com/x?a=1&amp;b=2\" {rel}>t</a><a href=\"https://example.com/news/1#s\" {rel}>u</a>\
                 <a href=\"mailto:a@b.c\" {rel}>m</a><img src=\"https://cdn.net/i.png\">"
            )
        );
    }
}
