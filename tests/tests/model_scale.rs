//! More summarize workers on one PostgreSQL, in front of a model that takes its time.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kos_tests::{Act, Article, Articles, ModelServer, NatsServer, Port, Postgres, Worker, command, eventually};
use serde_json::json;
use sqlx::{Connection, PgConnection};

/// How long the model takes for one call.
const CALL: Duration = Duration::from_secs(2);

/// How many calls one worker makes at once.
const AT_ONCE: u64 = 4;

/// How many articles there are for each worker: 2 summaries each, so that it takes 20 seconds.
const ARTICLES: u64 = 20;

/// What four workers do in the time of one.
const LEAST_SPEEDUP: f64 = 3.8;

const LIMIT: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread")]
async fn four_workers_do_almost_four_times_the_work_of_one() {
    let one = throughput(1).await;
    let four = throughput(4).await;
    println!("one worker {one:.2} articles/s, four {four:.2}: {:.2} times", four / one);
    let ideal = AT_ONCE as f64 / (2.0 * CALL.as_secs_f64());
    assert!(one > 0.8 * ideal, "one worker made {one:.2} articles/s, expected nearly {ideal:.2}: that is no measure");
    assert!(four >= LEAST_SPEEDUP * one, "four workers made {four:.2} articles/s, one {one:.2}");
}

/// How many articles so many workers summarize in a second, each in two languages.
async fn throughput(workers: u64) -> f64 {
    let (nats, postgres) = (NatsServer::start().await, Postgres::start().await);
    let database = postgres.create_database("kos").await;
    let server = ModelServer::start(|_| Act::Good.after(CALL));
    let mut running = Vec::new();
    for _ in 0..workers {
        let port = Port::free();
        let variables = [
            ("KOS_NATS_URL", nats.url()),
            ("KOS_NATS_MONITOR_URL", nats.monitor_url()),
            ("KOS_DATABASE_URL", database.clone()),
            ("KOS_HEALTH_LISTEN", port.address().to_string()),
            ("KOS_LLM_URL", server.url()),
            ("KOS_LLM_MODEL", "played".into()),
            ("KOS_LLM_CONCURRENCY", AT_ONCE.to_string()),
        ];
        let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
        running.push((Worker::start(command("kos-summarize", &variables)), port));
    }
    for (worker, port) in &mut running {
        worker.wait_until_ready(port.address()).await;
    }

    let count = ARTICLES * workers;
    let articles: Vec<Article> = {
        let pages = Articles::new(61).text_bytes(1_200);
        (0..count).map(|number| pages.page(number)).collect()
    };
    let context = async_nats::jetstream::new(nats.connect().await);
    let started = Instant::now();
    join_all(articles.iter().map(async |article| {
        let body = json!(article.ingested()).to_string();
        context.publish("kos.article.ingested", body.into()).await.unwrap().await.unwrap();
    }))
    .await;
    let mut connection = PgConnection::connect(&database).await.unwrap();
    eventually(LIMIT, "all summaries", async || {
        let sql = "select count(*) from summarize.summarized";
        let done: i64 = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
        (done as u64 == count).then_some(()).ok_or(format!("{done} of {count}"))
    })
    .await;
    let took = started.elapsed();
    assert_eq!(server.count() as u64, 2 * count, "each summary is asked for once");
    println!("{workers} workers: {count} articles in {took:.1?}");
    count as f64 / took.as_secs_f64()
}
