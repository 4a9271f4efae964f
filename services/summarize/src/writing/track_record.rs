//! How often a model's summaries passed the gate lately: one that fails more often than not is not
//! believed when it passes.
//!
//! The gate tells invented numbers and names, and no false relation between true ones. Of a good model few answers need
//! the gate; what a bad one gets past it is luck.

use jiff::Timestamp;
use kos_shared::{event::Language, store::Store};
use sqlx::Row;

use super::answers::Question;
use crate::gate::Finding;

/// The name of this check among the gate's.
pub const NAME: &str = "record";

/// How many of a model's last articles count.
const WINDOW: i64 = 20;

/// From how many articles on a record says anything.
const ENOUGH: i64 = 4;

/// Less than this share of articles with a summary that passed is a bad record.
///
/// Measured: SmolLM2-135M wrote one for 3 articles of 40 that passed (`make test-llm`, 20 articles in two languages), and
/// one of the three told what is false. Of the answers of usable models 5 to 20 % fail the first time. If the second try
/// were independent of it, at most 4 % of articles would be without one, and three or more of the first four with a
/// probability of 0.00025.
const LEAST_SHARE: f64 = 0.5;

/// How long it is remembered: as long as answers are.
const KEPT_DAYS: i64 = 45;

/// The records of models, shared by all workers on one database.
#[derive(Debug, Clone)]
pub struct TrackRecord {
    store: Store,
}

/// Articles that a model was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Those with an answer that was judged.
    pub judged: i64,
    /// Those with a summary that passed.
    pub passed: i64,
}

impl Tally {
    /// Whether there is enough to go by.
    const fn tells(self) -> bool {
        self.judged >= ENOUGH
    }

    fn share(self) -> f64 {
        self.passed as f64 / self.judged.max(1) as f64
    }
}

impl TrackRecord {
    /// The records in a database.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Notes whether the answers to `question`, both where there are two, gave a summary that passed. The same article
    /// counts once, however often it is summarized.
    ///
    /// # Errors
    /// The database fails.
    pub async fn note(&self, question: &Question, passed: bool, now: Timestamp) -> Result<(), sqlx::Error> {
        let statement = sqlx::query(
            "insert into track_record (model, language, prompt_version, content_hash, passed, judged_at_ms) \
             values ($1, $2, $3, $4, $5, $6) \
             on conflict (model, language, prompt_version, content_hash) do update set passed = excluded.passed",
        )
        .bind(&question.model)
        .bind(question.language.as_str())
        .bind(&question.prompt_version)
        .bind(&question.content_hash)
        .bind(i64::from(passed))
        .bind(now.as_millisecond());
        self.store.execute(statement).await?;
        Ok(())
    }

    /// What the record of the model that answered `question` says of its summary.
    ///
    /// # Errors
    /// The database fails.
    pub async fn check(&self, question: &Question) -> Result<Finding, sqlx::Error> {
        let own = self.tally(question, true).await?;
        let all = if own.tells() { own } else { self.tally(question, false).await? };
        Ok(finding(own, all, &question.language))
    }

    /// Of the last articles: those in the question's language with its prompt, or all.
    async fn tally(&self, question: &Question, own: bool) -> Result<Tally, sqlx::Error> {
        let sql = "select passed from track_record where model = $1 \
                   and ($2 = 0 or (language = $3 and prompt_version = $4)) order by judged_at_ms desc limit $5";
        let rows = sqlx::query(sql)
            .bind(&question.model)
            .bind(i64::from(own))
            .bind(question.language.as_str())
            .bind(&question.prompt_version)
            .bind(WINDOW)
            .fetch_all(self.store.readers())
            .await?;
        let mut tally = Tally::default();
        for row in rows {
            tally.judged += 1;
            tally.passed += row.try_get::<i64, _>("passed")?;
        }
        Ok(tally)
    }
}

/// A model is known by what it did in a language, and until there is enough of that by what it did in all of them. The
/// figure is the share that passed.
fn finding(own: Tally, all: Tally, language: &Language) -> Finding {
    let (tally, what) = if own.tells() { (own, format!("in {language}")) } else { (all, "in all languages".into()) };
    if !tally.tells() {
        return Finding::cannot_judge(NAME);
    }
    let share = tally.share();
    if share >= LEAST_SHARE {
        return Finding::pass(NAME, share);
    }
    let Tally { judged, passed } = tally;
    Finding::fail(NAME, share, format!("{passed} of the last {judged} summaries {what} passed the checks"))
}

/// Forgets what is as old as the oldest answers.
///
/// # Errors
/// The database fails.
pub async fn keep_house(store: &Store, now: Timestamp) -> Result<(), sqlx::Error> {
    let limit = now.as_millisecond() - KEPT_DAYS * 24 * 60 * 60 * 1000;
    let statement = sqlx::query("delete from track_record where judged_at_ms < $1").bind(limit);
    store.execute(statement).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use kos_shared::event::Verdict;

    use super::*;

    fn verdict(own: (i64, i64), all: (i64, i64)) -> Verdict {
        let tally = |(passed, judged)| Tally { judged, passed };
        finding(tally(own), tally(all), &Language::ENGLISH).verdict
    }

    #[test]
    fn a_model_that_is_not_known_yet_is_not_judged() {
        assert_eq!(verdict((0, 0), (0, 0)), Verdict::CannotJudge);
        assert_eq!(verdict((0, 3), (0, 3)), Verdict::CannotJudge);
    }

    #[test]
    fn a_model_that_fails_more_often_than_not_is_not_believed() {
        assert_eq!(verdict((1, 4), (9, 13)), Verdict::Fail);
        assert_eq!(verdict((9, 20), (20, 20)), Verdict::Fail);
        assert_eq!(verdict((10, 20), (10, 20)), Verdict::Pass);
    }

    #[test]
    fn what_it_did_in_other_languages_counts_until_there_is_enough_in_this_one() {
        assert_eq!(verdict((1, 2), (1, 4)), Verdict::Fail);
        assert_eq!(verdict((2, 2), (2, 4)), Verdict::Pass);
        assert_eq!(verdict((18, 20), (18, 40)), Verdict::Pass);
    }

    #[test]
    fn what_is_said_of_it_can_be_counted_again() {
        let tally = Tally { judged: 20, passed: 3 };
        let finding = finding(tally, Tally::default(), &Language::CHINESE);
        assert_eq!(finding.detail.as_deref(), Some("3 of the last 20 summaries in zh passed the checks"));
        assert_eq!(finding.figure, Some(0.15));
    }
}
