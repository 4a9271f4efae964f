//! A stage for tests of the worker loop: it reads `kos.ingest.requested`, writes a row and emits
//! `kos.article.ingested`, and fails where its script says so.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use kos_shared::{
    event::{Article, ArticleId, BodySource, Event, HttpUrl, IngestRequested, Language, Revision, Rights, Site},
    stage::{Failure, RecordError, Recorded, Stage},
    store::{Migration, Store, Tx},
};
use serde_json::Map;
use sqlx::Row;
use tokio::sync::Semaphore;

/// The stage's table. Nothing in it is unique, so that an effect that happens twice is seen twice.
pub const EFFECTS: Migration = Migration {
    version: 100,
    name: "effects",
    sql: "create table effects (event_id text not null, url text not null, worker text not null)",
};

/// What happens to one try at an event.
#[derive(Debug, Clone)]
pub enum Step {
    /// It goes well.
    Succeed,
    /// The work fails.
    Fail(Failure),
    /// The work panics.
    Panic,
    /// The work takes so long.
    Take(Duration),
    /// The work is done once a permit is added.
    Await(Arc<Semaphore>),
    /// Writing panics, after it has written something.
    PanicInRecord,
    /// Writing breaks a rule of the database, after it has written something.
    BreakRecord,
}

/// What is to happen to which event, and what has happened. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Script(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    steps: HashMap<String, VecDeque<Step>>,
    tries: Vec<(String, Instant)>,
}

impl Script {
    /// What happens to the first tries at the event with this address; later ones go well.
    pub fn set(&self, url: &str, steps: impl IntoIterator<Item = Step>) {
        self.inner().steps.insert(url.to_owned(), steps.into_iter().collect());
    }

    /// When work on the event with this address was begun, each time.
    pub fn tries(&self, url: &str) -> Vec<Instant> {
        self.inner().tries.iter().filter(|(tried, _)| tried == url).map(|(_, at)| *at).collect()
    }

    /// How often work was begun.
    pub fn all_tries(&self) -> usize {
        self.inner().tries.len()
    }

    fn begin(&self, url: &str) -> Step {
        let mut inner = self.inner();
        inner.tries.push((url.to_owned(), Instant::now()));
        inner.steps.get_mut(url).and_then(VecDeque::pop_front).unwrap_or(Step::Succeed)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stage.
#[derive(Debug, Clone)]
pub struct Copying {
    /// What happens.
    pub script: Script,
    /// What it writes down as the one who did it.
    pub worker: &'static str,
}

impl Stage for Copying {
    type In = IngestRequested;
    type Done = Step;

    async fn work(&self, event: &Event<IngestRequested>) -> Result<Step, Failure> {
        let step = self.script.begin(event.data.url.as_str());
        match &step {
            Step::Fail(failure) => return Err(failure.clone()),
            Step::Panic => panic!("as the script says"),
            Step::Take(duration) => tokio::time::sleep(*duration).await,
            // A permit is never given back: it stands for one event that may go on.
            Step::Await(gate) => gate.acquire().await.map_or((), |permit| permit.forget()),
            Step::Succeed | Step::PanicInRecord | Step::BreakRecord => {}
        }
        Ok(step)
    }

    async fn record(&self, tx: &mut Tx, event: &Event<IngestRequested>, step: &Step) -> Result<Recorded, RecordError> {
        let sql = "insert into effects (event_id, url, worker) values ($1, $2, $3)";
        let insert =
            |url: Option<String>| sqlx::query(sql).bind(event.id().to_string()).bind(url).bind(self.worker.to_owned());
        insert(Some(event.data.url.to_string())).execute(&mut **tx).await?;
        match step {
            Step::PanicInRecord => panic!("as the script says"),
            Step::BreakRecord => insert(None).execute(&mut **tx).await.map(drop)?,
            _ => {}
        }
        let article = article_of(&event.data);
        let emit = vec![event.cause("ingest", 0, &article)];
        Ok(Recorded { emit, ..Recorded::new("copied", Some(article.article_id)) })
    }
}

/// The article that the stage makes of a request: its text and its body are the request's page, so that it is about
/// twice as large.
pub fn article_of(request: &IngestRequested) -> Article {
    let page = request.html.clone().unwrap_or_default();
    Article {
        article_id: ArticleId::of_canonical_url(&request.url),
        revision: Revision::FIRST,
        url: request.url.clone(),
        canonical_url: request.url.clone(),
        site: Site { name: "Example".into(), host: request.url.host().to_owned() },
        feed_id: None,
        title: "A title".into(),
        authors: Vec::new(),
        published_at: None,
        fetched_at: Timestamp::UNIX_EPOCH,
        language: Language::ENGLISH,
        body_html: page.clone(),
        text: page,
        image: None,
        words: 0,
        content_hash: String::new(),
        rights: Rights::default(),
        modified_at: None,
        body_source: BodySource::Page,
        tags: vec![],
        duplicate_of: None,
        similarity: None,
        forced: false,
        extra: Map::new(),
    }
}

/// A request for this address.
///
/// # Panics
/// When it is none.
pub fn request(url: &str) -> IngestRequested {
    let url: HttpUrl = url.parse().unwrap_or_else(|e| panic!("{e}"));
    IngestRequested { url, html: None, hints: None, feed_id: None, force: false }
}

/// An effect of the stage.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effect {
    /// The address that the event named.
    pub url: String,
    /// The event.
    pub event_id: String,
    /// Who did it.
    pub worker: String,
}

/// All effects, by address.
///
/// # Panics
/// When the database fails.
pub async fn effects(store: &Store) -> Vec<Effect> {
    let sql = "select url, event_id, worker from effects order by url, event_id";
    let rows = sqlx::query(sql).fetch_all(store.readers()).await.unwrap_or_else(|e| panic!("effects: {e}"));
    rows.iter()
        .map(|row| Effect { url: row.get("url"), event_id: row.get("event_id"), worker: row.get("worker") })
        .collect()
}

/// How many rows a table has.
///
/// # Panics
/// When the database fails.
pub async fn count(store: &Store, table: &str) -> u64 {
    let sql = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
    let rows: i64 = sqlx::query_scalar(sql).fetch_one(store.readers()).await.unwrap_or_else(|e| panic!("{table}: {e}"));
    rows.unsigned_abs()
}
