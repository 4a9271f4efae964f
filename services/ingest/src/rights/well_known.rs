//! What a site says in `/.well-known/tdmrep.json`, fetched at most once a day and kept in the database.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kos_shared::{event::HttpUrl, store::Store};
use sqlx::Row;
use tracing::debug;

use super::{
    SiteClaims,
    tdm::{self, TdmRule},
};
use crate::{
    fetch::{FetchError, Fetcher, Kind, Remedy, Request, path_of, patience},
    lanes::Lanes,
};

/// How long an answer is good, also the one that there is no such file. RFC 9309 section 2.4 says the same of robots.txt.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24);

/// How long it is good that the server failed to answer.
const FAILURE_GOOD_FOR: SignedDuration = SignedDuration::from_hours(1);

/// The largest file that is read, in bytes: what RFC 9309 section 2.5 asks for of a robots.txt.
const MAX_BYTES: usize = 500 * 1024;

/// Why it isn't known what a site says.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The database fails.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    /// The site may not be asked now, or its robots.txt can't be had. Usual cause: it was asked just before.
    #[error("{0}")]
    NotNow(FetchError),
}

/// What sites say about rights, asked for where it isn't known. Clones know the same.
#[derive(Debug, Clone)]
pub struct SiteRights {
    fetcher: Fetcher,
    store: Store,
    lanes: Arc<Lanes>,
}

impl SiteRights {
    /// Asks by `fetcher`, and keeps what comes in `store`.
    pub fn new(fetcher: Fetcher, store: Store) -> Self {
        Self { fetcher, store, lanes: Arc::default() }
    }

    /// What the site that `url` is on says. A site whose file can't be had doesn't implement the protocol, says the
    /// report. One that robots.txt keeps robots from isn't asked, and neither is one whose page they may not have.
    /// `begun` is as in [`Request::begun`].
    ///
    /// # Errors
    /// [`SiteError`] where that can't be known now.
    pub async fn of(&self, url: &HttpUrl, begun: bool) -> Result<SiteClaims, SiteError> {
        let Some(file) = file_of(url) else { return Ok(SiteClaims::default()) };
        let robots = self.fetcher.robots(url, begun).await.map_err(SiteError::NotNow)?;
        let refused = |url: &HttpUrl| robots.as_ref().is_some_and(|robots| robots.refusal(path_of(url)).is_some());
        let kept_from = refused(url) || refused(&file);
        let content_usage = robots.map(|robots| [robots.content_usage.as_slice(), &robots.content_signal].concat());
        let origin = url.as_url().origin().ascii_serialization();
        let text = if kept_from { None } else { self.file(&origin, &file, begun).await? };
        let tdm = text.map(|text| rules(&origin, &text)).unwrap_or_default();
        Ok(SiteClaims { tdm, content_usage: content_usage.unwrap_or_default() })
    }

    async fn file(&self, origin: &str, file: &HttpUrl, begun: bool) -> Result<Option<String>, SiteError> {
        if let Some(text) = kept(&self.store, origin, Timestamp::now()).await? {
            return Ok(text);
        }
        let Some(_only_one_asks) = self.lanes.enter(origin, patience(begun)).await else {
            return Err(SiteError::NotNow(FetchError::being_asked(file)));
        };
        let now = Timestamp::now();
        if let Some(text) = kept(&self.store, origin, now).await? {
            return Ok(text);
        }
        let (text, good_until) = match self.fetcher.get(Request::new(file, Kind::Other).begun(begun)).await {
            Ok(answer) => (answer.body.and_then(|body| text_of(&body)), now + GOOD_FOR),
            Err(error) => match error.remedy() {
                Remedy::GiveUp => (None, now + GOOD_FOR),
                Remedy::Retry | Remedy::RetryAfter(_) => (None, now + FAILURE_GOOD_FOR),
                Remedy::NotBefore(_) => return Err(SiteError::NotNow(error)),
            },
        };
        keep(&self.store, origin, text.as_deref(), now, good_until).await?;
        Ok(text)
    }
}

/// A file as text that every database takes; nothing where it is larger than any such file.
fn text_of(body: &[u8]) -> Option<String> {
    (body.len() <= MAX_BYTES).then(|| String::from_utf8_lossy(body).replace('\0', ""))
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
    // A clock that was ahead must not make an answer good for longer.
    let sql = "select tdmrep from site_rights where origin = $1 and good_until_ms > $2 and fetched_at_ms <= $2";
    let row =
        sqlx::query(sql).bind(origin.to_owned()).bind(now.as_millisecond()).fetch_optional(store.readers()).await?;
    row.map(|row| row.try_get("tdmrep")).transpose()
}

async fn keep(
    store: &Store,
    origin: &str,
    text: Option<&str>,
    now: Timestamp,
    good_until: Timestamp,
) -> Result<(), sqlx::Error> {
    let mut tx = store.begin().await?;
    sqlx::query(
        "insert into site_rights (origin, tdmrep, fetched_at_ms, good_until_ms) values ($1, $2, $3, $4) \
         on conflict (origin) do update set tdmrep = excluded.tdmrep, fetched_at_ms = excluded.fetched_at_ms, \
         good_until_ms = excluded.good_until_ms",
    )
    .bind(origin.to_owned())
    .bind(text.map(str::to_owned))
    .bind(now.as_millisecond())
    .bind(good_until.as_millisecond())
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}
