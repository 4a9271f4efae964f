//! A server that answers byte for byte what a test wants, and fetchers with small limits.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kos_ingest::fetch::{Answer, FetchError, Fetcher, Kind, Limits, Request};
use kos_shared::event::HttpUrl;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

pub const HTML: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n";

/// A server that answers every request with what `answer` makes of its first line and headers, byte for byte.
pub struct Server {
    pub address: std::net::SocketAddr,
    pub requests: Arc<AtomicUsize>,
}

impl Server {
    pub async fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0", answer).await
    }

    /// The same at another address.
    pub async fn start_at(place: &str, answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(place).await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let (answer, count) = (Arc::new(answer), Arc::clone(&requests));
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let (answer, count) = (Arc::clone(&answer), Arc::clone(&count));
                tokio::spawn(async move {
                    let request = read_request(&mut connection).await;
                    count.fetch_add(1, Ordering::SeqCst);
                    let mut bytes = answer(&request);
                    // An answer that ends in `STALL` is left unfinished.
                    let stalls = bytes.ends_with(b"STALL");
                    if stalls {
                        bytes.truncate(bytes.len() - 5);
                    }
                    let _ = connection.write_all(&bytes).await;
                    if stalls {
                        let _ = connection.read(&mut [0]).await;
                    }
                });
            }
        });
        Self { address, requests }
    }

    /// A server with one page.
    pub async fn of_page(head: &str, body: impl AsRef<[u8]>) -> Self {
        let answer = [head.as_bytes(), b"\r\n", body.as_ref()].concat();
        Self::start(move |_| answer.clone()).await
    }

    /// A server that answers with a status and no page.
    pub async fn of_status(status: &str) -> Self {
        Self::of_page(&format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n"), "").await
    }

    pub fn url(&self, path: &str) -> HttpUrl {
        format!("http://{}{path}", self.address).parse().unwrap()
    }
}

pub async fn read_request(connection: &mut TcpStream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match connection.read_u8().await {
            Ok(byte) => request.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&request).into_owned()
}

pub fn redirect(target: &str) -> Vec<u8> {
    format!("HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").into_bytes()
}

pub fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(1),
        idle: Duration::from_millis(300),
        total: Duration::from_secs(5),
        header_bytes: 16 * 1024,
        body_bytes: 64 * 1024,
        feed_bytes: 128 * 1024,
        redirects: 4,
    }
}

pub fn fetcher(allowed: &str, limits: Limits) -> Fetcher {
    Fetcher::new(allowed.parse().unwrap(), limits, "https://reader.example/").unwrap()
}

pub async fn fetch(url: &HttpUrl) -> Result<Answer, FetchError> {
    get(&fetcher("127.0.0.0/8", limits()), url).await
}

pub async fn get(fetcher: &Fetcher, url: &HttpUrl) -> Result<Answer, FetchError> {
    fetcher.get(Request::new(url, Kind::Page)).await
}

pub fn body(answer: &Answer) -> &[u8] {
    answer.body.as_deref().unwrap()
}
