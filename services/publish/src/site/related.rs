//! Related news, as a section of an article's page.

use super::{Messages, article::Time, languages, page_path};
use crate::related::Related;

/// A related article as a line.
pub(super) struct RelatedLine<'a> {
    pub(super) path: String,
    pub(super) title: &'a str,
    pub(super) lang: &'a str,
    pub(super) site_name: &'a str,
    pub(super) time: Time,
}

/// The lines of the section.
pub(super) fn related_lines<'a>(messages: &Messages, related: &'a [Related]) -> Vec<RelatedLine<'a>> {
    let line = |other: &'a Related| RelatedLine {
        path: page_path(other.article_id),
        title: &other.title,
        lang: languages::lang(&other.language),
        site_name: &other.site_name,
        time: Time { machine: super::article::seconds(other.time), shown: messages.date(other.time) },
    };
    related.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use kos_shared::event::{ArticleId, Language};

    use super::{super::fixtures, *};
    use crate::site::{
        Sections,
        messages::{CHINESE, ENGLISH},
        render_article,
    };

    #[test]
    fn related_news_stand_below_the_article_where_there_are_any() {
        let page = fixtures::page();
        assert!(!render_article(&fixtures::site(), &ENGLISH, &page, &Sections::default()).contains("id=\"related"));
        let related = [Related {
            article_id: ArticleId::of_canonical_url(&"https://agency.example/1".parse().unwrap()),
            title: fixtures::HOSTILE.into(),
            language: Language::CHINESE,
            site_name: "Agency".into(),
            time: "2026-01-21T00:00:00Z".parse().unwrap(),
        }];
        let sections = Sections { related: &related, ..Sections::default() };
        let html = render_article(&fixtures::site(), &CHINESE, &page, &sections);
        assert!(html.contains("相关新闻") && html.contains(r#"<time datetime="2026-01-21T00:00:00Z">"#), "{html}");
        assert!(html.contains(r#"lang="zh" dir="auto">&#60;/title&#62;"#) && !html.contains("<script>"), "{html}");
    }
}
