//! What state the pages of articles are in, read for all who ask at the same time: under load one question to the
//! database answers many readers, and still nobody gets a state from before the request.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use kos_shared::{event::ArticleId, stage::RecordError};
use sqlx::{AnyPool, AssertSqlSafe, Row};
use tokio::sync::{mpsc, oneshot};

use crate::versions::{self, Version};

/// How many articles are asked for at once.
const GROUP: usize = 16;

/// What an article's page is made of, by versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageState {
    /// The article's own.
    pub version: Version,
    /// Those of the articles that the page may name as related, in the order of their ids.
    pub related: Vec<(String, Version)>,
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
    while received.recv_many(&mut group, GROUP).await > 0 {
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
    // Few sizes, so that the statements stay prepared.
    let size = ids.len().next_power_of_two();
    let places: Vec<String> = (1..=size).map(|number| format!("${number}")).collect();
    let sql = format!(
        "select v.article_id, '' as other_id, v.version, v.changed_at_ms from versions as v \
         where v.article_id in ({0}) \
         and not exists (select 1 from retractions as w where w.article_id = v.article_id) \
         union all \
         select r.article_id, r.other_id, v.version, v.changed_at_ms from related as r \
         join versions as v on v.article_id = r.other_id where r.article_id in ({0}) \
         and not exists (select 1 from retractions as w where w.article_id = r.other_id) \
         order by 1, 2",
        places.join(", ")
    );
    let all = ids.iter().chain(std::iter::repeat(last)).take(size);
    let query = all.fold(sqlx::query(AssertSqlSafe(sql)), |query, id| query.bind(id.to_string()));
    let mut states: HashMap<ArticleId, PageState> = HashMap::with_capacity(ids.len());
    for row in &query.fetch_all(pool).await? {
        let id: String = row.try_get("article_id")?;
        let id = id.parse().map_err(|e| RecordError::State(format!("{id} in versions: {e}")))?;
        let (other, version): (String, Version) = (row.try_get("other_id")?, versions::read(row)?);
        if other.is_empty() {
            states.insert(id, PageState { version, related: Vec::new() });
        } else if let Some(state) = states.get_mut(&id) {
            state.related.push((other, version));
        }
    }
    Ok(states)
}
