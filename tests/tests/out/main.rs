//! What leaves the site, over HTTP: feeds, sitemaps, conditional requests, codings, digests and webhooks. The publish
//! service alone, fed with summarized articles.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod documents;
mod schemas;
mod state;
mod webhooks;

use std::{fs, time::Duration};

use kos_shared::event::{Article as Ingested, ArticleSummarized, Revision};
use kos_tests::{Articles, NatsServer, Port, Worker, command, eventually, http_client};
use reqwest::{Method, Response};
use tempfile::TempDir;

/// How long anything may take that takes milliseconds where nothing else is going on.
const LIMIT: Duration = Duration::from_secs(60);

/// The publish service and what it stands on.
struct Site {
    // Before what they stand on, so that they have ended when it goes.
    replicas: Vec<(Worker, Port)>,
    client: async_nats::Client,
    _nats: NatsServer,
    _data: TempDir,
}

impl Site {
    async fn start() -> Self {
        Self::with(1, "").await
    }

    /// So many processes on one database, with this file of webhooks.
    async fn with(replicas: usize, webhooks: &str) -> Self {
        let nats = NatsServer::start().await;
        let data = TempDir::with_prefix("kos-data-").unwrap();
        let file = data.path().join("webhooks.toml");
        fs::write(&file, webhooks).unwrap();
        let (url, monitor) = (nats.url(), nats.monitor_url());
        let (folder, file) = (data.path().display().to_string(), file.display().to_string());
        let mut started = Vec::new();
        for _ in 0..replicas {
            let port = Port::free();
            let listen = port.address().to_string();
            let worker = Worker::start(command(
                "kos-publish",
                &[
                    ("KOS_NATS_URL", &url),
                    ("KOS_NATS_MONITOR_URL", &monitor),
                    ("KOS_DATA", &folder),
                    ("KOS_LISTEN", &listen),
                    ("KOS_SITE_URL", "https://tides.example/"),
                    ("KOS_WEBHOOKS", &file),
                    ("KOS_RETRY_DELAY", "100ms"),
                    // Little, so that the server starts on a disk that is nearly full.
                    ("KOS_STREAM_BYTES", "16777216"),
                    ("KOS_MAX_ATTEMPTS", "3"),
                ],
            ));
            started.push((worker, port));
        }
        for (worker, port) in &mut started {
            worker.wait_until_ready(port.address()).await;
        }
        let client = nats.connect().await;
        Self { replicas: started, client, _nats: nats, _data: data }
    }

    /// Publishes an article and waits until its page is there in this revision, at every replica.
    async fn publish(&self, article: &Ingested) {
        let (missing, attempts) = (vec![], vec![]);
        let summarized = ArticleSummarized { article: article.clone(), summaries: vec![], missing, attempts };
        self.send("kos.article.summarized", serde_json::to_string(&summarized).unwrap()).await;
        let path = format!("/api/v1/articles/{}", article.article_id);
        eventually(LIMIT, "the article", async || {
            let text = self.get(&path).await.text().await.unwrap();
            text.contains(&format!("\"revision\":{}", article.revision)).then_some(())
        })
        .await;
    }

    async fn send(&self, subject: &'static str, body: String) {
        let context = async_nats::jetstream::new(self.client.clone());
        context.publish(subject, body.into()).await.unwrap().await.unwrap();
    }

    async fn get(&self, path: &str) -> Response {
        self.ask(0, Method::GET, path, &[]).await
    }

    async fn text(&self, path: &str) -> String {
        self.get(path).await.text().await.unwrap()
    }

    async fn ask(&self, replica: usize, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let url = format!("http://{}{path}", self.replicas[replica].1.address());
        let mut request = http_client().request(method, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }
}

/// The `number`th article, as summarize hands it on.
fn article(number: u64) -> Ingested {
    Articles::new(20).page_bytes(5_000).page(number).ingested()
}

/// The same with another title.
fn revised(article: &Ingested, title: &str) -> Ingested {
    Ingested { title: title.into(), revision: Revision(article.revision.0 + 1), ..article.clone() }
}
