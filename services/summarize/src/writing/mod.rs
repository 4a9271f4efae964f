//! The way of a summary that a model writes: asked, judged, asked once more with what was wrong, then the next
//! endpoint; and where none gives one that may be published, the reason.
//!
//! [`Writer::write`] is that way. [`prompt`] is what models are told, [`material`] the article as they get it, [`draft`]
//! reads what they answer, [`assessment`] judges it, [`answers`] keeps it, [`track_record`] says whether the model can be
//! believed, [`budget`] how much may be spent, and [`waiting`] how long an event has waited for endpoints that are down.

pub mod answers;
mod asking;
pub mod assessment;
pub mod budget;
pub mod draft;
pub mod material;
pub mod prompt;
mod round;
mod schema;
pub mod track_record;
pub mod waiting;

use std::sync::Arc;

use jiff::Timestamp;
use kos_shared::event::{Article, Attempt, AttemptOutcome, Check, Language, MissingCode, Summary, Verdict};

use self::{
    answers::Answers,
    budget::Budget,
    prompt::{Prompt, Prompts},
    track_record::TrackRecord,
};
use crate::{
    gate::{Finding, Source},
    metrics::SummaryMetrics,
    model::Endpoint,
};

/// What a check stumbled over is carried up to this length, in characters.
const MAX_DETAIL: usize = 120;

/// A model endpoint, and how much it can read.
#[derive(Debug, Clone)]
pub struct Model {
    /// Where it is.
    pub endpoint: Endpoint,
    /// How many tokens prompt and answer may have together.
    pub context_tokens: usize,
}

/// Has models write summaries. Clones share everything.
#[derive(Debug, Clone)]
pub struct Writer {
    /// The endpoints, the preferred one first.
    pub models: Arc<[Model]>,
    /// What they are told.
    pub prompts: Prompts,
    /// Where answers are kept; nowhere on the command line.
    pub answers: Option<Answers>,
    /// What each model is known for; on the command line nothing is known of them.
    pub track_record: Option<TrackRecord>,
    /// What may be spent a day; no limit where there is none.
    pub budget: Option<Budget>,
    /// What is counted.
    pub metrics: SummaryMetrics,
}

/// What came of having models write a summary.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The summary, or why there is none.
    pub summary: Result<Summary, Shortfall>,
    /// What was asked and answered, in order.
    pub attempts: Vec<Attempt>,
}

/// Why no model's summary can be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortfall {
    /// Why, as one of a closed set.
    pub code: MissingCode,
    /// Why, in English.
    pub reason: String,
    /// The checks that answers failed.
    pub failed: Vec<String>,
    /// When an endpoint that was down or busy may answer.
    pub retry_at: Option<Timestamp>,
}

/// A summary that is wanted.
struct Job {
    article: Arc<Article>,
    language: Language,
    prompt: Prompt,
    with_title: bool,
}

impl Writer {
    /// Has a summary of `article` written in `language`; with its title where `with_title` asks for that.
    ///
    /// # Errors
    /// The database fails. What fails at an endpoint is no error: it is told in what comes back.
    pub async fn write(
        &self,
        article: &Arc<Article>,
        language: &Language,
        with_title: bool,
    ) -> Result<Written, sqlx::Error> {
        let mut attempts = Vec::new();
        let Some(prompt) = self.prompts.of(language) else {
            let reason = format!("there is no prompt for {language}");
            let shortfall = Shortfall { code: MissingCode::Other, reason, failed: Vec::new(), retry_at: None };
            return Ok(Written { summary: Err(shortfall), attempts });
        };
        let job = Job { article: Arc::clone(article), language: language.clone(), prompt, with_title };
        let mut retry_at: Option<Timestamp> = None;
        for model in self.models.iter() {
            let round = self.round(model, &job).await?;
            attempts.extend(round.attempts);
            if let Some(summary) = round.summary {
                return Ok(Written { summary: Ok(summary), attempts });
            }
            // Also where the budget is spent: the next one's answer may have been kept.
            retry_at = [retry_at, round.retry_at].into_iter().flatten().min();
        }
        Ok(Written { summary: Err(shortfall(&attempts, retry_at)), attempts })
    }
}

fn source(article: &Article) -> Source<'_> {
    Source { title: &article.title, text: &article.text, language: &article.language }
}

/// A finding as events carry it.
pub fn check(finding: &Finding) -> Check {
    Check {
        name: finding.check.to_owned(),
        verdict: finding.verdict,
        figure: finding.figure,
        detail: finding.detail.as_deref().map(|detail| detail.chars().take(MAX_DETAIL).collect()),
    }
}

/// Why there is no summary, from what was tried.
fn shortfall(attempts: &[Attempt], retry_at: Option<Timestamp>) -> Shortfall {
    let failing = attempts.iter().filter(|a| a.outcome == AttemptOutcome::Failed);
    let mut failed: Vec<String> = Vec::new();
    let mut withheld: Vec<String> = Vec::new();
    for (attempt, check) in failing.flat_map(|a| a.checks.iter().map(move |check| (a, check))) {
        if check.verdict == Verdict::Fail && !failed.contains(&check.name) {
            failed.push(check.name.clone());
        }
        if check.verdict == Verdict::Fail && check.name == track_record::NAME {
            let why = check.detail.as_deref().unwrap_or("its summaries mostly fail the checks");
            withheld.push(format!("{}: what it wrote passed and is withheld, as only {why}", attempt.endpoint));
        }
    }
    let mut reasons = withheld;
    let failed_at: Vec<_> = failed.iter().map(String::as_str).filter(|name| *name != track_record::NAME).collect();
    if !failed_at.is_empty() {
        let or_other = if reasons.is_empty() { "no" } else { "no other" };
        reasons.push(format!("{or_other} answer passed the checks; failed: {}", failed_at.join(", ")));
    }
    for attempt in attempts {
        if let Some(reason) = &attempt.reason {
            let reason = format!("{}: {reason}", attempt.endpoint);
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
    }
    let spent = attempts.iter().any(|a| a.outcome == AttemptOutcome::BudgetSpent);
    let code = match (failed.is_empty(), spent) {
        (false, _) => MissingCode::ModelFailed,
        (true, true) => MissingCode::BudgetSpent,
        (true, false) => MissingCode::ModelUnavailable,
    };
    Shortfall { code, reason: reasons.join("; "), failed, retry_at }
}
