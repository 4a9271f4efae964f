//! The way of a summary that a model writes: asked, judged, asked once more with what was wrong, then the next
//! endpoint; and where none gives one that may be published, the reason.
//!
//! [`Writer::write`] is that way. [`prompt`] is what models are told, [`material`] the article as they get it, [`draft`]
//! reads what they answer, [`assessment`] judges it, [`answers`] keeps it, [`track_record`] says whether the model can be
//! believed, [`budget`] how much may be spent, and [`waiting`] how long an event has waited for endpoints that are down.

pub mod answers;
pub mod assessment;
pub mod budget;
pub mod draft;
pub mod material;
pub mod prompt;
mod schema;
pub mod track_record;
pub mod waiting;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use kos_shared::{
    event::{Article, Attempt, AttemptOutcome, Check, Language, Method, MissingCode, Summary, Verdict},
    stage::on_cpu,
};
use sha2::{Digest, Sha256};
use tokio::time::{interval, sleep};
use tracing::{info, warn};

use self::{
    answers::{Answers, Claimed, Kept, LEASE, Question},
    assessment::{Assessment, Fit},
    budget::Budget,
    material::{Material, estimated_tokens},
    prompt::{Prompt, Prompts},
    track_record::TrackRecord,
};
use crate::{
    gate::{Finding, Source},
    metrics::SummaryMetrics,
    model::{Answer, CallError, Endpoint, Request},
};

/// How often an endpoint is asked for one summary: once, and once more with what was wrong.
const TRIES: u32 = 2;

/// How many tokens an answer may have: four sentences, a title and their JSON, in a script that takes many.
const MAX_TOKENS: u32 = 700;

/// How many tokens are kept free for what a retry says of the first answer.
const RETRY_TOKENS: usize = 300;

/// How much chance there is in the first answer, and in the second one, which is to be another.
const TEMPERATURES: [f32; 2] = [0.2, 0.7];

/// How often it is looked whether somebody else's answer has come.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// How often it is tried to keep an answer, and the pause before each further time.
const KEEP_TRIES: u32 = 10;
const KEEP_PAUSE: Duration = Duration::from_secs(1);

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

/// What one endpoint is given for a job, the same at each try.
struct Given {
    system: String,
    material: Material,
    /// SHA-256 of the material, in hexadecimal.
    content_hash: String,
}

/// Why an endpoint gave no answer.
enum NoAnswer {
    Call(CallError),
    BudgetSpent,
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
        'endpoints: for model in self.models.iter() {
            let given = given(model, &job).await;
            let mut failures: Vec<Finding> = Vec::new();
            let mut spare: Option<Fit> = None;
            let mut judged: Option<Question> = None;
            for number in 1..=TRIES {
                let (question, asked) = self.ask(model, &job, &given, number, &failures).await?;
                let mut attempt = attempt(model, &question);
                let (answer, was_kept) = match asked {
                    Ok(answer) => answer,
                    Err(no_answer) => {
                        let (outcome, reason, until) = described(&no_answer);
                        info!(language = %job.language, endpoint = model.endpoint.name(), reason, "no answer");
                        retry_at = [retry_at, until].into_iter().flatten().min();
                        attempts.push(Attempt { outcome, reason: Some(reason), ..attempt });
                        if matches!(no_answer, NoAnswer::BudgetSpent) {
                            break 'endpoints;
                        }
                        break;
                    }
                };
                let assessment = assess(&job, &answer).await;
                // A kept answer was reported when it came; one that waits for another language comes back every second.
                if !was_kept {
                    self.report(model, &job, number, &assessment.failures());
                }
                attempt.kept = was_kept;
                attempt.tokens = Some(answer.usage.prompt_tokens.saturating_add(answer.usage.completion_tokens));
                attempt.checks = assessment.findings.iter().map(check).collect();
                let passed = assessment.passed();
                attempt.outcome = if passed { AttemptOutcome::Passed } else { AttemptOutcome::Failed };
                attempts.push(attempt);
                failures = assessment.failures();
                spare = if passed { assessment.fit } else { spare.or(assessment.fit) };
                judged = Some(question);
                if passed {
                    break;
                }
            }
            let Some(question) = judged else { continue };
            let record = self.known_of(&question, spare.is_some()).await?;
            let Some(mut fit) = spare else { continue };
            let believed = record.as_ref().is_none_or(|finding| finding.verdict != Verdict::Fail);
            fit.findings.extend(record.clone());
            if believed {
                return Ok(Written { summary: Ok(summary(model, &job, fit)), attempts });
            }
            if let (Some(attempt), Some(finding)) = (attempts.last_mut(), &record) {
                self.report(model, &job, attempt.number, std::slice::from_ref(finding));
                attempt.outcome = AttemptOutcome::Failed;
                attempt.checks.push(check(finding));
            }
        }
        Ok(Written { summary: Err(shortfall(&attempts, retry_at)), attempts })
    }

    /// The answer to one question: a kept one, or a new one that is kept. Says whether it was kept.
    async fn ask(
        &self,
        model: &Model,
        job: &Job,
        given: &Given,
        number: u32,
        failures: &[Finding],
    ) -> Result<(Question, Result<(Kept, bool), NoAnswer>), sqlx::Error> {
        let question = Question {
            content_hash: given.content_hash.clone(),
            prompt_version: job.prompt.version().to_owned(),
            model: model.endpoint.model().to_owned(),
            language: job.language.clone(),
            number,
        };
        if let Some(answers) = &self.answers
            && let Some(kept) = claim(answers, &question).await?
        {
            return Ok((question, Ok((kept, true))));
        }
        let user = job.prompt.user(&given.material, failures);
        let request = Request {
            system: &given.system,
            user: &user,
            schema: Some(schema::of_answer(job.with_title)),
            max_tokens: MAX_TOKENS,
            temperature: TEMPERATURES[number.clamp(1, TRIES) as usize - 1],
        };
        let asked = self.spend(model, &question, &request).await?;
        Ok((question, asked.map(|kept| (kept, false))))
    }

    /// Asks the endpoint and keeps the answer, within the budget.
    async fn spend(
        &self,
        model: &Model,
        question: &Question,
        request: &Request<'_>,
    ) -> Result<Result<Kept, NoAnswer>, sqlx::Error> {
        let estimate = (estimated_tokens(request.system) + estimated_tokens(request.user)) as u64;
        let reserved = match &self.budget {
            Some(budget) => match budget.reserve(estimate + u64::from(request.max_tokens), Timestamp::now()).await? {
                Some(reserved) => Some((budget, reserved)),
                None => {
                    self.release(question).await?;
                    return Ok(Err(NoAnswer::BudgetSpent));
                }
            },
            None => None,
        };
        let asking = model.endpoint.ask_then(request, |answer| self.put_by(question, answer));
        let (spent, answered) = match self.while_claimed(question, asking).await {
            Ok(kept) => {
                let kept = kept?;
                (u64::from(kept.usage.prompt_tokens) + u64::from(kept.usage.completion_tokens), Ok(kept))
            }
            // Who gave up on an answer doesn't know what was charged for it: what was reserved stays spent.
            Err(error) if error.may_have_cost() => {
                (estimate + u64::from(request.max_tokens), Err(NoAnswer::Call(error)))
            }
            Err(error) => (0, Err(NoAnswer::Call(error))),
        };
        if let Some((budget, reserved)) = reserved {
            budget.settle(reserved, spent).await?;
        }
        if answered.is_err() {
            self.release(question).await?;
        }
        Ok(answered)
    }

    /// Keeps an answer before anything else happens with it, also before another call takes its turn.
    async fn put_by(&self, question: &Question, answer: Answer) -> Result<Kept, sqlx::Error> {
        let kept = Kept { text: answer.text, finish: answer.finish, usage: answer.usage };
        if let Some(answers) = &self.answers {
            keep(answers, question, &kept).await?;
        }
        Ok(kept)
    }

    /// Waits for `call`, and has everybody know meanwhile that somebody does.
    async fn while_claimed<T>(&self, question: &Question, call: impl Future<Output = T>) -> T {
        let mut call = std::pin::pin!(call);
        let Some(answers) = &self.answers else { return call.await };
        let mut renewal = interval(LEASE / 3);
        renewal.tick().await;
        loop {
            tokio::select! {
                answer = &mut call => return answer,
                _ = renewal.tick() => if let Err(error) = answers.renew(question, Timestamp::now()).await {
                    // At worst another worker asks as well; giving up here would have paid for nothing.
                    warn!(%error, "a claim could not be renewed");
                },
            }
        }
    }

    async fn release(&self, question: &Question) -> Result<(), sqlx::Error> {
        match &self.answers {
            Some(answers) => answers.release(question).await,
            None => Ok(()),
        }
    }

    /// Notes what came of an article, and tells what the model is known for then.
    async fn known_of(&self, question: &Question, passed: bool) -> Result<Option<Finding>, sqlx::Error> {
        let Some(record) = &self.track_record else { return Ok(None) };
        record.note(question, passed, Timestamp::now()).await?;
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

/// A kept answer, or `None` with the claim to ask for it. Waits while somebody else asks.
async fn claim(answers: &Answers, question: &Question) -> Result<Option<Kept>, sqlx::Error> {
    loop {
        match answers.claim(question, Timestamp::now()).await? {
            Claimed::Answer(kept) => return Ok(Some(kept)),
            Claimed::Mine => return Ok(None),
            Claimed::Others(_) => sleep(LOOK_AGAIN).await,
        }
    }
}

/// Writes an answer down. It is paid for, so a database that is gone for a moment is waited for.
async fn keep(answers: &Answers, question: &Question, answer: &Kept) -> Result<(), sqlx::Error> {
    for _ in 1..KEEP_TRIES {
        match answers.keep(question, answer, Timestamp::now()).await {
            Ok(()) => return Ok(()),
            Err(error) => warn!(%error, "an answer could not be kept, it is tried again"),
        }
        sleep(KEEP_PAUSE).await;
    }
    answers.keep(question, answer, Timestamp::now()).await
}

async fn assess(job: &Job, answer: &Kept) -> Assessment {
    let (article, language, with_title) = (Arc::clone(&job.article), job.language.clone(), job.with_title);
    let (answer, instruction) = (answer.clone(), job.prompt.instruction());
    let judge =
        move || Assessment::of(&source(&article), &language, &answer.text, &answer.finish, &instruction, with_title);
    on_cpu(judge).await
}

fn source(article: &Article) -> Source<'_> {
    Source { title: &article.title, text: &article.text, language: &article.language }
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

/// A finding as events carry it.
pub fn check(finding: &Finding) -> Check {
    Check {
        name: finding.check.to_owned(),
        verdict: finding.verdict,
        figure: finding.figure,
        detail: finding.detail.as_deref().map(|detail| detail.chars().take(MAX_DETAIL).collect()),
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

/// Why there is no summary, from what was tried.
fn shortfall(attempts: &[Attempt], retry_at: Option<Timestamp>) -> Shortfall {
    let failing = attempts.iter().filter(|a| a.outcome == AttemptOutcome::Failed);
    let mut failed: Vec<String> = Vec::new();
    for check in failing.flat_map(|a| &a.checks).filter(|c| c.verdict == Verdict::Fail) {
        if !failed.contains(&check.name) {
            failed.push(check.name.clone());
        }
    }
    let mut reasons: Vec<String> = Vec::new();
    if !failed.is_empty() {
        reasons.push(format!("no answer passed the checks; failed: {}", failed.join(", ")));
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
