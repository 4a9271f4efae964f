//! What state the pages of articles are in, read for all who ask at the same time: under load one question to the
//! database answers many readers, and still nobody gets a state from before the request.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use jiff::Timestamp;
use kos_shared::{event::ArticleId, stage::RecordError, store::time};
use sqlx::{AnyPool, AssertSqlSafe, Row, any::AnyRow};
use tokio::sync::{mpsc, oneshot};

use crate::{state::article_id, versions};

/// How many articles are asked for at once.
const GROUP: usize = 16;

/// What an article's page is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageState {
    /// The versions of the article and of those that the page may name as related: they differ whenever the page does.
    pub versions: String,
    /// When the last of them was made.
    pub changed_at: Timestamp,
}

type Answer = Result<Option<PageState>, Arc<RecordError>>;

/// Asks for states. Cheap to clone; the last clone's end is the end of its task.
#[derive(Debug, Clone)]
pub struct PageStates {
    asked: mpsc::UnboundedSender<(ArticleId, oneshot::Sender<Answer>)>,
}

impl PageStates {
    /// Begins to read states from `pool`. To be called in a runtime.
    pub fn of(pool: AnyPool) -> Self {
        let (asked, received) = mpsc::unbounded_channel();
        tokio::spawn(answer(pool, received));
        Self { asked }
    }

    /// The state that an article's page has now; `None` where it isn't here or is withdrawn.
    ///
    /// # Errors
    /// The database fails, or holds what can't be read.
    pub async fn get(&self, id: ArticleId) -> Answer {
        let ended = || Arc::new(RecordError::State("the service ends".to_owned()));
        let (answer, answered) = oneshot::channel();
        self.asked.send((id, answer)).map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }
}

async fn answer(pool: AnyPool, mut received: mpsc::UnboundedReceiver<(ArticleId, oneshot::Sender<Answer>)>) {
    let mut group = Vec::new();
    while let Some(first) = received.recv().await {
        group.push(first);
        // Those who are about to ask come along.
        tokio::task::yield_now().await;
        while group.len() < GROUP
            && let Ok(next) = received.try_recv()
        {
            group.push(next);
        }
        let mut waiting: BTreeMap<ArticleId, Vec<oneshot::Sender<Answer>>> = BTreeMap::new();
        for (id, answer) in group.drain(..) {
            waiting.entry(id).or_default().push(answer);
        }
        let ids: Vec<ArticleId> = waiting.keys().copied().collect();
        let read = read(&pool, &ids).await.map_err(Arc::new);
        for (id, answers) in waiting {
            let state = read.as_ref().map(|states| states.get(&id).cloned()).map_err(Arc::clone);
            for answer in answers {
                // Who went away needs none.
                let _gone = answer.send(state.clone());
            }
        }
    }
}

/// The states of the articles that stand.
async fn read(pool: &AnyPool, ids: &[ArticleId]) -> Result<HashMap<ArticleId, PageState>, RecordError> {
    let Some(last) = ids.last() else { return Ok(HashMap::new()) };
    // Few sizes, so that the statements stay prepared; one row an article, since each costs more than what is in it.
    let size = ids.len().next_power_of_two();
    let places: Vec<String> = (1..=size).map(|number| format!("${number}")).collect();
    let sql = format!(
        "select v.article_id, v.version, v.changed_at_ms, max(o.changed_at_ms) as others_changed_at_ms, \
         string_agg(o.article_id || ' ' || o.version, ' ' order by o.article_id) as others \
         from versions as v left join related as r on r.article_id = v.article_id \
         left join versions as o on o.article_id = r.other_id \
         and not exists (select 1 from retractions as w where w.article_id = o.article_id) \
         where v.article_id in ({}) and not exists (select 1 from retractions as w where w.article_id = v.article_id) \
         group by v.article_id",
        places.join(", ")
    );
    let all = ids.iter().chain(std::iter::repeat(last)).take(size);
    let query = all.fold(sqlx::query(AssertSqlSafe(sql)), |query, id| query.bind(id.to_string()));
    query.fetch_all(pool).await?.iter().map(state).collect()
}

fn state(row: &AnyRow) -> Result<(ArticleId, PageState), RecordError> {
    let version = versions::read(row)?;
    let others: Option<String> = row.try_get("others")?;
    let mut changed_at = version.changed_at;
    if others.is_some() {
        changed_at = changed_at.max(time(row, "others_changed_at_ms")?);
    }
    Ok((
        article_id(row)?,
        PageState { versions: format!("{} {}", version.number, others.unwrap_or_default()), changed_at },
    ))
}
