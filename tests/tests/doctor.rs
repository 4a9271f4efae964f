//! `kos doctor` before ten set-ups that are broken: each is named, each with what to type about it. And the services in
//! them: they neither panic nor hang, and say what they miss.

use std::{process::Command, time::Duration};

use async_nats::jetstream::{self, stream};
use futures_util::StreamExt;
use jiff::{Timestamp, ToSpan};
use kos_tests::{
    NatsConfig, NatsServer, Port, Postgres, Worker, command, eventually,
    pipeline::{Ended, fetch, run},
};
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection, SqliteConnection};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

const LIMIT: Duration = Duration::from_secs(60);

/// What the doctor finds.
struct Findings(Vec<Value>);

impl Findings {
    /// With these variables set for the doctor.
    async fn with(variables: &[(&str, &str)]) -> Self {
        let mut kos = command("kos", variables);
        kos.args(["doctor", "--json"]);
        let ended = run(kos, "").await;
        assert!(!ended.stderr.contains("panicked"), "{ended:?}");
        let Value::Array(findings) = ended.json() else { panic!("expected findings: {ended:?}") };
        let findings = Self(findings);
        assert_eq!(ended.code, i32::from(!findings.wrong().is_empty()), "{ended:?}");
        findings
    }

    /// At a server that says how it syncs.
    async fn at(server: &NatsServer) -> Self {
        Self::with(&[("KOS_NATS_URL", &server.url()), ("KOS_NATS_MONITOR_URL", &server.monitor_url())]).await
    }

    fn wrong(&self) -> Vec<&Value> {
        self.0.iter().filter(|finding| finding["ok"] == false).collect()
    }

    /// Whether one of them names this, with a remedy that says that.
    fn name(&self, check: &str, found: &str, remedy: &str) -> Result<(), String> {
        let says = |finding: &Value, what: &str, words: &str| finding[what].as_str().is_some_and(|t| t.contains(words));
        let named = |f: &&Value| says(f, "check", check) && says(f, "found", found) && says(f, "remedy", remedy);
        let one_line = |f: &&Value| !says(f, "found", "\n") && !says(f, "remedy", "\n");
        match self.wrong().into_iter().find(named).filter(one_line) {
            Some(_) => Ok(()),
            None => Err(format!("no finding {check:?}, {found:?}, {remedy:?}: {:#?}", self.wrong())),
        }
    }
}

/// A worker and where it says how it is.
struct Service {
    worker: Worker,
    port: Port,
}

impl Service {
    /// Starts a service at a server, in an empty folder of its own.
    fn start(name: &str, server: &NatsServer, variables: &[(&str, &str)]) -> Self {
        Self::started_by(name, &server.url(), &server.monitor_url(), variables, |command| command)
    }

    fn started_by(
        name: &str,
        url: &str,
        monitor: &str,
        variables: &[(&str, &str)],
        by: impl FnOnce(Command) -> Command,
    ) -> Self {
        let port = Port::free();
        let listen = port.address().to_string();
        let mut all =
            vec![("KOS_NATS_URL", url), ("KOS_NATS_MONITOR_URL", monitor), ("KOS_HEALTH_LISTEN", listen.as_str())];
        all.extend(variables);
        Self { worker: Worker::start(by(command(name, &all))), port }
    }

    async fn wait_until_ready(&mut self) {
        self.worker.wait_until_ready(self.port.address()).await;
    }

    /// What `/readyz` says is wrong, once it says that.
    async fn says(&self, words: &str) {
        let url = format!("http://{}/readyz", self.port.address());
        let listens = || std::net::TcpStream::connect(self.port.address()).is_ok();
        eventually(LIMIT, "a worker that listens", async || listens()).await;
        eventually(LIMIT, words, async || {
            let answer = fetch(&url).await;
            if answer.status == 503 && answer.body.contains(words) { Ok(()) } else { Err(answer.body) }
        })
        .await;
    }

    /// It lives, didn't panic, and ends when it is told to.
    async fn ends_well(mut self) {
        assert_eq!(self.worker.exit_status(), None, "{}", self.worker.log());
        self.worker.terminate();
        assert_eq!(self.worker.wait_for_exit(LIMIT).await.code(), Some(0), "{}", self.worker.log());
        assert!(!self.worker.log().contains("panicked"), "{}", self.worker.log());
    }
}

/// Asks the doctor until it names what is wrong.
async fn eventually_named(server: &NatsServer, check: &str, found: &str, remedy: &str) {
    eventually(LIMIT, check, async || Findings::at(server).await.name(check, found, remedy)).await;
}

#[tokio::test]
async fn no_server() {
    let nobody = Port::free();
    let url = format!("nats://127.0.0.1:{nobody}");
    let findings = Findings::with(&[("KOS_NATS_URL", &url)]).await;
    findings.name("server", &url, "`kos up` starts one").unwrap();
    let service = Service::started_by("kos-ingest", &url, "http://127.0.0.1:1", &[], |command| command);
    service.says(&format!("no connection to {url}")).await;
    // Its log alone says so, too, and nothing of streams, which there can't be.
    let is_said = || service.worker.log().lines().any(|line| line.contains("not ready") && line.contains(&url));
    eventually(LIMIT, "a line about it", async || is_said()).await;
    assert!(!service.worker.log().contains("KOS_INGEST"), "{}", service.worker.log());
    service.ends_well().await;
}

/// Says what an old server would say to whoever connects, and answers pings. No old server can be had here; that it is old
/// is all that is looked at.
async fn old_server(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            let (reading, mut writing) = stream.into_split();
            let info = json!({"server_id": "OLD", "version": "2.9.0", "go": "go1.19", "host": "127.0.0.1", "port": 4222,
                "headers": true, "max_payload": 1_048_576, "proto": 1, "jetstream": true, "client_id": 1});
            writing.write_all(format!("INFO {info}\r\n").as_bytes()).await.ok()?;
            let mut lines = BufReader::new(reading).lines();
            while let Some(line) = lines.next_line().await.ok()? {
                if line.starts_with("PING") {
                    writing.write_all(b"PONG\r\n").await.ok()?;
                }
            }
            Some(())
        });
    }
}

#[tokio::test]
async fn an_old_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("nats://{}", listener.local_addr().unwrap());
    tokio::spawn(old_server(listener));
    let findings = Findings::with(&[("KOS_NATS_URL", &url)]).await;
    findings.name("server", "version 2.9.0 is too old", "install nats-server 2.12 or later").unwrap();
    assert_eq!(findings.0.len(), 1, "nothing else can be told of it");
    let service = Service::started_by("kos-ingest", &url, "http://127.0.0.1:1", &[], |command| command);
    service.says("the server has version 2.9.0: expected 2.12 or later").await;
    service.ends_well().await;
}

#[tokio::test]
async fn weak_durability() {
    let server = NatsServer::start_with(NatsConfig { sync_interval: "2m".into(), ..Default::default() }).await;
    let service = Service::start("kos-ingest", &server, &[]);
    service.says("acknowledges before it syncs").await;
    eventually_named(&server, "durability", "acknowledges before it syncs", "set `sync_interval: always`").await;
    service.ends_well().await;
    // Without workers the doctor asks the server itself.
    let findings = Findings::at(&server).await;
    findings.name("durability", "acknowledges before it syncs", "set `sync_interval: always`").unwrap();
}

#[tokio::test]
async fn streams_with_other_settings() {
    let server = NatsServer::start().await;
    let context = jetstream::new(server.connect().await);
    let made = |name: &str, subject: &str| stream::Config {
        name: name.into(),
        subjects: vec![subject.into()],
        max_bytes: 1 << 20,
        ..Default::default()
    };
    let in_memory =
        stream::Config { storage: stream::StorageType::Memory, ..made("KOS_SUMMARIZED", "kos.article.summarized") };
    context.create_stream(in_memory).await.unwrap();
    context.create_stream(made("KOS_DEAD", "kos.dead.>")).await.unwrap();
    let findings = Findings::at(&server).await;
    findings.name("stream KOS_DEAD", "max_bytes: 1048576 → 1073741824", "`kos prepare` changes it").unwrap();
    let (here, remedy) = ("; KOS_STREAM_BYTES is 1073741824 here", "set KOS_STREAM_BYTES here as for the workers");
    findings.name("stream KOS_DEAD", here, remedy).unwrap();
    findings.name("stream KOS_SUMMARIZED", "storage: Memory → File", "`nats stream rm KOS_SUMMARIZED`").unwrap();

    // A worker changes what it can, and works with what it can't.
    let mut service = Service::start("kos-summarize", &server, &[]);
    service.wait_until_ready().await;
    let findings = Findings::at(&server).await;
    findings.name("stream KOS_DEAD", "", "").unwrap_err();
    // A doctor that was told other things than the workers says by which variables.
    let told = [("KOS_NATS_URL", server.url()), ("KOS_STREAM_BYTES", "67108864".into()), ("KOS_ACK_WAIT", "3s".into())];
    let otherwise = Findings::with(&told.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
    otherwise.name("stream KOS_DEAD", "; KOS_STREAM_BYTES is 67108864 here", "set KOS_STREAM_BYTES here").unwrap();
    otherwise.name("consumer KOS_INGESTED/summarize", "; KOS_ACK_WAIT is 3s here", "set KOS_ACK_WAIT here").unwrap();
    findings.name("stream KOS_SUMMARIZED", "storage: Memory → File", "`nats stream rm KOS_SUMMARIZED`").unwrap();
    service.ends_well().await;

    // The remedy mends it.
    context.delete_stream("KOS_SUMMARIZED").await.unwrap();
    let mut prepare = command("kos", &[("KOS_NATS_URL", &server.url())]);
    prepare.arg("prepare");
    assert_eq!(run(prepare, "").await.code, 0);
    Findings::at(&server).await.name("stream", "", "").unwrap_err();
}

#[tokio::test]
async fn a_server_without_room_for_streams() {
    let server =
        NatsServer::start_with(NatsConfig { jetstream: "max_file_store: 1MB".into(), ..Default::default() }).await;
    let service = Service::start("kos-ingest", &server, &[]);
    eventually_named(&server, "worker ingest", "insufficient storage", "raise its max_file_store").await;
    let findings = Findings::at(&server).await;
    findings.name("stream KOS_INGEST", "stream not found", "`kos prepare`").unwrap();
    findings.name("consumer", "", "").unwrap_err();
    service.ends_well().await;
}

#[tokio::test]
async fn a_server_that_takes_no_large_events() {
    let server = NatsServer::start_with(NatsConfig { server: "max_payload: 1MB".into(), ..Default::default() }).await;
    let findings = Findings::at(&server).await;
    findings
        .name("largest event", "takes 1.0 MiB, and an article may have up to 8.0 MiB", "`max_payload: 8MB`")
        .unwrap();
    let enough = Findings::at(&NatsServer::start().await).await;
    enough.name("largest event", "", "").unwrap_err();
}

#[tokio::test]
async fn wrong_credentials() {
    let server = NatsServer::start_deployed().await;
    let url = server.url().replace("nats://", "nats://kos:wrong@");
    let findings = Findings::with(&[("KOS_NATS_URL", &url)]).await;
    findings.name("server", "refuses the login", "KOS_NATS_URL=nats://kos:PASSWORD@HOST").unwrap();
    assert!(!findings.0[0].to_string().contains("wrong@"), "the password is printed: {:?}", findings.0);
    let service = Service::started_by("kos-ingest", &url, &server.monitor_url(), &[], |command| command);
    service.says("refuses the login").await;
    service.ends_well().await;

    // Who may not ask about streams is told so, and isn't kept waiting for each of them.
    let findings = Findings::with(&[("KOS_NATS_URL", &server.url_of("producer"))]).await;
    findings.name("server", "answers this user no question", "such as `kos`").unwrap();
}

#[tokio::test]
async fn a_database_that_only_reads() {
    let (server, postgres) = (NatsServer::start().await, Postgres::start().await);
    let database = postgres.create_database("kos").await;
    let mut service = Service::start("kos-ingest", &server, &[("KOS_DATABASE_URL", &database)]);
    service.wait_until_ready().await;
    let mut operator = PgConnection::connect(&postgres.url("postgres")).await.unwrap();
    operator.execute("alter database kos set default_transaction_read_only = on").await.unwrap();
    // Connections that are there would go on.
    operator.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'kos'").await.unwrap();
    service.says("read-only transaction").await;
    eventually_named(&server, "worker ingest", "read-only transaction", "reset default_transaction_read_only").await;

    // One that is started on it ends, and says why.
    let mut other = Service::start("kos-ingest", &server, &[("KOS_DATABASE_URL", &database)]);
    assert_eq!(other.worker.wait_for_exit(LIMIT).await.code(), Some(1));
    assert!(other.worker.log().contains("read-only transaction"), "{}", other.worker.log());
    assert!(!other.worker.log().contains("panicked"), "{}", other.worker.log());

    operator.execute("alter database kos reset default_transaction_read_only").await.unwrap();
    operator.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'kos'").await.unwrap();
    service.wait_until_ready().await;
    service.ends_well().await;
}

#[tokio::test]
async fn a_schema_that_is_too_new() {
    let server = NatsServer::start().await;
    let mut service = Service::start("kos-ingest", &server, &[]);
    service.wait_until_ready().await;
    service.worker.terminate();
    service.worker.wait_for_exit(LIMIT).await;
    let file = service.worker.folder().join("data/ingest.db");
    let step = async |version: i64| {
        let mut database = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
        let sql = "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
                   values ($1, 'from the future', true, x'00', 0)";
        sqlx::query(sql).bind(version).execute(&mut database).await.unwrap();
        database.close().await.unwrap();
    };
    step(999).await;
    service.worker.restart();
    service.wait_until_ready().await;
    eventually_named(&server, "worker ingest", "a newer version brought to step 999", "install the newer version")
        .await;
    service.worker.terminate();
    service.worker.wait_for_exit(LIMIT).await;

    // A step that is none of ours: it is another program's.
    step(0).await;
    service.worker.restart();
    assert_eq!(service.worker.wait_for_exit(LIMIT).await.code(), Some(1));
    assert!(service.worker.log().contains("step 0 was applied to it"), "{}", service.worker.log());
    let none = Findings::at(&server).await;
    none.name("worker ingest", "none answers", "`kos-ingest --healthcheck`").unwrap();
}

/// Runs a command where its data folder is a disk of 48 MiB, of which this much is used: a mount that only it sees.
fn on_a_small_disk(command: Command, used_mib: u32, arguments: &str) -> Command {
    let mut unshare = Command::new("unshare");
    unshare.args(["--map-root-user", "--mount", "sh", "-ec"]);
    unshare.arg(format!(
        "mkdir data; mount -t tmpfs -o size=48m tmpfs data; head -c {used_mib}M /dev/zero > data/ballast; exec \"$0\" {arguments}"
    ));
    unshare.arg(command.get_program());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => unshare.env(name, value),
            None => unshare.env_remove(name),
        };
    }
    unshare
}

#[tokio::test]
async fn a_disk_that_is_nearly_full() {
    let server = NatsServer::start().await;
    let (url, monitor) = (server.url(), server.monitor_url());
    let start = |used| Service::started_by("kos-ingest", &url, &monitor, &[], move |c| on_a_small_disk(c, used, ""));
    let mut roomy = start(8);
    roomy.wait_until_ready().await;
    let findings = Findings::at(&server).await;
    findings.name("worker ingest", "", "").unwrap_err();
    roomy.ends_well().await;

    let mut full = start(45);
    full.wait_until_ready().await;
    eventually_named(&server, "worker ingest", "of 48 MiB free", "`df -h $KOS_DATA`").await;
    full.ends_well().await;
}

#[tokio::test]
async fn a_server_whose_disk_was_full() {
    let (site, nats) = (Port::free(), Port::free());
    let (listen, url) = (site.address().to_string(), format!("nats://{}", nats.address()));
    let program = kos_tests::nats_server_program().display().to_string();
    let up = command("kos", &[("KOS_NATS_SERVER", &program), ("KOS_STREAM_BYTES", "2000000")]);
    let mut up =
        Worker::start(on_a_small_disk(up, 1, &format!("up --listen {listen} --nats-listen {}", nats.address())));
    up.wait_until_ready(site.address()).await;
    // Its working folder as it sees it itself, with the disk that only it has.
    let ballast = format!("/proc/{}/cwd/data/more-ballast", up.id());
    let full = std::fs::write(&ballast, vec![0; 64 << 20]);
    assert!(full.is_err(), "a disk of 48 MiB took 64");
    let context = jetstream::new(async_nats::connect(&url).await.unwrap());
    let stored = context.publish("kos.ingest.requested", "x".repeat(64 << 10).into()).await.unwrap();
    stored.await.unwrap_err();
    std::fs::remove_file(ballast).unwrap();
    // There is room again, but the server doesn't try.
    eventually(LIMIT, "the doctor's word", async || {
        let findings = Findings::with(&[("KOS_NATS_URL", &url), ("KOS_STREAM_BYTES", "2000000")]).await;
        findings.name("worker ingest", "storage: JetStream stream", "start the server again")
    })
    .await;
    assert!(up.log().contains("no space left on device"), "{}", up.log());
    up.terminate();
    up.wait_for_exit(LIMIT).await;
}

/// No clock of a real worker can be shifted here, so that a stand-in answers with one that is: with what a real worker
/// would send, over a real server.
#[tokio::test]
async fn a_clock_that_is_off() {
    let server = NatsServer::start().await;
    let client = server.connect().await;
    let mut prepare = command("kos", &[("KOS_NATS_URL", &server.url())]);
    prepare.arg("prepare");
    assert_eq!(run(prepare, "").await.code, 0);
    let mut asked = client.subscribe("kos.control.ingest.status").await.unwrap();
    client.flush().await.unwrap();
    tokio::spawn(async move {
        while let Some(question) = asked.next().await {
            let status = json!({"service": "ingest", "instance": "shifted", "version": "0.1.0", "ready": true,
                "conditions": {}, "database": "sqlite", "handled_last_hour": {}, "outbox_waiting": 0,
                "outbox_oldest_at": null, "site_url": null, "at": Timestamp::now() - 90.seconds()});
            let answered = client.publish(question.reply.unwrap(), status.to_string().into()).await;
            answered.unwrap();
        }
    });
    let findings = Findings::at(&server).await;
    findings.name("clock of ingest shifted", "1m 30s behind the server's", "`timedatectl set-ntp true`").unwrap();
    let clocks = findings.wrong().into_iter().filter(|f| f["check"].as_str().unwrap().contains("clock")).count();
    assert_eq!(clocks, 1, "the others agree: {:?}", findings.0);
}

#[tokio::test]
async fn a_model_endpoint_that_is_down() {
    let server = NatsServer::start().await;
    let nobody = Port::free();
    let url = format!("http://127.0.0.1:{nobody}/v1");
    let mut service = Service::start("kos-summarize", &server, &[("KOS_LLM_URL", &url), ("KOS_LLM_MODEL", "small")]);
    service.wait_until_ready().await;
    eventually_named(&server, "model small", "", "`curl $KOS_LLM_URL/models`").await;
    service.ends_well().await;
}

#[tokio::test]
async fn people_read_the_remedy_below_what_was_found() {
    let nobody = Port::free();
    let mut kos = command("kos", &[("KOS_NATS_URL", &format!("nats://127.0.0.1:{nobody}"))]);
    kos.arg("doctor");
    let Ended { stdout, .. } = run(kos, "").await;
    let lines: Vec<&str> = stdout.lines().collect();
    assert!(lines[1].starts_with("WRONG  server  no NATS server at"), "{stdout}");
    assert!(lines[2].trim_start().starts_with("→ `kos up` starts one"), "{stdout}");
    assert!(lines.last().unwrap().starts_with("1 of 1 check found something wrong"), "{stdout}");
}
