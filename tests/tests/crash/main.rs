//! The crash test: while events flow, the three workers and the NATS server are killed with SIGKILL at random moments
//! and started again. In the end every article is on the site, and everything happened once.
//!
//! `KOS_CRASH=long` runs the long form (`make crash` does), `KOS_CRASH_SEED` repeats the choices of an earlier run.

mod audit;
mod producer;

use std::{
    env,
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

use async_nats::jetstream::{self, consumer::pull};
use fastrand::Rng;
use kos_tests::{
    Patience, Pipeline, Postgres, Setup, eventually,
    pipeline::{SERVICES, StoredEvent},
};
use sqlx::{AnyConnection, Row};
use tokio::{sync::watch, time::sleep};

use audit::{Handled, audit, missing};
use producer::{Event, produce};

/// How long nothing at all may happen before the test says that it is stuck.
const STALL: Duration = Duration::from_secs(60);

/// How long events flow before something is killed, in milliseconds.
const CALM_MS: Range<u64> = 20..600;

/// How long what was killed stays away, in milliseconds.
const AWAY_MS: Range<u64> = 0..400;

/// What recovery is kept short with: a dead worker's events come back after the ack wait.
const VARIABLES: [(&str, &str); 2] = [("KOS_ACK_WAIT", "2s"), ("KOS_RETRY_DELAY", "500ms")];

const NATS: &str = "nats-server";

#[tokio::test]
async fn killed_workers_and_servers_lose_and_repeat_nothing_on_sqlite() {
    crash("SQLite", None).await;
}

#[tokio::test]
async fn killed_workers_and_servers_lose_and_repeat_nothing_on_postgres() {
    let server = Postgres::start().await;
    let url = server.create_database("kos").await;
    crash("PostgreSQL", Some(&url)).await;
}

async fn crash(database: &str, postgres: Option<&str>) {
    let long = env::var("KOS_CRASH").is_ok_and(|form| form == "long");
    let (articles, kills) = if long { (1_000, 30) } else { (300, 6) };
    let seed: u64 = match env::var("KOS_CRASH_SEED") {
        Ok(seed) => seed.parse().unwrap_or_else(|e| panic!("KOS_CRASH_SEED={seed}: {e}")),
        Err(_) => fastrand::u64(..),
    };
    println!("{database}: {articles} articles, {kills} kills, KOS_CRASH_SEED={seed}");

    let started = Instant::now();
    let mut random = Rng::with_seed(seed);
    let mut pipeline = Pipeline::start_with(Setup { postgres, variables: &VARIABLES, ..Setup::default() }).await;
    let events: Arc<[Event]> = producer::events(seed, articles, &mut random).into();
    let (release, released) = watch::channel(0);
    let producer = tokio::spawn(produce(pipeline.nats_url(), Arc::clone(&events), released));
    let mut progress = Progress::of(&pipeline).await;

    let mut recoveries = Vec::new();
    for (n, target) in targets(kills, &mut random).into_iter().enumerate() {
        release.send_replace(events.len() * (n + 1) / (kills + 1));
        sleep(Duration::from_millis(random.u64(CALM_MS))).await;
        let on_the_way = progress.on_the_way(&events[..*release.borrow()]).await;
        let recovery = kill(&mut pipeline, target, &mut progress, &mut random).await;
        println!(
            "{database}: kill {:>2}: {target:<11} with {on_the_way:>3} on the way, recovered in {recovery:.2?}",
            n + 1
        );
        recoveries.push(recovery);
    }
    // A power failure takes everything at once.
    release.send_replace(events.len());
    sleep(Duration::from_millis(random.u64(CALM_MS))).await;
    let on_the_way = progress.on_the_way(&events).await;
    let recovery = kill_all(&mut pipeline).await;
    println!("{database}: all four together with {on_the_way:>3} on the way, recovered in {recovery:.2?}");
    recoveries.push(recovery);
    producer.await.unwrap_or_else(|e| panic!("the producer: {e}"));

    progress.wait_until(&events, database).await;
    pipeline.wait_until_ready().await;
    pipeline.wait_until_idle().await;
    let wrong = audit(&pipeline, &events).await;
    recoveries.sort();
    let (median, longest) = (recoveries[recoveries.len() / 2], recoveries[recoveries.len() - 1]);
    println!(
        "{database}: {} events, {} articles, {} recoveries: median {median:.2?}, longest {longest:.2?}; {:.1?} in all",
        events.len(),
        articles,
        recoveries.len(),
        started.elapsed()
    );
    assert!(wrong.is_empty(), "{database}, KOS_CRASH_SEED={seed}:\n{}", wrong.join("\n"));
}

/// What is killed, in turn: each of the four once in a random order, then again.
fn targets(kills: usize, random: &mut Rng) -> Vec<&'static str> {
    let mut targets = Vec::with_capacity(kills);
    while targets.len() < kills {
        let mut round = [SERVICES[0], SERVICES[1], SERVICES[2], NATS];
        random.shuffle(&mut round);
        targets.extend(round);
    }
    targets.truncate(kills);
    targets
}

/// Kills one process and starts it again; how long from the start until it is ready and work goes on.
async fn kill(pipeline: &mut Pipeline, target: &str, progress: &mut Progress, random: &mut Rng) -> Duration {
    let away = Duration::from_millis(random.u64(AWAY_MS));
    if target == NATS {
        pipeline.nats().kill9();
        sleep(away).await;
        let start = Instant::now();
        pipeline.nats().restart().await;
        passes_through(pipeline).await;
        return start.elapsed();
    }
    let replica = pipeline.service(target);
    replica.worker.kill9();
    sleep(away).await;
    let before = progress.count().await;
    let start = Instant::now();
    replica.worker.restart();
    replica.wait_until_ready().await;
    progress.goes_on(pipeline, &[target], before).await;
    start.elapsed()
}

async fn kill_all(pipeline: &mut Pipeline) -> Duration {
    pipeline.nats().kill9();
    for replica in pipeline.replicas() {
        replica.worker.kill9();
    }
    let start = Instant::now();
    for replica in pipeline.replicas() {
        replica.worker.restart();
    }
    pipeline.nats().restart().await;
    pipeline.wait_until_ready().await;
    passes_through(pipeline).await;
    start.elapsed()
}

/// Waits until articles come out at the other end again, or nothing is left that could.
async fn passes_through(pipeline: &Pipeline) {
    let context = jetstream::new(pipeline.client().clone());
    let last = async || Some(context.get_stream("KOS_PUBLISHED").await.ok()?.cached_info().state.last_sequence);
    let mut before = None;
    eventually(STALL, "published articles", async || {
        let now = last().await;
        before = before.or(now);
        // The client of this test has to come back too before it can tell.
        now > before || now.is_some() && is_idle(pipeline, &SERVICES).await
    })
    .await;
}

/// How far the events have come, as the databases tell.
struct Progress {
    databases: Vec<(&'static str, AnyConnection)>,
}

/// How many events each service has handled.
type Counts = [i64; 3];

impl Progress {
    async fn of(pipeline: &Pipeline) -> Self {
        let mut databases = Vec::new();
        for service in SERVICES {
            databases.push((service, pipeline.database(service).await));
        }
        Self { databases }
    }

    async fn count(&mut self) -> Counts {
        let mut counts = [0; 3];
        for (count, (service, database)) in counts.iter_mut().zip(&mut self.databases) {
            let row = sqlx::query("select count(*) as n from inbox").fetch_one(database).await;
            *count = row.and_then(|r| r.try_get("n")).unwrap_or_else(|e| panic!("{service}'s inbox: {e}"));
        }
        counts
    }

    /// How many of the articles that may have been published are not on the site yet.
    async fn on_the_way(&mut self, released: &[Event]) -> i64 {
        let published = released.iter().filter(|event| event.copy == producer::Copy::Original).count() as i64;
        published - self.count().await[2]
    }

    /// Waits until one of `services` has handled more than it had, or none of them has anything to do.
    async fn goes_on(&mut self, pipeline: &Pipeline, services: &[&str], before: Counts) {
        let mut patience = Patience::new(STALL, format!("progress of {}", services.join(", ")));
        loop {
            let now = self.count().await;
            let mut moved = before.iter().zip(&now).zip(SERVICES).filter(|(_, s)| services.contains(s));
            if moved.any(|((before, now), _)| now > before) || is_idle(pipeline, services).await {
                return;
            }
            patience.pause(format!("handled {before:?} before and {now:?} now")).await;
        }
    }

    /// Waits until everything has gone all the way, for as long as something moves.
    async fn wait_until(&mut self, events: &[Event], database: &str) {
        let (mut last, mut since) = ([0; 3], Instant::now());
        loop {
            let handled = self.handled().await;
            let missing = missing(&handled, events);
            if missing.is_empty() {
                return;
            }
            let counts = [handled[0].len() as i64, handled[1].len() as i64, handled[2].len() as i64];
            if counts != last {
                (last, since) = (counts, Instant::now());
            }
            assert!(
                since.elapsed() < STALL,
                "{database}: nothing moved for {STALL:?}; handled {counts:?}, {} articles are missing:\n{}",
                missing.len(),
                missing.iter().take(10).cloned().collect::<Vec<_>>().join("\n")
            );
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn handled(&mut self) -> [Vec<Handled>; 3] {
        let mut all = [vec![], vec![], vec![]];
        for (handled, (service, database)) in all.iter_mut().zip(&mut self.databases) {
            *handled = Handled::all(database).await.unwrap_or_else(|e| panic!("{service}'s inbox: {e}"));
        }
        all
    }
}

/// Whether the server holds nothing for these services; it need not answer.
async fn is_idle(pipeline: &Pipeline, services: &[&str]) -> bool {
    let context = jetstream::new(pipeline.client().clone());
    for (stream, service) in [("KOS_INGEST", "ingest"), ("KOS_INGESTED", "summarize"), ("KOS_SUMMARIZED", "publish")] {
        if !services.contains(&service) {
            continue;
        }
        let Ok(stream) = context.get_stream_no_info(stream).await else { return false };
        let consumer = stream.get_consumer::<pull::Config>(service).await;
        match consumer {
            Ok(consumer) if consumer.cached_info().num_pending == 0 && consumer.cached_info().num_ack_pending == 0 => {}
            _ => return false,
        }
    }
    true
}

/// An event's id as its stream's server knows it.
fn id_of(event: &StoredEvent) -> &str {
    event.header("ce-id")
}
