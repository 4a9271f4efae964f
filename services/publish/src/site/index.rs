//! The front page: articles by day.

use std::borrow::Cow;

use askama::Template;
use jiff::Timestamp;
use kos_shared::event::{ArticleId, Language};

use super::{
    Frame, Messages, SiteInfo,
    article::{Time, seconds},
    languages, page_path, rendered,
};

/// An article as a line of a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The article.
    pub article_id: ArticleId,
    /// Its title.
    pub title: String,
    /// The language of its title.
    pub language: Language,
    /// The name of the site that published it.
    pub site_name: String,
    /// That site's host.
    pub site_host: String,
    /// When that site says that it published it.
    pub published_at: Option<Timestamp>,
    /// When the article first came to this site: what the list is sorted by.
    pub added_at: Timestamp,
    /// A summary's first sentence, and its language.
    pub excerpt: Option<(String, Language)>,
}

#[derive(Template)]
#[template(path = "index.html")]
struct Page<'a> {
    frame: Frame<'a>,
    url: String,
    days: Vec<Day<'a>>,
    next: Option<&'a str>,
}

/// Articles that came on one day (UTC).
struct Day<'a> {
    date: String,
    heading: String,
    lines: Vec<Line<'a>>,
}

struct Line<'a> {
    path: String,
    title: &'a str,
    lang: &'a str,
    site_name: &'a str,
    language_name: Option<Cow<'a, str>>,
    /// What kind of time follows, where it isn't the time of publication.
    time_label: Option<Cow<'a, str>>,
    time: Time,
    excerpt: Option<(&'a str, &'a str)>,
}

/// The front page, or a page behind it. `articles` come newest first; `next` is the cursor of the page
/// after this one.
pub fn render_index(site: &SiteInfo, messages: &Messages, articles: &[Listed], next: Option<&str>) -> String {
    let mut days: Vec<Day<'_>> = vec![];
    for article in articles {
        let date = date(article.added_at);
        if days.last().is_none_or(|day| day.date != date) {
            days.push(Day { date, heading: messages.day(article.added_at), lines: vec![] });
        }
        if let Some(day) = days.last_mut() {
            let line = Line::new(messages, article, &day.date);
            day.lines.push(line);
        }
    }
    rendered(&Page { frame: Frame::new(site, messages), url: site.absolute("/"), days, next })
}

impl<'a> Line<'a> {
    fn new(messages: &'a Messages, article: &'a Listed, day: &str) -> Self {
        let time = article.published_at.unwrap_or(article.added_at);
        let shown = if date(time) == day { messages.hour(time) } else { messages.date(time) };
        Self {
            path: page_path(article.article_id),
            title: &article.title,
            lang: languages::lang(&article.language),
            site_name: if article.site_name.is_empty() { &article.site_host } else { &article.site_name },
            language_name: messages.language_name(&article.language),
            time_label: article.published_at.is_none().then(|| messages.text("list-taken-in")),
            time: Time { machine: seconds(time), shown },
            excerpt: article.excerpt.as_ref().map(|(text, language)| (text.as_str(), languages::lang(language))),
        }
    }
}

/// A day in UTC, as HTML writes it.
fn date(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::{super::fixtures, *};
    use crate::site::messages::{CHINESE, ENGLISH};

    fn listed(title: &str, published_at: Option<&str>, added_at: &str) -> Listed {
        Listed {
            article_id: ArticleId::of_canonical_url(&format!("https://paper.example/{}", title.len()).parse().unwrap()),
            title: title.into(),
            language: Language::ENGLISH,
            site_name: "The Harbour Paper".into(),
            site_host: "paper.example".into(),
            published_at: published_at.map(|time| time.parse().unwrap()),
            added_at: added_at.parse().unwrap(),
            excerpt: Some(("渡轮恢复运行。".into(), Language::CHINESE)),
        }
    }

    #[test]
    fn articles_stand_under_their_day() {
        let articles = [
            listed("one", Some("2026-01-22T23:59:59Z"), "2026-01-22T23:59:59Z"),
            listed("two", Some("2026-01-20T10:00:00Z"), "2026-01-22T00:00:00Z"),
            listed("three", None, "2026-01-21T23:59:59Z"),
        ];
        let html = render_index(&fixtures::site(), &ENGLISH, &articles, None);
        assert_eq!(html.matches("Thursday, 22 January 2026").count(), 1, "{html}");
        assert_eq!(html.matches("Wednesday, 21 January 2026").count(), 1, "{html}");
        assert!(html.contains(r#"<time datetime="2026-01-22T23:59:59Z">23:59 UTC</time>"#), "{html}");
        assert!(html.contains(r#"<time datetime="2026-01-20T10:00:00Z">20 January 2026</time>"#), "{html}");
        assert!(html.contains(r#"Taken in <time datetime="2026-01-21T23:59:59Z">"#), "{html}");
        assert!(!html.contains("?after="), "{html}");
    }

    #[test]
    fn a_line_names_its_languages() {
        let html = render_index(&fixtures::site(), &CHINESE, &[listed("one", None, "2026-01-22T05:00:00Z")], None);
        assert!(html.contains(r#"lang="en" dir="auto">one</a>"#), "{html}");
        assert!(html.contains(r#"lang="zh" dir="auto">渡轮恢复运行。</p>"#), "{html}");
        assert!(html.contains("英文"), "{html}");
    }

    #[test]
    fn a_cursor_is_part_of_an_address() {
        let articles = [listed(fixtures::HOSTILE, None, "2026-01-22T05:00:00Z")];
        let html = render_index(&fixtures::site(), &CHINESE, &articles, Some("1\"&x=<y>/é"));
        assert!(html.contains(r#"href="/?after=1%22%26x%3D%3Cy%3E%2F%C3%A9""#), "{html}");
        assert!(!html.contains("<script>"), "{html}");
    }

    #[test]
    fn an_empty_site_tells_how_to_begin() {
        let html = render_index(&fixtures::site(), &ENGLISH, &[], None);
        assert!(html.contains("kos ingest https://") && html.contains("nats pub kos.ingest.requested"), "{html}");
    }
}
