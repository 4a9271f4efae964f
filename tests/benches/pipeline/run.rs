//! The two measurements of the running system.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use async_nats::{Message, Subscriber, jetstream};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use kos_shared::event::{Article, ArticleId, ArticlePublished, EventType};

use crate::{pages::Request, system::System};

/// How many publishes wait for their acknowledgement at once.
const IN_FLIGHT: usize = 16;

/// How many pages the reader asks for at once.
const READERS: usize = 4;

/// How long the next article may be awaited.
const LIMIT: Duration = Duration::from_secs(60);

/// How long the system is left alone before each single event.
const PAUSE: Duration = Duration::from_millis(20);

/// Publishes all requests and reads every page as soon as it is published; the time from the first publish to the
/// last page.
pub async fn throughput(system: &System, requests: &[Request]) -> anyhow::Result<Duration> {
    let expected: HashMap<ArticleId, &Request> = requests.iter().map(|r| (r.article_id, r)).collect();
    let published = subscribe(system).await?;
    let start = Instant::now();
    let publishing = stream::iter(requests).map(|r| Ok(publish(system, r))).try_buffer_unordered(IN_FLIGHT);
    let reading = messages(published)
        .take(requests.len())
        .map_ok(|message| {
            let expected = &expected;
            async move {
                let done = Done::of(system, &message)?;
                let request = expected.get(&done.article_id()).context("an article that nobody asked for")?;
                read(system, &done, request).await
            }
        })
        .try_buffer_unordered(READERS)
        .try_collect::<Vec<_>>();
    let (_, read) = tokio::try_join!(publishing.try_collect::<Vec<_>>(), reading)?;
    let took = start.elapsed();
    // Each once: as many different ones as were asked for.
    let read: HashSet<ArticleId> = read.into_iter().collect();
    ensure!(read.len() == requests.len(), "{} of {} articles were published", read.len(), requests.len());
    Ok(took)
}

/// What single events took, each in the order of the requests.
#[derive(Default)]
pub struct Latencies {
    /// From the producer's acknowledgement to the page.
    pub whole: Vec<Duration>,
    /// The summarize stage: from the moment at which its event is on the bus to that at which its own is. Empty where
    /// ingest works alone.
    pub summarize: Vec<Duration>,
    /// The same without the bus, from delivery to settlement: how many articles took no longer than so many seconds.
    pub summarize_within: Vec<(f64, u64)>,
}

/// Publishes one request after the other on a system that is idle.
pub async fn latencies(system: &System, requests: &[Request]) -> anyhow::Result<Latencies> {
    let mut published = subscribe(system).await?;
    let mut between = Vec::new();
    if !system.is_only_ingest() {
        for event_type in [EventType::ArticleIngested, EventType::ArticleSummarized] {
            between.push(system.client.subscribe(event_type.as_str()).await?);
        }
        system.client.flush().await?;
    }
    let mut latencies = Latencies::default();
    let before = system.summarized_within().await?;
    for request in requests {
        tokio::time::sleep(PAUSE).await;
        publish(system, request).await?;
        let acknowledged = Instant::now();
        if let [ingested, summarized] = &mut between[..] {
            next(ingested).await?;
            let begun = Instant::now();
            next(summarized).await?;
            latencies.summarize.push(begun.elapsed());
        }
        let done = Done::of(system, &next(&mut published).await?)?;
        read(system, &done, request).await?;
        latencies.whole.push(acknowledged.elapsed());
    }
    let after = system.summarized_within().await?;
    let counted = |limit: f64| before.iter().find(|(l, _)| *l == limit).map_or(0, |(_, count)| *count);
    latencies.summarize_within = after.into_iter().map(|(limit, count)| (limit, count - counted(limit))).collect();
    Ok(latencies)
}

async fn subscribe(system: &System) -> anyhow::Result<Subscriber> {
    let last = if system.is_only_ingest() { EventType::ArticleIngested } else { EventType::ArticlePublished };
    let published = system.client.subscribe(last.as_str()).await?;
    system.client.flush().await?;
    Ok(published)
}

/// Publishes a request and waits until the server has stored it.
async fn publish(system: &System, request: &Request) -> anyhow::Result<()> {
    let jetstream = jetstream::new(system.client.clone());
    let stored = jetstream.publish(EventType::IngestRequested.as_str(), request.body()).await?;
    stored.await.with_context(|| format!("{} was not taken", request.url))?;
    Ok(())
}

/// The last event about an article.
enum Done {
    Ingested(Box<Article>),
    Published(ArticlePublished),
}

impl Done {
    fn of(system: &System, message: &Message) -> anyhow::Result<Self> {
        Ok(match system.is_only_ingest() {
            true => Self::Ingested(serde_json::from_slice(&message.payload)?),
            false => Self::Published(serde_json::from_slice(&message.payload)?),
        })
    }

    fn article_id(&self) -> ArticleId {
        match self {
            Self::Ingested(article) => article.article_id,
            Self::Published(event) => event.article_id,
        }
    }
}

/// The messages as they come.
fn messages(published: Subscriber) -> impl Stream<Item = anyhow::Result<Message>> {
    let one_more = async |mut published| anyhow::Ok(Some((next(&mut published).await?, published)));
    stream::try_unfold(published, one_more)
}

async fn next(published: &mut Subscriber) -> anyhow::Result<Message> {
    match tokio::time::timeout(LIMIT, published.next()).await {
        Ok(Some(message)) => Ok(message),
        Ok(None) => bail!("the connection to the server is gone"),
        Err(_) => bail!("no article came for {LIMIT:?}"),
    }
}

/// Reads the page of an article, where there is a site, and checks that it is the one that was asked for.
async fn read(system: &System, done: &Done, request: &Request) -> anyhow::Result<ArticleId> {
    ensure!(done.article_id() == request.article_id, "{} came, {} was expected", done.article_id(), request.url);
    if let Done::Published(event) = done {
        let response = system.reader.get(event.page_url.as_str()).send().await?;
        ensure!(response.status().as_u16() == 200, "{} from {}", response.status(), event.page_url);
        let page = response.text().await?;
        ensure!(page.contains(request.url.as_str()), "{} doesn't link to {}", event.page_url, request.url);
    }
    Ok(done.article_id())
}
