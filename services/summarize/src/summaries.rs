//! What summaries an article gets, and why the others are missing.

use std::sync::Arc;

use futures_util::future::join_all;
use jiff::Timestamp;
use kos_shared::{
    event::{
        AiUse, Article, ArticleSummarized, Attempt, Fallback, Language, Method, Missing, MissingCode, Show, Summary,
    },
    stage::on_cpu,
};

use crate::{
    excerpt::{Plain, extractive_summary},
    extractive::is_brief,
    metrics::SummaryMetrics,
    writing::{Shortfall, Writer, Written},
};

/// Makes the summaries of articles. Clones share everything.
#[derive(Debug, Clone)]
pub struct Summarizer {
    /// The languages that readers want.
    pub wanted: Arc<[Language]>,
    /// Has models write summaries; none where no model is configured.
    pub writer: Option<Writer>,
    /// Whether there is an excerpt of an article whose publisher refuses machine use.
    pub refused_excerpt: bool,
    /// What is counted.
    pub metrics: SummaryMetrics,
}

/// The summaries of an article.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// One for each language that could be had, those that are wanted first.
    pub summaries: Vec<Summary>,
    /// The languages that are wanted and could not be had.
    pub missing: Vec<Missing>,
    /// What models were asked and answered.
    pub attempts: Vec<Attempt>,
    /// When an endpoint that was down or busy may answer, where that would make a difference.
    pub retry_at: Option<Timestamp>,
}

impl Outcome {
    /// The article with them.
    pub fn of(self, article: Article) -> ArticleSummarized {
        ArticleSummarized { article, summaries: self.summaries, missing: self.missing, attempts: self.attempts }
    }
}

impl Summarizer {
    /// Makes excerpts only: no model is configured.
    pub fn without_models(wanted: &[Language]) -> Self {
        let (wanted, metrics) = (wanted.into(), SummaryMetrics::default());
        Self { wanted, writer: None, refused_excerpt: true, metrics }
    }

    /// What an article gets where no model is asked.
    pub fn excerpt(&self, article: &Article) -> Outcome {
        assemble(article, self.languages(), Plain::of(article, self.refused_excerpt), Vec::new())
    }

    /// The summaries of an article, and the languages that it has none in.
    ///
    /// A model writes in the languages that are wanted, where one is configured and may be given the article. An
    /// excerpt in the article's own language stands where no model's summary does, wanted or not. Where the publisher
    /// refuses machine use it is the article's start, at most 50 words. Of an article of which nothing may be shown
    /// there is none, and none is longer than the longest excerpt that the publisher allows.
    ///
    /// # Errors
    /// The database fails.
    pub async fn summarize(&self, article: &Arc<Article>) -> Result<Outcome, sqlx::Error> {
        let (of, excerpts) = (Arc::clone(article), self.refused_excerpt);
        let plain = on_cpu(move || Plain::of(&of, excerpts)).await;
        let mut written = Vec::new();
        if let Some(writer) = self.writer.as_ref().filter(|_| may_be_given(article) && plain.has_text) {
            let wanted = self.languages().filter(|language| !is_left_alone(article, language));
            let writing = wanted.map(|language| async move {
                let with_title = !language.reads(&article.language) || article.title.trim().is_empty();
                let written = writer.write(article, language, with_title).await?;
                Ok::<_, sqlx::Error>((language.clone(), written))
            });
            // All come to their end: one whose call is paid for is not dropped because another failed.
            written = join_all(writing).await.into_iter().collect::<Result<_, _>>()?;
        }
        Ok(assemble(article, self.languages(), plain, written))
    }

    /// Counts what an article got.
    pub fn count(&self, outcome: &ArticleSummarized) {
        for summary in &outcome.summaries {
            let method = if summary.method == Method::Llm { "llm" } else { "extractive" };
            let reason = summary.fallback.as_ref().map_or("", |fallback| reason_label(fallback.code));
            self.metrics.summarized(&summary.language, method, reason.to_owned());
        }
        for missing in &outcome.missing {
            self.metrics.summarized(&missing.language, "none", reason_label(missing.code).to_owned());
        }
    }

    /// The languages that are wanted, each once: who reads one of Britain reads one of America.
    fn languages(&self) -> impl Iterator<Item = &Language> {
        let before = |i: usize, language: &Language| self.wanted[..i].iter().any(|other| language.reads(other));
        self.wanted.iter().enumerate().filter(move |(i, language)| !before(*i, language)).map(|(_, language)| language)
    }
}

/// Whether a model may be given the article, and what it writes may be shown.
fn may_be_given(article: &Article) -> bool {
    article.rights.ai == AiUse::Allowed && article.rights.show != Show::None
}

/// Whether an article is as short as its summary would be, and in the reader's language: it is its own summary.
fn is_left_alone(article: &Article, language: &Language) -> bool {
    language.reads(&article.language) && is_brief(&article.text, &article.language)
}

/// Puts together what models wrote and what there is without them.
fn assemble<'a>(
    article: &Article,
    wanted: impl Iterator<Item = &'a Language>,
    plain: Plain,
    written: Vec<(Language, Written)>,
) -> Outcome {
    let own = &article.language;
    let mut outcome = Outcome { summaries: Vec::new(), missing: Vec::new(), attempts: Vec::new(), retry_at: None };
    let mut shortfalls: Vec<(Language, Shortfall)> = Vec::new();
    for (language, written) in written {
        outcome.attempts.extend(written.attempts);
        match written.summary {
            Ok(summary) => outcome.summaries.push(summary),
            Err(shortfall) => {
                outcome.retry_at = [outcome.retry_at, shortfall.retry_at].into_iter().flatten().min();
                shortfalls.push((language, shortfall));
            }
        }
    }
    let shortfall = |language: &Language| shortfalls.iter().find(|(l, _)| l == language).map(|(_, s)| s);
    let written_in = |language: &Language, of: &[Summary]| of.iter().any(|s| language.reads(&s.language));
    let (has_text, excerpt) = (plain.has_text, plain.extract);
    let has_excerpt = excerpt.is_some();
    // The excerpt stands for its language unless a model wrote in that.
    let stands = has_excerpt && !written_in(own, &outcome.summaries);
    let mut own_shortfall = None;
    for language in wanted {
        if written_in(language, &outcome.summaries) {
            continue;
        }
        let short = shortfall(language);
        // An excerpt in the other kind of Chinese characters says as well what failed.
        if stands && language.same_language(own) {
            own_shortfall = own_shortfall.or(short);
        }
        if stands && language.reads(own) {
            continue;
        }
        outcome.missing.push(missing(article, language, has_text, has_excerpt, short));
    }
    if let Some(extract) = excerpt.filter(|_| !written_in(own, &outcome.summaries)) {
        let fallback = fallback(article, own_shortfall);
        outcome.summaries.push(extractive_summary(article, extract, fallback));
    }
    outcome
}

fn missing(
    article: &Article,
    language: &Language,
    has_text: bool,
    has_excerpt: bool,
    shortfall: Option<&Shortfall>,
) -> Missing {
    let (rights, own) = (&article.rights, &article.language);
    let refused = rights.ai == AiUse::Refused;
    let why = |reason: &Option<String>| reason.as_deref().map(|r| format!(" ({r})")).unwrap_or_default();
    let (code, reason) = if !has_text {
        let reason = "nothing to summarize: the article's text has no sentence of its own";
        (MissingCode::NothingToSummarize, reason.to_owned())
    } else if let Some(shortfall) = shortfall {
        (shortfall.code, shortfall.reason.clone())
    } else if rights.show == Show::None || (!has_excerpt && !refused) {
        let reason = format!("the publisher allows no summary to be shown{}", why(&rights.show_reason));
        (MissingCode::RightsRefused, reason)
    } else if refused {
        let why = why(&rights.reason);
        let reason = format!(
            "the publisher refuses machine use{why}: the article is not given to a model, not even for {language}"
        );
        (MissingCode::RightsRefused, reason)
    } else if *own == Language::UNDETERMINED {
        let reason =
            format!("no model is configured: a summary in {language} of an article in an unknown language needs one");
        (MissingCode::NoModel, reason)
    } else {
        (
            MissingCode::NoModel,
            format!("no model is configured: a summary in {language} of an article in {own} needs one"),
        )
    };
    let failed = shortfall.map(|s| s.failed.clone()).unwrap_or_default();
    Missing { language: language.clone(), code, reason, failed }
}

/// Why an excerpt stands where a model's summary could have been.
fn fallback(article: &Article, shortfall: Option<&Shortfall>) -> Option<Fallback> {
    if let Some(shortfall) = shortfall {
        let Shortfall { code, reason, failed, .. } = shortfall.clone();
        return Some(Fallback { reason, code, failed });
    }
    (article.rights.ai == AiUse::Refused).then(|| {
        let why = article.rights.reason.as_deref().map(|r| format!(" ({r})")).unwrap_or_default();
        let reason = format!("the publisher refuses machine use{why}");
        Fallback { reason, code: MissingCode::RightsRefused, failed: Vec::new() }
    })
}

const fn reason_label(code: MissingCode) -> &'static str {
    match code {
        MissingCode::NothingToSummarize => "nothing_to_summarize",
        MissingCode::RightsRefused => "rights_refused",
        MissingCode::NoModel => "no_model",
        MissingCode::ModelFailed => "model_failed",
        MissingCode::ModelUnavailable => "model_unavailable",
        MissingCode::BudgetSpent => "budget_spent",
        MissingCode::Other => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kos_shared::event::{Rights, Verdict};
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

    /// What there is without a model.
    fn summaries(article: &Article, wanted: &[Language]) -> (Vec<Summary>, Vec<Missing>) {
        let outcome = Summarizer::without_models(wanted).excerpt(article);
        (outcome.summaries, outcome.missing)
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
        assert!(count_words(&summaries[0].text) <= 50);
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

    fn fit(language: &str) -> Written {
        let summary = Summary {
            language: language.parse().unwrap(),
            title: None,
            text: "…".into(),
            sentences: vec![],
            method: Method::Llm,
            model: Some("small".into()),
            prompt_version: Some("1".into()),
            checks: vec![],
            fallback: None,
        };
        Written { summary: Ok(summary), attempts: vec![] }
    }

    fn short(failed: &[&str], retry_at: Option<Timestamp>) -> Written {
        let failed = failed.iter().map(|name| (*name).to_owned()).collect();
        let shortfall =
            Shortfall { code: MissingCode::ModelFailed, reason: "no answer passed".into(), failed, retry_at };
        Written { summary: Err(shortfall), attempts: vec![] }
    }

    fn assembled(article: &Article, wanted: &[&str], written: Vec<Written>) -> Outcome {
        let wanted: Vec<Language> = wanted.iter().map(|tag| tag.parse().unwrap()).collect();
        let written = wanted.iter().cloned().zip(written).collect();
        assemble(article, wanted.iter(), Plain::of(article, true), written)
    }

    fn got(outcome: &Outcome) -> Vec<(&str, Method)> {
        outcome.summaries.iter().map(|s| (s.language.as_str(), s.method)).collect()
    }

    #[test]
    fn a_models_summary_takes_the_place_of_the_excerpt() {
        let article = article("en-GB", "Snow", TEXT);
        let outcome = assembled(&article, &["zh", "en"], vec![fit("zh"), fit("en")]);
        assert_eq!(got(&outcome), [("zh", Method::Llm), ("en", Method::Llm)]);
        assert!(outcome.missing.is_empty());
        // Nobody asked for the article's own language: the excerpt in it stands all the same.
        let outcome = assembled(&article, &["zh"], vec![fit("zh")]);
        assert_eq!(got(&outcome), [("zh", Method::Llm), ("en-GB", Method::Extractive)]);
        assert_eq!(outcome.summaries[1].fallback, None);
    }

    #[test]
    fn where_a_model_failed_the_excerpt_says_at_what_and_the_other_language_is_missing() {
        let again = Some(Timestamp::UNIX_EPOCH);
        let article = article("en", "Snow", TEXT);
        let outcome = assembled(&article, &["zh", "en"], vec![short(&["language"], again), short(&["numbers"], None)]);
        assert_eq!(got(&outcome), [("en", Method::Extractive)]);
        let fallback = outcome.summaries[0].fallback.as_ref().unwrap();
        assert_eq!((fallback.code, &fallback.failed[..]), (MissingCode::ModelFailed, &["numbers".to_owned()][..]));
        assert_eq!(
            (outcome.missing[0].code, &outcome.missing[0].failed[0][..]),
            (MissingCode::ModelFailed, "language")
        );
        assert_eq!(outcome.retry_at, again);
    }

    #[test]
    fn no_wish_is_left_without_a_summary_and_a_reason() {
        let article = article("zh-TW", "雪", "大雪封山，公路已經關閉。清理之後將重新開放，時間另行通知。");
        let outcome = assembled(&article, &["zh", "zh-TW"], vec![short(&["language"], None), fit("zh-TW")]);
        assert_eq!(got(&outcome), [("zh-TW", Method::Llm)]);
        assert_eq!(outcome.missing[0].language, Language::CHINESE);
        // Who reads Simplified characters is not given an excerpt in Traditional ones as theirs.
        let outcome = assembled(&article, &["zh"], vec![short(&["language"], None)]);
        assert_eq!(got(&outcome), [("zh-TW", Method::Extractive)]);
        assert_eq!(outcome.missing[0].language, Language::CHINESE);
        assert_eq!(outcome.summaries[0].fallback.as_ref().unwrap().failed, ["language"]);
    }

    #[test]
    fn simplified_and_traditional_chinese_are_two_wishes_and_two_kinds_of_english_are_one() {
        let summarizer =
            Summarizer::without_models(&["zh", "zh-TW", "zh-CN", "en-GB", "en"].map(|t| t.parse().unwrap()));
        let languages: Vec<_> = summarizer.languages().map(Language::as_str).collect();
        assert_eq!(languages, ["zh", "zh-TW", "en-GB"]);
    }

    #[test]
    fn an_article_as_short_as_its_summary_is_left_alone_in_its_own_language_only() {
        let brief = article("en", "Snow", TEXT);
        assert!(is_left_alone(&brief, &Language::ENGLISH) && !is_left_alone(&brief, &Language::CHINESE));
        assert!(!is_left_alone(&article("en", "Snow", &TEXT.repeat(10)), &Language::ENGLISH));
    }

    #[test]
    fn nothing_is_quoted_where_the_operator_wants_no_excerpts_of_what_is_refused() {
        let mut refused = article("en", "Snow", TEXT);
        refused.rights = Rights { ai: AiUse::Refused, reason: Some("noai".into()), ..Rights::default() };
        assert!(!may_be_given(&refused));
        let outcome =
            Summarizer { refused_excerpt: false, ..Summarizer::without_models(&[Language::ENGLISH]) }.excerpt(&refused);
        assert!(outcome.summaries.is_empty());
        assert_eq!(outcome.missing[0].code, MissingCode::RightsRefused);
        assert!(outcome.missing[0].reason.contains("machine use (noai)"), "{}", outcome.missing[0].reason);
    }
}
