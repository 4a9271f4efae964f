//! The one address that an article is known by.
//!
//! A page may say so itself (`<link rel=canonical>`, `og:url`); it is believed where that can be true. Else it is where
//! the page was found after all redirects. Either is written in one way: the same page under two spellings would be two
//! articles, and two pages under one spelling would be two revisions of one, so only what makes no difference anywhere
//! is folded. Host and path of an AMP or mobile variant are folded where its page names the other one, which AMP asks
//! for and nearly all mobile pages do: `m.` and `/amp` by themselves may be all there is.

mod amp;
mod names_less;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use kos_shared::{address::normal, event::HttpUrl};

/// Beginnings of hosts that show another form of the pages of the host without them.
const VARIANT_PREFIXES: [&str; 6] = ["m.", "mobile.", "amp.", "wap.", "3g.", "touch."];

/// The label that does the same behind a host's first one: `en.m.wikipedia.org`.
const VARIANT_INFIX: &str = ".m.";

/// Ends of the paths of AMP variants, and what stands there otherwise.
const AMP_ENDS: [(&str, &str); 4] = [("/amp/", "/"), ("/amp", ""), (".amp.html", ".html"), (".amp", "")];

/// Paths of front pages, in lower case and without a slash at the end.
const FRONT_PAGES: [&str; 9] = [
    "",
    "/home",
    "/index.html",
    "/index.htm",
    "/index.php",
    "/index.asp",
    "/index.aspx",
    "/default.asp",
    "/default.aspx",
];

/// The canonical address of the page that was found at `page`: the first of the addresses that it declares that can be
/// true, else where it was found.
///
/// A declared address can be true where it is on the same site, `www.` and variants included; is not the front page
/// while the page isn't (templates that say so on every page would fold a site into one article); is not a variant of
/// the page; does not name less than the page's address (a section, or a script without the number that tells its pages
/// apart); and is no template that was never filled in. It never takes a page back from https to http, nor to another
/// port.
///
/// The address in the path of an AMP viewer or cache is the requester's word. So it never is the page's by itself: it is
/// another place where the page was found, and what the page declares is believed where it can be true there.
pub fn canonical_url<'d>(page: &HttpUrl, declared: impl IntoIterator<Item = &'d HttpUrl>) -> HttpUrl {
    let page = normal(page);
    let shown = amp::inside(&page).map(|inside| normal(&inside));
    let is_true = |declared: &HttpUrl, place: &HttpUrl| {
        let declared = secured(normal(declared), place);
        is_believable(&declared, place).then_some(declared)
    };
    let mut declared = declared.into_iter().map(|declared| amp::inside(declared).unwrap_or_else(|| declared.clone()));
    let believed =
        declared.find_map(|d| shown.as_ref().and_then(|shown| is_true(&d, shown)).or_else(|| is_true(&d, &page)));
    believed.unwrap_or(page)
}

/// The address of the page that an AMP viewer or cache shows, by the address that it has there; `None` for any other one.
/// It is whose page that claims to be, and no proof.
pub fn shown_url(url: &HttpUrl) -> Option<HttpUrl> {
    amp::inside(url)
}

fn is_believable(declared: &HttpUrl, page: &HttpUrl) -> bool {
    site(declared.host()) == site(page.host())
        && declared.as_url().port() == page.as_url().port()
        && (is_front_page(page) || !is_front_page(declared))
        && !is_variant_of(declared, page)
        && !names_less::than(declared, page)
        && !is_unfilled(declared)
        && (declared.as_url().scheme() == "https" || page.as_url().scheme() == "http")
}

/// A declared address over https where the page came that way: templates forget to follow their site there.
fn secured(declared: HttpUrl, page: &HttpUrl) -> HttpUrl {
    let mut url = declared.as_url().clone();
    let forgotten = page.as_url().scheme() == "https" && url.scheme() == "http" && url.port().is_none();
    if forgotten && url.set_scheme("https").is_ok() {
        return HttpUrl::try_from(url).unwrap_or(declared);
    }
    declared
}

/// The site that a host is one of: the host without what tells variants apart, once.
pub fn site(host: &str) -> Cow<'_, str> {
    let www = host.strip_prefix("www.").filter(|rest| rest.contains('.')).map(Cow::Borrowed);
    www.or_else(|| without_variant(host)).unwrap_or(Cow::Borrowed(host))
}

/// The host that a variant's belongs to; `None` where it is no variant's.
fn without_variant(host: &str) -> Option<Cow<'_, str>> {
    let behind = VARIANT_PREFIXES.iter().find_map(|prefix| host.strip_prefix(prefix)).filter(|rest| rest.contains('.'));
    behind.map(Cow::Borrowed).or_else(|| {
        let (first, rest) = host.split_once(VARIANT_INFIX)?;
        let is_one = !first.contains('.') && rest.contains('.') && !may_be_shared(rest);
        is_one.then(|| Cow::Owned(format!("{first}.{rest}")))
    })
}

/// Whether names under this one may belong to anybody, as those under `co.uk` do.
fn may_be_shared(host: &str) -> bool {
    let (name, ending) = host.split_once('.').unwrap_or((host, ""));
    !ending.contains('.') && ending.len() == 2 && name.len() <= 3
}

/// Whether an address is the AMP or mobile form of a page that is in its usual form.
fn is_variant_of(declared: &HttpUrl, page: &HttpUrl) -> bool {
    let is_amp = is_amp_path_of(declared.as_url().path(), page.as_url().path());
    is_amp || without_variant(declared.host()).is_some() && without_variant(page.host()).is_none()
}

/// Whether a path is the AMP form of a page's.
fn is_amp_path_of(amp: &str, page: &str) -> bool {
    AMP_ENDS.iter().any(|(end, usual)| {
        amp.strip_suffix(end).is_some_and(|start| {
            page.strip_prefix(start).is_some_and(|rest| rest.trim_end_matches('/') == usual.trim_end_matches('/'))
        })
    })
}

/// Whether an address is that of a site's front page, in any language.
fn is_front_page(url: &HttpUrl) -> bool {
    let url = url.as_url();
    let path = url.path().trim_end_matches('/').to_ascii_lowercase();
    let is_language = |tag: &str| {
        let mut parts = tag.splitn(2, ['-', '_']);
        parts.all(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_alphabetic()))
    };
    let is_front = FRONT_PAGES.contains(&path.as_str()) || path.strip_prefix('/').is_some_and(is_language);
    is_front && url.query().is_none_or(str::is_empty) && url.fragment().is_none()
}

/// Whether a template's placeholder is still in an address.
fn is_unfilled(url: &HttpUrl) -> bool {
    let text = url.as_str();
    let last = url.as_url().path_segments().and_then(|mut segments| segments.next_back());
    ["{{", "%7B%7B", "${", "$%7B", "<%", "%3C%"].iter().any(|mark| text.contains(mark))
        || last.is_some_and(|last| matches!(last, "undefined" | "null" | "NaN"))
}
