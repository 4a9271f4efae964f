//! The index: which articles have which terms. Written in the transaction that puts an article there.

use jiff::Timestamp;
use kos_shared::{
    event::ArticleId,
    stage::RecordError,
    store::{Dialect, Tx},
};
use sqlx::Row;

use super::document::{ANALYSIS, Document};

/// How many articles of one second have numbers of their own before they borrow the next second's.
const A_SECOND: i64 = 1 << 10;

/// Puts an article's document there, in the place of an older one. Without one, nothing finds the article.
///
/// # Errors
/// The database fails.
pub async fn put(tx: &mut Tx, id: ArticleId, document: Option<&Document>) -> Result<(), RecordError> {
    remove(tx, id).await?;
    let row = sqlx::query("select published_at_ms, added_at_ms from articles where article_id = $1")
        .bind(id.to_string())
        .fetch_one(&mut **tx)
        .await?;
    let (published, added): (Option<i64>, i64) = (row.try_get("published_at_ms")?, row.try_get("added_at_ms")?);
    // What claims to come from the future came when it came.
    let seconds = published.map_or(added, |published| published.min(added)).max(0) / 1_000;
    let mut number = seconds * A_SECOND + spread(id);
    while !insert(tx, id, number, document).await? {
        number += 1;
    }
    Ok(())
}

/// Where in its second an article is tried first, so that articles of one second seldom meet.
fn spread(id: ArticleId) -> i64 {
    id.to_string().bytes().fold(0, |sum, byte| (sum * 31 + i64::from(byte)) % A_SECOND)
}

/// Whether the number was free.
async fn insert(tx: &mut Tx, id: ArticleId, number: i64, document: Option<&Document>) -> Result<bool, RecordError> {
    let dialect = Dialect::of(tx);
    let weights = document.map(|document| document.weights.bytes().to_vec()).unwrap_or_default();
    let terms = document.map(|document| document.indexed(dialect));
    let sql = match dialect {
        Dialect::Sqlite => {
            "insert into search_documents (number, article_id, analysis, weights) values ($1, $2, $3, $4) \
             on conflict (number) do nothing"
        }
        Dialect::Postgres => {
            "insert into search_documents (number, article_id, analysis, weights, terms) \
             values ($1, $2, $3, $4, cast(cast($5 as text) as tsvector)) on conflict (number) do nothing"
        }
    };
    let mut insert = sqlx::query(sql).bind(number).bind(id.to_string()).bind(ANALYSIS).bind(weights);
    if dialect == Dialect::Postgres {
        insert = insert.bind(terms.clone().unwrap_or_default());
    }
    if insert.execute(&mut **tx).await?.rows_affected() == 0 {
        return Ok(false);
    }
    if let (Dialect::Sqlite, Some(terms)) = (dialect, terms) {
        let sql = "insert into search_terms (rowid, terms) values ($1, $2)";
        sqlx::query(sql).bind(number).bind(terms).execute(&mut **tx).await?;
    }
    Ok(true)
}

/// Takes an article out.
///
/// # Errors
/// The database fails.
pub async fn remove(tx: &mut Tx, id: ArticleId) -> Result<(), RecordError> {
    remove_where(tx, "= $1", Some(id)).await
}

/// Takes out all articles that are withdrawn.
///
/// # Errors
/// The database fails.
pub async fn remove_withdrawn(tx: &mut Tx) -> Result<(), RecordError> {
    remove_where(tx, "in (select article_id from retractions)", None).await
}

async fn remove_where(tx: &mut Tx, condition: &str, id: Option<ArticleId>) -> Result<(), RecordError> {
    let documents = format!("from search_documents where article_id {condition}");
    let mut statements = vec![format!("delete {documents}")];
    if Dialect::of(tx) == Dialect::Sqlite {
        statements.insert(0, format!("delete from search_terms where rowid in (select number {documents})"));
    }
    for sql in statements {
        let statement = sqlx::query(sqlx::AssertSqlSafe(sql));
        let statement = match id {
            Some(id) => statement.bind(id.to_string()),
            None => statement,
        };
        statement.execute(&mut **tx).await?;
    }
    Ok(())
}

/// The least number of an article of this time.
pub fn first_number(time: Timestamp) -> i64 {
    time.as_second().max(0).saturating_mul(A_SECOND)
}

/// The second that a number stands for.
pub fn second(number: i64) -> i64 {
    number / A_SECOND
}
