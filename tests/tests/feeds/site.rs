//! Many sites with a feed each, on one port of as many loopback addresses.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{article, rss};

/// How long a site takes to answer, so that requests to one meet.
const THINKING: Duration = Duration::from_millis(5);

/// The files that speak for a whole site.
const ROBOTS: &str = "/robots.txt";
const RESERVATIONS: &str = "/.well-known/tdmrep.json";

/// What was asked of the sites.
#[derive(Debug, Default)]
pub struct Seen {
    /// The feeds' answers: when, which site, which status.
    pub feeds: Vec<(Instant, String, u16)>,
    /// How often each page was asked for.
    pub pages: BTreeMap<String, usize>,
    /// How often each file that speaks for a whole site was.
    pub files: BTreeMap<String, usize>,
    /// How many requests a site was given at once, at most.
    pub at_once: usize,
    under_way: BTreeMap<String, usize>,
}

/// The sites.
pub struct Sites {
    port: u16,
    seen: Arc<Mutex<Seen>>,
    server: JoinHandle<()>,
}

impl Sites {
    /// Starts sites whose feeds have `entries` each.
    pub async fn start(entries: usize) -> Self {
        let seen = Arc::<Mutex<Seen>>::default();
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap_or_else(|e| panic!("can't listen: {e}"));
        let port = listener.local_addr().map_or(0, |address| address.port());
        let router = Router::new().fallback(answer).with_state((Arc::clone(&seen), entries));
        let server = tokio::spawn(axum::serve(listener, router).into_future().map(drop));
        Self { port, seen, server }
    }

    /// The address of the `n`th site's feed; those of `broken` sites fail.
    pub fn feed(&self, n: usize, broken: bool) -> String {
        let path = if broken { "broken" } else { "feed" };
        format!("http://127.1.{}.{}:{}/{path}", n / 200, n % 200 + 1, self.port)
    }

    /// What was asked so far.
    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }
}

impl Drop for Sites {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(State((seen, entries)): State<(Arc<Mutex<Seen>>, usize)>, request: Request) -> Response {
    let host = request.headers()[header::HOST].to_str().unwrap_or_default().to_owned();
    let path = request.uri().path().to_owned();
    {
        let mut seen = lock(&seen);
        let under_way = seen.under_way.entry(host.clone()).or_default();
        *under_way += 1;
        seen.at_once = seen.at_once.max(*seen.under_way.get(&host).unwrap_or(&0));
    }
    tokio::time::sleep(THINKING).await;
    let known = request.headers().get(header::IF_NONE_MATCH).is_some_and(|etag| etag == "\"v1\"");
    let response = match path.as_str() {
        "/feed" if known => StatusCode::NOT_MODIFIED.into_response(),
        "/feed" => ([(header::ETAG, "\"v1\""), (header::CONTENT_TYPE, "application/rss+xml")], feed(&host, entries))
            .into_response(),
        "/broken" => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        ROBOTS | RESERVATIONS => StatusCode::NOT_FOUND.into_response(),
        _ => ([(header::CONTENT_TYPE, "text/html")], page(&host, &path)).into_response(),
    };
    let mut seen = lock(&seen);
    *seen.under_way.entry(host.clone()).or_default() -= 1;
    match path.as_str() {
        "/feed" | "/broken" => seen.feeds.push((Instant::now(), host, response.status().as_u16())),
        ROBOTS | RESERVATIONS => *seen.files.entry(format!("{host}{path}")).or_default() += 1,
        _ => *seen.pages.entry(format!("{host}{path}")).or_default() += 1,
    }
    response
}

fn feed(host: &str, entries: usize) -> Vec<u8> {
    let entries: Vec<[String; 3]> =
        (0..entries).map(|n| [n.to_string(), format!("/news/{n}"), format!("News {n} of {host}")]).collect();
    let entries: Vec<_> = entries
        .iter()
        .map(|[guid, path, title]| (guid.as_str(), path.as_str(), title.as_str(), "What happened."))
        .collect();
    rss(&format!("http://{host}"), &entries).body
}

fn page(host: &str, path: &str) -> Vec<u8> {
    article(&format!("{path} of {host}"), &format!("This is what happened at {path}, as {host} was told today.")).body
}
