//! How often a model's summaries passed the gate lately: one whose summaries mostly fail is not believed when one passes.
//!
//! The gate tells invented numbers and names, and no false relation between true ones. Of a good model few answers need
//! the gate; what a bad one gets past it is luck.

use std::collections::HashMap;

use jiff::Timestamp;
use kos_shared::{
    event::{Language, Verdict},
    store::Store,
};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use super::answers::Question;
use crate::gate::Finding;

/// The name of this check among the gate's.
pub const NAME: &str = "record";

/// How many of a model's last articles count.
const WINDOW: usize = 24;

/// How many of them may come from one host: texts on which models fail, hostile ones among them, can spoil a record no
/// further. With two such hosts and enough others a good model still has half of its articles.
const OF_ONE_HOST: usize = WINDOW / 4;

/// From how many articles on a record says anything.
const ENOUGH: usize = 4;

/// Less than this share of articles with a summary that passed is a bad record.
///
/// Measured: SmolLM2-135M wrote one for 3 articles of 40 that passed (`make test-llm`, 20 articles in two languages), and
/// one of the three told what is false. Of the answers of usable models 5 to 20 % fail the first time. If the second try
/// were independent of it, at most 4 % of articles would be without one, and three or more of the first four with a
/// probability of 0.00025.
const LEAST_SHARE: f64 = 0.4;

/// How many of a model's newest articles are read where those in one language say nothing yet: enough, as of one host
/// and language few are kept.
const READ: usize = 1_000;

/// How long it is remembered: as long as answers are.
const KEPT_DAYS: i64 = 45;

/// The records of models, shared by all workers on one database.
#[derive(Debug, Clone)]
pub struct TrackRecord {
    store: Store,
}

/// An article that a model was asked for, as it is noted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Noted {
    language: String,
    prompt_version: String,
    host: String,
    passed: bool,
}

/// Articles that a model was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Tally {
    /// Those with answers that were judged.
    judged: usize,
    /// Those with a summary that passed.
    passed: usize,
}

impl Tally {
    /// Of those that count among `noted`, the newest first.
    fn of<'a>(noted: impl Iterator<Item = &'a Noted>) -> Self {
        let mut hosts: HashMap<&str, usize> = HashMap::new();
        let counting = noted.filter(|article| {
            let of_host = hosts.entry(&article.host).or_default();
            *of_host += 1;
            *of_host <= OF_ONE_HOST
        });
        counting.take(WINDOW).fold(Self::default(), |tally, article| Self {
            judged: tally.judged + 1,
            passed: tally.passed + usize::from(article.passed),
        })
    }

    /// Whether there is enough to go by.
    const fn tells(self) -> bool {
        self.judged >= ENOUGH
    }

    /// Whether nothing speaks against the model.
    const fn is_clean(self) -> bool {
        self.judged > 0 && self.passed == self.judged
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

    /// Notes whether the answers to `question`, both where there are two, gave a summary that passed of an article of
    /// `host`. The same article counts once, however often it is summarized; articles of the host that can't count any
    /// more are forgotten.
    ///
    /// # Errors
    /// The database fails.
    pub async fn note(&self, question: &Question, host: &str, passed: bool, now: Timestamp) -> Result<(), sqlx::Error> {
        let mut tx = self.store.begin().await?;
        let noted = sqlx::query(
            "insert into track_record (model, language, prompt_version, content_hash, host, passed, judged_at_ms) \
             values ($1, $2, $3, $4, $5, $6, $7) \
             on conflict (model, language, prompt_version, content_hash) do update set passed = excluded.passed, \
             host = excluded.host",
        );
        let noted = noted.bind(&question.model).bind(question.language.as_str()).bind(&question.prompt_version);
        let noted = noted.bind(&question.content_hash).bind(host).bind(i64::from(passed)).bind(now.as_millisecond());
        noted.execute(&mut *tx).await?;
        // Workers that note articles of one host at the same time forget the same ones: none waits for another's.
        let outdone = format!(
            "delete from track_record where model = $1 and language = $2 and prompt_version = $3 and host = $4 \
             and content_hash in (select content_hash from track_record \
               where model = $1 and language = $2 and prompt_version = $3 and host = $4 \
               order by judged_at_ms desc, content_hash limit $5 offset $6{})",
            self.store.dialect().take_rows()
        );
        let outdone = sqlx::query(AssertSqlSafe(outdone)).bind(&question.model).bind(question.language.as_str());
        let outdone = outdone.bind(&question.prompt_version).bind(host).bind(READ as i64).bind(OF_ONE_HOST as i64);
        outdone.execute(&mut *tx).await?;
        tx.commit().await
    }

    /// What the record of the model that answered `question` says of its summary. The figure is the share of articles
    /// with a summary that passed.
    ///
    /// # Errors
    /// The database fails.
    pub async fn check(&self, question: &Question) -> Result<Finding, sqlx::Error> {
        let mut noted = self.newest_like(question).await?;
        if noted.len() < ENOUGH {
            noted = self.newest(&question.model).await?;
        }
        Ok(finding(&noted, &question.language, &question.prompt_version))
    }

    /// What the record of `model` says in each language that it was asked for, with the prompt that was last used there;
    /// every one that says something.
    ///
    /// # Errors
    /// The database fails.
    pub async fn standing(&self, model: &str) -> Result<Vec<Finding>, sqlx::Error> {
        let noted = self.newest(model).await?;
        let mut languages: Vec<Language> = Vec::new();
        let mut standing: Vec<Finding> = Vec::new();
        for article in &noted {
            let Ok(language) = article.language.parse() else { continue };
            if languages.contains(&language) {
                continue;
            }
            let finding = finding(&noted, &language, &article.prompt_version);
            languages.push(language);
            // Languages with too little of their own share what is said of all.
            if finding.verdict != Verdict::CannotJudge && !standing.contains(&finding) {
                standing.push(finding);
            }
        }
        Ok(standing)
    }

    /// The articles that count in the language and with the prompt of a question, the newest first.
    async fn newest_like(&self, question: &Question) -> Result<Vec<Noted>, sqlx::Error> {
        let rows = sqlx::query(
            "select language, prompt_version, host, passed from track_record \
             where model = $1 and language = $2 and prompt_version = $3 \
             order by judged_at_ms desc, content_hash limit $4",
        )
        .bind(&question.model)
        .bind(question.language.as_str())
        .bind(&question.prompt_version)
        .bind(WINDOW as i64)
        .fetch_all(self.store.readers())
        .await?;
        rows.iter().map(noted).collect()
    }

    /// A model's articles in all languages, the newest first.
    async fn newest(&self, model: &str) -> Result<Vec<Noted>, sqlx::Error> {
        let rows = sqlx::query(
            "select language, prompt_version, host, passed from track_record where model = $1 \
             order by judged_at_ms desc, content_hash limit $2",
        )
        .bind(model)
        .bind(READ as i64)
        .fetch_all(self.store.readers())
        .await?;
        rows.iter().map(noted).collect()
    }
}

fn noted(row: &AnyRow) -> Result<Noted, sqlx::Error> {
    Ok(Noted {
        language: row.try_get("language")?,
        prompt_version: row.try_get("prompt_version")?,
        host: row.try_get("host")?,
        passed: row.try_get::<i64, _>("passed")? != 0,
    })
}

/// A model is known by what it did in a language with the prompt that it has now. Until there is enough of that, it is
/// known by what it did in all languages, each with the prompt that was last used there, unless all that it wrote in
/// this one passed.
fn finding(noted: &[Noted], language: &Language, prompt_version: &str) -> Finding {
    let mut prompts: HashMap<&str, &str> = HashMap::from([(language.as_str(), prompt_version)]);
    for article in noted {
        prompts.entry(&article.language).or_insert(&article.prompt_version);
    }
    let current = |article: &&Noted| prompts[&*article.language] == article.prompt_version;
    let own = Tally::of(noted.iter().filter(current).filter(|article| article.language == language.as_str()));
    let (tally, scope) = if own.tells() {
        (own, format!("in {language}"))
    } else {
        (Tally::of(noted.iter().filter(current)), "in all languages".to_owned())
    };
    if !tally.tells() || (!own.tells() && own.is_clean()) {
        return Finding::cannot_judge(NAME);
    }
    let (share, Tally { judged, passed }) = (tally.share(), tally);
    let detail = format!("{passed} of {judged} recent summaries {scope} passed the checks");
    if share < LEAST_SHARE {
        return Finding::fail(NAME, share, detail);
    }
    Finding { detail: Some(detail), ..Finding::pass(NAME, share) }
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
    use super::*;

    /// Articles in a language, each of a host of its own: as many that passed, the newest, and then as many that didn't.
    fn noted(language: &str, passed: usize, failed: usize) -> Vec<Noted> {
        let article = |number: usize| Noted {
            language: language.into(),
            prompt_version: format!("{language}-2"),
            host: format!("{number}.example"),
            passed: number < passed,
        };
        (0..passed + failed).map(article).collect()
    }

    /// What is said of a summary in English.
    fn said(noted: &[Noted]) -> Finding {
        finding(noted, &Language::ENGLISH, "en-2")
    }

    #[test]
    fn a_model_that_is_not_known_yet_is_not_judged() {
        assert_eq!(said(&[]).verdict, Verdict::CannotJudge);
        assert_eq!(said(&noted("en", 0, 3)).verdict, Verdict::CannotJudge);
    }

    #[test]
    fn a_model_that_fails_mostly_is_not_believed() {
        assert_eq!(said(&noted("en", 1, 3)).verdict, Verdict::Fail);
        assert_eq!(said(&noted("en", 9, 15)).verdict, Verdict::Fail);
        assert_eq!(said(&noted("en", 10, 14)).verdict, Verdict::Pass);
        assert_eq!(said(&noted("en", 24, 100)).figure, Some(1.0), "what was before the last articles still counts");
    }

    #[test]
    fn what_it_did_in_other_languages_counts_until_there_is_enough_in_this_one() {
        let (bad, good) = (noted("zh", 0, 20), noted("zh", 20, 0));
        assert_eq!(said(&bad).verdict, Verdict::Fail);
        assert_eq!(said(&[noted("en", 1, 1), bad.clone()].concat()).verdict, Verdict::Fail);
        assert_eq!(said(&[noted("en", 4, 0), bad.clone()].concat()).verdict, Verdict::Pass);
        assert_eq!(said(&[noted("en", 1, 3), good].concat()).verdict, Verdict::Fail);
        // A model that is bad at one language may be good at another.
        assert_eq!(said(&[noted("en", 2, 0), bad].concat()).verdict, Verdict::CannotJudge);
    }

    #[test]
    fn what_came_of_an_old_prompt_counts_no_more() {
        let old = |language: &str| {
            let mut articles = noted(language, 0, 20);
            articles.iter_mut().for_each(|article| article.prompt_version = format!("{language}-1"));
            articles
        };
        assert_eq!(said(&[noted("en", 0, 1), old("en")].concat()).verdict, Verdict::CannotJudge);
        assert_eq!(said(&[noted("zh", 4, 0), old("zh")].concat()).verdict, Verdict::Pass);
    }

    #[test]
    fn one_source_can_not_spoil_the_record() {
        let hostile = |host: &str| vec![Noted { host: host.into(), ..noted("en", 0, 1).remove(0) }; 100];
        let rest = noted("en", 20, 0);
        let spoiled = said(&[hostile("a.test"), rest.clone()].concat());
        assert_eq!((spoiled.verdict, spoiled.figure), (Verdict::Pass, Some(0.75)));
        assert_eq!(said(&[hostile("a.test"), hostile("b.test"), rest].concat()).verdict, Verdict::Pass);
        assert_eq!(said(&hostile("a.test")).verdict, Verdict::Fail);
    }

    #[test]
    fn what_is_said_of_it_can_be_counted_again() {
        let finding = finding(&noted("zh", 3, 17), &Language::CHINESE, "zh-2");
        assert_eq!(finding.detail.as_deref(), Some("3 of 20 recent summaries in zh passed the checks"));
        assert_eq!(finding.figure, Some(0.15));
    }
}
