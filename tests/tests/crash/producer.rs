//! The producer: publishes every event until the server has acknowledged it.

use std::{sync::Arc, time::Duration};

use async_nats::{HeaderMap, jetstream};
use fastrand::Rng;
use kos_shared::event::ArticleId;
use kos_tests::{Article, Articles};
use serde_json::json;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

/// How long the server may take to acknowledge before the producer asks again.
const ANSWER: Duration = Duration::from_secs(1);

/// How many publishes are under way at once.
const AT_ONCE: usize = 4;

/// What is published.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// Its article.
    pub article: Article,
    /// The article's id.
    pub article_id: String,
    /// Whether it is forced: then handling it twice is a revision more.
    pub forced: bool,
    /// How it is published.
    pub copy: Copy,
}

/// An event that comes more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copy {
    /// The first.
    Original,
    /// The same with the same message id: the server drops it.
    Republished,
    /// The same without a message id, as from another client: only the inbox knows it.
    OutsideTheWindow,
}

/// One event an article, and of every tenth a second and of every tenth a third copy a while later.
pub fn events(seed: u64, articles: usize, random: &mut Rng) -> Vec<Event> {
    let pages = Articles::new(seed).page_bytes(10_000);
    let mut events: Vec<Event> = Vec::with_capacity(articles * 6 / 5);
    for number in 0..articles {
        let article = pages.page(number as u64);
        let address = article.url.parse().unwrap_or_else(|e| panic!("{}: {e}", article.url));
        let event = Event {
            id: format!("crash-{seed}-{number}"),
            article_id: ArticleId::of_canonical_url(&address).to_string(),
            article,
            forced: random.bool(),
            copy: Copy::Original,
        };
        events.push(event);
        for (chance, copy) in [(3, Copy::Republished), (7, Copy::OutsideTheWindow)] {
            if number % 10 == chance {
                let earlier = &events[random.usize(events.len() / 2..events.len())];
                events.push(Event { copy, ..earlier.clone() });
            }
        }
    }
    events
}

/// Publishes the first `released` events, and more when more are released, until all are acknowledged.
pub async fn produce(url: String, events: Arc<[Event]>, mut released: watch::Receiver<usize>) {
    let options = async_nats::ConnectOptions::new()
        .retry_on_initial_connect()
        .reconnect_delay_callback(|_| Duration::from_millis(50));
    let client = options.connect(&url).await.unwrap_or_else(|e| panic!("{url}: {e}"));
    let context = jetstream::new(client);
    for (start, chunk) in events.chunks(AT_ONCE).enumerate().map(|(n, chunk)| (n * AT_ONCE, chunk)) {
        let allowed = released.wait_for(|count| *count >= start + chunk.len()).await.is_ok();
        assert!(allowed, "the test ended before all events were released");
        futures_util::future::join_all(chunk.iter().map(|event| publish(&context, event))).await;
    }
}

async fn publish(context: &jetstream::Context, event: &Event) {
    let mut headers = HeaderMap::new();
    headers.insert("ce-id", event.id.as_str());
    headers.insert("ce-source", "/crash");
    if event.copy != Copy::OutsideTheWindow {
        headers.insert("Nats-Msg-Id", event.id.as_str());
    }
    let body = json!({"url": event.article.url, "html": event.article.html, "force": event.forced}).to_string();
    loop {
        let stored = async {
            let stored = context.publish_with_headers("kos.ingest.requested", headers.clone(), body.clone().into());
            stored.await?.await
        };
        match timeout(ANSWER, stored).await {
            Ok(Ok(_)) => return,
            // A copy without a message id may be stored twice by this; that is one more for the inbox.
            Ok(Err(_)) | Err(_) => sleep(Duration::from_millis(20)).await,
        }
    }
}
