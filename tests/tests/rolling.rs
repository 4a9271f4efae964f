//! All processes are replaced one after the other while articles flow and people read: no reader sees an error, nothing is
//! lost, and nothing is there twice.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_nats::{HeaderMap, jetstream};
use axum::body::{Body, to_bytes};
use axum::http::Request;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use kos_shared::event::ArticleId;
use kos_tests::{Articles, Pipeline, Postgres, Setup, eventually, pipeline::fetch};
use serde_json::json;
use tokio::{
    task::{JoinHandle, JoinSet},
    time::{MissedTickBehavior, interval, sleep, timeout},
};

const LIMIT: Duration = Duration::from_secs(60);

/// How long the site answers after it was told to stop: ten times as long as the balancer needs to notice.
const DRAIN: (&str, &str) = ("KOS_DRAIN", "2s");

/// How often the balancer asks a replica whether it is ready.
const CHECK: Duration = Duration::from_millis(200);

/// How often a page is asked for: 50 times a second.
const POLL: Duration = Duration::from_millis(20);

/// How long a reader waits for a page.
const READER: Duration = Duration::from_secs(5);

/// How often an article comes.
const ARTICLE: Duration = Duration::from_millis(100);

async fn two_of_each(postgres: &Postgres) -> Pipeline {
    let url = postgres.create_database("kos").await;
    Pipeline::start_with(Setup { postgres: Some(&url), replicas: 2, variables: &[DRAIN], ..Setup::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn replacing_every_process_under_load_shows_no_reader_an_error_and_loses_nothing() {
    let postgres = Postgres::start().await;
    let mut pipeline = two_of_each(&postgres).await;
    let producer = Producer::start(&pipeline);
    let readers = Readers::start(&pipeline, &producer.first_page().await);
    readers.have_read(100).await;
    for number in 0..pipeline.replicas().len() {
        let replica = &mut pipeline.replicas()[number];
        replica.worker.terminate();
        let ended = replica.worker.wait_for_exit(LIMIT).await;
        assert!(ended.success(), "{}: {ended}", replica.service());
        replica.worker.restart();
        replica.wait_until_ready().await;
        readers.know_that_all_are_ready().await;
    }
    readers.have_read(100).await;
    let read = readers.stop().await;
    let published = producer.stop().await;
    println!(
        "{} pages read while {} articles came, the slowest in {:.1?}",
        read.answers,
        published.len(),
        read.slowest
    );
    assert!(read.failures.is_empty(), "{:?}", read.failures);
    assert!(read.answers > 300, "{}", read.answers);

    eventually(LIMIT, "all articles", async || {
        let count: i64 = pipeline.query("publish", "select count(*) from articles").await;
        if count == published.len() as i64 { Ok(()) } else { Err(format!("{count} of {}", published.len())) }
    })
    .await;
    pipeline.wait_until_idle().await;
    pipeline.has_each_once(published.len()).await;
    for path in published {
        assert_eq!(pipeline.get(&path).await.status, 200, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_readers_notice_a_process_that_is_killed() {
    let postgres = Postgres::start().await;
    let mut pipeline = two_of_each(&postgres).await;
    let producer = Producer::start(&pipeline);
    let readers = Readers::start(&pipeline, &producer.first_page().await);
    readers.have_read(50).await;
    pipeline.service("publish").worker.kill9();
    readers.have_read(50).await;
    let read = readers.stop().await;
    println!("{} pages read, {:?}", read.answers, read.failures);
    assert!(!read.failures.is_empty(), "nobody noticed");
    producer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_told_to_stop_says_so_before_it_stops_answering() {
    let mut pipeline = Pipeline::start_with(Setup { variables: &[DRAIN], ..Setup::default() }).await;
    pipeline.service("publish").worker.terminate();
    let told = Instant::now();
    let conditions = pipeline.page("/readyz", 503).await.body;
    assert!(conditions.contains("told to stop"), "{conditions}");
    while told.elapsed() < Duration::from_secs(1) {
        assert_eq!(pipeline.get("/").await.status, 200);
        sleep(POLL).await;
    }
    let ended = pipeline.service("publish").worker.wait_for_exit(LIMIT).await;
    assert!(ended.success(), "{ended}");
    assert!(told.elapsed() > Duration::from_secs(2), "{:?}", told.elapsed());
}

/// Publishes an article after the other until it is told to stop.
struct Producer {
    stop: Arc<AtomicBool>,
    working: JoinHandle<Vec<String>>,
    site: String,
}

impl Producer {
    fn start(pipeline: &Pipeline) -> Self {
        let context = jetstream::new(pipeline.client().clone());
        let stop = Arc::new(AtomicBool::new(false));
        let (told, pages) = (Arc::clone(&stop), Articles::new(43).page_bytes(10_000));
        let working = tokio::spawn(async move {
            let mut paths = Vec::new();
            while !told.load(Ordering::Acquire) {
                let article = pages.page(paths.len() as u64);
                let mut headers = HeaderMap::new();
                headers.insert("ce-id", article.url.as_str());
                let body = json!({"url": article.url, "html": article.html}).to_string();
                let stored = context.publish_with_headers("kos.ingest.requested", headers, body.into()).await;
                stored.unwrap().await.unwrap();
                paths.push(path_of(&article.url));
                sleep(ARTICLE).await;
            }
            paths
        });
        Self { stop, working, site: pipeline.site("") }
    }

    /// The path of the first article's page, once it is there.
    async fn first_page(&self) -> String {
        let path = path_of(&Articles::new(43).page_bytes(10_000).page(0).url);
        let url = format!("{}{path}", self.site);
        eventually(LIMIT, "the first page", async || fetch(&url).await.status == 200).await;
        path
    }

    /// The paths of all articles' pages.
    async fn stop(self) -> Vec<String> {
        self.stop.store(true, Ordering::Release);
        self.working.await.unwrap()
    }
}

fn path_of(url: &str) -> String {
    format!("/articles/{}", ArticleId::of_canonical_url(&url.parse().unwrap()))
}

/// A connection to the site that is kept, and never asked a second time in secret.
type Web = Client<HttpConnector, Body>;

/// What a balancer in front of the site knows of a replica.
struct Replica {
    url: String,
    is_ready: AtomicBool,
}

/// What readers saw.
#[derive(Debug, Default)]
struct Read {
    answers: usize,
    slowest: Duration,
    failures: BTreeMap<String, usize>,
}

/// People who read through a balancer: each request goes to the next replica that said that it is ready, over connections
/// that are kept. Nothing is tried again.
struct Readers {
    replicas: Arc<Vec<Replica>>,
    answers: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    reading: JoinHandle<Read>,
    checking: JoinHandle<()>,
}

impl Readers {
    fn start(pipeline: &Pipeline, article: &str) -> Self {
        let replicas = pipeline.sites().into_iter().map(|url| Replica { url, is_ready: AtomicBool::new(true) });
        let replicas: Arc<Vec<Replica>> = Arc::new(replicas.collect());
        let mut client = Client::builder(TokioExecutor::new());
        client.pool_timer(TokioTimer::new()).pool_idle_timeout(Duration::from_secs(5)).retry_canceled_requests(false);
        let client: Web = client.build_http();
        let (stop, answers) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let checking = tokio::spawn(check(Arc::clone(&replicas), client.clone()));
        let pages = ["/", article, "/feed.atom"].map(str::to_owned);
        let reading = tokio::spawn(read(Arc::clone(&replicas), client, pages, Arc::clone(&stop), Arc::clone(&answers)));
        Self { replicas, answers, stop, reading, checking }
    }

    /// Waits until so many more pages were read.
    async fn have_read(&self, more: usize) {
        let enough = self.answers.load(Ordering::Acquire) + more;
        eventually(LIMIT, "pages to be read", async || self.answers.load(Ordering::Acquire) >= enough).await;
    }

    async fn know_that_all_are_ready(&self) {
        let all = || self.replicas.iter().all(|replica| replica.is_ready.load(Ordering::Acquire));
        eventually(LIMIT, "the balancer", async || all()).await;
    }

    async fn stop(self) -> Read {
        self.stop.store(true, Ordering::Release);
        self.checking.abort();
        self.reading.await.unwrap()
    }
}

async fn check(replicas: Arc<Vec<Replica>>, client: Web) {
    loop {
        for replica in replicas.iter() {
            let is_ready = get(&client, &format!("{}/readyz", replica.url)).await.is_ok();
            replica.is_ready.store(is_ready, Ordering::Release);
        }
        sleep(CHECK).await;
    }
}

async fn read(
    replicas: Arc<Vec<Replica>>,
    client: Web,
    pages: [String; 3],
    stop: Arc<AtomicBool>,
    answers: Arc<AtomicUsize>,
) -> Read {
    let read = Arc::new(Mutex::new(Read::default()));
    let mut requests = JoinSet::new();
    let mut polls = interval(POLL);
    polls.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for number in 0.. {
        polls.tick().await;
        if stop.load(Ordering::Acquire) {
            break;
        }
        let ready: Vec<&Replica> = replicas.iter().filter(|r| r.is_ready.load(Ordering::Acquire)).collect();
        let Some(replica) = ready.get(number % ready.len().max(1)) else {
            read.lock().unwrap().failures.insert("no replica is ready".to_owned(), 1);
            continue;
        };
        let url = format!("{}{}", replica.url, pages[number / ready.len() % pages.len()]);
        let (client, read, answers) = (client.clone(), Arc::clone(&read), Arc::clone(&answers));
        requests.spawn(async move {
            let asked = Instant::now();
            let answer = get(&client, &url).await;
            let mut read = read.lock().unwrap();
            read.slowest = read.slowest.max(asked.elapsed());
            match answer {
                Ok(()) => read.answers += 1,
                Err(reason) => *read.failures.entry(reason).or_default() += 1,
            }
            answers.store(read.answers, Ordering::Release);
        });
    }
    requests.join_all().await;
    std::mem::take(&mut *read.lock().unwrap())
}

/// Asks for a page, once, and reads it whole.
async fn get(client: &Web, url: &str) -> Result<(), String> {
    let asking = async {
        let request = Request::get(url).body(Body::empty()).map_err(|e| e.to_string())?;
        let answer = client.request(request).await.map_err(|e| format!("{e}: {:?}", std::error::Error::source(&e)))?;
        if answer.status() != 200 {
            return Err(answer.status().to_string());
        }
        to_bytes(Body::new(answer.into_body()), 10 << 20).await.map_err(|e| e.to_string())?;
        Ok(())
    };
    timeout(READER, asking).await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
}
