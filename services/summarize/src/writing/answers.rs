//! Answers of models, kept before anything else happens with them: a crash, a redelivery, a replay or another worker
//! finds them and pays nothing.
//!
//! An answer that is being asked for is claimed, so that nobody else asks for it meanwhile. A claim lasts a few
//! seconds and is renewed while the model works: when its worker dies, another one asks.

use std::time::Duration;

use jiff::Timestamp;
use kos_shared::{event::Language, store::Store};
use sqlx::Row;
use uuid::Uuid;

use crate::model::{Finish, Usage};

/// How long a claim holds that isn't renewed.
pub const LEASE: Duration = Duration::from_secs(6);

/// How long answers are kept: longer than the stream that a replay reads.
const KEPT_DAYS: i64 = 45;

/// What a model was asked: the same question has the same answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// SHA-256 of the material that it was given, in hexadecimal.
    pub content_hash: String,
    /// The prompt's version.
    pub prompt_version: String,
    /// The model's name.
    pub model: String,
    /// The language that was asked for.
    pub language: Language,
    /// 1 for the first time; 2 named what the first answer had failed.
    pub number: u32,
}

/// A model's answer as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// What it wrote.
    pub text: String,
    /// Why it stopped.
    pub finish: Finish,
    /// What it cost.
    pub usage: Usage,
}

/// What became of an attempt to claim a question.
#[derive(Debug, PartialEq)]
pub enum Claimed {
    /// It is there.
    Answer(Kept),
    /// Nobody else asks: this is for the caller to do.
    Mine,
    /// Somebody else asks, at least until then.
    Others(Timestamp),
}

/// The kept answers, shared by all workers on one database.
#[derive(Debug, Clone)]
pub struct Answers {
    store: Store,
    /// Tells this worker's claims from those of others.
    owner: String,
}

impl Answers {
    /// The answers in a database.
    pub fn new(store: Store) -> Self {
        Self { store, owner: Uuid::new_v4().to_string() }
    }

    /// The answer to a question, or the right to ask it until `now` and [`LEASE`].
    ///
    /// # Errors
    /// The database fails.
    pub async fn claim(&self, question: &Question, now: Timestamp) -> Result<Claimed, sqlx::Error> {
        if let Some(claimed) = self.look_up(question).await?
            && !matches!(claimed, Claimed::Others(until) if until <= now)
        {
            return Ok(claimed);
        }
        let statement = bound(
            "insert into answers (content_hash, prompt_version, model, language, number, owner, claimed_until_ms) \
             values ($1, $2, $3, $4, $5, $6, $7) \
             on conflict (content_hash, prompt_version, model, language, number) do update \
             set owner = excluded.owner, claimed_until_ms = excluded.claimed_until_ms \
             where answers.text is null and answers.claimed_until_ms <= $8",
            question,
        )
        .bind(&self.owner)
        .bind(lease_from(now))
        .bind(now.as_millisecond());
        let mine = self.store.execute(statement).await?;
        if mine > 0 {
            return Ok(Claimed::Mine);
        }
        // Released between the two statements: whoever asks next finds it free.
        Ok(self.look_up(question).await?.unwrap_or(Claimed::Others(now)))
    }

    /// Holds a claim for another [`LEASE`].
    ///
    /// # Errors
    /// The database fails.
    pub async fn renew(&self, question: &Question, now: Timestamp) -> Result<(), sqlx::Error> {
        let statement = bound(
            "update answers set claimed_until_ms = $7 where content_hash = $1 and prompt_version = $2 and model = $3 \
             and language = $4 and number = $5 and owner = $6 and text is null",
            question,
        )
        .bind(&self.owner)
        .bind(lease_from(now));
        self.store.execute(statement).await?;
        Ok(())
    }

    /// Keeps an answer. The first one stays where two were paid for.
    ///
    /// # Errors
    /// The database fails.
    pub async fn keep(&self, question: &Question, answer: &Kept, now: Timestamp) -> Result<(), sqlx::Error> {
        let statement = bound(
            "insert into answers (content_hash, prompt_version, model, language, number, owner, claimed_until_ms, \
             text, finish, prompt_tokens, completion_tokens, answered_at_ms) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $7) \
             on conflict (content_hash, prompt_version, model, language, number) do update \
             set text = excluded.text, finish = excluded.finish, prompt_tokens = excluded.prompt_tokens, \
             completion_tokens = excluded.completion_tokens, answered_at_ms = excluded.answered_at_ms \
             where answers.text is null",
            question,
        )
        .bind(&self.owner)
        .bind(now.as_millisecond())
        .bind(answer.text.replace('\0', ""))
        .bind(Option::<String>::from(answer.finish.clone()))
        .bind(i64::from(answer.usage.prompt_tokens))
        .bind(i64::from(answer.usage.completion_tokens));
        self.store.execute(statement).await?;
        Ok(())
    }

    /// Gives a claim back: the question was not answered.
    ///
    /// # Errors
    /// The database fails.
    pub async fn release(&self, question: &Question) -> Result<(), sqlx::Error> {
        let statement = bound(
            "delete from answers where content_hash = $1 and prompt_version = $2 and model = $3 and language = $4 \
             and number = $5 and owner = $6 and text is null",
            question,
        )
        .bind(&self.owner);
        self.store.execute(statement).await?;
        Ok(())
    }

    async fn look_up(&self, question: &Question) -> Result<Option<Claimed>, sqlx::Error> {
        let row = bound(
            "select text, finish, prompt_tokens, completion_tokens, claimed_until_ms from answers \
             where content_hash = $1 and prompt_version = $2 and model = $3 and language = $4 and number = $5",
            question,
        )
        .fetch_optional(self.store.readers())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let Some(text) = row.try_get::<Option<String>, _>("text")? else {
            let until = Timestamp::from_millisecond(row.try_get("claimed_until_ms")?).unwrap_or(Timestamp::UNIX_EPOCH);
            return Ok(Some(Claimed::Others(until)));
        };
        let tokens = |column| row.try_get::<i64, _>(column).map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        let usage = Usage {
            prompt_tokens: tokens("prompt_tokens")?,
            completion_tokens: tokens("completion_tokens")?,
            estimated: false,
        };
        let finish = row.try_get::<Option<String>, _>("finish")?.into();
        Ok(Some(Claimed::Answer(Kept { text, finish, usage })))
    }
}

/// Forgets answers that no replay can need any more, and claims that nobody holds.
///
/// # Errors
/// The database fails.
pub async fn keep_house(store: &Store, now: Timestamp) -> Result<(), sqlx::Error> {
    let day_ms = 24 * 60 * 60 * 1000;
    let statement =
        sqlx::query("delete from answers where answered_at_ms < $1 or (text is null and claimed_until_ms < $2)")
            .bind(now.as_millisecond() - KEPT_DAYS * day_ms)
            .bind(now.as_millisecond() - day_ms);
    store.execute(statement).await?;
    Ok(())
}

fn lease_from(now: Timestamp) -> i64 {
    now.as_millisecond() + i64::try_from(LEASE.as_millis()).unwrap_or(i64::MAX / 2)
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>;

/// A statement whose first five arguments are the question.
fn bound<'q>(statement: &'static str, question: &'q Question) -> Query<'q> {
    sqlx::query(statement)
        .bind(&question.content_hash)
        .bind(&question.prompt_version)
        .bind(&question.model)
        .bind(question.language.as_str())
        .bind(i64::from(question.number))
}
