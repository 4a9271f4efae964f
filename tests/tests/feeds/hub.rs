//! A hub of the test's own, which asks back as hubs do and sends what the test wants.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode};
use futures_util::FutureExt;
use kos_tests::http_client;
use ring::hmac;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};

/// The challenge that the hub has sent back to it.
const CHALLENGE: &str = "a b+c&d=ü";

/// A subscription request, by the names of its fields.
pub type Asked = BTreeMap<String, String>;

/// The hub.
pub struct Hub {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    server: JoinHandle<()>,
}

impl Hub {
    /// Starts a hub that answers requests with `status`.
    pub async fn start(status: u16) -> Self {
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap_or_else(|e| panic!("can't listen: {e}"));
        let address = listener.local_addr().unwrap_or_else(|e| panic!("no address: {e}"));
        let answer = move |State(asked): State<Arc<Mutex<Vec<Asked>>>>, form: String| async move {
            lock(&asked).push(url::form_urlencoded::parse(form.as_bytes()).into_owned().collect());
            StatusCode::from_u16(status).unwrap_or_default()
        };
        let router = Router::new().fallback(answer).with_state(Arc::clone(&asked));
        let server = tokio::spawn(axum::serve(listener, router).into_future().map(drop));
        Self { url: format!("http://{address}/hub"), asked, server }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it was asked for.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.asked).clone()
    }

    /// Asks back about a subscription, as `mode` says and about this topic; whether the answer is that it was meant.
    pub async fn verify(asked: &Asked, mode: &str, topic: &str) -> bool {
        let fields = [
            ("mode", mode),
            ("topic", topic),
            ("challenge", CHALLENGE),
            ("lease_seconds", "86400"),
            ("reason", "no room"),
        ];
        let mut callback: url::Url = asked["hub.callback"].parse().unwrap_or_else(|e| panic!("{asked:?}: {e}"));
        callback.query_pairs_mut().extend_pairs(fields.map(|(name, value)| (format!("hub.{name}"), value)));
        let answer = kos_tests::pipeline::fetch(callback.as_str()).await;
        assert!(matches!(answer.status, 200 | 404), "{answer:?}");
        assert!(answer.status == 404 || (answer.body == CHALLENGE && answer.content_type.starts_with("text/plain")));
        answer.status == 200
    }

    /// Sends a document with this signature; the status that comes back.
    pub async fn send(callback: &str, document: &[u8], signature: Option<&str>) -> u16 {
        let mut request =
            http_client().post(callback).body(document.to_vec()).header("content-type", "application/rss+xml");
        if let Some(signature) = signature {
            request = request.header("x-hub-signature", signature);
        }
        let answer = request.send().await.unwrap_or_else(|e| panic!("{callback}: {e}"));
        answer.status().as_u16()
    }

    /// Announces a document and sends nothing of it; the status that comes back within a few seconds.
    pub async fn begin_to_send(callback: &str) -> u16 {
        let url: url::Url = callback.parse().unwrap_or_else(|e| panic!("{callback}: {e}"));
        let host = url.socket_addrs(|| None).unwrap_or_else(|e| panic!("{callback}: {e}"))[0];
        let answered = async {
            let mut stream = TcpStream::connect(host).await?;
            let head = format!("POST {} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 1000000\r\n\r\n", url.path());
            stream.write_all(head.as_bytes()).await?;
            let mut status = [0; "HTTP/1.1 410".len()];
            stream.read_exact(&mut status).await?;
            std::io::Result::Ok(String::from_utf8_lossy(&status[9..]).parse().unwrap_or(0))
        };
        // The site waits for a document much longer than this.
        let answered = timeout(Duration::from_secs(10), answered).await.unwrap_or_else(|_| panic!("no answer"));
        answered.unwrap_or_else(|e| panic!("{callback}: {e}"))
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The signature of a document with the secret of a subscription.
pub fn signature(asked: &Asked, document: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, asked["hub.secret"].as_bytes());
    let digits: String = hmac::sign(&key, document).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={digits}")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
