//! What of an article the site may have: everything that its `rights` don't allow to be shown is taken out before it is
//! stored, so that no page, feed or answer of the API can show it.

use kos_shared::{
    event::{ArticleSummarized, Method, Missing, MissingCode, Rights, Show, Summary},
    text::sentences,
};

/// How long an excerpt is where its publisher sets no length, in characters.
const EXCERPT_CHARS: usize = 300;

/// An article with what may be shown of it: text and body cut to an excerpt or gone, no image, no summary that is too long
/// or not allowed, and no field that this version doesn't know, since it may hold anything.
pub fn permitted(mut summarized: ArticleSummarized) -> ArticleSummarized {
    let ArticleSummarized { article, summaries, missing, attempts } = &mut summarized;
    let rights = article.rights.clone();
    if rights.show == Show::Full && rights.max_snippet.is_none() {
        return summarized;
    }
    article.text = match rights.show {
        Show::Full | Show::Excerpt => excerpt(&article.text, excerpt_chars(&rights)),
        Show::Summary | Show::None => String::new(),
    };
    article.body_html = paragraphs(&article.text);
    article.image = None;
    article.extra.clear();
    // What checks stumbled over may quote the article.
    let checks = attempts.iter_mut().flat_map(|attempt| &mut attempt.checks);
    checks.chain(summaries.iter_mut().flat_map(|summary| &mut summary.checks)).for_each(|check| check.detail = None);
    let (allowed, refused): (Vec<Summary>, Vec<Summary>) =
        std::mem::take(summaries).into_iter().partition(|summary| may_be_shown(summary, &article.text, &rights));
    *summaries = allowed;
    missing.extend(refused.into_iter().map(|summary| not_shown(summary, &rights)));
    let length = u32::try_from(article.text.chars().count()).unwrap_or(u32::MAX);
    for sentence in summaries.iter_mut().flat_map(|summary| &mut summary.sentences) {
        // What a span points to is gone with the text.
        sentence.spans.retain(|span| span.end <= length);
    }
    summarized
}

fn excerpt_chars(rights: &Rights) -> usize {
    rights.max_snippet.map_or(EXCERPT_CHARS, |characters| characters as usize)
}

/// What is quoted word for word is an excerpt: together with the one that is shown anyway it is no longer than one.
fn may_be_shown(summary: &Summary, excerpt: &str, rights: &Rights) -> bool {
    let bounded = rights.show == Show::Excerpt || rights.max_snippet.is_some();
    let fits = || characters(excerpt) + quoted_beside(summary, excerpt) <= excerpt_chars(rights);
    rights.show != Show::None && (summary.method != Method::Extractive || !bounded || fits())
}

/// How many characters a summary quotes that are not in the excerpt.
fn quoted_beside(summary: &Summary, excerpt: &str) -> usize {
    let sentences = summary.sentences.iter().map(|sentence| sentence.text.as_str());
    let all: usize = sentences.clone().map(characters).sum();
    // Where the sentences are not the summary, nothing is known of what is quoted twice.
    if all < summary.text.chars().filter(|c| !c.is_whitespace()).count() {
        return characters(&summary.text);
    }
    sentences.filter(|sentence| !excerpt.contains(sentence)).map(characters).sum()
}

fn characters(text: &str) -> usize {
    text.chars().count()
}

fn not_shown(summary: Summary, rights: &Rights) -> Missing {
    let why = rights.show_reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let reason = format!("the publisher allows no summary to be shown{why}");
    Missing { language: summary.language, reason, code: MissingCode::RightsRefused, failed: Vec::new() }
}

/// The beginning of a text in whole sentences, no more than `limit` characters; where not even one fits, cut behind a word.
fn excerpt(text: &str, limit: usize) -> String {
    let text = text.trim();
    let Some((limit_at, _)) = text.char_indices().nth(limit) else { return text.to_owned() };
    let whole = sentences(text).map(|range| range.end).take_while(|end| *end <= limit_at).last();
    if let Some(end) = whole.filter(|end| *end > 0) {
        return text[..end].trim_end().to_owned();
    }
    // The sign that something is missing counts too.
    let Some(room) = limit.checked_sub(1) else { return String::new() };
    let cut = text.char_indices().nth(room).map_or(text, |(end, _)| &text[..end]);
    let behind_a_word = cut.rfind(char::is_whitespace).filter(|at| at * 2 > cut.len()).map_or(cut, |at| &cut[..at]);
    format!("{}…", behind_a_word.trim_end())
}

/// A text as HTML, a paragraph a line.
fn paragraphs(text: &str) -> String {
    let escaped = |line: &str| line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| format!("<p>{}</p>", escaped(line)))
        .collect()
}

#[cfg(test)]
mod tests {
    use kos_shared::event::{Article, Span};

    use super::{super::fixtures, *};
    use crate::site::{
        ArticlePage, ArticleView, Passages, Sections,
        feed::{Feed, Format, Selection},
        messages::{CHINESE, ENGLISH},
        render_article,
    };

    const BEGINNING: &str = "The ferry runs again.";
    const SECRET: &str = "Its captain keeps goats below the deck.";

    fn limited(show: Show, max_snippet: Option<u32>) -> ArticleSummarized {
        let mut summarized = fixtures::summarized();
        let article = &mut summarized.article;
        article.text = format!("{BEGINNING}\n{}\n{SECRET}", "It leaves at six in the morning. ".repeat(9));
        article.body_html = paragraphs(&article.text);
        article.image = Some("https://paper.example/goats.jpg".parse().unwrap());
        article.extra.insert("full_text".into(), SECRET.into());
        let show_reason = Some("the page's robots meta tag says so".into());
        article.rights = Rights { show, show_reason, max_snippet, ..Rights::default() };
        summarized.summaries[0].sentences[0].spans = vec![Span { start: 0, end: 21 }];
        summarized.summaries[0].sentences[1].spans = vec![Span { start: 22, end: 900 }];
        permitted(summarized)
    }

    /// Every text that the site makes of an article.
    fn served(summarized: &ArticleSummarized) -> Vec<String> {
        let site = fixtures::site();
        let body = crate::site::site_body(&summarized.article.body_html);
        let passages = Passages::of(&body, &summarized.article.text, &summarized.summaries);
        let page =
            ArticlePage { summarized: summarized.clone(), body, passages, added_at: jiff::Timestamp::UNIX_EPOCH };
        let view = ArticleView::new(&site, summarized.clone(), page.added_at);
        let pages = std::slice::from_ref(&page);
        let feed = |format| Feed::new(&site, &Selection::default(), pages, page.added_at).render(format);
        vec![
            render_article(&site, &CHINESE, &page, &Sections::default()),
            render_article(&site, &ENGLISH, &page, &Sections::default()),
            feed(Format::Atom),
            feed(Format::Rss),
            feed(Format::Json),
            serde_json::to_string(&view).unwrap(),
        ]
    }

    #[test]
    fn an_article_without_limits_is_shown_whole() {
        let whole = limited(Show::Full, None);
        assert!(whole.article.text.contains(SECRET) && whole.article.image.is_some());
        assert!(served(&whole).iter().all(|text| text.contains(SECRET)));
    }

    #[test]
    fn nothing_of_the_rest_is_served_anywhere() {
        for (show, max_snippet) in [
            (Show::Excerpt, None),
            (Show::Excerpt, Some(25)),
            (Show::Full, Some(25)),
            (Show::Summary, None),
            (Show::None, None),
        ] {
            let summarized = limited(show, max_snippet);
            let stored = serde_json::to_string(&summarized).unwrap();
            for text in served(&summarized).iter().chain([&stored]) {
                assert!(!text.contains("captain") && !text.contains("goats"), "{show:?}: {text}");
                assert!(text.contains("paper.example/ferry"), "the link is missing: {text}");
            }
        }
    }

    #[test]
    fn an_excerpt_has_the_beginning_and_a_link_to_the_rest() {
        let summarized = limited(Show::Excerpt, Some(25));
        assert_eq!(summarized.article.text, BEGINNING);
        assert_eq!(summarized.article.body_html, format!("<p>{BEGINNING}</p>"));
        let [chinese, english, atom, ..] = &served(&summarized)[..] else { panic!("no texts") };
        assert!(chinese.contains("在来源网站继续阅读") && chinese.contains("出版方只允许显示开头部分"), "{chinese}");
        assert!(english.contains("Read on at the source") && english.contains("says so"), "{english}");
        assert!(atom.contains(BEGINNING) && atom.contains("在来源网站继续阅读"), "{atom}");
        let default = limited(Show::Excerpt, None).article.text;
        assert!(default.chars().count() <= EXCERPT_CHARS && default.ends_with("morning."), "{default}");
    }

    #[test]
    fn summaries_stand_alone_where_no_text_may_be_shown() {
        let summarized = limited(Show::Summary, None);
        assert_eq!((summarized.article.text.as_str(), summarized.summaries.len()), ("", 2));
        let [_, english, atom, .., api] = &served(&summarized)[..] else { panic!("no texts") };
        assert!(english.contains("渡轮恢复运行。") && !english.contains("class=\"body\""), "{english}");
        assert!(atom.contains("<summary") && !atom.contains("<content"), "{atom}");
        assert!(api.contains("\"text\":\"\""), "{api}");
    }

    #[test]
    fn where_nothing_may_be_shown_title_source_and_link_remain() {
        let summarized = limited(Show::None, None);
        assert!(summarized.summaries.is_empty() && summarized.missing.len() == 3);
        for text in served(&summarized) {
            assert!(text.contains("The ferry runs again") && text.contains("https://paper.example/ferry"), "{text}");
            assert!(!text.contains("渡轮恢复运行") && !text.contains("leaves at six"), "{text}");
        }
    }

    #[test]
    fn a_quotation_is_no_longer_than_an_excerpt_and_a_summary_in_own_words_may_be() {
        let summarized = limited(Show::Excerpt, Some(10));
        let [written] = &summarized.summaries[..] else { panic!("expected one summary") };
        assert_eq!(written.method, Method::Llm);
        assert_eq!(summarized.article.text, "The ferry…");
        let spans = limited(Show::Excerpt, Some(80)).summaries.swap_remove(0).sentences;
        assert_eq!((spans[0].spans.len(), spans[1].spans.len()), (1, 0), "a span points into what is gone");
    }

    #[test]
    fn what_checks_stumbled_over_is_not_shown_of_a_limited_article() {
        let mut summarized = fixtures::summarized();
        summarized.article.rights = Rights { show: Show::Summary, ..Rights::default() };
        summarized.summaries[1].checks[0].detail = Some("words of the article".into());
        let permitted = permitted(summarized);
        assert!(permitted.summaries.iter().flat_map(|s| &s.checks).all(|check| check.detail.is_none()));
    }

    #[test]
    fn excerpt_and_quoted_summary_together_are_no_longer_than_an_excerpt() {
        let quoted = |rights: Rights, sentence: &str| {
            let mut summarized = fixtures::summarized();
            summarized.article.text = format!("{BEGINNING}\n{}", "It leaves at six in the morning. ".repeat(9));
            summarized.article.rights = rights;
            summarized.summaries.truncate(1);
            summarized.summaries[0].text = sentence.to_owned();
            summarized.summaries[0].sentences.truncate(1);
            summarized.summaries[0].sentences[0].text = sentence.to_owned();
            !permitted(summarized).summaries.is_empty()
        };
        let long = "Its captain, who was there before the war, says so. ".repeat(6);
        for max_snippet in [None, Some(200)] {
            let rights = Rights { show: Show::Excerpt, max_snippet, ..Rights::default() };
            assert!(!quoted(rights.clone(), &long), "{rights:?}");
            assert!(quoted(rights, BEGINNING), "what is in the excerpt is quoted once");
        }
        let by_operator = Rights { show: Show::Summary, ..Rights::default() };
        assert!(quoted(by_operator, &long), "without an excerpt and a limit there is nothing to add to");
    }

    #[test]
    fn an_excerpt_fits_whatever_the_text() {
        for text in ["", "字".repeat(900).as_str(), &"word ".repeat(200), "一。二。三。", "\n\n", "é\u{301}\u{0}…"]
        {
            for limit in [0, 1, 2, 3, 299, 300] {
                let cut = excerpt(text, limit);
                assert!(cut.chars().count() <= limit, "{limit}: {cut:?}");
            }
        }
        assert_eq!(excerpt("一。二。三。", 4), "一。二。");
        assert_eq!(paragraphs("a < b\n\n& c"), "<p>a &lt; b</p><p>&amp; c</p>");
    }

    #[test]
    fn an_article_keeps_its_place_among_revisions() {
        let Article { article_id, revision, content_hash, words, .. } = limited(Show::None, None).article;
        let whole = fixtures::summarized().article;
        assert_eq!((article_id, revision), (whole.article_id, whole.revision));
        assert_eq!((content_hash, words), (whole.content_hash, whole.words));
    }
}
