//! The system under test: servers and workers, each a process of its own.

use std::time::Duration;

use anyhow::Context as _;
use clap::ValueEnum;
use kos_tests::{NatsServer, Port, Postgres, Worker, command};

use crate::usage::{self, Usage};

/// What keeps the services' state.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum DatabaseKind {
    /// A file a service.
    Sqlite,
    /// One server for all.
    Postgres,
}

/// A system at work.
pub struct System {
    workers: Vec<(&'static str, Worker)>,
    /// Where summarize shows its metrics.
    summarize: Option<String>,
    postgres: Option<Postgres>,
    nats: NatsServer,
    /// A client of the bus.
    pub client: async_nats::Client,
    /// A reader of the site.
    pub reader: reqwest::Client,
    _ports: Vec<Port>,
}

impl System {
    /// Starts everything, or ingest alone, and waits until it is ready. The streams have room for requests of `bytes` in
    /// all.
    pub async fn start(database: DatabaseKind, bytes: usize, only_ingest: bool) -> Self {
        let nats = NatsServer::start().await;
        let mut environment = vec![
            ("KOS_NATS_URL", nats.url()),
            ("KOS_NATS_MONITOR_URL", nats.monitor_url()),
            ("KOS_STREAM_BYTES", (bytes * 2).max(1 << 30).to_string()),
            ("KOS_FETCH_ALLOW", "127.0.0.0/8".to_owned()),
            ("KOS_FETCH_DELAY", "0s".to_owned()),
        ];
        let postgres = match database {
            DatabaseKind::Sqlite => None,
            DatabaseKind::Postgres => {
                let server = Postgres::start().await;
                environment.push(("KOS_DATABASE_URL", server.create_database("kos").await));
                Some(server)
            }
        };
        let (mut workers, mut ports, mut summarize) = (Vec::new(), Vec::new(), None);
        let programs = ["kos-ingest", "kos-summarize", "kos-publish"];
        for program in if only_ingest { &programs[..1] } else { &programs[..] } {
            let port = Port::free();
            let listen = if *program == "kos-publish" { "KOS_LISTEN" } else { "KOS_HEALTH_LISTEN" };
            let address = port.address().to_string();
            let mut variables: Vec<(&str, &str)> = environment.iter().map(|(n, v)| (*n, v.as_str())).collect();
            variables.push((listen, &address));
            let mut worker = Worker::start(command(program, &variables));
            worker.wait_until_ready(&address).await;
            if *program == "kos-summarize" {
                summarize = Some(address);
            }
            workers.push((*program, worker));
            ports.push(port);
        }
        let client = nats.connect().await;
        let reader = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build();
        let reader = reader.unwrap_or_else(|e| panic!("can't make an HTTP client: {e}"));
        Self { workers, summarize, postgres, nats, client, reader, _ports: ports }
    }

    /// Whether ingest works alone.
    pub fn is_only_ingest(&self) -> bool {
        self.workers.len() == 1
    }

    /// How many articles summarize has handled so far within each limit, in seconds, from delivery to settlement.
    pub async fn summarized_within(&self) -> anyhow::Result<Vec<(f64, u64)>> {
        let Some(address) = &self.summarize else { return Ok(Vec::new()) };
        let text = self.reader.get(format!("http://{address}/metrics")).send().await?.text().await?;
        let buckets = text.lines().filter(|line| {
            line.starts_with("kos_event_handling_seconds_bucket{")
                && line.contains("event_type=\"kos.article.ingested\"")
        });
        let bucket = |line: &str| {
            let (labels, count) = line.rsplit_once(' ')?;
            let (_, limit) = labels.split_once("le=\"")?;
            Some((limit.split('"').next()?.parse().ok()?, count.parse().ok()?))
        };
        buckets.map(|line| bucket(line).with_context(|| format!("a bucket of another form: {line}"))).collect()
    }

    /// What every process used so far, this one too.
    pub fn usage(&self) -> anyhow::Result<Usage> {
        let mut processes = Vec::new();
        for (name, worker) in &self.workers {
            processes.push((*name, usage::of_process(worker.id())?));
        }
        processes.push(("nats-server", usage::of_process(self.nats.id())?));
        if let Some(server) = &self.postgres {
            processes.push(("postgres", usage::of_family(server.id())?));
        }
        processes.push(("producer and reader", usage::of_this_process()?));
        Ok(Usage { processes })
    }
}
