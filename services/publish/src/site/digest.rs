//! What came on a day, a line an article, by source: a page, and an entry of a feed.

use std::borrow::Cow;

use askama::Template;
use jiff::{Timestamp, civil::Date, tz::Offset};
use uuid::Uuid;

use super::{
    ArticlePage, Frame, Messages, SiteInfo,
    article::{best_summary, title_for},
    feed::{Entry, Feed, Format, Moment},
    languages, page_path, rendered,
};

/// A day (UTC) and the articles that came on it.
#[derive(Debug)]
pub struct Day {
    /// The day.
    pub date: Date,
    /// What came, the newest first.
    pub articles: Vec<ArticlePage>,
    /// Whether there was more than is shown.
    pub more: bool,
}

impl Day {
    /// The day (UTC) of a time.
    pub fn of(time: Timestamp) -> Date {
        Offset::UTC.to_datetime(time).date()
    }

    /// When the day begins.
    pub fn begins(date: Date) -> Timestamp {
        Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).unwrap_or_default()
    }
}

#[derive(Template)]
#[template(path = "digest.html")]
struct Page<'a> {
    frame: Frame<'a>,
    url: String,
    heading: String,
    feed: String,
    body: Body<'a>,
    before: String,
    after: Option<String>,
}

/// What the page and the feed's entry have in common.
#[derive(Template)]
#[template(path = "digest_body.html")]
struct Body<'a> {
    m: &'a Messages,
    sources: Vec<Source<'a>>,
    more: bool,
}

struct Source<'a> {
    name: &'a str,
    lines: Vec<Line<'a>>,
}

struct Line<'a> {
    url: String,
    title: &'a str,
    lang: &'a str,
    sentence: Option<(&'a str, &'a str)>,
}

impl<'a> Body<'a> {
    fn new(messages: &'a Messages, day: &'a Day, address: impl Fn(&ArticlePage) -> String) -> Self {
        let mut sources: Vec<Source<'a>> = vec![];
        for page in &day.articles {
            let article = &page.summarized.article;
            let name = if article.site.name.is_empty() { &article.site.host } else { &article.site.name };
            let line = Line::new(messages, page, address(page));
            match sources.iter_mut().find(|source| source.name == name) {
                Some(source) => source.lines.push(line),
                None => sources.push(Source { name, lines: vec![line] }),
            }
        }
        // Who has most to say comes first; the sort keeps the order of the others.
        sources.sort_by_key(|source| std::cmp::Reverse(source.lines.len()));
        Self { m: messages, sources, more: day.more }
    }
}

impl<'a> Line<'a> {
    fn new(messages: &Messages, page: &'a ArticlePage, url: String) -> Self {
        let article = &page.summarized.article;
        let summary = best_summary(&page.summarized.summaries, &messages.language);
        let own = title_for(&page.summarized, &messages.language);
        let (title, written) = own.unwrap_or((&article.title, &article.language));
        let sentence = summary.map(|summary| {
            let first = summary.sentences.first().map_or(&summary.text, |sentence| &sentence.text);
            (first.as_str(), languages::lang(&summary.language))
        });
        Self { url, title, lang: languages::lang(written), sentence: sentence.filter(|(text, _)| !text.is_empty()) }
    }
}

/// The path of a day's page.
pub fn path(date: Date) -> String {
    format!("/digest/{date}")
}

/// The page of a day. `today` is the last that has one.
pub fn render_digest(site: &SiteInfo, messages: &Messages, day: &Day, today: Date) -> String {
    let after = day.date.tomorrow().ok().filter(|date| *date <= today);
    rendered(&Page {
        frame: Frame::new(site, messages),
        url: site.absolute(&path(day.date)),
        heading: messages.day(Day::begins(day.date)),
        feed: format!("/digest.atom?language={}", messages.language),
        body: Body::new(messages, day, |page| page_path(page.summarized.article.article_id)),
        before: path(day.date.yesterday().unwrap_or(day.date)),
        after: after.map(path),
    })
}

/// The feed of days, the newest first, an entry a day that is over; days without articles are left out.
pub fn render_digests(site: &SiteInfo, messages: &Messages, days: &[Day]) -> String {
    let entries: Vec<Entry<'_>> =
        days.iter().filter(|day| !day.articles.is_empty()).map(|day| entry(site, messages, day)).collect();
    // Without an entry it is empty since the last day ended.
    let told = days.iter().filter(|day| !day.articles.is_empty());
    let updated = told.chain(days).next().map(|day| ends(day.date));
    let title = format!("{} · {}", site.name, messages.text("digest-title"));
    let query = format!("?language={}", messages.language);
    let place = ("/digest", "/digest", query);
    Feed::of_entries(site, &title, &messages.language, place, updated.unwrap_or_default(), entries).render(Format::Atom)
}

fn entry<'a>(site: &'a SiteInfo, messages: &'a Messages, day: &'a Day) -> Entry<'a> {
    let page_url = site.absolute(&path(day.date));
    let body = Body::new(messages, day, |page| site.page_url(page.summarized.article.article_id));
    let time = Moment::new(ends(day.date));
    Entry {
        id: Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{page_url}?lang={}", messages.language).as_bytes()).to_string(),
        title: Cow::Owned(messages.day(Day::begins(day.date))),
        lang: messages.lang,
        page_url: format!("{page_url}?lang={}", messages.language),
        original_url: None,
        authors: vec![site.name.as_str().into()],
        published: Some(time),
        added: time,
        updated: time,
        tags: vec![],
        summary: None,
        body: Some(rendered(&body).into()),
    }
}

fn ends(date: Date) -> Timestamp {
    Day::begins(date.tomorrow().unwrap_or(date))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{super::fixtures, *};
    use crate::site::messages::{CHINESE, ENGLISH};

    fn day() -> Day {
        let mut other = fixtures::page();
        other.summarized.article.site.name = fixtures::HOSTILE.into();
        Day { date: date(2026, 1, 22), articles: vec![other, fixtures::page(), fixtures::page()], more: false }
    }

    #[test]
    fn a_day_speaks_the_readers_language() {
        let html = render_digest(&fixtures::site(), &CHINESE, &day(), date(2026, 1, 22));
        assert!(html.contains(r#"<li lang="zh" dir="auto"><a href="/articles/"#), "{html}");
        assert!(html.contains(">渡轮复航</a>"), "{html}");
        assert!(html.contains(r#"lang="zh" dir="auto">渡轮恢复运行。</p>"#), "{html}");
        assert!(html.find("The Harbour Paper") < html.find("&#60;script"), "the source with most does not come first");
        assert!(html.contains("/digest/2026-01-21") && !html.contains("/digest/2026-01-23"), "{html}");
        let html = render_digest(&fixtures::site(), &ENGLISH, &day(), date(2026, 1, 24));
        assert!(html.contains(r#"<li lang="en" dir="auto">"#) && html.contains(">The ferry runs again</a>"), "{html}");
        assert!(html.contains("Thursday, 22 January 2026") && html.contains("/digest/2026-01-23"), "{html}");
    }

    #[test]
    fn a_feed_has_an_entry_for_each_day_that_had_articles() {
        let empty = Day { date: date(2026, 1, 21), articles: vec![], more: false };
        let xml = render_digests(&fixtures::site(), &ENGLISH, &[day(), empty]);
        let document = roxmltree::Document::parse(&xml).unwrap();
        let named = |name: &'static str| document.descendants().filter(move |n| n.tag_name().name() == name);
        assert_eq!(named("entry").count(), 1);
        let content = named("content").next().unwrap().text().unwrap();
        assert!(content.contains("https://tides.example/articles/") && content.contains("The ferry runs again."));
        assert_eq!(named("updated").next().unwrap().text(), Some("2026-01-23T00:00:00Z"));
        let itself = named("link").next().unwrap();
        assert_eq!(itself.attribute("href"), Some("https://tides.example/digest.atom?language=en"));
        let nothing = render_digests(&fixtures::site(), &ENGLISH, &[Day { articles: vec![], more: false, ..day() }]);
        assert!(nothing.contains("<updated>2026-01-23T00:00:00Z</updated>"), "{nothing}");
    }
}
