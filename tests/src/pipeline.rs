//! The whole pipeline: a NATS server and the three services as processes of their own.

use std::{collections::HashSet, process::Command, time::Duration};

use async_nats::jetstream::{self, consumer::pull};
use bytes::Bytes;
use sqlx::{AnyConnection, Connection, Executor, any::install_default_drivers};
use tempfile::TempDir;

use crate::{NatsCluster, NatsConfig, NatsServer, Port, Worker, command, eventually};

pub use crate::observe::{Answer, Ended, StoredEvent, fetch, run, stored};

/// The services, in the order in which an article meets them.
pub const SERVICES: [&str; 3] = ["ingest", "summarize", "publish"];

/// The streams that each article passes, in this order.
pub const STREAMS: [&str; 4] = ["KOS_INGEST", "KOS_INGESTED", "KOS_SUMMARIZED", "KOS_PUBLISHED"];

/// How long anything may take that takes milliseconds where nothing else is going on.
const LIMIT: Duration = Duration::from_secs(60);

/// What a test may want differently.
#[derive(Debug, Clone)]
pub struct Setup<'a> {
    /// The PostgreSQL database of all three services; SQLite files where it is `None`.
    pub postgres: Option<&'a str>,
    /// How many processes each service has.
    pub replicas: usize,
    /// More variables for all of them, which win over the ones that are set here.
    pub variables: &'a [(&'a str, &'a str)],
    /// How many NATS servers there are; each keeps a copy of each stream.
    pub servers: usize,
    /// What they are set to.
    pub nats: NatsConfig,
}

impl Default for Setup<'_> {
    fn default() -> Self {
        Self { postgres: None, replicas: 1, variables: &[], servers: 1, nats: NatsConfig::default() }
    }
}

/// A running pipeline, stopped when it is dropped.
#[derive(Debug)]
pub struct Pipeline {
    // Before what they stand on, so that they have ended when it goes.
    replicas: Vec<Replica>,
    client: async_nats::Client,
    nats: NatsCluster,
    data: TempDir,
    postgres: Option<String>,
}

/// One process of a service.
#[derive(Debug)]
pub struct Replica {
    /// The process.
    pub worker: Worker,
    service: &'static str,
    port: Port,
}

impl Replica {
    /// Its service.
    pub fn service(&self) -> &'static str {
        self.service
    }

    /// Where it answers: the site where it has one, and how it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.port.address())
    }

    /// Waits until it says that it can work.
    ///
    /// # Panics
    /// When it ends before, or isn't ready after a minute.
    pub async fn wait_until_ready(&mut self) {
        self.worker.wait_until_ready(self.port.address()).await;
    }

    /// What it has counted since it started, a metric a line.
    ///
    /// # Panics
    /// When it doesn't answer.
    pub async fn metrics(&self) -> String {
        fetch(&format!("{}/metrics", self.url())).await.body
    }
}

impl Pipeline {
    /// Starts all of it on SQLite, and waits until it is ready.
    ///
    /// # Panics
    /// When it isn't ready in time.
    pub async fn start() -> Self {
        Self::start_with(Setup::default()).await
    }

    /// Starts all of it, and waits until it is ready.
    ///
    /// # Panics
    /// When it isn't ready in time.
    pub async fn start_with(setup: Setup<'_>) -> Self {
        let nats = NatsCluster::start(setup.servers, &setup.nats).await;
        let data = TempDir::with_prefix("kos-data-").unwrap_or_else(|e| panic!("can't make a folder: {e}"));
        let ports: Vec<Port> = (0..SERVICES.len() * setup.replicas).map(|_| Port::free()).collect();
        // The order of the services: the third one is the first that serves the site.
        let site = format!("http://{}/", ports[SERVICES.len() - 1].address());
        let replicas = ports.into_iter().zip(SERVICES.into_iter().cycle()).map(|(port, service)| {
            let command = service_command(service, &nats, &port, &site, &data, &setup);
            Replica { worker: Worker::start(command), service, port }
        });
        let mut pipeline = Self {
            replicas: replicas.collect(),
            client: nats.connect().await,
            nats,
            data,
            postgres: setup.postgres.map(str::to_owned),
        };
        pipeline.wait_until_ready().await;
        pipeline
    }

    /// Waits until all processes say that they can work.
    ///
    /// # Panics
    /// When one ends before, or isn't ready after a minute.
    pub async fn wait_until_ready(&mut self) {
        for replica in &mut self.replicas {
            replica.wait_until_ready().await;
        }
    }

    /// The NATS server, or the first of several.
    pub fn nats(&mut self) -> &mut NatsServer {
        self.nats.first()
    }

    /// All NATS servers.
    pub fn cluster(&mut self) -> &mut NatsCluster {
        &mut self.nats
    }

    /// Where the NATS servers are.
    pub fn nats_url(&self) -> String {
        self.nats.url()
    }

    /// All processes of all services.
    pub fn replicas(&mut self) -> &mut [Replica] {
        &mut self.replicas
    }

    /// The first process of a service.
    ///
    /// # Panics
    /// When no service has that name.
    pub fn service(&mut self, service: &str) -> &mut Replica {
        let found = self.replicas.iter_mut().find(|r| r.service == service);
        found.unwrap_or_else(|| panic!("no service is called {service}"))
    }

    /// The address of a path on the site.
    pub fn site(&self, path: &str) -> String {
        let site = self.replicas.iter().find(|r| r.service == "publish");
        site.map(|r| format!("{}{path}", r.url())).unwrap_or_default()
    }

    /// The addresses of all processes of the site.
    pub fn sites(&self) -> Vec<String> {
        self.replicas.iter().filter(|r| r.service == "publish").map(Replica::url).collect()
    }

    /// What the site answers.
    ///
    /// # Panics
    /// When it doesn't.
    pub async fn get(&self, path: &str) -> Answer {
        fetch(&self.site(path)).await
    }

    /// Waits until a path answers with `status`; the answer.
    ///
    /// # Panics
    /// When it doesn't within a minute.
    pub async fn page(&self, path: &str, status: u16) -> Answer {
        eventually(LIMIT, &format!("{status} from {path}"), async || {
            let answer = self.get(path).await;
            if answer.status == status { Ok(answer) } else { Err(format!("{} {}", answer.status, answer.body)) }
        })
        .await
    }

    /// A client that is connected to the server, and no client of the project's.
    pub fn client(&self) -> &async_nats::Client {
        &self.client
    }

    /// Publishes a body without any header; its number in the stream.
    ///
    /// # Panics
    /// When it isn't stored.
    pub async fn publish(&self, subject: &str, body: impl Into<Bytes>) -> u64 {
        let context = jetstream::new(self.client.clone());
        let published = async { context.publish(subject.to_owned(), body.into()).await?.await };
        published.await.unwrap_or_else(|e| panic!("can't publish on {subject}: {e}")).sequence
    }

    /// What a stream keeps now, the oldest first.
    ///
    /// # Panics
    /// When it can't be read.
    pub async fn stored(&self, stream: &str) -> Vec<StoredEvent> {
        stored(&self.client, stream).await
    }

    /// Waits until `KOS_DEAD` keeps so many dead letters; all that it keeps then.
    ///
    /// # Panics
    /// When it doesn't within a minute.
    pub async fn dead_letters(&self, count: usize) -> Vec<StoredEvent> {
        eventually(LIMIT, &format!("{count} dead letters"), async || {
            let letters = self.stored("KOS_DEAD").await;
            if letters.len() >= count { Ok(letters) } else { Err(format!("{} dead letters", letters.len())) }
        })
        .await
    }

    /// Waits until no worker has anything to do: all that was published is handled, and what came of it is sent.
    ///
    /// # Panics
    /// When that takes more than a minute.
    pub async fn wait_until_idle(&self) {
        eventually(LIMIT, "nothing left to do", async || {
            for (stream, consumer, service) in [
                ("KOS_INGEST", "feeds", "ingest"),
                ("KOS_INGEST", "ingest", "ingest"),
                ("KOS_INGESTED", "ingest", "ingest"),
                ("KOS_INGESTED", "summarize", "summarize"),
                ("KOS_INGESTED", "publish", "publish"),
                ("KOS_SUMMARIZED", "publish", "publish"),
                ("KOS_PUBLISHED", "publish", "publish"),
            ] {
                // A stage that is done has committed what it emits, so its outbox is looked at after it.
                let busy = async {
                    let stream = jetstream::new(self.client.clone()).get_stream_no_info(stream).await?;
                    let mut consumer = stream.get_consumer::<pull::Config>(consumer).await?;
                    let info = consumer.info().await?;
                    Ok::<_, async_nats::Error>(info.num_pending + info.num_ack_pending as u64)
                };
                match busy.await {
                    Ok(0) => {}
                    Ok(busy) => return Err(format!("{stream}/{consumer}: {busy}")),
                    Err(error) => return Err(format!("{stream}/{consumer}: {error}")),
                }
                let sql = "select count(*) from outbox where sent_at_ms is null";
                let waiting: i64 = self.query(service, sql).await;
                if waiting > 0 {
                    return Err(format!("{service}'s outbox: {waiting}"));
                }
            }
            Ok(())
        })
        .await;
    }

    /// The database of a service.
    ///
    /// # Panics
    /// When it can't be opened.
    pub async fn database(&self, service: &str) -> AnyConnection {
        install_default_drivers();
        let (url, prepare) = match &self.postgres {
            Some(url) => (url.clone(), format!("set search_path to {service}")),
            None => {
                (format!("sqlite://{}/{service}.db", self.data.path().display()), "pragma busy_timeout = 5000".into())
            }
        };
        let opened = async {
            let mut connection = AnyConnection::connect(&url).await?;
            connection.execute(sqlx::AssertSqlSafe(prepare)).await?;
            Ok::<_, sqlx::Error>(connection)
        };
        opened.await.unwrap_or_else(|e| panic!("can't open {service}'s database: {e}"))
    }

    /// The one value that a statement gives in a service's database.
    ///
    /// # Panics
    /// When it fails.
    pub async fn query<T>(&self, service: &str, sql: &'static str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Any> + sqlx::Type<sqlx::Any> + Send + Unpin,
    {
        let mut database = self.database(service).await;
        let value = sqlx::query_scalar(sql).fetch_one(&mut database).await;
        value.unwrap_or_else(|e| panic!("{service}: {sql}: {e}"))
    }

    /// Sees that every stream has each of so many articles once, and that none was given up, tried again or revised.
    ///
    /// # Panics
    /// When that isn't so.
    pub async fn has_each_once(&self, articles: usize) {
        for stream in STREAMS {
            let ids: Vec<String> = self.stored(stream).await.iter().map(|e| e.header("ce-id").to_owned()).collect();
            let different: HashSet<&String> = ids.iter().collect();
            assert_eq!((ids.len(), different.len()), (articles, articles), "{stream}");
        }
        assert!(self.stored("KOS_DEAD").await.is_empty());
        for service in SERVICES {
            let burnt: i64 = self.query(service, "select count(*) from failures").await;
            assert_eq!(burnt, 0, "{service}: a server that is gone, or a stop, costs no attempt");
        }
        let revised: i64 = self.query("publish", "select count(*) from articles where revision <> 1").await;
        assert_eq!(revised, 0);
    }

    /// Runs `kos` against this pipeline, with nothing on its standard input.
    ///
    /// # Panics
    /// When it can't be run.
    pub async fn kos(&self, arguments: &[&str]) -> Ended {
        self.kos_with(arguments, "").await
    }

    /// Runs `kos` against this pipeline with `input` on its standard input.
    ///
    /// # Panics
    /// When it can't be run.
    pub async fn kos_with(&self, arguments: &[&str], input: impl Into<Vec<u8>>) -> Ended {
        let (url, monitor) = (self.nats.url(), self.nats.monitor_url());
        let copies = self.nats.size().to_string();
        let variables =
            [("KOS_NATS_URL", url.as_str()), ("KOS_NATS_MONITOR_URL", &monitor), ("KOS_STREAM_REPLICAS", &copies)];
        let mut command = command("kos", &variables);
        command.args(arguments);
        run(command, input).await
    }
}

fn service_command(
    service: &str,
    nats: &NatsCluster,
    port: &Port,
    site: &str,
    data: &TempDir,
    setup: &Setup<'_>,
) -> Command {
    let (url, monitor, listen) = (nats.url(), nats.monitor_url(), port.address().to_string());
    let (data, copies) = (data.path().display().to_string(), nats.size().to_string());
    let mut variables = vec![
        ("KOS_NATS_URL", url.as_str()),
        ("KOS_NATS_MONITOR_URL", &monitor),
        ("KOS_STREAM_REPLICAS", &copies),
        ("KOS_DATA", &data),
        ("KOS_SITE_URL", site),
        (if service == "publish" { "KOS_LISTEN" } else { "KOS_HEALTH_LISTEN" }, &listen),
    ];
    variables.extend(setup.postgres.map(|url| ("KOS_DATABASE_URL", url)));
    variables.extend(setup.variables);
    command(&format!("kos-{service}"), &variables)
}
