//! A hub tells of a feed: asked by the workers, asking back at the site, believed where it signs.

use std::time::Duration;

use jiff::Timestamp;
use kos_tests::{
    PageServer, eventually,
    pipeline::{Pipeline, Setup},
};
use serde_json::Value;

use crate::{
    article,
    hub::{Asked, Hub, signature},
    rss,
};

const LIMIT: Duration = Duration::from_secs(60);

const FERRY: &str = "The ferry runs again, the captain said on Monday morning in the harbour.";
const TRAIN: &str = "The train is late again, the driver said on Tuesday evening at the station.";

/// The services, and a site whose feed offers a hub.
struct Followed {
    pipeline: Pipeline,
    web: PageServer,
    feed: String,
}

impl Followed {
    async fn start(hub: &Hub) -> Self {
        let web = PageServer::start();
        web.set("/ferry", article("Ferry", FERRY));
        web.set("/train", article("Train", TRAIN));
        let link = format!("<{}>; rel=\"hub\", <{}>; rel=self", hub.url(), web.url("/topic"));
        let feed = web.set("/feed", rss(&web.url(""), &[("1", "/ferry", "Ferry", FERRY)]).header("link", &link));
        let variables = [("KOS_FETCH_ALLOW", "127.0.0.0/8"), ("KOS_FETCH_DELAY", "0s")];
        let pipeline = Pipeline::start_with(Setup { variables: &variables, ..Setup::default() }).await;
        let added = pipeline.kos(&["feed", "add", &feed, "--json"]).await;
        assert_eq!(added.code, 0, "{added:?}");
        Self { pipeline, web, feed }
    }

    /// What the hub was asked for.
    async fn asked(&self, hub: &Hub) -> Asked {
        eventually(LIMIT, "a subscription request", async || hub.asked().first().cloned().ok_or("none")).await
    }

    /// The feed as it is listed.
    async fn listed(&self) -> Value {
        self.pipeline.kos(&["feed", "list", "--json"]).await.json()[0].clone()
    }

    /// The addresses that were asked for.
    async fn requested(&self) -> Vec<String> {
        self.pipeline.wait_until_idle().await;
        let events = self.pipeline.stored("KOS_INGEST").await;
        let requests = events.iter().filter(|e| e.subject == "kos.ingest.requested").map(|e| e.json());
        requests.map(|r| r["url"].as_str().unwrap_or_default().to_owned()).collect()
    }

    fn time(feed: &Value, field: &str) -> Timestamp {
        let time = feed[field].as_str().unwrap_or_default().parse();
        time.unwrap_or_else(|e| panic!("{field} of {feed}: {e}"))
    }
}

#[tokio::test]
async fn what_a_hub_sends_is_taken_in_without_a_poll() {
    let hub = Hub::start(202).await;
    let followed = Followed::start(&hub).await;
    let asked = followed.asked(&hub).await;
    let topic = followed.web.url("/topic");
    assert_eq!((asked["hub.mode"].as_str(), &asked["hub.topic"]), ("subscribe", &topic));
    assert!(asked["hub.callback"].starts_with(&followed.pipeline.site("/websub/")), "{asked:?}");

    assert!(!Hub::verify(&asked, "subscribe", "https://elsewhere.example/").await);
    assert!(!Hub::verify(&asked, "unsubscribe", &topic).await, "the feed is wanted");
    assert_eq!(followed.listed().await["hub_until"], Value::Null);
    assert!(Hub::verify(&asked, "subscribe", &topic).await);
    let until = Followed::time(&followed.listed().await, "hub_until");
    let hours = until.duration_since(Timestamp::now()).as_secs_f64() / 3_600.0;
    assert!(hours > 23.9 && hours <= 24.0, "{until}");

    let (ferry, train) = (followed.web.url("/ferry"), followed.web.url("/train"));
    assert_eq!(followed.requested().await, [ferry.as_str()]);
    let polls = followed.web.hits("/feed").len();
    let next_poll = followed.listed().await["next_poll_at"].clone();
    let news = rss(&followed.web.url(""), &[("2", "/train", "Train", TRAIN)]).body;
    let callback = &asked["hub.callback"];
    let signed = signature(&asked, &news);
    // Passed over, so that a hub learns nothing about the secret.
    assert_eq!(Hub::send(callback, &news, None).await, 202);
    assert_eq!(Hub::send(callback, &news, Some(&signature(&asked, b"another"))).await, 202);
    assert_eq!(followed.requested().await, [ferry.as_str()]);

    // Twice, as hubs do whose last answer was lost.
    for _ in 0..2 {
        assert_eq!(Hub::send(callback, &news, Some(&signed)).await, 202);
        assert_eq!(followed.requested().await, [ferry.as_str(), &train]);
    }
    let listed = followed.listed().await;
    assert_eq!(listed["next_poll_at"], next_poll, "the poll that makes up for what the hub forgets was put off");
    assert_eq!(listed["entries"], 1, "what the last poll found: {listed}");
    assert_eq!(followed.web.hits("/feed").len(), polls, "the feed was polled");

    let of_another = format!("{}{}", &callback[..callback.len() - 64], "0".repeat(64));
    assert_eq!(Hub::send(&of_another, &news, Some(&signed)).await, 410);
    assert_eq!(Hub::begin_to_send(&of_another).await, 410, "a stranger's document was waited for");
    assert_eq!(Hub::send(&callback[..callback.len() - 1], &news, Some(&signed)).await, 404);
    assert_eq!(followed.pipeline.kos(&["feed", "remove", &followed.feed]).await.code, 0);
    assert_eq!(Hub::send(callback, &news, Some(&signed)).await, 410);
    assert!(!Hub::verify(&asked, "subscribe", &topic).await);
    assert!(Hub::verify(&asked, "unsubscribe", &topic).await);
}

#[tokio::test]
async fn a_document_that_is_too_large_or_no_feed_has_the_feed_polled() {
    let hub = Hub::start(202).await;
    let followed = Followed::start(&hub).await;
    let asked = followed.asked(&hub).await;
    assert!(Hub::verify(&asked, "subscribe", &asked["hub.topic"]).await);
    followed.requested().await;
    let polled = async |times| {
        eventually(LIMIT, &format!("{times} polls"), async || {
            let polls = followed.web.hits("/feed").len();
            if polls >= times { Ok(()) } else { Err(format!("{polls} polls")) }
        })
        .await;
    };
    let polls = followed.web.hits("/feed").len();
    assert_eq!(Hub::send(&asked["hub.callback"], &vec![b' '; 7 << 20], None).await, 202);
    polled(polls + 1).await;
    followed.requested().await;
    let page = b"<html><body>Not found</body></html>";
    assert_eq!(Hub::send(&asked["hub.callback"], page, Some(&signature(&asked, page))).await, 202);
    polled(polls + 2).await;
    assert_eq!(followed.requested().await.len(), 1);
}

#[tokio::test]
async fn a_feed_says_why_its_hub_does_not_tell_of_it() {
    let hub = Hub::start(500).await;
    let followed = Followed::start(&hub).await;
    let asked = followed.asked(&hub).await;
    eventually(LIMIT, "a failure that is noted", async || {
        let listed = followed.listed().await;
        let noted =
            listed["hub_error"].as_str().is_some_and(|error| error.contains(hub.url()) && error.contains("500"));
        if noted { Ok(()) } else { Err(listed.to_string()) }
    })
    .await;
    // It may have understood all the same, and think better of it later.
    assert!(Hub::verify(&asked, "subscribe", &asked["hub.topic"]).await);
    let listed = followed.listed().await;
    assert!(listed["hub_error"].is_null() && listed["hub_until"].is_string(), "{listed}");
    assert!(Hub::verify(&asked, "denied", &asked["hub.topic"]).await);
    let listed = followed.listed().await;
    assert!(listed["hub_error"].as_str().is_some_and(|e| e.contains("no room")), "{listed}");
    assert!(listed["hub_until"].is_null() && listed["last_error"].is_null(), "{listed}");
}

#[tokio::test]
async fn a_hub_in_a_private_network_is_not_asked() {
    // Of all that is asked here, only the hub has an address that isn't allowed.
    let web = PageServer::start();
    let hub = "http://10.255.255.1/hub";
    web.set("/feed", rss(&web.url(""), &[]).header("link", &format!("<{hub}>; rel=hub")));
    let variables = [("KOS_FETCH_ALLOW", "127.0.0.0/8"), ("KOS_FETCH_DELAY", "0s")];
    let pipeline = Pipeline::start_with(Setup { variables: &variables, ..Setup::default() }).await;
    assert_eq!(pipeline.kos(&["feed", "add", &web.url("/feed")]).await.code, 0);
    eventually(LIMIT, "a refusal that is noted", async || {
        let listed = pipeline.kos(&["feed", "list", "--json"]).await.json()[0].clone();
        let noted = listed["hub_error"].as_str().is_some_and(|error| error.contains("10.255.255.1"));
        if noted { Ok(()) } else { Err(listed.to_string()) }
    })
    .await;
}
