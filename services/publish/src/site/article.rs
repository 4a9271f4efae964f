//! An article's page.

use std::borrow::Cow;

use askama::Template;
use jiff::Timestamp;
use kos_shared::event::{AiUse, ArticleSummarized, Language, OffsetTime, Revision, Show, Summary};

use super::{
    Frame, Messages, Passages, SiteInfo, crawlers, images, languages, linked_data,
    messages::all,
    page_path,
    related::{RelatedLine, related_lines},
    rendered,
    summaries::{Absent, Block, back_links, placed},
    uri::uri,
};
use crate::related::Related;

/// The longest description, in characters: about what search engines and link previews show.
const DESCRIPTION_CHARS: usize = 200;

/// What an article's page is made of.
#[derive(Debug, Clone)]
pub struct ArticlePage {
    /// The article and its summaries.
    pub summarized: ArticleSummarized,
    /// The article's body as [`site_body`](super::site_body) made it. It is not escaped again.
    pub body: String,
    /// What in that body carries the sentences of the summaries.
    pub passages: Passages,
    /// When the article first came to the site.
    pub added_at: Timestamp,
}

/// What stands below an article.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sections<'a> {
    /// Articles about something related, the most related first.
    pub related: &'a [Related],
    /// The section of comments as [`render_comments`](super::comments::render_comments) made it, or nothing. It is not
    /// escaped again.
    pub comments: &'a str,
}

#[derive(Template)]
#[template(path = "article.html")]
struct Page<'a> {
    frame: Frame<'a>,
    /// The title in the reader's language, where a summary has one, else the article's own.
    title: &'a str,
    title_lang: &'a str,
    /// The article's own title, where the other stands above it.
    original_title: Option<&'a str>,
    /// The article's language.
    lang: &'a str,
    url: String,
    /// The page in the interface's language, which is what search engines are to know.
    canonical: String,
    /// The page in each of the interface's languages: the language, the address.
    alternates: Vec<(&'static str, String)>,
    linked_data: String,
    api_path: String,
    description: Option<String>,
    site_name: &'a str,
    authors: Vec<Author<'a>>,
    published: Option<Time>,
    added: Time,
    updated: Option<Time>,
    modified: Option<String>,
    original_url: Cow<'a, str>,
    original_label: String,
    length: String,
    reading_time: String,
    summaries: Vec<Block<'a>>,
    missing: Vec<Absent>,
    rights: String,
    rights_refused: bool,
    rights_reason: Option<&'a str>,
    limited: Option<&'a str>,
    limited_reason: Option<&'a str>,
    /// What crawlers are told, as the publisher tells it to them.
    robots: Option<String>,
    /// Whether the text goes on at its source.
    goes_on: bool,
    /// The page of the article that told the same story before.
    told_before: Option<String>,
    body: String,
    related: Vec<RelatedLine<'a>>,
    comments: &'a str,
}

struct Author<'a> {
    name: &'a str,
    /// What stands before the name, after the one before.
    separator: &'a str,
}

/// A point in time for a machine and for a reader.
pub(super) struct Time {
    pub(super) machine: String,
    pub(super) shown: String,
}

impl Time {
    pub(super) fn new(m: &Messages, time: impl Into<OffsetTime>) -> Self {
        let time = time.into();
        Self { machine: seconds(time), shown: m.date_time(time) }
    }
}

/// A time to the second, as RFC 3339 and HTML write it.
pub(super) fn seconds(time: impl Into<OffsetTime>) -> String {
    let time = time.into();
    let second = Timestamp::from_second(time.instant().as_second()).unwrap_or(time.instant());
    time.at(second).to_string()
}

/// The page of an article, with what stands below it.
pub fn render_article(site: &SiteInfo, messages: &Messages, page: &ArticlePage, sections: &Sections<'_>) -> String {
    let article = &page.summarized.article;
    let rights = &article.rights;
    let limited = messages.limited(rights);
    let limited = limited.as_deref();
    let separator = messages.text("site-separator");
    let separators = std::iter::once("").chain(std::iter::repeat(&*separator));
    let mut summaries = placed(&page.summarized.summaries);
    // The reader's language first; the sort keeps the order of the others.
    summaries.sort_by_key(|placed| messages.language.distance(&placed.summary.language));
    let own = title_for(&page.summarized, &messages.language);
    let lang = languages::lang(&article.language);
    let (title, title_lang) = own.map_or((article.title.as_str(), lang), |(title, own)| (title, languages::lang(own)));
    let url = site.page_url(article.article_id);
    let description = description(summaries.first().map_or(&article.text, |placed| &placed.summary.text));
    let in_language = |m: &Messages| format!("{url}?lang={}", m.language);
    let shown = [title, article.title.as_str()];
    let site_name = if article.site.name.is_empty() { &article.site.host } else { &article.site.name };
    let body = page.passages.marked(&page.body, |carried| back_links(messages, &summaries, carried));
    rendered(&Page {
        frame: Frame::new(site, messages),
        title,
        title_lang,
        original_title: own.is_some().then_some(&article.title),
        lang,
        canonical: in_language(messages),
        alternates: all().into_iter().map(|m| (m.lang, in_language(m))).collect(),
        linked_data: linked_data::news_article(site, article, title, description.as_deref()),
        url,
        api_path: format!("/api/v1/articles/{}", article.article_id),
        description,
        site_name,
        authors: separators.zip(&article.authors).map(|(separator, name)| Author { name, separator }).collect(),
        published: article.published_at.map(|time| Time::new(messages, time)),
        added: Time::new(messages, page.added_at),
        updated: (article.revision > Revision::FIRST).then(|| Time::new(messages, article.fetched_at)),
        modified: article.modified_at.map(seconds),
        original_url: uri(&article.canonical_url),
        original_label: messages.original(&article.language),
        length: messages.length(article.words, &article.language),
        reading_time: messages.reading_time(article.words, &article.language),
        missing: (page.summarized.missing.iter())
            .map(|m| Absent::new(messages, m, rights, &page.summarized.summaries))
            .collect(),
        summaries: (summaries.iter()).map(|placed| Block::new(messages, placed, &shown, &page.passages)).collect(),
        rights: messages.with("article-rights", &[("site", site_name.as_str().into())]),
        rights_refused: rights.ai == AiUse::Refused,
        rights_reason: rights.reason.as_deref(),
        limited,
        limited_reason: rights.show_reason.as_deref(),
        robots: crawlers::directives(rights),
        goes_on: rights.show == Show::Excerpt,
        told_before: article.duplicate_of.map(page_path),
        body: images::labelled(&body, messages),
        related: related_lines(messages, sections.related),
        comments: sections.comments,
    })
}

/// The title that a summary in the reader's language gives an article, where it isn't the article's own; and its language.
pub(super) fn title_for<'a>(summarized: &'a ArticleSummarized, reader: &Language) -> Option<(&'a str, &'a Language)> {
    let own = best_summary(&summarized.summaries, reader).filter(|summary| summary.language.same_language(reader))?;
    let title = own.title.as_deref()?;
    (!title.trim().is_empty() && title != summarized.article.title).then_some((title, &own.language))
}

/// The beginning of a text on one line, cut with an ellipsis; nothing of a text without any.
fn description(text: &str) -> Option<String> {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if let Some((end, _)) = line.char_indices().nth(DESCRIPTION_CHARS) {
            line.truncate(end);
            line.push('…');
            break;
        }
    }
    (!line.is_empty()).then_some(line)
}

/// The summary for a place that has room for one: the nearest to `language`, else the first.
pub(super) fn best_summary<'a>(summaries: &'a [Summary], language: &Language) -> Option<&'a Summary> {
    summaries.iter().min_by_key(|summary| language.distance(&summary.language))
}

#[cfg(test)]
mod tests {
    use kos_shared::event::{ArticleId, Fallback, MissingCode, Rights, Span};

    use super::{super::fixtures, *};
    use crate::site::messages::{CHINESE, ENGLISH};

    fn chinese(change: impl FnOnce(&mut ArticlePage)) -> String {
        let mut page = fixtures::page();
        change(&mut page);
        render_article(&fixtures::site(), &CHINESE, &page, &Sections::default())
    }

    #[test]
    fn a_page_names_its_languages() {
        let html = chinese(|_| {});
        assert!(html.contains(r#"<html lang="zh-Hans">"#), "{html}");
        assert!(html.contains(r#"<h1 lang="zh" dir="auto">渡轮复航</h1>"#), "{html}");
        assert!(html.contains(r#"<div class="body" lang="en" dir="auto"><p>The ferry"#), "{html}");
        assert!(
            html.contains(r#"<span id="summary-zh-1">渡轮恢复运行。</span><span id="summary-zh-2">六点开船。</span>"#),
            "{html}"
        );
        assert!(html.contains(r#"<span id="summary-en-2">It leaves at six.</span>"#));
        assert!(html.find("中文摘要") < html.find("英文摘要"), "the reader's language does not come first");
        let english = render_article(&fixtures::site(), &ENGLISH, &fixtures::page(), &Sections::default());
        assert!(english.find("Summary in English") < english.find("Summary in Chinese"));
        let unknown = chinese(|page| page.summarized.article.language = Language::UNDETERMINED);
        assert!(unknown.contains(r#"<span lang="" dir="auto">The ferry"#), "{unknown}");
    }

    #[test]
    fn the_title_is_in_the_readers_language_with_the_original_below() {
        let html = chinese(|_| {});
        assert!(html.contains(r#"<span lang="en" dir="auto">The ferry runs again</span></p>"#), "{html}");
        assert!(html.contains("<title>渡轮复航 · Tides &#38; Times</title>"), "{html}");
        assert_eq!(html.matches("渡轮复航</p>").count(), 0, "the summary repeats it: {html}");
        let english = render_article(&fixtures::site(), &ENGLISH, &fixtures::page(), &Sections::default());
        assert!(english.contains(r#"<h1 lang="en" dir="auto">The ferry runs again</h1>"#), "{english}");
        assert!(!english.contains("Original title"), "{english}");
        assert!(english.contains(r#"<p class="title" lang="zh" dir="auto">渡轮复航</p>"#), "{english}");
        let untitled = chinese(|page| page.summarized.summaries[1].title = None);
        assert!(untitled.contains(r#"<h1 lang="en" dir="auto">The ferry runs again</h1>"#), "{untitled}");
    }

    #[test]
    fn a_sentence_leads_to_the_words_that_carry_it_and_they_lead_back() {
        let html = chinese(|page| {
            let summaries = &mut page.summarized.summaries;
            summaries[1].sentences[0].spans = vec![Span { start: 0, end: 21 }];
            page.passages = Passages::of(&page.body, &page.summarized.article.text, summaries);
        });
        let source = "<a class=\"cite\" href=\"#source-1\" lang=\"zh-Hans\" aria-label=\"正文依据 1\">1</a>";
        assert!(html.contains(&format!("<span id=\"summary-zh-1\">渡轮恢复运行。</span>{source}")), "{html}");
        assert_eq!(html.matches("href=\"#source-").count(), 1, "a sentence without spans has a link: {html}");
        assert!(html.contains("<span class=\"source\" id=\"source-1\">The ferry runs again.<a class=\"back\" href=\"#summary-zh-1\" lang=\"zh-Hans\" aria-label=\"回到中文摘要第 1 句\">↩ 中文</a></span>"), "{html}");
    }

    #[test]
    fn sections_stand_below_the_article() {
        let sections = Sections { comments: "<section>comments</section>", ..Sections::default() };
        let html = render_article(&fixtures::site(), &ENGLISH, &fixtures::page(), &sections);
        let below = &html[html.find("</article>").unwrap()..];
        assert!(below.contains(sections.comments), "{below}");
    }

    #[test]
    fn a_summary_says_how_it_was_made() {
        let html = chinese(|_| {});
        assert!(html.contains("摘录：句子取自原文，未使用模型。"), "{html}");
        assert!(html.contains("由模型 small-model-4b 撰写。通过检查：语言、数字。无法判断：原文依据。"), "{html}");
    }

    #[test]
    fn a_missing_summary_says_why() {
        let html = chinese(|_| {});
        assert!(html.contains("没有法文摘要："), "{html}");
        assert!(html.contains("the model&#39;s answer failed &#60;language&#62;"), "{html}");
    }

    #[test]
    fn an_excerpt_in_traditional_characters_is_not_what_readers_of_simplified_ones_asked_for() {
        let html = chinese(|page| {
            page.summarized.summaries[0].language = "zh-TW".parse().unwrap();
            page.summarized.summaries.truncate(1);
            page.summarized.missing[0].language = Language::CHINESE;
        });
        assert!(html.contains("繁体中文摘要") && html.contains("没有简体中文摘要："), "{html}");
    }

    #[test]
    fn an_excerpt_says_which_checks_the_models_answers_failed() {
        let html = chinese(|page| {
            page.summarized.summaries[0].fallback = Some(Fallback {
                reason: "no answer passed the checks".into(),
                code: MissingCode::ModelFailed,
                failed: vec!["language".into(), "numbers".into()],
            });
        });
        assert!(html.contains("摘录：句子取自原文。模型的回答未通过检查：语言、数字。"), "{html}");
    }

    #[test]
    fn hostile_fields_are_text() {
        let html = chinese(|page| {
            let hostile = || fixtures::HOSTILE.to_owned();
            let (article, summaries) = (&mut page.summarized.article, &mut page.summarized.summaries);
            (article.title, article.site.name, article.authors) = (hostile(), hostile(), vec![hostile(), hostile()]);
            article.rights.ai = AiUse::Refused;
            article.rights.reason = Some(hostile());
            summaries[0].sentences[0].text = hostile();
            (summaries[1].text, summaries[1].title, summaries[1].model) = (hostile(), Some(hostile()), Some(hostile()));
            summaries[1].checks[0].name = hostile();
            page.summarized.missing[0].reason = hostile();
        });
        assert!(!html.contains("<script>"), "{html}");
        assert_eq!(html.matches("</title>").count(), 1);
        assert!(!html.contains("\"quoted\"") && !html.contains('\u{b}'), "{html}");
    }

    #[test]
    fn times_are_given_to_machines_and_readers() {
        let html = chinese(|_| {});
        assert!(
            html.contains(r#"<time class="local" datetime="2026-01-22T05:01:44Z">2026年1月22日 05:01 UTC</time>"#),
            "{html}"
        );
        assert!(html.contains(r#"<time class="local" datetime="2026-01-22T06:00:01Z">"#), "{html}");
        let undated = chinese(|page| page.summarized.article.published_at = None);
        assert!(!undated.contains(&*CHINESE.text("article-published")), "{undated}");
        assert!(!html.contains(&*CHINESE.text("article-updated")), "{html}");
        assert!(
            chinese(|page| page.summarized.article.revision = Revision(2)).contains(&*CHINESE.text("article-updated"))
        );
    }

    #[test]
    fn a_page_says_where_else_it_is() {
        let page = fixtures::page();
        let id = page.summarized.article.article_id;
        let html = chinese(|_| {});
        let address = format!("https://tides.example/articles/{id}");
        for link in [
            format!(r#"rel="canonical" href="{address}?lang=zh""#),
            format!(r#"rel="alternate" hreflang="zh-Hans" href="{address}?lang=zh""#),
            format!(r#"rel="alternate" hreflang="en" href="{address}?lang=en""#),
            format!(r#"rel="alternate" hreflang="x-default" href="{address}""#),
            format!(r#"property="og:url" content="{address}""#),
        ] {
            assert!(html.contains(&link), "{link} is not in {html}");
        }
        assert!(html.contains(r#"type="application/atom+xml" title="Tides &#38; Times" href="/feed.atom""#), "{html}");
        assert!(html.contains(&format!(r#"type="application/json" href="/api/v1/articles/{id}""#)), "{html}");
        assert!(html.contains(r#"href="https://paper.example/ferry?id=7&#38;x=1""#), "{html}");
        assert!(html.contains(">英文原文</a>"), "{html}");
    }

    #[test]
    fn reserved_rights_are_shown() {
        assert!(!chinese(|_| {}).contains(&*CHINESE.text("article-rights-refused")));
        let html = chinese(|page| {
            page.summarized.article.rights.ai = AiUse::Refused;
            page.summarized.article.rights.reason = Some("robots.txt names this agent".into());
        });
        assert!(
            html.contains(&*CHINESE.text("article-rights-refused")) && html.contains("robots.txt names this agent"),
            "{html}"
        );
    }

    #[test]
    fn who_limits_what_is_shown_is_said() {
        let limited = |show, reason: &str| {
            chinese(|page| {
                page.summarized.article.rights = Rights { show, show_reason: Some(reason.into()), ..Rights::default() };
            })
        };
        let html = limited(Show::Excerpt, "the page's robots meta tag says noarchive");
        assert!(html.contains("出版方只允许显示开头部分") && html.contains("says noarchive"), "{html}");
        let html = limited(Show::Summary, "the operator's policy for this source is summary");
        assert!(html.contains("本站只显示这个来源的文章摘要"), "{html}");
        assert!(!html.contains("class=\"body\""), "{html}");
    }

    #[test]
    fn what_the_publisher_tells_crawlers_is_told_on() {
        assert!(!chinese(|_| {}).contains("name=\"robots\""));
        let html = chinese(|page| {
            let rights = &mut page.summarized.article.rights;
            (rights.ai, rights.noindex, rights.max_snippet) = (AiUse::Refused, true, Some(90));
        });
        assert!(html.contains(r#"<meta name="robots" content="noindex, noai, noimageai, max-snippet:90">"#), "{html}");
        assert!(html.contains(r#"<meta name="tdm-reservation" content="1">"#), "{html}");
    }

    #[test]
    fn a_story_that_was_told_before_links_to_the_earlier_article() {
        assert!(!chinese(|_| {}).contains(&*CHINESE.text("article-told-before")));
        let earlier = ArticleId::of_canonical_url(&"https://agency.example/1".parse().unwrap());
        let tell = |page: &mut ArticlePage| page.summarized.article.duplicate_of = Some(earlier);
        let line = format!("<a href=\"/articles/{earlier}\">{}</a>", CHINESE.text("article-told-before"));
        assert!(chinese(tell).contains(&line), "{}", chinese(tell));
        let mut page = fixtures::page();
        tell(&mut page);
        assert!(
            render_article(&fixtures::site(), &ENGLISH, &page, &Sections::default())
                .contains(&*ENGLISH.text("article-told-before"))
        );
    }

    #[test]
    fn a_page_without_summaries_says_so() {
        let html = chinese(|page| {
            page.summarized.summaries.clear();
            page.summarized.missing.clear();
        });
        assert!(html.contains(&*CHINESE.text("article-no-summary")), "{html}");
    }

    #[test]
    fn a_description_is_one_line_and_short() {
        assert_eq!(description(" a\n b "), Some("a b".into()));
        assert_eq!(description(" \n"), None);
        let long = description(&"字".repeat(500)).unwrap();
        assert_eq!(long.chars().count(), DESCRIPTION_CHARS + 1);
    }
}
