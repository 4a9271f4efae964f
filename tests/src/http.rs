//! A web of the test's own, and a client.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    thread,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::to_bytes,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use kos_shared::crypto;
use tokio::{net::TcpListener, runtime, sync::oneshot};

/// What the server answers for one path.
#[derive(Debug, Clone)]
pub struct Page {
    /// The status code.
    pub status: u16,
    /// The headers, as they go out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How long the server waits before it answers.
    pub delay: Duration,
}

impl Page {
    /// 200 with an HTML page in UTF-8.
    pub fn html(body: impl Into<Vec<u8>>) -> Self {
        let page = Self { status: 200, headers: Vec::new(), body: body.into(), delay: Duration::ZERO };
        page.header("content-type", "text/html; charset=utf-8")
    }

    /// A status code and nothing else.
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), delay: Duration::ZERO }
    }

    /// 302 to another address.
    pub fn redirect(location: &str) -> Self {
        Self::status(302).header("location", location)
    }

    /// The same with this header, in place of one of that name.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same after a while.
    pub fn delayed(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

/// A request that reached the server.
#[derive(Debug, Clone)]
pub struct Hit {
    /// `GET`, …
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The headers as they came.
    pub headers: HeaderMap,
    /// The body; empty where it was more than a megabyte.
    pub body: Bytes,
    /// When it came.
    pub at: Instant,
}

/// An HTTP server on 127.0.0.1 with the pages that the test sets; 404 for all others.
///
/// It runs on a thread of its own, so that a test may block while a program of ours fetches from it.
#[derive(Debug)]
pub struct PageServer {
    address: SocketAddr,
    site: Arc<Mutex<Site>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Site {
    pages: HashMap<String, Page>,
    hits: Vec<Hit>,
}

impl PageServer {
    /// Starts a server without pages.
    ///
    /// # Panics
    /// When no port can be had.
    pub fn start() -> Self {
        let site = Arc::<Mutex<Site>>::default();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&site));
        let (stop, stopped) = oneshot::channel();
        let (started, address) = std::sync::mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.unwrap_or_else(|e| panic!("can't start a runtime: {e}"));
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await;
                let listener = listener.unwrap_or_else(|e| panic!("can't listen on 127.0.0.1: {e}"));
                let _received = started.send(listener.local_addr());
                // Answers that are still delayed are dropped with the runtime.
                tokio::select! {
                    _ = axum::serve(listener, router).into_future() => {}
                    _ = stopped => {}
                }
            });
        });
        let address = address.recv().unwrap_or_else(|e| panic!("the page server didn't start: {e}"));
        let address = address.unwrap_or_else(|e| panic!("the page server has no address: {e}"));
        Self { address, site, stop: Some(stop), thread: Some(thread) }
    }

    /// Sets what a path (with its query, if it has one) answers from now on; its whole address.
    pub fn set(&self, path: &str, page: Page) -> String {
        lock(&self.site).pages.insert(path.to_owned(), page);
        self.url(path)
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests for a path so far, in order.
    pub fn hits(&self, path: &str) -> Vec<Hit> {
        lock(&self.site).hits.iter().filter(|h| h.path == path).cloned().collect()
    }
}

impl Drop for PageServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed, and the test saw its requests fail.
            let _panicked = thread.join();
        }
    }
}

async fn answer(State(site): State<Arc<Mutex<Site>>>, request: Request) -> Response {
    let path = request.uri().path_and_query().map_or("/", |p| p.as_str()).to_owned();
    let (method, headers) = (request.method().to_string(), request.headers().clone());
    let body = to_bytes(request.into_body(), 1 << 20).await.unwrap_or_default();
    let page = {
        let mut site = lock(&site);
        let hit = Hit { method, path: path.clone(), headers, body, at: Instant::now() };
        site.hits.push(hit);
        site.pages.get(&path).cloned().unwrap_or_else(|| Page::status(404))
    };
    tokio::time::sleep(page.delay).await;
    let status = StatusCode::from_u16(page.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, page.body).into_response();
    response.headers_mut().clear();
    for (name, value) in page.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<axum::http::HeaderName>(), value.parse()) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn lock(site: &Mutex<Site>) -> MutexGuard<'_, Site> {
    site.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A client that follows no redirects, uses no proxy and gives up after 30 seconds.
///
/// # Panics
/// When no client can be made.
pub fn http_client() -> &'static reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        crypto::install_provider();
        let builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(30))
            // Each test has a runtime of its own: a connection must not be left to the next one.
            .pool_max_idle_per_host(0);
        builder.build().unwrap_or_else(|e| panic!("can't make an HTTP client: {e}"))
    })
}
