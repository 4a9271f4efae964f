//! Documents and profiles for articles that came before there was a search, or before it became what it is.

use kos_shared::{
    event::{ArticleId, ArticleSummarized},
    stage::{RecordError, on_cpu},
    store::Store,
};
use sqlx::Row;
use tracing::warn;

use super::{
    document::{ANALYSIS, Document},
    index,
};
use crate::{analysis::Analysis, related};

/// How many articles are read, and then written, at once: events wait for no more than that.
const BATCH: i64 = 50;

/// An article as it was read.
struct Stored {
    article_id: String,
    revision: i64,
    summarized: String,
}

/// Makes what is missing, in batches, and returns how many documents that were. What it has done stays done if it is
/// stopped; several may do it at once.
///
/// # Errors
/// The database fails.
pub async fn run(store: &Store, stopped: impl Fn() -> bool) -> Result<u64, RecordError> {
    let (mut made, mut after) = (0, String::new());
    while !stopped() {
        let batch = missing(store, &after).await?;
        let Some(last) = batch.last() else { break };
        after.clone_from(&last.article_id);
        let analyzed = on_cpu(move || batch.into_iter().map(analyzed).collect::<Result<Vec<_>, _>>()).await?;
        let mut tx = store.begin().await?;
        for article in &analyzed {
            // Holds off, and is held off by, the stage that puts a newer revision there.
            let same = sqlx::query("update articles set revision = revision where article_id = $1 and revision = $2")
                .bind(article.article_id.to_string())
                .bind(article.revision)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if same > 0 {
                index::put(&mut tx, article.article_id, article.document.as_ref()).await?;
                if let Some(summarized) = &article.summarized {
                    related::put(&mut tx, summarized, article.profile.as_ref()).await?;
                }
                made += 1;
            }
        }
        tx.commit().await?;
    }
    Ok(made)
}

async fn missing(store: &Store, after: &str) -> Result<Vec<Stored>, RecordError> {
    let sql = "select article_id, revision, summarized from articles as a where article_id > $1 \
               and not exists (select 1 from search_documents as d where d.article_id = a.article_id and d.analysis = $2) \
               and not exists (select 1 from retractions as r where r.article_id = a.article_id) \
               order by article_id limit $3";
    let rows = sqlx::query(sql).bind(after.to_owned()).bind(ANALYSIS).bind(BATCH).fetch_all(store.readers()).await?;
    let read = |row: &sqlx::any::AnyRow| -> Result<Stored, RecordError> {
        Ok(Stored {
            article_id: row.try_get("article_id")?,
            revision: row.try_get("revision")?,
            summarized: row.try_get("summarized")?,
        })
    };
    rows.iter().map(read).collect()
}

/// An article with what is made of it.
struct Analyzed {
    article_id: ArticleId,
    revision: i64,
    summarized: Option<ArticleSummarized>,
    document: Option<Document>,
    profile: Option<related::Profile>,
}

/// An article that can't be read is found by nothing, and the others are.
fn analyzed(stored: Stored) -> Result<Analyzed, RecordError> {
    let id = stored.article_id;
    let summarized = serde_json::from_str::<ArticleSummarized>(&stored.summarized)
        .inspect_err(|error| warn!(article_id = id, %error, "an article can't be read, so search doesn't find it"))
        .ok();
    let analysis = summarized.as_ref().and_then(Analysis::of);
    let profile = analysis.as_ref().and_then(related::Profile::of);
    Ok(Analyzed {
        article_id: id.parse().map_err(|e| RecordError::State(format!("article id {id:?}: {e}")))?,
        revision: stored.revision,
        document: summarized.as_ref().zip(analysis).map(|(s, analysis)| Document::of(&s.article, analysis)),
        profile,
        summarized,
    })
}
