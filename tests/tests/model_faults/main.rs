//! Models and their servers that misbehave, each in front of the whole pipeline: every article is published with an
//! honest summary, the reasons are recorded, and no summary is ever of two languages.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod endpoints;
mod limits;
mod record;
mod servers;

use kos_shared::event::{ArticleId, ArticleSummarized, AttemptOutcome, Method, MissingCode, Verdict};
use kos_tests::{Article, Articles, ModelServer, Pipeline, Setup, eventually, pipeline::StoredEvent};
use serde_json::{Value, json};
use sqlx::Row;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

/// The `number`th article: English where that is even, Chinese where it is odd.
fn page(number: u64) -> Article {
    Articles::new(41).text_bytes(1_200).page_bytes(4_000).page(number)
}

/// A pipeline whose model is at `url`, with these variables beside.
async fn pipeline(url: &str, variables: &[(&str, &str)]) -> Pipeline {
    let mut all = vec![("KOS_LLM_URL", url), ("KOS_LLM_MODEL", "played"), ("KOS_LANGUAGES", "en,zh")];
    all.extend(variables);
    Pipeline::start_with(Setup { variables: &all, ..Setup::default() }).await
}

async fn publish(pipeline: &Pipeline, article: &Article) {
    let body = json!({"url": article.url, "html": article.html}).to_string();
    pipeline.publish("kos.ingest.requested", body).await;
}

fn id_of(article: &Article) -> ArticleId {
    ArticleId::of_canonical_url(&article.url.parse().unwrap())
}

/// What came of an article: the event, and the page that readers get.
struct Seen {
    done: ArticleSummarized,
    html: String,
}

/// Waits until an article is on the site. The event and the service's table say the same of it.
async fn seen(pipeline: &Pipeline, article: &Article) -> Seen {
    let id = id_of(article);
    let html = pipeline.page(&format!("/articles/{id}"), 200).await.body;
    let events = eventually(LIMIT, "the event", async || {
        let events = pipeline.stored("KOS_SUMMARIZED").await;
        let of = |e: &StoredEvent| e.json()["article_id"] == id.to_string();
        events.into_iter().rfind(of)
    });
    let done: ArticleSummarized = serde_json::from_slice(&events.await.body).unwrap();

    let mut database = pipeline.database("summarize").await;
    let row = sqlx::query("select summaries, missing, attempts from summarized where article_id = $1");
    let row = row.bind(id.to_string()).fetch_one(&mut database).await.unwrap();
    let stored = |column: &str| serde_json::from_str::<Value>(row.get(column)).unwrap();
    assert_eq!(stored("summaries"), json!(done.summaries), "{}", article.title);
    assert_eq!(stored("missing"), json!(done.missing), "{}", article.title);
    assert_eq!(stored("attempts"), json!(done.attempts), "{}", article.title);
    for summary in &done.summaries {
        assert_pure(summary.language.primary(), &summary.text);
        assert_pure(summary.language.primary(), summary.title.as_deref().unwrap_or_default());
        assert!(summary.checks.iter().all(|c| c.verdict != Verdict::Fail), "{summary:?}");
        assert!(!summary.sentences.is_empty(), "{summary:?}");
    }
    Seen { done, html }
}

/// A text of generated articles is in one language: no Chinese character in English, no words of small letters in
/// Chinese.
fn assert_pure(language: &str, text: &str) {
    let chinese = text.chars().any(|c| ('\u{3400}'..='\u{9fff}').contains(&c));
    let latin = text.split(|c: char| !c.is_ascii_alphabetic()).any(|w| w.len() > 1 && w.to_lowercase() == w);
    let mixed = if language == "zh" { latin } else { chinese };
    assert!(!mixed, "not {language} alone: {text}");
}

impl Seen {
    /// Both languages have a summary that the model wrote.
    fn assert_by_model(&self, model: &str) {
        let written: Vec<_> = self.done.summaries.iter().map(|s| (s.method, s.model.as_deref())).collect();
        assert_eq!(written, [(Method::Llm, Some(model)); 2], "{:#?}", self.done);
        assert!(self.done.missing.is_empty(), "{:#?}", self.done);
        assert!(self.done.summaries.iter().all(|s| s.fallback.is_none()), "{:#?}", self.done);
        assert!(self.html.contains(&format!("Written by the model {model}.")), "{}", self.html);
    }

    /// There is an excerpt in the article's own language alone, and the event and the page say why: `code`, and that
    /// answers failed the checks `failed`, where any did.
    fn assert_excerpt(&self, article: &Article, code: MissingCode, failed: &[&str]) {
        let (done, html) = (&self.done, &self.html);
        let other = if article.language == "en" { "zh" } else { "en" };
        let [summary] = &done.summaries[..] else { panic!("{}: expected an excerpt: {done:#?}", article.title) };
        assert_eq!((summary.method, summary.language.primary()), (Method::Extractive, article.language), "{done:#?}");
        let fallback = summary.fallback.as_ref().unwrap_or_else(|| panic!("no reason: {done:#?}"));
        let [missing] = &done.missing[..] else { panic!("expected {other} to be missing: {done:#?}") };
        assert_eq!(missing.language.as_str(), other);
        for (found, checks, reason) in
            [(fallback.code, &fallback.failed, &fallback.reason), (missing.code, &missing.failed, &missing.reason)]
        {
            assert_eq!(found, code, "{}: {reason}", article.title);
            assert_eq!(checks.is_empty(), failed.is_empty(), "{}: {checks:?}", article.title);
            for check in failed {
                assert!(checks.iter().any(|c| c == check) && reason.contains(check), "{}: {reason}", article.title);
            }
        }
        let because = match code {
            MissingCode::ModelFailed => "answer passed the checks: ",
            MissingCode::ModelUnavailable => "no model could be used at the time",
            MissingCode::BudgetSpent => "use of models was spent",
            MissingCode::RightsRefused => "the publisher refuses machine use",
            other => panic!("the page says nothing of {other:?}"),
        };
        let language = if other == "zh" { "Chinese" } else { "English" };
        let excerpt = "Excerpt: sentences taken from the article, since ";
        for words in [excerpt, because, &format!("No summary in {language}")] {
            assert!(html.contains(words), "{}: {words:?} is not in {html}", article.title);
        }
        for check in failed {
            assert!(html.contains(check), "{}: {check} is not in {html}", article.title);
        }
    }

    /// In both languages the model was asked twice, each answer failed, and `check` is among what it failed.
    fn assert_two_failures_each(&self, check: &str) {
        for language in ["en", "zh"] {
            let attempts = self.done.attempts.iter().filter(|a| a.language.primary() == language);
            let outcomes: Vec<_> = attempts.clone().map(|a| (a.number, a.outcome)).collect();
            assert_eq!(outcomes, [(1, AttemptOutcome::Failed), (2, AttemptOutcome::Failed)], "{:#?}", self.done);
            for attempt in attempts {
                let failing = attempt.checks.iter().find(|c| c.name == check && c.verdict == Verdict::Fail);
                let failing = failing.unwrap_or_else(|| panic!("{check} didn't fail: {attempt:#?}"));
                assert!(failing.detail.as_ref().is_some_and(|d| !d.is_empty()), "{attempt:#?}");
            }
        }
    }
}

/// How often each language was asked about an article.
fn asked(server: &ModelServer, article: &Article) -> [usize; 2] {
    let calls = server.about(&article.title);
    ["en", "zh"].map(|language| calls.iter().filter(|call| call.language == language).count())
}
