//! `kos backup` while articles flow, and `kos restore` after all is gone: what was published before the backup is there,
//! nothing is there twice, and work goes on.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, fs, path::Path, process::Command, time::Duration};

use async_nats::jetstream;
use kos_shared::event::ArticleId;
use kos_tests::{
    Articles, NatsCluster, NatsConfig, NatsServer, Port, Worker, all_copies_are_current, command, eventually,
    nats_server_program,
    pipeline::{Ended, fetch, run, stored},
};
use serde_json::json;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const LIMIT: Duration = Duration::from_secs(60);

/// Where `kos up` works.
struct Place {
    folder: TempDir,
    site: Port,
    nats: Port,
}

impl Place {
    fn new() -> Self {
        Self { folder: TempDir::with_prefix("kos-backup-").unwrap(), site: Port::free(), nats: Port::free() }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn kos(&self, arguments: &[&str]) -> Command {
        let program = nats_server_program().display().to_string();
        let mut kos = command("kos", &[("KOS_NATS_SERVER", &program), ("KOS_ACK_WAIT", "2s")]);
        kos.args(arguments).args(["--data", &self.path("data"), "--nats-listen", &self.nats.address().to_string()]);
        kos
    }

    async fn up(&self) -> Worker {
        let mut up = Worker::start(self.kos(&["up", "--listen", &self.site.address().to_string()]));
        up.wait_until_ready(self.site.address()).await;
        up
    }

    /// Backs up what runs, as a user would who was told the server's address.
    async fn backup(&self, to: &str) -> Ended {
        let url = format!("nats://{}", self.nats.address());
        let mut kos = self.kos(&["backup", to]);
        kos.env("KOS_NATS_URL", url);
        run(kos, "").await
    }

    async fn restore(&self, from: &str, more: &[&str]) -> Ended {
        let mut kos = self.kos(&["restore", from]);
        kos.args(more);
        run(kos, "").await
    }

    async fn client(&self) -> async_nats::Client {
        async_nats::connect(format!("nats://{}", self.nats.address())).await.unwrap()
    }

    async fn has(&self, id: ArticleId) {
        eventually(LIMIT, &format!("the page of {id}"), async || {
            let answer = fetch(&format!("http://{}/articles/{id}", self.site.address())).await;
            if answer.status == 200 { Ok(()) } else { Err(answer.status) }
        })
        .await;
    }
}

/// Publishes an article as a bare body without an id: it is known by its number and time in the stream.
async fn publish(client: &async_nats::Client, number: u64) -> ArticleId {
    let article = Articles::new(9).page_bytes(5_000).page(number);
    let body = json!({"url": article.url, "html": article.html}).to_string();
    let published = jetstream::new(client.clone()).publish("kos.ingest.requested", body.into()).await;
    published.unwrap().await.unwrap();
    ArticleId::of_canonical_url(&article.url.parse().unwrap())
}

/// The articles that were published, an entry an event.
async fn published(client: &async_nats::Client) -> Vec<String> {
    let events = stored(client, "KOS_PUBLISHED").await;
    let published = events.iter().filter(|event| event.subject == "kos.article.published");
    published.map(|event| event.json()["article_id"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_made_while_articles_flow_brings_back_all_that_was_published_before_it_and_nothing_twice() {
    let place = Place::new();
    let mut up = place.up().await;
    let client = place.client().await;
    let mut before = Vec::new();
    for number in 0..20 {
        before.push(publish(&client, number).await);
    }
    let stop = CancellationToken::new();
    let flow = tokio::spawn({
        let (client, stop) = (client.clone(), stop.clone());
        async move {
            let mut number = 20;
            while !stop.is_cancelled() {
                publish(&client, number).await;
                number += 1;
            }
            number
        }
    });
    let copy = place.path("copy");
    let backup = place.backup(&copy).await;
    assert_eq!(backup.code, 0, "{backup:?}");
    assert!(backup.stdout.contains("KOS_INGEST ") && backup.stdout.contains("is complete"), "{backup:?}");
    stop.cancel();
    let number = flow.await.unwrap();
    let lost = publish(&client, number).await;
    place.has(lost).await;
    up.kill9();
    drop(client);
    // Its server ends with it.
    eventually(LIMIT, "the end of the server", async || std::net::TcpListener::bind(place.nats.address()).is_ok())
        .await;
    fs::remove_dir_all(place.path("data")).unwrap();

    let restored = place.restore(&copy, &[]).await;
    assert_eq!(restored.code, 0, "{restored:?}");
    let refused = place.restore(&copy, &[]).await;
    assert_eq!(refused.code, 1, "{refused:?}");
    for named in ["ingest.db", "KOS_INGEST with", "--force"] {
        assert!(refused.stderr.contains(named), "{refused:?}");
    }
    let forced = place.restore(&copy, &["--force"]).await;
    assert_eq!(forced.code, 0, "{forced:?}");

    let mut up = place.up().await;
    let client = place.client().await;
    for id in &before {
        place.has(*id).await;
    }
    place.has(publish(&client, 1_000).await).await;
    // All that the streams have is handled, and nothing but what was asked for.
    eventually(LIMIT, "nothing left to do", async || {
        let url = format!("nats://{}", place.nats.address());
        let mut status = command("kos", &[("KOS_NATS_URL", &url)]);
        status.args(["status", "--json"]);
        let status = run(status, "").await.json();
        let busy = |s: &serde_json::Value| s["pending"] != 0 || s["in_flight"] != 0;
        match status["stages"].as_array().is_some_and(|stages| !stages.iter().any(busy)) {
            true => Ok(()),
            false => Err(status.to_string()),
        }
    })
    .await;
    let requested: BTreeSet<String> =
        stored(&client, "KOS_INGEST").await.iter().map(|e| e.json()["url"].to_string()).collect();
    let all = published(&client).await;
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "an article was published twice");
    assert_eq!(all.len(), requested.len(), "each that is in the backup is published");
    assert!(all.len() > before.len() + 1, "nothing flowed while the backup was made");
    assert!(!all.contains(&lost.to_string()), "what was published after the backup can't be in it");
    assert_eq!(stored(&client, "KOS_DEAD").await.len(), 0);
    up.terminate();
    assert_eq!(up.wait_for_exit(LIMIT).await.code(), Some(0), "{}", up.log());
}

#[tokio::test]
async fn what_is_no_whole_backup_is_refused_and_harms_nothing() {
    let place = Place::new();
    let mut up = place.up().await;
    let id = publish(&place.client().await, 1).await;
    place.has(id).await;
    let copy = place.path("copy");
    assert_eq!(place.backup(&copy).await.code, 0);
    let refused = |ended: Ended, named: &[&str]| {
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(named.iter().all(|words| ended.stderr.contains(words)), "{named:?}: {ended:?}");
    };
    refused(place.backup(&copy).await, &[&copy, "is not empty"]);

    // Nobody has to say where the server of a `kos up` is that runs on these files.
    let mut found = command("kos", &[]);
    found.args(["backup", &place.path("found"), "--data", &place.path("data"), "--json"]);
    let found = run(found, "").await;
    assert_eq!(found.code, 0, "{found:?}");
    let streams = found.json()["streams"].clone();
    let of = |name: &str| streams.as_array().unwrap().iter().find(|s| s["name"] == name).unwrap()["messages"].clone();
    assert_eq!((of("KOS_INGEST"), of("KOS_PUBLISHED")), (json!(1), json!(1)), "{streams}");
    refused(place.restore(&copy, &["--force"]).await, &["another `kos up` uses the folder"]);
    up.terminate();
    up.wait_for_exit(LIMIT).await;

    // It works without a `kos up` as well.
    let cold = place.path("cold");
    let backup = run(place.kos(&["backup", &cold, "--json"]), "").await;
    assert_eq!(backup.code, 0, "{backup:?}");
    assert_eq!(backup.json()["streams"].as_array().unwrap().len(), 5);

    refused(place.restore(&place.path("nothing"), &[]).await, &["`kos backup` completed"]);
    let change = |file: &str, from: &str, to: &str| {
        let file = Path::new(&cold).join(file);
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replacen(from, to, 1)).unwrap();
    };
    change("backup.json", "\"format\": 1", "\"format\": 2");
    refused(place.restore(&cold, &["--force"]).await, &["has format 2", "this version reads 1"]);
    change("backup.json", "\"format\": 2", "\"format\": 1");
    let snapshot = Path::new(&cold).join("KOS_INGEST.snapshot");
    let mut bytes = fs::read(&snapshot).unwrap();
    bytes[0] ^= 1;
    fs::write(&snapshot, bytes).unwrap();
    refused(place.restore(&cold, &["--force"]).await, &["KOS_INGEST.snapshot", "damaged or changed"]);

    let mut up = place.up().await;
    place.has(id).await;
    up.terminate();
    assert_eq!(up.wait_for_exit(LIMIT).await.code(), Some(0), "{}", up.log());
}

#[tokio::test]
async fn the_operator_alone_may_copy_and_bring_back_streams_of_a_server_with_users() {
    let server = NatsServer::start_deployed().await;
    let folder = TempDir::with_prefix("kos-backup-").unwrap();
    let copy = folder.path().join("copy").display().to_string();
    let kos = async |user: &str, arguments: &[&str]| {
        let prefix = kos_tests::inbox_prefix(user);
        // The databases of PostgreSQL are none of this command's.
        let variables = [
            ("KOS_NATS_URL", server.url_of(user)),
            ("KOS_NATS_INBOX_PREFIX", prefix),
            ("KOS_DATABASE_URL", "postgres://nobody@127.0.0.1:1/kos".to_owned()),
            // As in a container, on a file system that can't be written to.
            ("KOS_DATA", "/dev/null/data".to_owned()),
        ];
        let mut kos = command("kos", &variables.each_ref().map(|(name, value)| (*name, value.as_str())));
        kos.args(arguments);
        run(kos, "").await
    };
    assert_eq!(kos("kos", &["prepare"]).await.code, 0);
    assert_eq!(kos("producer", &["ingest", "https://daily.example/1"]).await.code, 0);
    let backup = kos("kos", &["backup", &copy]).await;
    assert_eq!(backup.code, 0, "{backup:?}");
    assert!(backup.stdout.contains("PostgreSQL database is not in it"), "{backup:?}");
    let restored = kos("kos", &["restore", &copy, "--force"]).await;
    assert_eq!(restored.code, 0, "{restored:?}");
    let status = kos("kos", &["status", "--json"]).await;
    assert_eq!(status.json()["stages"][0]["pending"], 1, "{status:?}");
}

#[tokio::test]
async fn the_streams_of_one_server_come_to_three_with_three_copies() {
    let (one, three) = (NatsServer::start().await, NatsCluster::start(3, &NatsConfig::default()).await);
    let folder = TempDir::with_prefix("kos-backup-").unwrap();
    let copy = folder.path().join("copy").display().to_string();
    let kos = async |url: &str, replicas: &str, arguments: &[&str]| {
        let variables = [
            ("KOS_NATS_URL", url),
            ("KOS_STREAM_REPLICAS", replicas),
            ("KOS_DATABASE_URL", "postgres://nobody@127.0.0.1:1/kos"),
        ];
        let mut kos = command("kos", &variables);
        kos.args(arguments);
        let ended = run(kos, "").await;
        assert_eq!(ended.code, 0, "{arguments:?}: {ended:?}");
        ended
    };
    let url = one.url();
    kos(&url, "1", &["prepare"]).await;
    kos(&url, "1", &["ingest", "https://daily.example/1"]).await;
    kos(&url, "1", &["backup", &copy]).await;
    let urls = three.url();
    kos(&urls, "3", &["restore", &copy]).await;
    all_copies_are_current(&three.connect().await, &["KOS_INGEST"], 3).await;
    let status = kos(&urls, "3", &["status", "--json"]).await;
    assert_eq!(status.json()["stages"][0]["pending"], 1, "{status:?}");
}
