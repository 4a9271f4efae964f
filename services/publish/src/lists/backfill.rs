//! Lines for articles that were published before there were any.

use jiff::Timestamp;
use kos_shared::{
    event::ArticleSummarized,
    stage::RecordError,
    store::{Store, Tx},
};

use super::stories;

/// How many articles share a transaction: others wait for it.
const AT_ONCE: i64 = 100;

const LACKING: &str = "from articles as a \
    where not exists (select 1 from list_entries as e where e.article_id = a.article_id) \
    and not exists (select 1 from retractions as r where r.article_id = a.article_id)";

/// Makes the lines that lists lack, the oldest first, until all are there or `stopped` says so; how many.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn run(store: &Store, stopped: impl Fn() -> bool) -> Result<u64, RecordError> {
    let mut made = 0;
    while !stopped() {
        let sql = format!("select article_id {LACKING} limit 1");
        let lacking: Option<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_optional(store.readers()).await?;
        if lacking.is_none() {
            break;
        }
        let mut tx = store.begin().await?;
        made += some(&mut tx).await?;
        tx.commit().await?;
    }
    Ok(made)
}

async fn some(tx: &mut Tx) -> Result<u64, RecordError> {
    let sql = format!("select summarized {LACKING} order by added_at_ms, article_id limit $1");
    let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(AT_ONCE).fetch_all(&mut **tx).await?;
    for json in &rows {
        let summarized: ArticleSummarized =
            serde_json::from_str(json).map_err(|e| RecordError::State(e.to_string()))?;
        stories::put(tx, &summarized, Timestamp::now()).await?;
    }
    Ok(rows.len() as u64)
}
