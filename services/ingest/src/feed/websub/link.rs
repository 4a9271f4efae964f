//! The links of an answer's headers that matter here: `Link: <…>; rel="hub"` (RFC 8288).

use kos_shared::event::HttpUrl;
use reqwest::header::{HeaderMap, LINK};

/// The most links of one answer that are looked at.
const MOST: usize = 64;

/// What headers say of a feed's hub, and of where a page is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// The first hub.
    pub hub: Option<HttpUrl>,
    /// What the feed is called there (`rel=self`).
    pub topic: Option<HttpUrl>,
    /// The address that a page is known by (`rel=canonical`, RFC 6596).
    pub canonical: Option<HttpUrl>,
}

impl Links {
    /// The links of an answer that came from `found_at`.
    pub fn of(headers: &HeaderMap, found_at: &HttpUrl) -> Self {
        let mut links = Self::default();
        let values = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
        for (target, relations) in values.flat_map(Values).take(MOST) {
            let url = || found_at.as_url().join(target).ok().and_then(|url| HttpUrl::try_from(url).ok());
            for relation in relations.split_ascii_whitespace() {
                match relation.to_ascii_lowercase().as_str() {
                    "hub" => links.hub = links.hub.or_else(url),
                    "self" => links.topic = links.topic.or_else(url),
                    "canonical" => links.canonical = links.canonical.or_else(url),
                    _ => {}
                }
            }
        }
        links
    }
}

/// The links in a field's value: target and relations. What follows after something that is no link is passed over.
struct Values<'a>(&'a str);

impl<'a> Iterator for Values<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let (target, mut rest) = self.0.split_once('<')?.1.split_once('>')?;
        let mut relations = None;
        while let Some(parameter) = rest.trim_start().strip_prefix(';') {
            let name_ends = parameter.find(['=', ';', ',']).unwrap_or(parameter.len());
            let (name, after) = parameter.split_at(name_ends);
            let value = match after.strip_prefix('=') {
                None => {
                    rest = after;
                    continue;
                }
                Some(after) => after.trim_start(),
            };
            let (value, after) = match value.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => value.split_at(value.find([';', ',']).unwrap_or(value.len())),
            };
            if name.trim().eq_ignore_ascii_case("rel") {
                // The first one counts (section 3.3).
                relations = relations.or(Some(value.trim()));
            }
            rest = after;
        }
        self.0 = rest;
        Some((target, relations.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> (Option<String>, Option<String>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(LINK, value.parse().unwrap());
        }
        let links = Links::of(&headers, &"https://a.example/feeds/all".parse().unwrap());
        (links.hub.map(String::from), links.topic.map(String::from))
    }

    fn some(hub: &str, topic: &str) -> (Option<String>, Option<String>) {
        (Some(hub.to_owned()), Some(topic.to_owned()))
    }

    #[test]
    fn hub_and_topic_are_found_however_they_are_written() {
        let expected = some("https://hub.example/", "https://a.example/feeds/x");
        assert_eq!(of(&["<https://hub.example/>; rel=\"hub\"", "<x>; rel=self"]), expected);
        assert_eq!(
            of(&["<https://hub.example/>;rel=hub, </feeds/x>; title=\"a, <b>; c\" ; REL=\"alternate Self\""]),
            expected
        );
        assert_eq!(
            of(&[
                "<https://hub.example/>; rel=hub; rel=self, <x>; crossorigin; rel=self, <https://b.example/>; rel=hub"
            ]),
            expected
        );
    }

    #[test]
    fn a_pages_canonical_address_is_found() {
        let mut headers = HeaderMap::new();
        headers.insert(LINK, "</style.css>; rel=preload, </news/1>; rel=\"canonical\"".parse().unwrap());
        let links = Links::of(&headers, &"https://a.example/news/1?x=2".parse().unwrap());
        assert_eq!(links.canonical.unwrap().as_str(), "https://a.example/news/1");
    }

    #[test]
    fn what_is_no_link_names_nothing() {
        for value in
            ["", "hub", "<", "<x", "<x>", "<x>;", "<x>; rel", "<x>; rel=", "<x>; rel=\"hub", "<javascript:x>; rel=hub"]
        {
            let found = of(&[value]);
            assert!(matches!(found, (None, None)) || value.ends_with("\"hub"), "{value} {found:?}");
        }
        let many = "<x>; rel=next,".repeat(MOST) + "<y>; rel=hub";
        assert_eq!(of(&[&many]), (None, None));
    }
}
