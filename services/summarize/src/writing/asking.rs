//! Asks a model once: whose answer is kept already isn't asked again, what is asked is paid for within the budget, and
//! an answer is kept before anything else happens with it.

use std::time::Duration;

use jiff::Timestamp;
use kos_shared::stage::meanwhile;
use tokio::time::sleep;
use tracing::warn;

use super::{
    Job, Model, Writer,
    answers::{Answers, Claimed, Kept, LEASE, Question},
    material::{Material, estimated_tokens},
    schema,
};
use crate::{
    gate::Finding,
    model::{Answer, CallError, Request},
};

/// How often an endpoint is asked for one summary: once, and once more with what was wrong.
pub const TRIES: u32 = 2;

/// How many tokens an answer may have: four sentences, a title and their JSON, in a script that takes many.
pub const MAX_TOKENS: u32 = 700;

/// How much chance there is in the first answer, and in the second one, which is to be another.
const TEMPERATURES: [f32; TRIES as usize] = [0.2, 0.7];

/// How often it is looked whether somebody else's answer has come.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// How often it is tried to keep an answer, and the pause before each further time.
const KEEP_TRIES: u32 = 10;
const KEEP_PAUSE: Duration = Duration::from_secs(1);

/// What one endpoint is given for a job, the same at each try.
pub struct Given {
    pub system: String,
    pub material: Material,
    /// SHA-256 of the material, in hexadecimal.
    pub content_hash: String,
}

/// An answer, and where it comes from.
pub struct Answered {
    pub answer: Kept,
    /// Whether it was kept from before.
    pub was_kept: bool,
}

/// Why an endpoint gave no answer.
pub enum NoAnswer {
    Call(CallError),
    BudgetSpent,
}

impl Writer {
    /// The answer to one question: a kept one, or a new one that is kept.
    pub(super) async fn ask(
        &self,
        model: &Model,
        job: &Job,
        given: &Given,
        question: &Question,
        failures: &[Finding],
    ) -> Result<Result<Answered, NoAnswer>, sqlx::Error> {
        if let Some(answers) = &self.answers
            && let Some(answer) = claim(answers, question).await?
        {
            return Ok(Ok(Answered { answer, was_kept: true }));
        }
        let user = job.prompt.user(&given.material, failures);
        let request = Request {
            system: &given.system,
            user: &user,
            schema: Some(schema::of_answer(job.with_title)),
            max_tokens: MAX_TOKENS,
            temperature: TEMPERATURES[question.number.clamp(1, TRIES) as usize - 1],
        };
        let answered = self.spend(model, question, &request).await?;
        Ok(answered.map(|answer| Answered { answer, was_kept: false }))
    }

    /// Asks the endpoint and keeps the answer, within the budget.
    async fn spend(
        &self,
        model: &Model,
        question: &Question,
        request: &Request<'_>,
    ) -> Result<Result<Kept, NoAnswer>, sqlx::Error> {
        let most =
            (estimated_tokens(request.system) + estimated_tokens(request.user)) as u64 + u64::from(request.max_tokens);
        let reserved = match &self.budget {
            Some(budget) => match budget.reserve(most, Timestamp::now()).await? {
                Some(reserved) => Some((budget, reserved)),
                None => {
                    self.release(question).await?;
                    return Ok(Err(NoAnswer::BudgetSpent));
                }
            },
            None => None,
        };
        let asking = model.endpoint.ask_then(request, |answer| self.put_by(question, answer));
        let reply = self.while_claimed(question, asking).await;
        // Who gave up on an answer doesn't know what was charged for it: each such call counts as what it may have cost.
        let mut spent = most * u64::from(reply.in_vain);
        let answered = match reply.result {
            Ok(kept) => {
                let kept = kept?;
                spent += u64::from(kept.usage.prompt_tokens) + u64::from(kept.usage.completion_tokens);
                Ok(kept)
            }
            Err(error) => Err(NoAnswer::Call(error)),
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
        let Some(answers) = &self.answers else { return call.await };
        let renew = || async {
            if let Err(error) = answers.renew(question, Timestamp::now()).await {
                // At worst another worker asks as well; giving up here would have paid for nothing.
                warn!(%error, "a claim could not be renewed");
            }
        };
        meanwhile(LEASE / 3, renew, call).await
    }

    async fn release(&self, question: &Question) -> Result<(), sqlx::Error> {
        match &self.answers {
            Some(answers) => answers.release(question).await,
            None => Ok(()),
        }
    }
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
