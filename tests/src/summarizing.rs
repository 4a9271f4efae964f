//! Summarize workers on one PostgreSQL, in front of one model.

use std::time::Duration;

use async_nats::jetstream;
use futures_util::future::join_all;
use serde_json::json;
use sqlx::{Connection, PgConnection};

use crate::{Article, ModelServer, NatsServer, Port, Postgres, Worker, command, eventually};

/// Running workers, a server and a database, which end when this is dropped.
#[derive(Debug)]
pub struct Summarizing {
    // Before what they stand on, so that they have ended when it goes.
    _workers: Vec<Worker>,
    nats: NatsServer,
    database: String,
    _postgres: Postgres,
}

impl Summarizing {
    /// So many workers, each of which makes so many calls at once; ready when this returns.
    ///
    /// # Panics
    /// When one isn't.
    pub async fn start(workers: usize, calls_at_once: usize, model: &ModelServer) -> Self {
        let (nats, postgres) = (NatsServer::start().await, Postgres::start().await);
        let database = postgres.create_database("kos").await;
        let mut starting = Vec::new();
        for _ in 0..workers {
            let port = Port::free();
            let variables = [
                ("KOS_NATS_URL", nats.url()),
                ("KOS_NATS_MONITOR_URL", nats.monitor_url()),
                ("KOS_DATABASE_URL", database.clone()),
                ("KOS_HEALTH_LISTEN", port.address().to_string()),
                ("KOS_LLM_URL", model.url()),
                ("KOS_LLM_MODEL", "played".into()),
                ("KOS_LLM_CONCURRENCY", calls_at_once.to_string()),
            ];
            let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
            starting.push((Worker::start(command("kos-summarize", &variables)), port));
        }
        for (worker, port) in &mut starting {
            worker.wait_until_ready(port.address()).await;
        }
        let workers = starting.into_iter().map(|(worker, _)| worker).collect();
        Self { _workers: workers, nats, database, _postgres: postgres }
    }

    /// Has the database run these statements.
    ///
    /// # Panics
    /// When it doesn't.
    pub async fn alter(&self, statements: &'static str) {
        let mut connection = self.connect().await;
        let altered = sqlx::raw_sql(statements).execute(&mut connection).await;
        altered.unwrap_or_else(|e| panic!("{statements}: {e}"));
    }

    /// Has these articles summarized.
    ///
    /// # Panics
    /// When the server doesn't take one.
    pub async fn publish(&self, articles: &[Article]) {
        let context = jetstream::new(self.nats.connect().await);
        join_all(articles.iter().map(async |article| {
            let body = json!(article.ingested()).to_string();
            let stored = context.publish("kos.article.ingested", body.into()).await;
            let stored = stored.unwrap_or_else(|e| panic!("{} is not published: {e}", article.url));
            stored.await.unwrap_or_else(|e| panic!("{} is not stored: {e}", article.url));
        }))
        .await;
    }

    /// Waits until so many are.
    ///
    /// # Panics
    /// When they aren't within the limit.
    pub async fn wait_until_done(&self, articles: u64, limit: Duration) {
        let mut connection = self.connect().await;
        eventually(limit, "all summaries", async || {
            let counting = sqlx::query_scalar("select count(*) from summarize.summarized");
            let done: i64 = counting.fetch_one(&mut connection).await.unwrap_or_else(|e| panic!("not counted: {e}"));
            (u64::try_from(done) == Ok(articles)).then_some(()).ok_or(format!("{done} of {articles}"))
        })
        .await;
    }

    async fn connect(&self) -> PgConnection {
        let connection = PgConnection::connect(&self.database).await;
        connection.unwrap_or_else(|e| panic!("no connection to the database: {e}"))
    }
}
