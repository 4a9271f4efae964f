//! Where a feed is, asked by its own address or by its site's.

use std::{panic::catch_unwind, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use kos_shared::{event::HttpUrl, stage::on_cpu};
use tokio::time::{sleep, timeout};

use super::{Feed, discover, parse::parse};
use crate::{
    decode::decode,
    fetch::{Answer, Fetcher, Kind, Remedy, Request},
};

/// How many addresses are tried where a page declares none that works.
const MOST_TRIED: usize = 12;

/// How long all of it may take: hosts are asked slowly.
const LIMIT: Duration = Duration::from_secs(60);

/// A feed, and where it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Where it is.
    pub url: HttpUrl,
    /// What is there.
    pub feed: Feed,
}

/// What is at an address.
enum There {
    Feed(Box<Found>),
    /// No feed, and why; the addresses to try instead.
    Other(String, Vec<HttpUrl>),
}

/// The feed at `url`, or the one that the page there declares, or one where feeds often are.
///
/// # Errors
/// What was tried, and why none of it is a feed.
pub async fn find(fetcher: &Fetcher, url: &HttpUrl) -> Result<Found, String> {
    let found = timeout(LIMIT, find_patiently(fetcher, url)).await;
    found.unwrap_or_else(|_| Err(format!("{url}: no feed was found within {} s", LIMIT.as_secs())))
}

async fn find_patiently(fetcher: &Fetcher, url: &HttpUrl) -> Result<Found, String> {
    let (reason, candidates) = match look(fetcher, url, true).await? {
        There::Feed(found) => return Ok(*found),
        There::Other(reason, candidates) => (reason, candidates),
    };
    let mut tried = vec![format!("{url}: {reason}")];
    for candidate in candidates.iter().filter(|c| *c != url).take(MOST_TRIED) {
        match look(fetcher, candidate, false).await {
            Ok(There::Feed(found)) => return Ok(*found),
            Ok(There::Other(reason, _)) => tried.push(format!("{candidate}: {reason}")),
            Err(reason) => tried.push(reason),
        }
    }
    Err(format!("no feed was found; tried {}", tried.join("; ")))
}

/// Looks at one address; `is_site` says that a page there is to be searched.
async fn look(fetcher: &Fetcher, url: &HttpUrl, is_site: bool) -> Result<There, String> {
    let Answer { final_url, moved_to, content_type, body, .. } = get(fetcher, url).await?;
    // What is there only for now is no place to ask at for good.
    let stays_at = moved_to.unwrap_or_else(|| url.clone());
    let body = body.unwrap_or_default();
    let read = move || read(&body, content_type.as_deref(), stays_at, &final_url, is_site);
    Ok(on_cpu(read).await)
}

fn read(body: &Bytes, content_type: Option<&str>, url: HttpUrl, found_at: &HttpUrl, is_site: bool) -> There {
    let feed = catch_unwind(|| parse(body, content_type, found_at));
    let reason = match feed {
        Ok(Ok(feed)) => return There::Feed(Box::new(Found { url, feed })),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "it made the parser panic, which is a defect".to_owned(),
    };
    if !is_site {
        return There::Other(reason, Vec::new());
    }
    let offered = discover::offered(&decode(body, content_type), found_at);
    let mut candidates: Vec<HttpUrl> = offered.into_iter().map(|offered| offered.url).collect();
    for guess in discover::guesses(found_at) {
        if !candidates.contains(&guess) {
            candidates.push(guess);
        }
    }
    There::Other(reason, candidates)
}

/// GETs, and waits for the host's turn where it hasn't come.
async fn get(fetcher: &Fetcher, url: &HttpUrl) -> Result<Answer, String> {
    loop {
        let error = match fetcher.get(Request::new(url, Kind::Feed)).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let Remedy::NotBefore(until) = error.remedy() else { return Err(error.to_string()) };
        // The caller's limit ends a wait that is too long.
        sleep(Duration::try_from(until.duration_since(Timestamp::now())).unwrap_or_default()).await;
    }
}
