//! What summaries an article gets, and why the others are missing.

use kos_shared::{
    event::{AiUse, Article, Check, Language, Method, Missing, MissingCode, Sentence, Show, Summary, Verdict},
    text::{Counts, Script},
};

use crate::extractive::{self, Extract};

/// How much of an article is quoted where its publisher refuses machine use, in words or characters.
const EXCERPT_WORDS: usize = 50;

/// The least share of a summary's letters that is of its language's script. The lowest of the summaries of
/// 35 real Chinese pages had 0.95; one that changes the language half way has less than half.
const LANGUAGE_SHARE: f64 = 0.6;

/// The summaries of an article, and the languages of `wanted` that it has none in.
///
/// An extractive summary in the article's own language is always made where the text allows it, wanted or
/// not. Where the publisher refuses machine use it is an excerpt of the article's start, at most 50 words. Of an article
/// of which nothing may be shown there is none, and none is longer than the longest excerpt that the publisher allows.
pub fn summaries(article: &Article, wanted: &[Language]) -> (Vec<Summary>, Vec<Missing>) {
    let rights = &article.rights;
    let refused = rights.ai == AiUse::Refused;
    let (title, text, own) = (&article.title, &article.text, &article.language);
    let extract = if refused {
        extractive::excerpt(title, text, own, EXCERPT_WORDS)
    } else {
        extractive::summarize(title, text, own)
    };
    let has_text = extract.is_some();
    let extract = extract.filter(|_| rights.show != Show::None).and_then(|extract| match rights.max_snippet {
        Some(characters) => extract.within(characters as usize),
        None => Some(extract),
    });
    let made = extract.is_some();
    let code = match (made, has_text, refused) {
        (false, false, _) => MissingCode::NothingToSummarize,
        (true, _, false) => MissingCode::NoModel,
        _ => MissingCode::RightsRefused,
    };
    let why = |reason: &Option<String>| reason.as_deref().map(|r| format!(" ({r})")).unwrap_or_default();
    let missing = |language: &Language| Missing {
        language: language.clone(),
        code,
        reason: if !has_text {
            "nothing to summarize: the article's text has no sentence of its own".to_owned()
        } else if !made {
            format!("the publisher allows no summary to be shown{}", why(&rights.show_reason))
        } else if refused {
            let why = why(&rights.reason);
            format!(
                "the publisher refuses machine use{why}: the article is not given to a model, not even for {language}"
            )
        } else if *own == Language::UNDETERMINED {
            format!("no model is configured: a summary in {language} of an article in an unknown language needs one")
        } else {
            format!("no model is configured: a summary in {language} of an article in {own} needs one")
        },
    };
    let mut absent: Vec<&Language> = Vec::new();
    for language in wanted {
        let had = made && language.same_language(own);
        if !had && !absent.contains(&language) {
            absent.push(language);
        }
    }
    let missing = absent.into_iter().map(missing).collect();
    (extract.map(|extract| extractive_summary(article, extract)).into_iter().collect(), missing)
}

fn extractive_summary(article: &Article, extract: Extract) -> Summary {
    let checks =
        vec![check_language(&extract.text, &article.language), check_verbatim(&extract.sentences, &article.text)];
    let title = article.title.trim();
    Summary {
        language: article.language.clone(),
        title: (!title.is_empty()).then(|| title.to_owned()),
        text: extract.text,
        sentences: extract.sentences,
        method: Method::Extractive,
        model: None,
        prompt_version: None,
        checks,
    }
}

/// Whether a summary is written in the script of its language; the figure is the share of letters that are.
/// Languages of one script can't be told apart so.
fn check_language(summary: &str, language: &Language) -> Check {
    let figure = Script::of_language(language).and_then(|scripts| Counts::of(summary).share(scripts));
    let verdict = match figure {
        Some(share) if share >= LANGUAGE_SHARE => Verdict::Pass,
        Some(_) => Verdict::Fail,
        None => Verdict::CannotJudge,
    };
    Check { name: "language".into(), verdict, figure }
}

/// Whether each sentence is what stands in the article at its spans; the figure is the share that is.
fn check_verbatim(sentences: &[Sentence], text: &str) -> Check {
    let stands = |sentence: &&Sentence| {
        let spans = sentence.spans.iter();
        let source =
            spans.flat_map(|s| text.chars().skip(s.start as usize).take(s.end.saturating_sub(s.start) as usize));
        !sentence.spans.is_empty() && source.eq(sentence.text.chars())
    };
    if sentences.is_empty() {
        return Check { name: "verbatim".into(), verdict: Verdict::CannotJudge, figure: None };
    }
    let found = sentences.iter().filter(stands).count();
    let verdict = if found == sentences.len() { Verdict::Pass } else { Verdict::Fail };
    Check { name: "verbatim".into(), verdict, figure: Some(found as f64 / sentences.len() as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kos_shared::event::{Rights, Span};
    use kos_shared::text::count_words;

    fn article(language: &str, title: &str, text: &str) -> Article {
        serde_json::from_value(serde_json::json!({
            "article_id": "6ba7b811-9dad-11d1-80b4-00c04fd430c8",
            "revision": 1,
            "url": "https://news.example/1",
            "canonical_url": "https://news.example/1",
            "site": {"name": "News", "host": "news.example"},
            "title": title,
            "fetched_at": "2026-01-22T05:01:44Z",
            "language": language,
            "body_html": "",
            "text": text,
            "words": 0,
            "content_hash": "",
        }))
        .unwrap()
    }

    const TEXT: &str = "The pass is closed after heavy snow. It will open again when the road is clear.";

    #[test]
    fn the_own_language_is_summarized_and_the_other_is_missing_for_a_reason() {
        let (summaries, missing) = summaries(&article("en-GB", "Snow", TEXT), &[Language::CHINESE, Language::ENGLISH]);
        let [summary] = &summaries[..] else { panic!("expected one summary, got {summaries:?}") };
        assert_eq!((summary.language.as_str(), summary.title.as_deref()), ("en-GB", Some("Snow")));
        assert_eq!((summary.text.as_str(), summary.method), (TEXT, Method::Extractive));
        assert_eq!((&summary.model, &summary.prompt_version), (&None, &None));
        let verdicts: Vec<_> = summary.checks.iter().map(|c| (c.name.as_str(), c.verdict, c.figure)).collect();
        assert_eq!(verdicts, [("language", Verdict::Pass, Some(1.0)), ("verbatim", Verdict::Pass, Some(1.0))]);
        let [missing] = &missing[..] else { panic!("expected one missing language, got {missing:?}") };
        assert_eq!(missing.language, Language::CHINESE);
        assert_eq!(missing.reason, "no model is configured: a summary in zh of an article in en-GB needs one");
    }

    #[test]
    fn the_own_language_is_summarized_though_nobody_asked_and_a_wish_said_twice_is_one() {
        let (summaries, missing) =
            summaries(&article("fr", "", "Le col est fermé."), &[Language::CHINESE, Language::CHINESE]);
        assert_eq!((summaries.len(), missing.len()), (1, 1));
        assert_eq!(summaries[0].title, None);
    }

    #[test]
    fn a_text_without_sentences_leaves_every_language_missing() {
        let (summaries, missing) = summaries(&article("en", "Snow", "\n"), &[Language::ENGLISH, Language::CHINESE]);
        assert!(summaries.is_empty());
        let languages: Vec<_> = missing.iter().map(|m| m.language.as_str()).collect();
        assert_eq!(languages, ["en", "zh"]);
        assert!(missing.iter().all(|m| m.reason.contains("nothing to summarize")));
    }

    #[test]
    fn a_refusal_leaves_a_short_excerpt_and_is_the_reason_given() {
        let mut refused = article("en", "Snow", &TEXT.repeat(10).replace('.', ". "));
        refused.rights = Rights { ai: AiUse::Refused, reason: Some("robots.txt".into()), ..Rights::default() };
        let (summaries, missing) = summaries(&refused, &[Language::CHINESE]);
        assert!(count_words(&summaries[0].text) <= EXCERPT_WORDS);
        assert!(
            missing[0].reason.starts_with("the publisher refuses machine use (robots.txt)"),
            "{}",
            missing[0].reason
        );
    }

    #[test]
    fn of_an_article_that_may_not_be_shown_there_is_no_summary_and_the_reason_is_given() {
        let mut hidden = article("en", "Snow", TEXT);
        let reason = Some("the page's robots meta tag says nosnippet".to_owned());
        hidden.rights = Rights { show: Show::None, show_reason: reason, ..Rights::default() };
        let (summaries, missing) = summaries(&hidden, &[Language::ENGLISH, Language::CHINESE]);
        assert_eq!((summaries.len(), missing.len()), (0, 2));
        for missing in missing {
            assert_eq!(missing.code, MissingCode::RightsRefused);
            assert!(missing.reason.contains("the page's robots meta tag says nosnippet"), "{}", missing.reason);
        }
    }

    #[test]
    fn a_summary_is_no_longer_than_the_longest_excerpt() {
        let first = "The pass is closed after heavy snow.";
        let mut limited = article("en", "Snow", TEXT);
        limited.rights = Rights { show: Show::Excerpt, max_snippet: Some(40), ..Rights::default() };
        let (made, _) = summaries(&limited, &[Language::ENGLISH]);
        assert_eq!((made[0].text.as_str(), made[0].sentences.len()), (first, 1));
        assert!(made[0].checks.iter().all(|check| check.verdict == Verdict::Pass), "{:?}", made[0].checks);
        limited.rights.max_snippet = Some(20);
        let (made, missing) = summaries(&limited, &[Language::ENGLISH]);
        assert!(made.is_empty());
        assert_eq!(missing[0].code, MissingCode::RightsRefused);
    }

    #[test]
    fn a_text_in_another_script_than_its_label_fails_the_language_check() {
        let language = |tag: &str, text: &str| check_language(text, &tag.parse().unwrap());
        assert_eq!(language("zh", TEXT).verdict, Verdict::Fail);
        assert_eq!(language("en", "山口因大雪关闭。").figure, Some(0.0));
        assert_eq!(language("zh", "OpenAI 发布了新的视频生成工具，名字还没有定。").verdict, Verdict::Pass);
        assert_eq!(language("und", TEXT).verdict, Verdict::CannotJudge);
        assert_eq!(language("zh", "2026：10%").verdict, Verdict::CannotJudge);
    }

    #[test]
    fn a_sentence_that_is_not_where_it_says_fails_the_verbatim_check() {
        let at = |start, end, text: &str| Sentence { text: text.into(), spans: vec![Span { start, end }] };
        let check = |sentences: &[Sentence]| check_verbatim(sentences, "雪下了。It snowed.");
        assert_eq!(check(&[at(0, 4, "雪下了。"), at(4, 14, "It snowed.")]).figure, Some(1.0));
        assert_eq!(check(&[at(0, 4, "雪下了。"), at(4, 14, "It rained.")]).figure, Some(0.5));
        assert_eq!(check(&[at(9, 2, "x"), at(90, 99, "y")]).verdict, Verdict::Fail);
    }
}
