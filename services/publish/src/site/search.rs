//! The results of a search, as a page and as JSON.

use std::borrow::Cow;

use askama::Template;
use jiff::Timestamp;
use kos_shared::event::{ArticleId, Language, OffsetTime, Site};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Frame, Messages, SiteInfo,
    article::{Time, seconds, title_for},
    feed::Selection,
    languages, page_path, rendered,
};
use crate::search::{
    Found, Hit, Query, Total,
    filters::{Asked, Unreadable},
    snippet::{Piece, Snippet, marked_title, snippet},
};

#[derive(Template)]
#[template(path = "search.html")]
struct Page<'a> {
    frame: Frame<'a>,
    asked: &'a Asked,
    languages: Vec<Choice<'a>>,
    notices: Vec<String>,
    /// What stands above the results, where anything was looked for.
    outcome: Option<String>,
    results: Vec<Line<'a>>,
    next: Option<String>,
}

/// A language to choose.
struct Choice<'a> {
    tag: Cow<'a, str>,
    name: Cow<'a, str>,
    chosen: bool,
}

struct Line<'a> {
    path: String,
    title: Vec<Piece>,
    title_lang: &'a str,
    /// The article's own title, where the other stands above it.
    original_title: Option<Vec<Piece>>,
    /// The article's language.
    lang: &'a str,
    site_name: &'a str,
    language_name: Option<Cow<'a, str>>,
    time: Time,
    snippet: Option<(String, Vec<Piece>)>,
}

/// The page of a search, with its form, and what was found; `None` where its turn didn't come.
pub fn render_search(
    site: &SiteInfo,
    messages: &Messages,
    asked: &Asked,
    query: &Query,
    unreadable: &[Unreadable],
    found: Option<&Found>,
) -> String {
    let searched = !query.is_empty() || asked.is_filtered();
    let nothing = Found::default();
    let (busy, found) = (found.is_none(), found.unwrap_or(&nothing));
    let outcome = match found {
        _ if busy => Some(messages.text("search-busy").into_owned()),
        _ if !asked.q.is_empty() && query.is_empty() && found.hits.is_empty() => {
            Some(messages.text("search-no-words").into_owned())
        }
        Found { gave_up: true, next: None, .. } => Some(messages.text("search-gave-up").into_owned()),
        Found { gave_up: true, .. } => Some(messages.text("search-gave-up-on-older").into_owned()),
        Found { total: Some(Total::MoreThan(count)), .. } => {
            Some(messages.with("search-more-than", &[("count", (*count).into())]))
        }
        Found { total: Some(Total::Exactly(count)), .. } => {
            Some(messages.with("search-results", &[("count", (*count).into())]))
        }
        Found { total: None, .. } => searched.then(|| messages.text("search-further").into_owned()),
    };
    let query_of_page = asked.query();
    let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let selection = Selection { language: asked.language.parse().ok(), source: said(&asked.source), q: said(&asked.q) };
    let frame = Frame::new(site, messages).keeping(&query_of_page).of_selection(&selection);
    let page = Page {
        asked,
        languages: choices(messages, &asked.language),
        notices: unreadable
            .iter()
            .map(|parameter| {
                messages.with(
                    &format!("search-unreadable-{}", parameter.name),
                    &[("value", parameter.value.as_str().into())],
                )
            })
            .collect(),
        outcome,
        results: found.hits.iter().map(|hit| Line::new(messages, query, hit)).collect(),
        next: found.next.map(|next| format!("/search?{}after={next}", frame.kept)),
        frame,
    };
    rendered(&page)
}

/// The interface's languages, and the one that was asked for.
fn choices<'a>(messages: &'a Messages, asked: &'a str) -> Vec<Choice<'a>> {
    let mut choices: Vec<Choice<'a>> = super::messages::all()
        .into_iter()
        .map(|interface| Choice {
            tag: interface.language.to_string().into(),
            name: languages_name(messages, &interface.language),
            chosen: interface.language.as_str() == asked,
        })
        .collect();
    if !asked.is_empty() && asked.parse::<Language>().is_ok() && choices.iter().all(|choice| !choice.chosen) {
        choices.push(Choice { tag: asked.into(), name: asked.into(), chosen: true });
    }
    choices
}

fn languages_name<'a>(messages: &'a Messages, language: &Language) -> Cow<'a, str> {
    messages.language_name(language).map_or_else(|| language.to_string(), Cow::into_owned).into()
}

impl<'a> Line<'a> {
    fn new(messages: &'a Messages, query: &Query, hit: &'a Hit) -> Self {
        let article = &hit.summarized.article;
        let time = article.published_at.unwrap_or_else(|| hit.added_at.into());
        let passage = snippet(&hit.summarized, query, &messages.language);
        let own = title_for(&hit.summarized, &messages.language);
        let (title, written) = own.unwrap_or((&article.title, &article.language));
        Self {
            path: page_path(article.article_id),
            title: marked_title(title, query),
            title_lang: languages::lang(written),
            original_title: own.map(|_| marked_title(&article.title, query)),
            lang: languages::lang(&article.language),
            site_name: if article.site.name.is_empty() { &article.site.host } else { &article.site.name },
            language_name: messages.language_name(&article.language),
            time: Time { machine: seconds(time), shown: messages.date(time.instant()) },
            snippet: passage.map(|Snippet { language, parts }| (languages::lang(&language).to_owned(), parts)),
        }
    }
}

/// `/api/v1/search`.
#[derive(Debug, Clone, JsonSchema, Serialize)]
pub struct ResultsView {
    /// The articles, the best first.
    pub items: Vec<ResultView>,
    /// The value of `after` for the next page; `null` where this is the last.
    pub next: Option<String>,
    /// How many articles were found; `null` on pages after the first.
    pub total: Option<TotalView>,
    /// Whether it took too long, so that only the newest articles were looked at, or none; `next` goes on with the others.
    pub gave_up: bool,
}

/// How many articles were found.
#[derive(Debug, Clone, Copy, JsonSchema, Serialize)]
pub struct TotalView {
    /// So many.
    pub count: usize,
    /// Whether it is exactly so many, or more.
    pub exact: bool,
}

/// An article that was found.
#[derive(Debug, Clone, JsonSchema, Serialize)]
pub struct ResultView {
    /// Its id.
    pub article_id: ArticleId,
    /// Where a reader finds it.
    #[schemars(extend("format" = "uri"))]
    pub page_url: String,
    /// Its title.
    pub title: String,
    /// The title in pieces, with those marked that were looked for.
    pub title_parts: Vec<Piece>,
    /// The language of title and article.
    pub language: Language,
    /// The site that published it.
    pub site: Site,
    /// When that site says that it published it.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub published_at: Option<OffsetTime>,
    /// When it first came to this site (RFC 3339).
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub added_at: Timestamp,
    /// The passage that has most of what was looked for.
    pub snippet: Option<Snippet>,
}

/// The results as the API gives them.
pub fn results_view(site: &SiteInfo, query: &Query, found: &Found) -> ResultsView {
    let total = found.total.map(|total| match total {
        Total::Exactly(count) => TotalView { count, exact: true },
        Total::MoreThan(count) => TotalView { count, exact: false },
    });
    let view = |hit: &Hit| {
        let article = &hit.summarized.article;
        ResultView {
            article_id: article.article_id,
            page_url: site.page_url(article.article_id),
            title: article.title.clone(),
            title_parts: marked_title(&article.title, query),
            language: article.language.clone(),
            site: article.site.clone(),
            published_at: article.published_at,
            added_at: hit.added_at,
            snippet: snippet(&hit.summarized, query, &site.language),
        }
    };
    ResultsView {
        items: found.hits.iter().map(view).collect(),
        next: found.next.map(|next| next.to_string()),
        total,
        gave_up: found.gave_up,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::fixtures, *};
    use crate::{
        search::Cursor,
        site::messages::{CHINESE, ENGLISH},
    };

    fn found() -> Found {
        let added_at = "2026-01-22T06:00:01Z".parse().unwrap();
        let hit = Hit { summarized: fixtures::summarized(), added_at };
        let next = Some(Cursor::Older { number: 7 });
        Found { hits: vec![hit], next, total: Some(Total::Exactly(1_234)), gave_up: false }
    }

    fn page(messages: &Messages, address: &str, found: &Found) -> String {
        let asked = Asked::of(address);
        let meant = asked.meant();
        render_search(&fixtures::site(), messages, &asked, &meant.wanted.query, &meant.unreadable, Some(found))
    }

    #[test]
    fn results_are_marked_in_their_languages() {
        let html = page(&CHINESE, "q=ferry+%E6%B8%A1%E8%BD%AE&language=en", &found());
        assert!(html.contains(r#"<h2 lang="zh" dir="auto"><a href="/articles/"#), "{html}");
        assert!(html.contains(r#"<mark>渡轮</mark>复航</a></h2>"#), "{html}");
        assert!(
            html.contains(r#"<p class="original-title" lang="en" dir="auto">The <mark>ferry</mark> runs again</p>"#),
            "{html}"
        );
        assert!(html.contains(r#"lang="zh" dir="auto"><mark>渡轮</mark>恢复运行。"#), "{html}");
        assert!(html.contains("1,234"), "{html}");
        assert!(html.contains(r#"href="/feed.atom?language=en&#38;q=ferry+%E6%B8%A1%E8%BD%AE""#), "{html}");
        assert!(html.contains(r#"<meta name="robots" content="noindex">"#), "{html}");
        assert!(html.contains(r#"href="/search?q=ferry+%E6%B8%A1%E8%BD%AE&#38;language=en&#38;after=o_7""#), "{html}");
        assert!(html.contains(r#"href="?q=ferry+%E6%B8%A1%E8%BD%AE&#38;language=en&#38;lang=en""#), "{html}");
    }

    #[test]
    fn what_was_typed_is_text() {
        let typed = url::form_urlencoded::byte_serialize(fixtures::HOSTILE.as_bytes()).collect::<String>();
        let mut hostile = found();
        hostile.hits[0].summarized.article.title = fixtures::HOSTILE.into();
        let address = format!("q={typed}&language={typed}&source={typed}&from={typed}&to={typed}&after={typed}");
        let html = page(&ENGLISH, &address, &hostile);
        assert!(!html.contains("<script>") && !html.contains("\"quoted\""), "{html}");
        assert!(html.contains("<mark>title&#62;&#60;script&#62;"), "{html}");
    }

    #[test]
    fn a_page_says_what_came_of_it() {
        let nothing = |total| Found { total, ..Found::default() };
        assert!(page(&ENGLISH, "q=goats", &nothing(Some(Total::Exactly(0)))).contains("No articles found"));
        assert!(page(&ENGLISH, "q=goats", &nothing(Some(Total::MoreThan(1_000)))).contains("More than 1,000"));
        assert!(page(&ENGLISH, "q=%22*%22", &nothing(None)).contains("no words"));
        let html = page(&ENGLISH, "q=goats", &Found { gave_up: true, ..Found::default() });
        assert!(html.contains("took too long"), "{html}");
        let html = page(&ENGLISH, "q=goats&from=yesterday", &nothing(None));
        assert!(html.contains("yesterday") && html.contains("2026-01-31"), "{html}");
        let next = Some(Cursor::Older { number: 7 });
        let html = page(&ENGLISH, "q=goats", &Found { gave_up: true, next, ..Found::default() });
        assert!(html.contains("only the newest") && html.contains("after=o_7"), "{html}");
        let asked = Asked::of("q=goats");
        let busy = render_search(&fixtures::site(), &ENGLISH, &asked, &asked.meant().wanted.query, &[], None);
        assert!(busy.contains("Too many searches") && busy.contains("value=\"goats\""), "{busy}");
        let empty = page(&ENGLISH, "", &nothing(None));
        assert!(!empty.contains("class=\"outcome\""), "{empty}");
    }

    #[test]
    fn the_api_gives_pieces_and_no_markup() {
        let view = serde_json::to_value(results_view(&fixtures::site(), &Query::parse("ferry"), &found())).unwrap();
        let item = &view["items"][0];
        assert_eq!(item["title_parts"][1], serde_json::json!({"text": "ferry", "match": true}));
        assert_eq!(item["site"]["host"], "paper.example");
        assert_eq!(view["next"], "o_7");
        assert_eq!(view["total"], serde_json::json!({"count": 1_234, "exact": true}));
        assert_eq!(item["snippet"]["language"], "en");
    }
}
