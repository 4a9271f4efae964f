//! `kos up`: all of it in one process, with a NATS server of its own.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use kos_shared::event::ArticleId;
use kos_tests::{
    Articles, NatsServer, Port, Worker, command, eventually, nats_server_program,
    pipeline::{Ended, fetch, run, stored},
};
use serde_json::json;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(60);

const SAMPLES: usize = 6;

/// Where `kos up` keeps and serves things.
struct Place {
    data: TempDir,
    site: Port,
    nats: Port,
}

impl Place {
    fn new() -> Self {
        let data = TempDir::with_prefix("kos-up-").unwrap_or_else(|e| panic!("can't make a folder: {e}"));
        Self { data, site: Port::free(), nats: Port::free() }
    }

    fn command(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Command {
        self.command_on(self.data.path(), variables, arguments)
    }

    fn command_on(&self, data: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Command {
        let program = nats_server_program().display().to_string();
        let mut all = vec![("KOS_NATS_SERVER", program.as_str()), ("KOS_ACK_WAIT", "2s")];
        all.extend(variables);
        let mut kos = command("kos", &all);
        kos.arg("up").arg("--data").arg(data);
        kos.args(["--listen", &self.site.address().to_string(), "--nats-listen", &self.nats.address().to_string()]);
        kos.args(arguments);
        kos
    }

    async fn start(&self, arguments: &[&str]) -> Worker {
        let mut up = Worker::start(self.command(&[], arguments));
        up.wait_until_ready(self.site.address()).await;
        up
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.site.address())
    }

    async fn client(&self) -> async_nats::Client {
        let url = format!("nats://{}", self.nats.address());
        async_nats::connect(&url).await.unwrap_or_else(|e| panic!("can't connect to {url}: {e}"))
    }

    /// The ids of the NATS servers that work on this place's data.
    fn servers(&self) -> Vec<u32> {
        servers(&self.data.path().join("nats-server.conf"))
    }

    async fn no_server_is_left(&self) {
        eventually(LIMIT, "the end of the NATS server", async || {
            let left = self.servers();
            if left.is_empty() { Ok(()) } else { Err(format!("it runs: {left:?}")) }
        })
        .await;
    }

    async fn index_has(&self, articles: usize) -> String {
        eventually(LIMIT, &format!("{articles} articles on the front page"), async || {
            let index = fetch(&self.url("/")).await.body;
            let found = index.matches("<li>\n<h3 ").count();
            if found == articles { Ok(index) } else { Err(format!("{found} articles")) }
        })
        .await
    }

    /// Publishes an article and waits for its page.
    async fn publish(&self, client: &async_nats::Client, number: u64) {
        let article = Articles::new(3).page_bytes(5_000).page(number);
        let body = json!({"url": article.url, "html": article.html}).to_string();
        let context = async_nats::jetstream::new(client.clone());
        eventually(LIMIT, "an acknowledgement", async || {
            let body = body.clone().into();
            let published = async { context.publish("kos.ingest.requested", body).await?.await };
            published.await.map(drop)
        })
        .await;
        let url = article.url.parse().unwrap_or_else(|e| panic!("{}: {e}", article.url));
        let id = ArticleId::of_canonical_url(&url);
        eventually(LIMIT, "the article's page", async || {
            fetch(&self.url(&format!("/articles/{id}"))).await.status == 200
        })
        .await;
    }
}

/// The processes whose command line names this file.
fn servers(configuration: &Path) -> Vec<u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let of_ours = processes.filter_map(|process| {
        let id = process.file_name().to_str()?.parse().ok()?;
        let line = fs::read(process.path().join("cmdline")).ok()?;
        let mut words = line.split(|byte| *byte == 0);
        words.any(|word| word == configuration.as_os_str().as_encoded_bytes()).then_some(id)
    });
    of_ours.collect()
}

fn kill(signal: &str, id: u32) {
    let sent = Command::new("sh").args(["-c", "kill -$0 $1", signal, &id.to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "can't send SIG{signal} to {id}");
}

#[tokio::test]
async fn one_command_is_a_whole_site_and_a_signal_ends_all_of_it() {
    for signal in ["INT", "TERM"] {
        let place = Place::new();
        let mut up = place.start(&["--samples"]).await;
        let index = place.index_has(SAMPLES).await;
        assert!(index.contains("Old water tower in Harrowmere") && index.contains("青砂渡口"), "{index}");
        assert!(!up.log().contains("/kos/samples#"), "an id that stands for itself is kept as it is: {}", up.log());
        assert_eq!(place.servers().len(), 1);
        eventually(LIMIT, "the site's address in the output", async || up.log().contains(&place.url("/"))).await;
        let configuration = fs::read_to_string(place.data.path().join("nats-server.conf")).unwrap();
        assert!(configuration.contains("sync_interval: always"), "{configuration}");

        up.signal(signal);
        let status = up.wait_for_exit(LIMIT).await;
        assert_eq!(status.code(), Some(0), "SIG{signal}: {status}\n{}", up.log());
        assert!(place.servers().is_empty(), "SIG{signal} left a NATS server behind");
        assert!(!up.log().contains("panicked"), "{}", up.log());
        TcpListener::bind(place.site.address()).unwrap();
        TcpListener::bind(place.nats.address()).unwrap();
    }
}

#[tokio::test]
async fn killed_it_leaves_no_server_behind_and_starts_again_on_what_it_had() {
    let place = Place::new();
    let mut up = place.start(&[]).await;
    place.publish(&place.client().await, 1).await;
    up.kill9();
    place.no_server_is_left().await;

    up.restart();
    up.wait_until_ready(place.site.address()).await;
    place.index_has(1).await;
    place.publish(&place.client().await, 2).await;
    place.index_has(2).await;
}

#[tokio::test]
async fn a_server_that_is_killed_is_started_again_and_work_goes_on() {
    let place = Place::new();
    let mut up = place.start(&[]).await;
    let client = place.client().await;
    place.publish(&client, 1).await;
    for number in 2..4 {
        let killed = place.servers();
        assert_eq!(killed.len(), 1);
        kill("KILL", killed[0]);
        eventually(LIMIT, "another server", async || {
            let now = place.servers();
            now.len() == 1 && now != killed
        })
        .await;
        place.publish(&client, number).await;
    }
    up.wait_until_ready(place.site.address()).await;
    up.terminate();
    assert_eq!(up.wait_for_exit(LIMIT).await.code(), Some(0), "{}", up.log());
    assert!(place.servers().is_empty());
}

#[tokio::test]
async fn a_signal_right_after_the_server_died_ends_all_of_it_too() {
    let place = Place::new();
    let mut up = place.start(&[]).await;
    kill("KILL", place.servers()[0]);
    up.terminate();
    let status = up.wait_for_exit(LIMIT).await;
    assert_eq!(status.code(), Some(0), "{}", up.log());
    place.no_server_is_left().await;
}

#[tokio::test]
async fn a_second_start_on_the_same_data_keeps_the_articles_and_publishes_nothing_twice() {
    let place = Place::new();
    let mut streams = Vec::new();
    for _ in 0..2 {
        let mut up = place.start(&["--samples"]).await;
        eventually(LIMIT, "the end of the start", async || up.log().matches("stop with Ctrl-C").count() == 1).await;
        place.index_has(SAMPLES).await;
        let client = place.client().await;
        eventually(LIMIT, "all articles published", async || stored(&client, "KOS_PUBLISHED").await.len() >= SAMPLES)
            .await;
        let mut counts = Vec::new();
        for stream in ["KOS_INGEST", "KOS_INGESTED", "KOS_SUMMARIZED", "KOS_PUBLISHED", "KOS_DEAD"] {
            counts.push(stored(&client, stream).await.len());
        }
        streams.push(counts);
        up.terminate();
        assert_eq!(up.wait_for_exit(LIMIT).await.code(), Some(0), "{}", up.log());
    }
    assert_eq!(streams, [[SAMPLES, SAMPLES, SAMPLES, SAMPLES, 0], [SAMPLES, SAMPLES, SAMPLES, SAMPLES, 0]]);
}

#[tokio::test]
async fn a_second_one_on_the_same_data_is_refused_and_harms_nothing() {
    let place = Place::new();
    let mut up = place.start(&[]).await;
    let ended = run(Place::new().command_on(place.data.path(), &[], &[]), "").await;
    assert_eq!(ended.code, 1, "{ended:?}");
    let data = place.data.path().display().to_string();
    assert!(ended.stderr.contains(&data) && ended.stderr.contains("--data"), "{}", ended.stderr);
    place.publish(&place.client().await, 1).await;
    place.index_has(1).await;
    up.terminate();
    assert_eq!(up.wait_for_exit(LIMIT).await.code(), Some(0), "{}", up.log());
}

async fn refused(place: &Place, variables: &[(&str, &str)]) -> Ended {
    let ended = run(place.command(variables, &[]), "").await;
    assert!(place.servers().is_empty(), "a NATS server was left behind");
    ended
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_with_what_to_do() {
    let place = Place::new();
    let taken = TcpListener::bind(place.site.address()).unwrap();
    let ended = refused(&place, &[]).await;
    let address = place.site.address().to_string();
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.stderr.contains(&address) && ended.stderr.contains("KOS_LISTEN"), "{}", ended.stderr);
    drop(taken);

    let _taken = TcpListener::bind(place.nats.address()).unwrap();
    let ended = refused(&place, &[]).await;
    let address = place.nats.address().to_string();
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.stderr.contains(&address) && ended.stderr.contains("--nats-listen"), "{}", ended.stderr);
}

#[tokio::test]
async fn what_it_cannot_work_with_is_refused_with_what_was_expected() {
    let place = Place::new();
    let file = format!("sqlite://{}/kos.db", place.data.path().display());
    let ended = refused(&place, &[("KOS_DATABASE_URL", &file)]).await;
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.stderr.contains("expected a folder (sqlite://FOLDER/)"), "{}", ended.stderr);

    let nowhere = place.data.path().join("no-such-server").display().to_string();
    let ended = refused(&place, &[("KOS_NATS_SERVER", &nowhere)]).await;
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.stderr.contains(&nowhere) && ended.stderr.contains("make run"), "{}", ended.stderr);

    let ended = refused(&place, &[("KOS_FETCH_ALLOW", "everything")]).await;
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.stderr.contains("KOS_FETCH_ALLOW=everything"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_server_that_dies_of_its_configuration_is_an_error_and_not_a_wait() {
    let place = Place::new();
    // Where the server keeps its streams there is a file.
    fs::write(place.data.path().join("nats"), "no folder").unwrap();
    let ended = refused(&place, &[]).await;
    assert_eq!(ended.code, 1, "{ended:?}");
    let log: PathBuf = place.data.path().join("nats-server.log");
    assert!(ended.stderr.contains(&log.display().to_string()), "{}", ended.stderr);
}

#[tokio::test]
async fn a_server_that_is_named_is_used_and_left_running() {
    let (server, place) = (NatsServer::start().await, Place::new());
    let (url, monitor) = (server.url(), server.monitor_url());
    let variables = [("KOS_NATS_URL", url.as_str()), ("KOS_NATS_MONITOR_URL", &monitor)];
    let mut up = Worker::start(place.command(&variables, &[]));
    up.wait_until_ready(place.site.address()).await;
    assert!(place.servers().is_empty(), "it started a server of its own");
    place.publish(&server.connect().await, 1).await;
    up.terminate();
    assert_eq!(up.wait_for_exit(LIMIT).await.code(), Some(0), "{}", up.log());
    assert_eq!(stored(&server.connect().await, "KOS_PUBLISHED").await.len(), 1);
}
