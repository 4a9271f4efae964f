//! What crawlers and machines are told about an article, as its publisher would tell them.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use kos_shared::event::{AiUse, Rights};

/// The header of robots directives.
const X_ROBOTS_TAG: HeaderName = HeaderName::from_static("x-robots-tag");

/// The header of the TDM Reservation Protocol.
const TDM_RESERVATION: HeaderName = HeaderName::from_static("tdm-reservation");

/// The robots directives that a publisher would give for this article, as far as they are known.
pub(super) fn directives(rights: &Rights) -> Option<String> {
    let said = [
        rights.noindex.then(|| "noindex".to_owned()),
        (rights.ai == AiUse::Refused).then(|| "noai, noimageai".to_owned()),
        rights.max_snippet.map(|characters| format!("max-snippet:{characters}")),
    ];
    let said: Vec<_> = said.into_iter().flatten().collect();
    (!said.is_empty()).then(|| said.join(", "))
}

/// The same as headers of an answer that shows these articles: what one of them asks for holds for all of it.
pub fn crawler_headers<'r>(articles: impl IntoIterator<Item = &'r Rights>) -> HeaderMap {
    let mut all = Rights::default();
    for rights in articles {
        all.noindex |= rights.noindex;
        all.max_snippet = all.max_snippet.into_iter().chain(rights.max_snippet).min();
        if rights.ai == AiUse::Refused {
            all.ai = AiUse::Refused;
        }
    }
    let mut headers = HeaderMap::new();
    // Words and digits always are a header's value.
    if let Some(value) = directives(&all).and_then(|said| HeaderValue::from_str(&said).ok()) {
        headers.insert(X_ROBOTS_TAG, value);
    }
    if all.ai == AiUse::Refused {
        headers.insert(TDM_RESERVATION, HeaderValue::from_static("1"));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_carries_what_the_strictest_of_its_articles_asks_for() {
        let reserved = Rights { ai: AiUse::Refused, max_snippet: Some(200), ..Rights::default() };
        let unlisted = Rights { noindex: true, max_snippet: Some(90), ..Rights::default() };
        let headers = crawler_headers([&reserved, &Rights::default(), &unlisted]);
        assert_eq!(headers[X_ROBOTS_TAG], "noindex, noai, noimageai, max-snippet:90");
        assert_eq!(headers[TDM_RESERVATION], "1");
        assert!(crawler_headers([&Rights::default()]).is_empty());
        assert!(!crawler_headers([&unlisted]).contains_key(TDM_RESERVATION));
    }
}
