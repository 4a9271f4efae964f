//! What one endpoint makes of a wish: asked, judged, asked once more with what was wrong; and whether it is believed.

use std::sync::Arc;

use jiff::Timestamp;
use kos_shared::{
    event::{Attempt, AttemptOutcome, Method, Summary, Verdict},
    stage::on_cpu,
};
use sha2::{Digest, Sha256};
use tracing::info;

use super::{
    Job, Model, Writer,
    answers::{Kept, Question},
    asking::{Answered, Given, MAX_TOKENS, NoAnswer, TRIES},
    assessment::{Assessment, Fit},
    check,
    material::{Material, estimated_tokens},
    source,
};
use crate::{gate::Finding, model::CallError};

/// How many tokens are kept free for what a retry says of the first answer.
const RETRY_TOKENS: usize = 300;

/// What came of asking one endpoint.
#[derive(Default)]
pub struct Round {
    /// The summary, where it gave one that may be published.
    pub summary: Option<Summary>,
    /// What it was asked and answered, in order.
    pub attempts: Vec<Attempt>,
    /// When it may answer, where it was down or busy.
    pub retry_at: Option<Timestamp>,
    /// How many answers came and were judged.
    judged: u32,
    /// Whether one of them is new.
    is_new: bool,
}

/// What of an answer may be published.
struct Candidate {
    fit: Fit,
    /// Its place among the attempts.
    attempt: usize,
    was_kept: bool,
}

impl Writer {
    /// Asks one endpoint for a summary.
    pub(super) async fn round(&self, model: &Model, job: &Job) -> Result<Round, sqlx::Error> {
        let given = given(model, job).await;
        let mut round = Round::default();
        let mut candidate: Option<Candidate> = None;
        let mut failures: Vec<Finding> = Vec::new();
        for number in 1..=TRIES {
            let question = question(model, job, &given, number);
            let Answered { answer, was_kept } = match self.ask(model, job, &given, &question, &failures).await? {
                Ok(asked) => asked,
                Err(no_answer) => {
                    round.unanswered(model, &question, &no_answer);
                    break;
                }
            };
            let assessment = assess(job, &answer).await;
            let passed = assessment.passed();
            failures = assessment.failures();
            // A kept answer was reported when it came; one that waits for another language comes back every second.
            if !was_kept {
                self.report(model, job, number, &failures);
            }
            round.judged += 1;
            round.is_new |= !was_kept;
            round.attempts.push(Attempt {
                outcome: if passed { AttemptOutcome::Passed } else { AttemptOutcome::Failed },
                checks: assessment.findings.iter().map(check).collect(),
                kept: was_kept,
                tokens: Some(answer.usage.prompt_tokens.saturating_add(answer.usage.completion_tokens)),
                ..attempt(model, &question)
            });
            // One that passed without its title is kept in case the next one doesn't do better.
            if passed || candidate.is_none() {
                let place = round.attempts.len() - 1;
                candidate = assessment.fit.map(|fit| Candidate { fit, attempt: place, was_kept }).or(candidate);
            }
            if passed {
                break;
            }
        }
        // A model that wasn't asked twice has not failed yet.
        if candidate.is_none() && round.judged < TRIES {
            return Ok(round);
        }
        let asked = question(model, job, &given, 1);
        // An article that waits for another language comes back every second, and was noted when its answers came.
        if round.is_new {
            self.note(job, &asked, candidate.is_some()).await?;
        }
        let record = self.known_of(&asked).await?;
        let Some(Candidate { mut fit, attempt, was_kept }) = candidate else { return Ok(round) };
        let Some(finding) = record else {
            round.summary = Some(summary(model, job, fit));
            return Ok(round);
        };
        let of = &mut round.attempts[attempt];
        of.checks.push(check(&finding));
        if finding.verdict == Verdict::Fail {
            of.outcome = AttemptOutcome::Failed;
            if !was_kept {
                self.report(model, job, of.number, std::slice::from_ref(&finding));
            }
        } else {
            fit.findings.push(finding);
            round.summary = Some(summary(model, job, fit));
        }
        Ok(round)
    }

    /// Notes what came of an article.
    async fn note(&self, job: &Job, question: &Question, passed: bool) -> Result<(), sqlx::Error> {
        let Some(record) = &self.track_record else { return Ok(()) };
        record.note(question, &job.article.site.host, passed, Timestamp::now()).await
    }

    /// What the model is known for.
    async fn known_of(&self, question: &Question) -> Result<Option<Finding>, sqlx::Error> {
        let Some(record) = &self.track_record else { return Ok(None) };
        record.check(question).await.map(Some)
    }

    fn report(&self, model: &Model, job: &Job, number: u32, failures: &[Finding]) {
        for failure in failures {
            let (endpoint, name) = (model.endpoint.name(), model.endpoint.model());
            self.metrics.failed(endpoint, name, &job.language, failure.check);
            let detail = failure.detail.as_deref().unwrap_or_default();
            let (language, check) = (&job.language, failure.check);
            info!(%language, endpoint, model = name, number, check, detail, "an answer failed a check");
        }
    }
}

impl Round {
    fn unanswered(&mut self, model: &Model, question: &Question, no_answer: &NoAnswer) {
        let (outcome, reason, until) = described(no_answer);
        info!(language = %question.language, endpoint = model.endpoint.name(), reason, "no answer");
        self.retry_at = until;
        self.attempts.push(Attempt { outcome, reason: Some(reason), ..attempt(model, question) });
    }
}

/// The article as this endpoint has room for it.
async fn given(model: &Model, job: &Job) -> Given {
    let system = job.prompt.system(job.with_title);
    let room = estimated_tokens(&system) + estimated_tokens(&job.prompt.user(&Material::default(), &[]));
    let room = model.context_tokens.saturating_sub(room + MAX_TOKENS as usize + RETRY_TOKENS);
    let article = Arc::clone(&job.article);
    let material = on_cpu(move || Material::of(&source(&article), room)).await;
    if material.withheld > 0 {
        let withheld = material.withheld;
        info!(language = %job.language, withheld, "sentences that speak to a model are kept from it");
    }
    let digest = Sha256::digest(format!("{}\n{}", job.with_title, material.text()));
    let content_hash = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Given { system, material, content_hash }
}

fn question(model: &Model, job: &Job, given: &Given, number: u32) -> Question {
    Question {
        content_hash: given.content_hash.clone(),
        prompt_version: job.prompt.version().to_owned(),
        model: model.endpoint.model().to_owned(),
        language: job.language.clone(),
        number,
    }
}

async fn assess(job: &Job, answer: &Kept) -> Assessment {
    let (article, language, with_title) = (Arc::clone(&job.article), job.language.clone(), job.with_title);
    let (answer, instruction) = (answer.clone(), job.prompt.instruction());
    let judge =
        move || Assessment::of(&source(&article), &language, &answer.text, &answer.finish, &instruction, with_title);
    on_cpu(judge).await
}

fn summary(model: &Model, job: &Job, fit: Fit) -> Summary {
    let own_title = Some(job.article.title.trim()).filter(|title| !title.is_empty() && !job.with_title);
    Summary {
        language: job.language.clone(),
        title: fit.title.or(own_title.map(str::to_owned)),
        text: fit.text,
        sentences: fit.sentences,
        method: Method::Llm,
        model: Some(model.endpoint.model().to_owned()),
        prompt_version: Some(job.prompt.version().to_owned()),
        checks: fit.findings.iter().map(check).collect(),
        fallback: None,
    }
}

fn attempt(model: &Model, question: &Question) -> Attempt {
    Attempt {
        language: question.language.clone(),
        endpoint: model.endpoint.name().to_owned(),
        model: question.model.clone(),
        prompt_version: question.prompt_version.clone(),
        number: question.number,
        outcome: AttemptOutcome::Failed,
        reason: None,
        checks: Vec::new(),
        kept: false,
        tokens: None,
    }
}

/// What an endpoint's silence is called, why, and until when it makes no sense to ask again.
fn described(no_answer: &NoAnswer) -> (AttemptOutcome, String, Option<Timestamp>) {
    match no_answer {
        NoAnswer::BudgetSpent => {
            (AttemptOutcome::BudgetSpent, "the day's tokens (KOS_LLM_DAILY_TOKENS) are spent".to_owned(), None)
        }
        NoAnswer::Call(error) => match error {
            CallError::Busy { until, .. } => (AttemptOutcome::Unavailable, error.to_string(), Some(*until)),
            CallError::Unavailable { until, .. } => {
                (AttemptOutcome::Unavailable, error.to_string(), Some(until.unwrap_or_else(Timestamp::now)))
            }
            CallError::Refused { .. } | CallError::TooLarge { .. } | CallError::Unreadable { .. } => {
                (AttemptOutcome::Refused, error.to_string(), None)
            }
        },
    }
}
