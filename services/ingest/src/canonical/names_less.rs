//! Declared addresses that name a section, or a script, where the page's own names one article in it: templates that say
//! so on every page would fold all of them into one.

use kos_shared::event::HttpUrl;
use url::form_urlencoded;

use super::{is_amp_path_of, is_front_page};

/// Names of parameters that tell the pages of a script apart, beside those that end in `id`; in lower case.
const IDS: [&str; 14] =
    ["p", "a", "n", "v", "no", "num", "number", "key", "doc", "item", "post", "news", "story", "article"];

/// How many hyphens a path's last part has at least that was made of an article's title.
const SLUG_HYPHENS: usize = 3;

/// How many digits stand at least in a row in a path's last part that tells one article; years have four.
const SLUG_DIGITS: usize = 5;

/// Whether what is declared names less than the page's own address.
pub(super) fn than(declared: &HttpUrl, page: &HttpUrl) -> bool {
    let (own, other) = (declared.as_url().path(), page.as_url().path());
    if is_front_page(page) || is_amp_path_of(other, own) || names_one_article(own) {
        return false;
    }
    let (own, other) = (own.trim_end_matches('/'), other.trim_end_matches('/'));
    match other.strip_prefix(own) {
        Some("") => drops_an_id(declared, page),
        Some(rest) => rest.starts_with('/'),
        None => false,
    }
}

/// Whether the last part of a path is an article's, so that what stands behind it (a number of its pages, a form for
/// printers) is another form of it.
fn names_one_article(path: &str) -> bool {
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let digits = last.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or_default();
    digits >= SLUG_DIGITS || last.matches('-').count() >= SLUG_HYPHENS
}

fn drops_an_id(declared: &HttpUrl, page: &HttpUrl) -> bool {
    let names = |url: &HttpUrl| {
        let query = url.as_url().query().unwrap_or_default().to_ascii_lowercase();
        form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name.into_owned()).collect::<Vec<_>>()
    };
    let kept = names(declared);
    let is_id = |name: &String| name.ends_with("id") || IDS.contains(&name.as_str());
    names(page).iter().any(|name| is_id(name) && !kept.contains(name))
}
