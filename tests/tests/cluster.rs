//! Three NATS servers, of which one is killed and another one restarted while articles flow: nothing is lost, nothing is
//! there twice, and work soon goes on.
//!
//! `KOS_CLUSTER_ARTICLES=1000` sends more of them than the usual 300.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_nats::{HeaderMap, jetstream};
use futures_util::{StreamExt, stream};
use kos_shared::event::ArticleId;
use kos_tests::{
    Article, Articles, Pipeline, Setup, all_copies_are_current, eventually,
    pipeline::{SERVICES, STREAMS, fetch},
    stream_leader,
};
use serde_json::json;
use sqlx::AnyConnection;
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};

const LIMIT: Duration = Duration::from_secs(300);

/// How many articles the producer is ahead of the site, so that the first stream is written to all the time.
const AHEAD: usize = 60;

/// How long the servers may take to acknowledge before the producer asks again.
const ANSWER: Duration = Duration::from_secs(1);

/// The longest that no article may appear because of a server that is gone.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_and_a_restarted_server_of_three_lose_nothing_and_repeat_nothing() {
    let count: usize = match std::env::var("KOS_CLUSTER_ARTICLES") {
        Ok(count) => count.parse().unwrap_or_else(|e| panic!("KOS_CLUSTER_ARTICLES={count}: {e}")),
        Err(_) => 300,
    };
    let articles: Arc<[Article]> = {
        let pages = Articles::new(41).page_bytes(10_000);
        (0..count as u64).map(|number| pages.page(number)).collect()
    };
    let mut pipeline = Pipeline::start_with(Setup { servers: 3, ..Setup::default() }).await;
    all_copies_are_current(pipeline.client(), &STREAMS, 3).await;
    let site = Site::watch(pipeline.database("publish").await);
    let producer = tokio::spawn(produce(pipeline.client().clone(), Arc::clone(&articles), Arc::clone(&site.published)));

    site.reaches(count / 4).await;
    let busiest = busiest(pipeline.client()).await;
    let first = stream_leader(pipeline.client(), busiest).await;
    let killed = Instant::now();
    pipeline.cluster().server(&first).kill9();
    eventually(LIMIT, "another leader", async || stream_leader(pipeline.client(), busiest).await != first).await;
    site.reaches(count / 2).await;
    pipeline.cluster().server(&first).restart().await;
    all_copies_are_current(pipeline.client(), &STREAMS, 3).await;
    let caught_up = Instant::now();

    site.reaches(count * 6 / 10).await;
    // The one that was away may lead again.
    let leader = stream_leader(pipeline.client(), busiest).await;
    let second = if leader == first { pipeline.cluster().other_than(&first) } else { leader };
    let stopped = Instant::now();
    pipeline.cluster().server(&second).stop().await;
    pipeline.cluster().server(&second).restart().await;
    site.reaches(count).await;
    producer.await.unwrap_or_else(|e| panic!("the producer: {e}"));
    pipeline.wait_until_idle().await;

    let timeline = site.end();
    println!("{count} articles in {:.1?}", timeline[timeline.len() - 1].0 - timeline[0].0);
    println!("the leader of {busiest} was killed: {}", report(&timeline, killed, caught_up));
    println!("a second server was restarted: {}", report(&timeline, stopped, Instant::now()));
    let (longest, _) = longest_pause(&timeline, killed, Instant::now());
    assert!(longest < LONGEST_PAUSE, "for {longest:.1?} no article came");

    pipeline.has_each_once(count).await;
    for service in SERVICES {
        let handled: i64 = pipeline.query(service, "select count(*) from inbox").await;
        assert_eq!(handled, count as i64, "{service}");
    }
    for article in articles.iter() {
        let id = ArticleId::of_canonical_url(&article.url.parse().unwrap_or_else(|e| panic!("{}: {e}", article.url)));
        let page = fetch(&pipeline.site(&format!("/articles/{id}"))).await;
        assert!(page.status == 200 && page.body.contains(&article.title), "{}: {page:?}", article.url);
    }
    pipeline.wait_until_ready().await;
    all_copies_are_current(pipeline.client(), &STREAMS, 3).await;
    let doctor = pipeline.kos(&["doctor"]).await;
    assert_eq!(doctor.code, 0, "{}", doctor.stdout);
}

/// Publishes all articles, a bounded number ahead of the site, each until the servers say that they have it.
async fn produce(client: async_nats::Client, articles: Arc<[Article]>, published: Arc<AtomicUsize>) {
    let context = jetstream::new(client);
    let send = async |(number, article): (usize, &Article)| {
        while number > published.load(Ordering::Acquire) + AHEAD {
            sleep(Duration::from_millis(5)).await;
        }
        let body = json!({"url": article.url, "html": article.html}).to_string();
        loop {
            let mut headers = HeaderMap::new();
            headers.insert("ce-id", article.url.as_str());
            headers.insert("Nats-Msg-Id", article.url.as_str());
            let stored = async {
                context.publish_with_headers("kos.ingest.requested", headers, body.clone().into()).await?.await
            };
            match timeout(ANSWER, stored).await {
                Ok(Ok(_)) => return,
                Ok(Err(_)) | Err(_) => sleep(Duration::from_millis(50)).await,
            }
        }
    };
    stream::iter(articles.iter().enumerate()).map(send).buffered(20).collect::<Vec<()>>().await;
}

/// The stream into which most bytes were written.
async fn busiest(client: &async_nats::Client) -> &'static str {
    let mut most = (0, STREAMS[0]);
    for name in STREAMS {
        let stream = jetstream::new(client.clone()).get_stream(name).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        most = most.max((stream.cached_info().state.bytes, name));
    }
    most.1
}

/// When how many articles were there.
type Timeline = Vec<(Instant, usize)>;

/// The site as its database shows it, whatever becomes of the bus.
struct Site {
    published: Arc<AtomicUsize>,
    watching: JoinHandle<()>,
    timeline: Arc<std::sync::Mutex<Timeline>>,
}

impl Site {
    fn watch(mut database: AnyConnection) -> Self {
        let (published, timeline) = (Arc::new(AtomicUsize::new(0)), Arc::new(std::sync::Mutex::new(Timeline::new())));
        let (known, times) = (Arc::clone(&published), Arc::clone(&timeline));
        let watching = tokio::spawn(async move {
            loop {
                let count =
                    sqlx::query_scalar::<_, i64>("select count(*) from articles").fetch_one(&mut database).await;
                let count = count.unwrap_or_else(|e| panic!("the site's database: {e}")) as usize;
                if known.swap(count, Ordering::AcqRel) != count
                    && let Ok(mut times) = times.lock()
                {
                    times.push((Instant::now(), count));
                }
                sleep(Duration::from_millis(5)).await;
            }
        });
        Self { published, watching, timeline }
    }

    async fn reaches(&self, count: usize) {
        eventually(LIMIT, &format!("{count} articles"), async || match self.published.load(Ordering::Acquire) {
            published if published >= count => Ok(()),
            published => Err(format!("{published} articles")),
        })
        .await;
    }

    fn end(self) -> Timeline {
        self.watching.abort();
        self.timeline.lock().map(|timeline| timeline.clone()).unwrap_or_default()
    }
}

/// The longest time without a new article after `from`, and when it ended.
fn longest_pause(timeline: &Timeline, from: Instant, to: Instant) -> (Duration, Instant) {
    let pauses = timeline.windows(2).filter(|pair| pair[1].0 > from && pair[0].0 < to);
    pauses.map(|pair| (pair[1].0 - pair[0].0, pair[1].0)).max().unwrap_or((Duration::ZERO, from))
}

fn report(timeline: &Timeline, from: Instant, to: Instant) -> String {
    let (pause, end) = longest_pause(timeline, from, to);
    format!("the longest pause was {pause:.2?} and ended {:.2?} after it", end.saturating_duration_since(from))
}
