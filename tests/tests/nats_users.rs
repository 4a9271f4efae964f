//! What the users in `deploy/nats/accounts.conf` may do: what their services need, and nothing else.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use async_nats::{Client, Event, jetstream};
use bytes::Bytes;
use kos_shared::event::ArticleId;
use kos_tests::{
    Article, Articles, NatsServer, Port, USERS, Worker, command, eventually, http_client, inbox_prefix,
    pipeline::{Ended, fetch, run},
};
use serde_json::json;
use tempfile::TempDir;
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::timeout,
};

const LIMIT: Duration = Duration::from_secs(60);

/// Each event, and who may publish it. `desk` is the site with the operator's desk and the API's `ingest`.
const EVENTS: [(&str, &[&str]); 8] = [
    ("kos.ingest.requested", &["ingest", "desk", "kos", "producer"]),
    ("kos.feed.due", &["ingest", "desk", "kos"]),
    ("kos.article.ingested", &["ingest", "desk", "kos"]),
    ("kos.article.retracted", &["desk", "kos"]),
    ("kos.article.summarized", &["summarize", "desk", "kos"]),
    ("kos.article.published", &["publish", "desk", "kos"]),
    ("kos.comment.posted", &["publish", "desk"]),
    ("kos.webhook.due", &["publish", "desk", "kos"]),
];

/// Dead letters are written by the service that gave up.
const DEAD: [(&str, &[&str]); 3] = [
    ("kos.dead.ingest", &["ingest"]),
    ("kos.dead.summarize", &["summarize"]),
    ("kos.dead.publish", &["publish", "desk"]),
];

/// What the server is asked to read from the dead letters.
const READING_DEAD_LETTERS: [&str; 5] = [
    "$JS.API.STREAM.MSG.GET.KOS_DEAD",
    "$JS.API.DIRECT.GET.KOS_DEAD",
    "$JS.API.DIRECT.GET.KOS_DEAD.kos.dead.ingest",
    "$JS.API.CONSUMER.CREATE.KOS_DEAD.reader",
    "$JS.API.CONSUMER.MSG.NEXT.KOS_DEAD.reader",
];

/// What only the operator's command may do to streams and consumers.
const MANAGEMENT: [&str; 7] = [
    "$JS.API.STREAM.CREATE.COPY",
    "$JS.API.STREAM.UPDATE.KOS_INGEST",
    "$JS.API.STREAM.PURGE.KOS_DEAD",
    "$JS.API.CONSUMER.CREATE.KOS_INGESTED.copy",
    "$JS.API.CONSUMER.DURABLE.CREATE.KOS_INGESTED.copy",
    "$JS.API.CONSUMER.DELETE.KOS_SUMMARIZED.publish",
    "$JS.API.CONSUMER.PAUSE.KOS_INGEST.ingest",
];

/// A connection as one of the users, and what the server says to it.
struct As {
    user: &'static str,
    client: Client,
    said: UnboundedReceiver<String>,
}

impl As {
    async fn user(server: &NatsServer, user: &'static str) -> Self {
        let (saying, said) = unbounded_channel();
        let (url, options) = server.options_of(user);
        let options = options.event_callback(move |event| {
            let saying = saying.clone();
            async move {
                if let Event::ServerError(error) = event {
                    let _test_is_over = saying.send(error.to_string());
                }
            }
        });
        Self { user, client: options.connect(url).await.unwrap(), said }
    }

    /// Whether the server lets it publish there. Nobody answers: what the API is asked without saying to whom is lost.
    async fn may_publish(&mut self, subject: &str) -> bool {
        self.client.publish(subject.to_owned(), Bytes::new()).await.unwrap();
        self.was_taken("Publish", subject).await
    }

    async fn may_subscribe(&mut self, subject: &str) -> bool {
        let _subscription = self.client.subscribe(subject.to_owned()).await.unwrap();
        self.was_taken("Subscription", subject).await
    }

    /// The server answers in order: what comes before the refusal of something that nobody may do is about what was asked
    /// before that.
    async fn was_taken(&mut self, what: &str, subject: &str) -> bool {
        self.client.publish("nobody.may.publish.here", Bytes::new()).await.unwrap();
        self.client.flush().await.unwrap();
        let mut taken = true;
        loop {
            let said = timeout(LIMIT, self.said.recv()).await.unwrap().unwrap().to_lowercase();
            assert!(said.contains("permissions violation"), "{}: {said}", self.user);
            if said.contains("nobody.may.publish.here") {
                return taken;
            }
            assert!(said.contains(&format!("{what} to \"{subject}\"").to_lowercase()), "{}: {said}", self.user);
            taken = false;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_user_publishes_the_events_of_its_service_and_no_others() {
    let server = NatsServer::start_deployed().await;
    for user in USERS {
        let mut client = As::user(&server, user).await;
        for (event, publishers) in EVENTS.into_iter().chain(DEAD) {
            assert_eq!(client.may_publish(event).await, publishers.contains(&user), "{user} publishes {event}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_read_by_the_operator_alone_and_nobody_listens_in() {
    let server = NatsServer::start_deployed().await;
    for user in USERS {
        let mut client = As::user(&server, user).await;
        for subject in READING_DEAD_LETTERS {
            let is_operators = ["desk", "kos"].contains(&user);
            assert_eq!(client.may_publish(subject).await, is_operators, "{user} asks {subject}");
        }
        for event in EVENTS.into_iter().chain(DEAD).map(|(event, _)| event).chain(["kos.>", "kos.dead.*", ">"]) {
            assert!(!client.may_subscribe(event).await, "{user} listens to {event}");
        }
        for other in USERS {
            let inbox = format!("{}.>", inbox_prefix(other));
            let is_own = inbox_prefix(other) == inbox_prefix(user);
            assert_eq!(client.may_subscribe(&inbox).await, is_own, "{user} reads what {other} is answered");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_and_consumers_are_made_by_the_operators_command_alone() {
    let server = NatsServer::start_deployed().await;
    for user in USERS {
        let mut client = As::user(&server, user).await;
        for subject in MANAGEMENT {
            assert_eq!(client.may_publish(subject).await, user == "kos", "{user} asks {subject}");
        }
        for (stream, writer) in [
            ("KOS_INGEST", "ingest"),
            ("KOS_INGESTED", "ingest"),
            ("KOS_SUMMARIZED", "summarize"),
            ("KOS_PUBLISHED", "publish"),
        ] {
            let may = user == writer || user == "kos" || (user == "desk" && writer == "publish");
            let subject = format!("$JS.API.STREAM.PURGE.{stream}");
            assert_eq!(client.may_publish(&subject).await, may, "{user} makes room in {stream}");
        }
        // What each worker reads and settles is its own.
        for (stream, consumer, service) in [
            ("KOS_INGEST", "ingest", "ingest"),
            ("KOS_INGEST", "feeds", "ingest"),
            ("KOS_INGESTED", "ingest", "ingest"),
            ("KOS_INGESTED", "summarize", "summarize"),
            ("KOS_INGESTED", "publish", "publish"),
            ("KOS_SUMMARIZED", "publish", "publish"),
            ("KOS_PUBLISHED", "publish", "publish"),
        ] {
            let is_own = user == service || (user == "desk" && service == "publish");
            let pull = format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}");
            assert_eq!(client.may_publish(&pull).await, is_own || user == "kos", "{user} reads {stream}/{consumer}");
            let ack = format!("$JS.ACK.{stream}.{consumer}.1.1.1.1.1");
            assert_eq!(client.may_publish(&ack).await, is_own, "{user} settles {stream}/{consumer}");
        }
    }
}

/// The services on a server with users, each as its own.
struct Deployed {
    workers: Vec<(Worker, Port)>,
    server: NatsServer,
    _data: TempDir,
}

impl Deployed {
    /// `site` is the user of the site, with more variables for it.
    async fn start(site: &str, variables: &[(&str, &str)]) -> Self {
        let server = NatsServer::start_deployed().await;
        let data = TempDir::with_prefix("kos-data-").unwrap();
        let mut deployed = Self { workers: Vec::new(), server, _data: data };
        let prepared = deployed.kos(&["prepare"], "").await;
        assert_eq!(prepared.code, 0, "{}", prepared.stderr);
        let ports: Vec<Port> = USERS[..3].iter().map(|_| Port::free()).collect();
        let site_url = format!("http://{}/", ports[2].address());
        for (service, port) in USERS[..3].iter().zip(ports) {
            let user = if *service == "publish" { site } else { service };
            let (url, prefix, listen) = (deployed.server.url_of(user), inbox_prefix(user), port.address().to_string());
            let (monitor, data) = (deployed.server.monitor_url(), deployed._data.path().display().to_string());
            let mut environment = vec![
                ("KOS_NATS_URL", url.as_str()),
                ("KOS_NATS_INBOX_PREFIX", &prefix),
                ("KOS_NATS_MONITOR_URL", &monitor),
                ("KOS_DATA", &data),
                ("KOS_SITE_URL", &site_url),
                (if *service == "publish" { "KOS_LISTEN" } else { "KOS_HEALTH_LISTEN" }, &listen),
            ];
            environment.extend(variables);
            deployed.workers.push((Worker::start(command(&format!("kos-{service}"), &environment)), port));
        }
        for (worker, port) in &mut deployed.workers {
            worker.wait_until_ready(port.address()).await;
        }
        deployed
    }

    async fn kos(&self, arguments: &[&str], input: &str) -> Ended {
        let (url, monitor, prefix) = (self.server.url_of("kos"), self.server.monitor_url(), inbox_prefix("kos"));
        let environment =
            [("KOS_NATS_URL", url.as_str()), ("KOS_NATS_MONITOR_URL", &monitor), ("KOS_NATS_INBOX_PREFIX", &prefix)];
        let mut command = command("kos", &environment);
        command.args(arguments);
        run(command, input).await
    }

    /// Runs `kos`, which has to do what it is asked.
    async fn kos_does(&self, arguments: &[&str]) -> String {
        let ended = self.kos(arguments, "").await;
        assert_eq!(ended.code, 0, "kos {arguments:?}: {} {}", ended.stdout, ended.stderr);
        ended.stdout
    }

    fn site(&self, path: &str) -> String {
        format!("http://{}{path}", self.workers[2].1.address())
    }

    async fn page(&self, article: &Article, status: u16) {
        let id = ArticleId::of_canonical_url(&article.url.parse().unwrap());
        let url = self.site(&format!("/articles/{id}"));
        eventually(LIMIT, &format!("{status} from {url}"), async || fetch(&url).await.status == status).await;
    }

    /// Nobody was refused anything, and no password is in a log.
    fn nothing_was_refused(&self) {
        let log = self.server.log().to_lowercase();
        assert!(!log.contains("violation") && !log.contains("authentication error"), "{log}");
        for (worker, _) in &self.workers {
            let log = worker.log();
            assert!(!log.to_lowercase().contains("violation"), "{log}");
            assert!(!log.contains("password-of-"), "{log}");
        }
    }
}

fn article(number: u64) -> Article {
    Articles::new(27).page_bytes(5_000).page(number)
}

fn event(article: &Article) -> String {
    json!({"url": article.url, "html": article.html}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn articles_go_their_way_and_the_operator_sees_and_does_all_under_these_users() {
    let deployed = Deployed::start("publish", &[]).await;
    let (url, options) = deployed.server.options_of("producer");
    let producer = jetstream::new(options.connect(url).await.unwrap());
    let first = article(1);
    producer.publish("kos.ingest.requested", event(&first).into()).await.unwrap().await.unwrap();
    deployed.page(&first, 200).await;
    producer.publish("kos.ingest.requested", "no event".into()).await.unwrap().await.unwrap();

    let second = article(2);
    let ingested = deployed.kos(&["ingest", "--wait", "-", "--url", &second.url], &second.html).await;
    assert_eq!(ingested.code, 0, "{} {}", ingested.stdout, ingested.stderr);
    deployed.page(&second, 200).await;
    eventually(LIMIT, "a dead letter", async || deployed.kos_does(&["dead", "list"]).await.contains("ingest")).await;
    assert!(deployed.kos_does(&["status"]).await.contains("1 dead letter"));
    let traced = deployed.kos_does(&["trace", &second.url]).await;
    assert!(traced.contains("summarize"), "{traced}");
    deployed.kos_does(&["dead", "discard", "1"]).await;
    deployed.kos_does(&["replay", "--stage", "publish"]).await;
    deployed.kos_does(&["feed", "list"]).await;
    deployed.kos_does(&["retract", &second.url, "--reason", "taken back"]).await;
    deployed.page(&second, 410).await;
    deployed.kos_does(&["prepare"]).await;
    let doctor = deployed.kos(&["doctor"], "").await;
    assert!(!doctor.stdout.contains("WRONG"), "{}", doctor.stdout);
    deployed.nothing_was_refused();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_site_with_a_desk_takes_articles_in_over_http_and_shows_dead_letters() {
    let deployed = Deployed::start("desk", &[("KOS_ADMIN_TOKEN", "let me in")]).await;
    let ingest = async |body: String| {
        let request = http_client().post(deployed.site("/api/v1/ingest")).bearer_auth("let me in");
        request.header("content-type", "application/json").body(body).send().await.unwrap().status().as_u16()
    };
    let first = article(1);
    assert_eq!(ingest(event(&first)).await, 202);
    deployed.page(&first, 200).await;

    let (url, options) = deployed.server.options_of("producer");
    let producer = jetstream::new(options.connect(url).await.unwrap());
    producer.publish("kos.ingest.requested", "no event".into()).await.unwrap().await.unwrap();
    let login = http_client().post(deployed.site("/desk/login")).body("token=let%20me%20in");
    let login = login.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
    let cookie = login.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    eventually(LIMIT, "a dead letter at the desk", async || {
        let page = http_client().get(deployed.site("/desk/dead-letters")).header("cookie", &cookie);
        let page = page.send().await.unwrap().text().await.unwrap();
        if page.contains("/desk/dead-letters/1/replay") { Ok(()) } else { Err(page) }
    })
    .await;
    deployed.nothing_was_refused();
}
