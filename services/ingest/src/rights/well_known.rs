//! What a site says in `/.well-known/tdmrep.json`, fetched at most once a day and kept in the database.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kos_shared::{
    event::HttpUrl,
    store::{Store, Tx, time},
};
use sqlx::{Row, any::AnyRow};
use tracing::debug;

use super::{
    SiteClaims,
    tdm::{self, TdmRule},
};
use crate::{
    fetch::{Answer, FetchError, Fetcher, Kind, Remedy, Request, path_of, patience},
    lanes::Lanes,
};

/// How long an answer is good, also the one that there is no such file. RFC 9309 section 2.4 says the same of robots.txt.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24);

/// How long it is good that the server failed to answer.
const FAILURE_GOOD_FOR: SignedDuration = SignedDuration::from_hours(1);

/// How long an old file stands where a new one is out of reach, as RFC 9309 section 2.3.1.4 has it for robots.txt.
const OLD: SignedDuration = SignedDuration::from_hours(30 * 24);

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

    /// What the site that `url` is on says. A site whose file never could be had doesn't implement the protocol, says
    /// the report. One that robots.txt keeps robots from isn't asked, and neither is one whose page they may not have.
    /// `begun` is as in [`Request::begun`].
    ///
    /// # Errors
    /// [`SiteError`] where that can't be known now.
    pub async fn of(&self, url: &HttpUrl, begun: bool) -> Result<SiteClaims, SiteError> {
        let Some(file) = file_of(url) else { return Ok(SiteClaims::default()) };
        let robots = self.fetcher.robots(url, begun).await.map_err(SiteError::NotNow)?;
        let refused = |url: &HttpUrl| robots.as_ref().is_some_and(|robots| robots.refusal(path_of(url)).is_some());
        let kept_from = refused(url) || refused(&file);
        let origin = url.as_url().origin().ascii_serialization();
        let text = if kept_from { None } else { self.file(&origin, &file, begun).await? };
        let tdm = text.map(|text| rules(&origin, &text)).unwrap_or_default();
        let said = robots.map(|robots| (robots.content_usage.clone(), robots.content_signal.clone()));
        let (content_usage, content_signal) = said.unwrap_or_default();
        Ok(SiteClaims { tdm, content_usage, content_signal })
    }

    async fn file(&self, origin: &str, file: &HttpUrl, begun: bool) -> Result<Option<String>, SiteError> {
        let good = |kept: &Kept| kept.is_good(Timestamp::now());
        if let Some(kept) = load(&self.store, origin).await?.filter(good) {
            return Ok(kept.text);
        }
        let Some(_only_one_asks) = self.lanes.enter(origin, patience(begun)).await else {
            return Err(SiteError::NotNow(FetchError::being_asked(file)));
        };
        let known = load(&self.store, origin).await?;
        if let Some(kept) = known.clone().filter(good) {
            return Ok(kept.text);
        }
        let found = found(self.fetcher.get(Request::new(file, Kind::Other).begun(begun)).await)?;
        let kept = Kept::after(known, found, Timestamp::now());
        save(&self.store, origin, &kept).await?;
        Ok(kept.text)
    }
}

/// What came of asking for a file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    /// It is this.
    Text(String),
    /// The site says that there is none.
    None,
    /// Nobody can tell now; ask again after this time.
    OutOfReach(SignedDuration),
}

/// What an answer to the request for a file means.
fn found(answer: Result<Answer, FetchError>) -> Result<Found, SiteError> {
    match answer {
        Ok(answer) => Ok(answer.body.and_then(|body| text_of(&body)).map_or(Found::OutOfReach(GOOD_FOR), Found::Text)),
        Err(FetchError::NotFound { .. } | FetchError::Gone { .. }) => Ok(Found::None),
        Err(error) => match error.remedy() {
            Remedy::GiveUp => Ok(Found::OutOfReach(GOOD_FOR)),
            Remedy::Retry | Remedy::RetryAfter(_) => Ok(Found::OutOfReach(FAILURE_GOOD_FOR)),
            Remedy::NotBefore(_) => Err(SiteError::NotNow(error)),
        },
    }
}

/// A file as text that every database takes; nothing where it is larger than any such file.
fn text_of(body: &[u8]) -> Option<String> {
    (body.len() <= MAX_BYTES).then(|| String::from_utf8_lossy(body).replace('\0', ""))
}

/// What is kept of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    /// Its file; `None` where it has none.
    text: Option<String>,
    /// When it was had.
    fetched_at: Timestamp,
    /// Until when it need not be asked for.
    good_until: Timestamp,
}

impl Kept {
    /// Whether it need not be asked for. A clock that was ahead must not make an answer good for longer.
    fn is_good(&self, now: Timestamp) -> bool {
        self.fetched_at <= now && now < self.good_until
    }

    /// What is known of a site once it was asked again. A reservation doesn't end because its file is out of reach for a
    /// while: it stands as long as an old robots.txt does.
    fn after(known: Option<Self>, found: Found, now: Timestamp) -> Self {
        match found {
            Found::Text(text) => Self { text: Some(text), fetched_at: now, good_until: now + GOOD_FOR },
            Found::None => Self { text: None, fetched_at: now, good_until: now + GOOD_FOR },
            Found::OutOfReach(pause) => {
                let old = known.filter(|known| known.text.is_some() && known.fetched_at + OLD > now);
                let (text, fetched_at) = old.map_or((None, now), |old| (old.text, old.fetched_at.min(now)));
                Self { text, fetched_at, good_until: now + pause }
            }
        }
    }
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

async fn load(store: &Store, origin: &str) -> Result<Option<Kept>, sqlx::Error> {
    let sql = "select tdmrep, fetched_at_ms, good_until_ms from site_rights where origin = $1";
    let row = sqlx::query(sql).bind(origin.to_owned()).fetch_optional(store.readers()).await?;
    let read = |row: AnyRow| {
        let (fetched_at, good_until) = (time(&row, "fetched_at_ms")?, time(&row, "good_until_ms")?);
        Ok(Kept { text: row.try_get("tdmrep")?, fetched_at, good_until })
    };
    row.map(read).transpose()
}

async fn save(store: &Store, origin: &str, kept: &Kept) -> Result<(), sqlx::Error> {
    let mut tx = store.begin().await?;
    sqlx::query(
        "insert into site_rights (origin, tdmrep, fetched_at_ms, good_until_ms) values ($1, $2, $3, $4) \
         on conflict (origin) do update set tdmrep = excluded.tdmrep, fetched_at_ms = excluded.fetched_at_ms, \
         good_until_ms = excluded.good_until_ms",
    )
    .bind(origin.to_owned())
    .bind(kept.text.clone())
    .bind(kept.fetched_at.as_millisecond())
    .bind(kept.good_until.as_millisecond())
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// Forgets the files of sites that nobody asked for in as long as an old one stands; how many.
///
/// # Errors
/// The database fails.
pub async fn forget(tx: &mut Tx, now: Timestamp) -> Result<u64, sqlx::Error> {
    let sql = "delete from site_rights where good_until_ms < $1";
    let done = sqlx::query(sql).bind((now - OLD).as_millisecond()).execute(&mut **tx).await?;
    Ok(done.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    fn reserved() -> Kept {
        Kept::after(None, Found::Text("a reservation".into()), now())
    }

    #[test]
    fn a_file_out_of_reach_leaves_a_known_reservation_standing_but_not_for_ever() {
        let later = now() + GOOD_FOR * 2;
        let kept = Kept::after(Some(reserved()), Found::OutOfReach(FAILURE_GOOD_FOR), later);
        assert_eq!((kept.text.as_deref(), kept.fetched_at), (Some("a reservation"), now()));
        assert!(kept.is_good(later) && !kept.is_good(later + FAILURE_GOOD_FOR), "it is asked for again");
        let at_last = Kept::after(Some(kept), Found::OutOfReach(FAILURE_GOOD_FOR), now() + OLD);
        assert_eq!(at_last.text, None);
    }

    #[test]
    fn a_file_that_the_site_took_away_reserves_nothing() {
        let kept = Kept::after(Some(reserved()), Found::None, now() + GOOD_FOR);
        assert_eq!(kept.text, None);
        assert_eq!(Kept::after(None, Found::OutOfReach(GOOD_FOR), now()).text, None, "it never was known");
    }

    #[test]
    fn what_answers_mean_for_a_reservation() {
        let url = String::new;
        let of = |error| found(Err(error)).unwrap();
        assert_eq!(of(FetchError::NotFound { url: url() }), Found::None);
        assert_eq!(of(FetchError::ServerFailure { url: url(), status: 503 }), Found::OutOfReach(FAILURE_GOOD_FOR));
        assert_eq!(of(FetchError::Forbidden { url: url(), status: 403 }), Found::OutOfReach(GOOD_FOR));
        assert_eq!(text_of(&vec![b' '; MAX_BYTES + 1]), None, "an oversized file is no answer");
    }
}
