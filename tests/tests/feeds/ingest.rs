//! Ingest workers and what they stand on, and nothing else.

use std::time::Duration;

use kos_tests::{
    NatsServer, Port, Worker, command, eventually,
    pipeline::{Ended, run, stored},
};
use serde_json::Value;
use sqlx::{AnyConnection, Connection, Executor, any::install_default_drivers};
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(60);

/// Running ingest workers.
pub struct Ingest {
    // Before what they stand on, so that they have ended when it goes.
    workers: Vec<(Worker, Port)>,
    client: async_nats::Client,
    nats: NatsServer,
    data: TempDir,
    postgres: Option<String>,
}

impl Ingest {
    /// One worker on SQLite.
    pub async fn start() -> Self {
        Self::start_with(1, None, &[]).await
    }

    /// So many workers, on PostgreSQL where there is one, with more variables.
    pub async fn start_with(workers: usize, postgres: Option<&str>, more: &[(&str, &str)]) -> Self {
        let nats = NatsServer::start().await;
        let data = TempDir::with_prefix("kos-data-").unwrap_or_else(|e| panic!("can't make a folder: {e}"));
        let ports: Vec<Port> = (0..workers).map(|_| Port::free()).collect();
        let start = |port: Port| {
            let (url, monitor, listen) = (nats.url(), nats.monitor_url(), port.address().to_string());
            let folder = data.path().display().to_string();
            let mut variables = vec![
                ("KOS_NATS_URL", url.as_str()),
                ("KOS_NATS_MONITOR_URL", &monitor),
                ("KOS_DATA", &folder),
                ("KOS_HEALTH_LISTEN", &listen),
                ("KOS_FETCH_ALLOW", "127.0.0.0/8"),
                ("KOS_FETCH_DELAY", "0s"),
            ];
            variables.extend(postgres.map(|url| ("KOS_DATABASE_URL", url)));
            variables.extend(more);
            (Worker::start(command("kos-ingest", &variables)), port)
        };
        let workers = ports.into_iter().map(start).collect();
        let client = nats.connect().await;
        let mut ingest = Self { workers, client, nats, data, postgres: postgres.map(str::to_owned) };
        for (worker, port) in &mut ingest.workers {
            worker.wait_until_ready(port.address()).await;
        }
        ingest
    }

    /// Runs `kos` against the workers.
    pub async fn kos(&self, arguments: &[&str]) -> Ended {
        self.kos_with(arguments, "").await
    }

    /// Runs `kos` with `input` on its standard input.
    pub async fn kos_with(&self, arguments: &[&str], input: &str) -> Ended {
        let mut command = command("kos", &[("KOS_NATS_URL", &self.nats.url())]);
        command.args(arguments);
        run(command, input).await
    }

    /// Follows a feed; its id.
    pub async fn add(&self, url: &str) -> String {
        let added = self.kos(&["feed", "add", url, "--json"]).await;
        assert_eq!(added.code, 0, "{added:?}");
        added.json()[0]["feed"]["feed_id"].as_str().unwrap_or_default().to_owned()
    }

    /// A feed as it is listed.
    pub async fn feed(&self, id: &str) -> Value {
        let listed = self.kos(&["feed", "list", "--json"]).await.json();
        listed.as_array().into_iter().flatten().find(|f| f["feed_id"] == id).cloned().unwrap_or_default()
    }

    /// Waits until so many turns of feeds were handled in all.
    pub async fn turns(&self, count: i64) {
        eventually(LIMIT, &format!("{count} turns"), async || {
            let handled = self.number("select count(*) from inbox where event_type = 'kos.feed.due'").await;
            if handled >= count { Ok(()) } else { Err(format!("{handled} turns")) }
        })
        .await;
        let handled = self.number("select count(*) from inbox where event_type = 'kos.feed.due'").await;
        assert_eq!(handled, count, "more turns than expected");
    }

    /// Has a feed polled now, as the turn with this number in all.
    pub async fn poll(&self, id: &str, turn: i64) {
        let polled = self.kos(&["feed", "poll", id]).await;
        assert_eq!(polled.code, 0, "{polled:?}");
        self.turns(turn).await;
    }

    /// Waits until so many entries were asked for in all, and all of them handled; the payloads.
    pub async fn requested(&self, count: usize) -> Vec<Value> {
        let requests = eventually(LIMIT, &format!("{count} requests"), async || {
            let waiting = self.number("select count(*) from outbox where sent_at_ms is null").await;
            let events = stored(&self.client, "KOS_INGEST").await;
            let requests = events.iter().filter(|e| e.subject == "kos.ingest.requested").map(|e| e.json());
            let requests: Vec<Value> = requests.collect();
            let handled = self.number("select count(*) from inbox where event_type = 'kos.ingest.requested'").await;
            match requests.len() >= count && waiting == 0 && handled >= count as i64 {
                true => Ok(requests),
                false => Err(format!("{} requests, {handled} handled, {waiting} waiting", requests.len())),
            }
        })
        .await;
        assert_eq!(requests.len(), count, "{requests:#?}");
        requests
    }

    /// The one number that a statement gives.
    pub async fn number(&self, sql: &'static str) -> i64 {
        install_default_drivers();
        let (url, prepare) = match &self.postgres {
            Some(url) => (url.clone(), "set search_path to ingest".to_owned()),
            None => {
                let file = self.data.path().join("ingest.db");
                (format!("sqlite://{}", file.display()), "pragma busy_timeout = 5000".to_owned())
            }
        };
        let asked = async {
            let mut connection = AnyConnection::connect(&url).await?;
            connection.execute(sqlx::AssertSqlSafe(prepare)).await?;
            sqlx::query_scalar(sql).fetch_one(&mut connection).await
        };
        asked.await.unwrap_or_else(|e: sqlx::Error| panic!("{sql}: {e}"))
    }

    /// A client of the bus.
    pub fn client(&self) -> &async_nats::Client {
        &self.client
    }
}
