//! Lists of articles by day: the front page, and pages by source and by language.

use std::borrow::Cow;

use askama::Template;
use jiff::Timestamp;
use kos_shared::event::Language;
use url::form_urlencoded;

use super::{
    Frame, Messages, SiteInfo,
    article::{Time, seconds},
    assets,
    feed::Selection,
    languages, page_path, rendered,
    sources::source_path,
};
use crate::lists::{Entry, Filter, Turn, select};

/// How many other sources of a story are named.
const ALSO_AT: usize = 5;

/// A page of a list.
#[derive(Debug, Clone, Copy)]
pub struct ListPage<'a> {
    /// What is listed.
    pub filter: &'a Filter,
    /// Where it was asked to begin.
    pub turn: Turn,
    /// The articles.
    pub page: &'a select::Page,
    /// The articles that tell the same stories, these among them, the first to come first.
    pub also_at: &'a [Entry],
    /// The languages that a reader can choose.
    pub languages: &'a [Language],
}

#[derive(Template)]
#[template(path = "index.html")]
struct Page<'a> {
    frame: Frame<'a>,
    title: String,
    description: String,
    url: String,
    source: Option<Source<'a>>,
    choices: Vec<Choice<'a>>,
    live: Option<Live>,
    days: Vec<Day<'a>>,
    /// Whether the site is empty, and not just this list.
    begins: bool,
    previous: Option<String>,
    next: Option<String>,
}

struct Source<'a> {
    name: &'a str,
    /// Where it is more than the name.
    host: Option<&'a str>,
}

/// A way to list other articles.
struct Choice<'a> {
    name: Cow<'a, str>,
    path: String,
    current: bool,
}

/// What the script that listens for new articles needs.
struct Live {
    script: &'static str,
    address: String,
    page: String,
    after: String,
    one: String,
    other: String,
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
    /// The title as its publisher wrote it, where another one is shown.
    original_title: Option<(&'a str, &'a str)>,
    sentence: Option<(&'a str, &'a str)>,
    site_name: &'a str,
    source_path: String,
    /// What kind of time follows, where it isn't the time of publication.
    time_label: Option<Cow<'a, str>>,
    time: Time,
    reading_time: String,
    languages: Option<String>,
    comments: Option<String>,
    also_at: Vec<Also<'a>>,
    more_at: Option<String>,
}

/// Another article that tells the same story.
struct Also<'a> {
    path: String,
    site_name: &'a str,
}

/// A page of a list. Its articles come newest first.
pub fn render_index(site: &SiteInfo, messages: &Messages, list: &ListPage<'_>) -> String {
    let ListPage { filter, page, .. } = *list;
    let mut days: Vec<Day<'_>> = vec![];
    for entry in &page.entries {
        let date = date(entry.added_at);
        if days.last().is_none_or(|day| day.date != date) {
            days.push(Day { date, heading: messages.day(entry.added_at), lines: vec![] });
        }
        if let Some(day) = days.last_mut() {
            let line = Line::new(messages, entry, list.also_at, &day.date);
            day.lines.push(line);
        }
    }
    let source = filter.host.as_deref().map(|host| {
        let name = page.entries.first().map_or(host, |entry| entry.site_name.as_str());
        Source { name, host: Some(host).filter(|host| *host != name) }
    });
    let description = match &source {
        Some(source) => messages.with("list-about-source", &[("source", source.name.into())]),
        None => messages.text("list-about").into_owned(),
    };
    let selection = Selection { language: filter.language.clone(), source: filter.host.clone(), q: None };
    let address_of_page = own_address(list);
    let (_, query_of_page) = address_of_page.split_once('?').unwrap_or_default();
    rendered(&Page {
        frame: Frame::new(site, messages).keeping(query_of_page).of_selection(&selection),
        title: title(site, messages, filter, source.as_ref()),
        description,
        url: site.absolute(&address_of_page),
        choices: choices(messages, filter, list.languages),
        live: (!page.newer).then(|| Live::new(messages, filter, page)),
        begins: *filter == Filter::default() && !page.newer,
        previous: page.previous().map(|cursor| address(filter, &[("before", &cursor.to_string())])),
        next: page.next().map(|cursor| address(filter, &[("after", &cursor.to_string())])),
        source,
        days,
    })
}

fn title(site: &SiteInfo, messages: &Messages, filter: &Filter, source: Option<&Source<'_>>) -> String {
    let language = filter.language.as_ref().and_then(|language| messages.language_name(language));
    let named = [source.map(|source| Cow::from(source.name)), language, Some(Cow::from(site.name.as_str()))];
    named.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The address by which this very page is known.
fn own_address(list: &ListPage<'_>) -> String {
    match list.turn {
        Turn::After(cursor) => address(list.filter, &[("after", &cursor.to_string())]),
        Turn::Before(cursor) if list.page.newer => address(list.filter, &[("before", &cursor.to_string())]),
        Turn::First | Turn::Before(_) => address(list.filter, &[]),
    }
}

/// The address of a list, with what else the query says.
fn address(filter: &Filter, more: &[(&str, &str)]) -> String {
    let path = filter.host.as_deref().map_or_else(|| "/".to_owned(), source_path);
    query(&path, filter.language.as_ref().map(|language| ("language", language.primary())), more)
}

fn query<'a>(path: &str, first: Option<(&'a str, &'a str)>, more: &[(&'a str, &'a str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(first.into_iter().chain(more.iter().copied()));
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// A text as a part of an address.
pub(super) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// All languages or one of them, where there are several.
fn choices<'a>(messages: &'a Messages, filter: &Filter, languages: &'a [Language]) -> Vec<Choice<'a>> {
    if languages.len() < 2 && filter.language.is_none() {
        return vec![];
    }
    let of = |language: Option<&Language>| address(&Filter { language: language.cloned(), ..filter.clone() }, &[]);
    let all = Choice { name: messages.text("list-all-languages"), path: of(None), current: filter.language.is_none() };
    let one = |language: &'a Language| {
        let current = filter.language.as_ref().is_some_and(|chosen| chosen.same_language(language));
        Some(Choice { name: messages.language_name(language)?, path: of(Some(language)), current })
    };
    std::iter::once(all).chain(languages.iter().filter_map(one)).collect()
}

impl Live {
    fn new(messages: &Messages, filter: &Filter, page: &select::Page) -> Self {
        let language = filter.language.as_ref().map(|language| ("language", language.primary()));
        let source = filter.host.as_deref().map(|host| ("source", host));
        Self {
            script: &assets::LIVE.path,
            address: query("/live", language, source.as_slice()),
            page: address(filter, &[]),
            after: page.entries.first().map(|entry| entry.cursor().to_string()).unwrap_or_default(),
            one: messages.with("list-live-one", &[("count", "#".into())]),
            other: messages.with("list-live-other", &[("count", "#".into())]),
        }
    }
}

impl<'a> Line<'a> {
    fn new(messages: &'a Messages, entry: &'a Entry, stories: &'a [Entry], day: &str) -> Self {
        let time = entry.published_at.unwrap_or(entry.added_at);
        let shown = if date(time) == day { messages.hour(time) } else { messages.date(time) };
        let (title, language) = entry.title_in(&messages.language);
        let others =
            stories.iter().filter(|other| other.story_id == entry.story_id && other.article_id != entry.article_id);
        let more_at = others.clone().count().saturating_sub(ALSO_AT);
        Self {
            path: page_path(entry.article_id),
            title,
            lang: languages::lang(language),
            original_title: (title != entry.title).then(|| (entry.title.as_str(), languages::lang(&entry.language))),
            sentence: entry.sentence_in(&messages.language).map(|(text, language)| (text, languages::lang(language))),
            site_name: &entry.site_name,
            source_path: source_path(&entry.host),
            time_label: entry.published_at.is_none().then(|| messages.text("list-taken-in")),
            time: Time { machine: seconds(time), shown },
            reading_time: messages.reading_time(entry.words, &entry.language),
            languages: named(messages, &entry.languages()),
            comments: (entry.comments > 0).then(|| messages.with("list-comments", &[("count", entry.comments.into())])),
            also_at: others.take(ALSO_AT).map(|other| Also::new(other, stories)).collect(),
            more_at: (more_at > 0).then(|| messages.with("list-more-sources", &[("count", more_at.into())])),
        }
    }
}

impl<'a> Also<'a> {
    /// By the name of its site, or by its host where another one that tells the story has the same name.
    fn new(entry: &'a Entry, stories: &[Entry]) -> Self {
        let same = |other: &&Entry| other.story_id == entry.story_id && other.site_name == entry.site_name;
        let alone = stories.iter().filter(same).take(2).count() < 2;
        Self { path: page_path(entry.article_id), site_name: if alone { &entry.site_name } else { &entry.host } }
    }
}

/// The names of languages that have one.
fn named(messages: &Messages, languages: &[&Language]) -> Option<String> {
    let names: Vec<_> = languages.iter().filter_map(|language| messages.language_name(language)).collect();
    (!names.is_empty()).then(|| names.join(&messages.text("site-separator")))
}

/// A day in UTC, as HTML writes it.
fn date(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use kos_shared::event::ArticleId;

    use super::{super::fixtures, *};
    use crate::{
        lists::{Cursor, Lead, select::Page},
        site::messages::{CHINESE, ENGLISH},
    };

    fn entry(title: &str, host: &str, published_at: Option<&str>, added_at: &str) -> Entry {
        let article_id = ArticleId::of_canonical_url(&format!("https://{host}/{}", title.len()).parse().unwrap());
        let lead = |language: Language, title: Option<&str>, sentence: &str| Lead {
            language,
            title: title.map(str::to_owned),
            sentence: Some(sentence.into()),
        };
        Entry {
            article_id,
            story_id: article_id,
            leads: true,
            added_at: added_at.parse().unwrap(),
            published_at: published_at.map(|time| time.parse().unwrap()),
            host: host.into(),
            site_name: "The Harbour Paper".into(),
            title: title.into(),
            language: Language::ENGLISH,
            words: 500,
            leads_in: vec![
                lead(Language::ENGLISH, None, "The ferry runs again."),
                lead(Language::CHINESE, Some("渡轮复航"), "渡轮恢复运行。"),
            ],
            comments: 0,
        }
    }

    fn render(messages: &Messages, filter: &Filter, turn: Turn, page: &Page, also_at: &[Entry]) -> String {
        let languages = [Language::ENGLISH, Language::CHINESE];
        render_index(&fixtures::site(), messages, &ListPage { filter, turn, page, also_at, languages: &languages })
    }

    fn first(messages: &Messages, entries: Vec<Entry>) -> String {
        let page = Page { entries, ..Page::default() };
        render(messages, &Filter::default(), Turn::First, &page, &page.entries)
    }

    #[test]
    fn articles_stand_under_their_day() {
        let html = first(
            &ENGLISH,
            vec![
                entry("one", "paper.example", Some("2026-01-22T23:59:59Z"), "2026-01-22T23:59:59Z"),
                entry("two!", "paper.example", Some("2026-01-20T10:00:00Z"), "2026-01-22T00:00:00Z"),
                entry("three", "paper.example", None, "2026-01-21T23:59:59Z"),
            ],
        );
        assert_eq!(html.matches("Thursday, 22 January 2026").count(), 1, "{html}");
        assert_eq!(html.matches("Wednesday, 21 January 2026").count(), 1, "{html}");
        assert!(html.contains(r#"<time datetime="2026-01-22T23:59:59Z">23:59 UTC</time>"#), "{html}");
        assert!(html.contains(r#"<time datetime="2026-01-20T10:00:00Z">20 January 2026</time>"#), "{html}");
        assert!(html.contains(r#"Taken in <time datetime="2026-01-21T23:59:59Z">"#), "{html}");
        assert!(!html.contains("?after=") && !html.contains("?before="), "{html}");
        assert!(html.contains("3 minutes to read") && html.contains("English, Chinese"), "{html}");
    }

    #[test]
    fn a_line_is_in_the_readers_language_with_the_original_title_below() {
        let line = || vec![entry("The ferry", "paper.example", None, "2026-01-22T05:00:00Z")];
        let html = first(&CHINESE, line());
        assert!(
            html.contains(r#"<h3 lang="zh" dir="auto"><a href="/articles/"#) && html.contains(">渡轮复航</a></h3>"),
            "{html}"
        );
        assert!(html.contains(r#"<p class="original-title" lang="en" dir="auto">The ferry</p>"#), "{html}");
        assert!(html.contains(r#"<p class="excerpt" lang="zh" dir="auto">渡轮恢复运行。</p>"#), "{html}");
        let html = first(&ENGLISH, line());
        assert!(html.contains(r#"<h3 lang="en" dir="auto">"#) && html.contains(">The ferry</a></h3>"), "{html}");
        assert!(!html.contains("original-title"), "{html}");
    }

    #[test]
    fn a_story_names_the_other_sources_that_tell_it() {
        let told = entry("one", "a.example", None, "2026-01-22T05:00:00Z");
        let copies = (0..7).map(|n| Entry {
            story_id: told.story_id,
            site_name: format!("Copy {n}"),
            ..entry("one", &format!("copy{n}.example"), None, "2026-01-22T06:00:00Z")
        });
        let also_at: Vec<Entry> = std::iter::once(told.clone()).chain(copies).collect();
        let page = Page { entries: vec![told.clone()], ..Page::default() };
        let html = render(&ENGLISH, &Filter::default(), Turn::First, &page, &also_at);
        assert!(html.contains("Also at: <a"), "{html}");
        assert!(
            html.contains("<bdi>Copy 0</bdi></a>, <a") && html.contains("<bdi>Copy 4</bdi></a>, 2 more<"),
            "{html}"
        );
        assert!(!html.contains("Copy 5"), "{html}");

        let namesake = Entry { site_name: told.site_name.clone(), ..also_at[1].clone() };
        let html = render(&ENGLISH, &Filter::default(), Turn::First, &page, &[told.clone(), namesake]);
        assert!(html.contains("<bdi>copy0.example</bdi></a>"), "{html}");
        assert!(!first(&ENGLISH, vec![told]).contains("Also at"));
    }

    #[test]
    fn a_page_links_to_its_neighbours_and_knows_its_own_address() {
        let entries = vec![entry("one", "a.example", None, "2026-01-22T05:00:00Z")];
        let cursor = Cursor { added_at_ms: 7, article_id: entries[0].article_id };
        let own = entries[0].cursor();
        let filter = Filter { host: Some("a.example".into()), language: Some("en-GB".parse().unwrap()) };
        let page = Page { entries, older: true, newer: true };
        let html = render(&ENGLISH, &filter, Turn::After(cursor), &page, &[]);
        let path = "/sources/a.example?language=en&#38;";
        assert!(html.contains(&format!(r#"<a href="{path}after={own}" rel="next">"#)), "{html}");
        assert!(html.contains(&format!(r#"<a href="{path}before={own}" rel="prev">"#)), "{html}");
        assert!(
            html.contains(&format!(r#"rel="canonical" href="https://tides.example{path}after={cursor}">"#)),
            "{html}"
        );
        assert!(!html.contains("id=\"live\"") && !html.contains(&assets::LIVE.path), "{html}");
        let switch = format!(r#"<a href="?language=en&#38;after={cursor}&#38;lang=zh""#);
        assert!(html.contains(&switch), "another language of the interface lists something else: {html}");
    }

    #[test]
    fn a_reader_chooses_among_languages() {
        let filter = Filter { host: None, language: Some(Language::CHINESE) };
        let html = render(&ENGLISH, &filter, Turn::First, &Page::default(), &[]);
        assert!(html.contains(r#"<a href="/">All languages</a>"#), "{html}");
        assert!(html.contains(r#"<a href="/?language=zh" aria-current="true">Chinese</a>"#), "{html}");
        assert!(html.contains(r#"data-live="/live?language=zh""#), "{html}");
        for feed in ["/feed.atom?language=zh", "/feed.rss?language=zh", "/feed.json?language=zh"] {
            assert!(html.contains(&format!("href=\"{feed}\"")), "{feed} is not led to: {html}");
        }
        assert!(html.contains("No articles here."), "{html}");
    }

    #[test]
    fn the_first_page_is_told_of_new_articles() {
        let line = entry("one", "paper.example", None, "2026-01-22T05:00:00Z");
        let after = line.cursor();
        let html = first(&ENGLISH, vec![line]);
        assert!(html.contains(&format!(r##"data-after="{after}" data-one="# new article — show""##)), "{html}");
        assert!(html.contains(&format!(r#"<script src="{}" defer></script>"#, assets::LIVE.path)), "{html}");
    }

    #[test]
    fn hostile_fields_are_text_and_parts_of_addresses() {
        let mut line = entry(fixtures::HOSTILE, "paper.example", None, "2026-01-22T05:00:00Z");
        line.site_name = fixtures::HOSTILE.into();
        line.leads_in[1] = Lead {
            language: Language::CHINESE,
            title: Some(fixtures::HOSTILE.into()),
            sentence: Some(fixtures::HOSTILE.into()),
        };
        let filter = Filter { host: Some("\"><script>/é".into()), language: None };
        let page = Page { entries: vec![line], older: true, newer: false };
        let html = render(&CHINESE, &filter, Turn::First, &page, &page.entries);
        assert!(!html.contains("<script>"), "{html}");
        assert!(html.contains("/sources/%22%3E%3Cscript%3E%2F%C3%A9?after="), "{html}");
    }

    #[test]
    fn an_empty_site_tells_how_to_begin() {
        let html = first(&ENGLISH, vec![]);
        assert!(html.contains("kos ingest https://") && html.contains("nats pub kos.ingest.requested"), "{html}");
    }
}
