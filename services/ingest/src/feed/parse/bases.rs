//! What addresses are relative to: `xml:base`, within bounds.

use std::rc::Rc;

use url::Url;

/// The longest base, in bytes: that of the longest address that is taken.
const MAX_BYTES: usize = 2_048;

/// How many bytes all bases of a document may have together. Each is made of the one around it, so that a few letters
/// could stand for thousands.
const MAX_ALL_BYTES: usize = 4 * 1024 * 1024;

/// A base that was made: of the one around it and of what is written, and what it came to.
type Made = (Option<Rc<Url>>, String, Option<Rc<Url>>);

/// The bases of a document that was found at `url`.
pub(super) struct Bases<'a> {
    url: &'a Url,
    /// Many elements say the same one after another.
    last: Option<Made>,
    bytes: usize,
    left_out: bool,
}

impl<'a> Bases<'a> {
    pub(super) fn new(url: &'a Url) -> Self {
        Self { url, last: None, bytes: 0, left_out: false }
    }

    /// Whether some were left out.
    pub(super) fn are_too_many(&self) -> bool {
        self.left_out
    }

    /// The base of an element on which `written` stands within `around`; that one still where nothing can be made of it.
    pub(super) fn within(&mut self, around: Option<Rc<Url>>, written: &str) -> Option<Rc<Url>> {
        if let Some((before, text, made)) = &self.last
            && text == written
            && before.as_ref().map(Rc::as_ptr) == around.as_ref().map(Rc::as_ptr)
        {
            return made.clone();
        }
        if written.len() > MAX_BYTES || self.bytes > MAX_ALL_BYTES {
            self.left_out = true;
            return around;
        }
        let joined = around.as_deref().unwrap_or(self.url).join(written).ok().filter(|url| !url.cannot_be_a_base());
        self.bytes += joined.as_ref().map_or(written.len(), |url| url.as_str().len());
        let is_long = joined.as_ref().is_some_and(|url| url.as_str().len() > MAX_BYTES);
        self.left_out |= is_long;
        let made = joined.filter(|_| !is_long).map(Rc::new).or_else(|| around.clone());
        self.last = Some((around, written.to_owned(), made.clone()));
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_bases_are_one_and_long_ones_none() {
        let url: Url = "https://a.example/feed".parse().unwrap();
        let mut bases = Bases::new(&url);
        let one = bases.within(None, "x/").unwrap();
        assert_eq!(one.as_str(), "https://a.example/x/");
        assert!(Rc::ptr_eq(&one, &bases.within(None, "x/").unwrap()));
        assert_eq!(bases.within(Some(one.clone()), "y/").unwrap().as_str(), "https://a.example/x/y/");
        assert!(!bases.are_too_many());
        assert!(Rc::ptr_eq(&one, &bases.within(Some(one.clone()), &"z".repeat(2_100)).unwrap()));
        assert!(bases.are_too_many());
    }

    #[test]
    fn bases_that_differ_have_a_bound_together() {
        let url: Url = format!("https://a.example/{}/", "x".repeat(2_000)).parse().unwrap();
        let mut bases = Bases::new(&url);
        let made = (0..10_000).filter(|n| bases.within(None, &n.to_string()).is_some()).count();
        assert!((2_000..2_200).contains(&made) && bases.are_too_many(), "{made}");
    }
}
