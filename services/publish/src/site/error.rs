//! Pages that say why there is no page.

use std::borrow::Cow;

use askama::Template;

use super::{Frame, Messages, SiteInfo, rendered};

/// Why there is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorPage<'a> {
    /// Nothing is at this address.
    NotFound,
    /// An article was here and is retracted.
    Gone {
        /// Why, as the retraction says.
        reason: &'a str,
    },
    /// The site failed. What failed stands in the log, not on the page.
    Internal,
}

impl ErrorPage<'_> {
    /// The status of the response.
    pub fn status(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::Gone { .. } => 410,
            Self::Internal => 500,
        }
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct Page<'a> {
    frame: Frame<'a>,
    status: u16,
    title: Cow<'a, str>,
    text: Cow<'a, str>,
    reason: Option<&'a str>,
}

/// The page for an error.
pub fn render_error(site: &SiteInfo, messages: &Messages, error: ErrorPage<'_>) -> String {
    let (title, text, reason) = match error {
        ErrorPage::NotFound => (messages.text("error-not-found"), messages.text("error-not-found-text"), None),
        ErrorPage::Gone { reason } => (messages.text("error-gone"), messages.text("error-gone-text"), Some(reason)),
        ErrorPage::Internal => (messages.text("error-internal"), messages.text("error-internal-text"), None),
    };
    rendered(&Page { frame: Frame::new(site, messages), status: error.status(), title, text, reason })
}

#[cfg(test)]
mod tests {
    use super::{super::fixtures, *};
    use crate::site::messages::{CHINESE, ENGLISH};

    #[test]
    fn a_retraction_gives_its_reason_as_text() {
        let gone = ErrorPage::Gone { reason: fixtures::HOSTILE };
        let html = render_error(&fixtures::site(), &CHINESE, gone);
        assert!(html.contains("原因：") && html.contains("&#60;script&#62;"), "{html}");
        assert!(!html.contains("<script>"), "{html}");
        assert_eq!(gone.status(), 410);
    }

    #[test]
    fn an_error_is_kept_out_of_search_engines() {
        for error in [ErrorPage::NotFound, ErrorPage::Internal] {
            let html = render_error(&fixtures::site(), &ENGLISH, error);
            assert!(html.contains(r#"<meta name="robots" content="noindex">"#), "{html}");
        }
    }
}
