//! What a site says in `/.well-known/tdmrep.json`, fetched at most once a day and kept in the database.

use jiff::{SignedDuration, Timestamp};
use kos_shared::{
    event::HttpUrl,
    store::{Store, time},
};
use sqlx::Row;
use tracing::debug;

use super::tdm::{self, TdmRule};

/// How long an answer is good, also the one that there is no such file. RFC 9309 section 2.4 says the same of robots.txt.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24);

/// The largest file that is read, in bytes: what RFC 9309 section 2.5 asks for of a robots.txt.
const MAX_BYTES: usize = 500 * 1024;

/// The rules of the site that `url` is on, from the database, or else by `fetch`, which brings the text of a file or
/// `None` where it can't be had. The report says of such a site that it doesn't implement the protocol.
///
/// # Errors
/// The database fails.
pub async fn tdm_rules(
    store: &Store,
    url: &HttpUrl,
    now: Timestamp,
    fetch: impl AsyncFnOnce(&HttpUrl) -> Option<String>,
) -> Result<Vec<TdmRule>, sqlx::Error> {
    let Some(file) = file_of(url) else { return Ok(vec![]) };
    let origin = url.as_url().origin().ascii_serialization();
    let text = match kept(store, &origin, now).await? {
        Some(text) => text,
        None => {
            let text = fetch(&file).await.filter(|text| text.len() <= MAX_BYTES).map(|text| text.replace('\0', ""));
            keep(store, &origin, text.as_deref(), now).await?;
            text
        }
    };
    Ok(text.map(|text| rules(&origin, &text)).unwrap_or_default())
}

fn rules(origin: &str, text: &str) -> Vec<TdmRule> {
    tdm::rules(text).unwrap_or_else(|error| {
        debug!(origin, %error, "the site's reservation file can't be read");
        vec![]
    })
}

fn file_of(url: &HttpUrl) -> Option<HttpUrl> {
    let file = url.as_url().join("/.well-known/tdmrep.json").ok()?;
    HttpUrl::try_from(file).ok()
}

/// What is kept of a site and still good: `Some(None)` is that it has no file.
async fn kept(store: &Store, origin: &str, now: Timestamp) -> Result<Option<Option<String>>, sqlx::Error> {
    let row = sqlx::query("select tdmrep, fetched_at_ms from site_rights where origin = $1")
        .bind(origin.to_owned())
        .fetch_optional(store.readers())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let age = now.duration_since(time(&row, "fetched_at_ms")?);
    // A clock that was ahead must not make an answer good for longer.
    if age < -GOOD_FOR || age >= GOOD_FOR {
        return Ok(None);
    }
    row.try_get("tdmrep").map(Some)
}

async fn keep(store: &Store, origin: &str, text: Option<&str>, now: Timestamp) -> Result<(), sqlx::Error> {
    let mut tx = store.begin().await?;
    sqlx::query(
        "insert into site_rights (origin, tdmrep, fetched_at_ms) values ($1, $2, $3) \
         on conflict (origin) do update set tdmrep = excluded.tdmrep, fetched_at_ms = excluded.fetched_at_ms",
    )
    .bind(origin.to_owned())
    .bind(text.map(str::to_owned))
    .bind(now.as_millisecond())
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}
