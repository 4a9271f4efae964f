//! The fetcher against servers of the tests' own, on real sockets.

#![allow(clippy::unwrap_used, reason = "what fails to unwrap fails the test")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kos_ingest::{
    decode::decode,
    fetch::{Answer, FetchError, Fetcher, Kind, Limits, Remedy, Request},
};
use kos_shared::event::HttpUrl;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const HTML: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n";

/// A server that answers every request with what `answer` makes of its first line and headers, byte for byte.
struct Server {
    address: std::net::SocketAddr,
    requests: Arc<AtomicUsize>,
}

impl Server {
    async fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
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
    async fn of_page(head: &str, body: impl AsRef<[u8]>) -> Self {
        let answer = [head.as_bytes(), b"\r\n", body.as_ref()].concat();
        Self::start(move |_| answer.clone()).await
    }

    /// A server that answers with a status and no page.
    async fn of_status(status: &str) -> Self {
        Self::of_page(&format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n"), "").await
    }

    fn url(&self, path: &str) -> HttpUrl {
        format!("http://{}{path}", self.address).parse().unwrap()
    }
}

async fn read_request(connection: &mut TcpStream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match connection.read_u8().await {
            Ok(byte) => request.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&request).into_owned()
}

fn redirect(target: &str) -> Vec<u8> {
    format!("HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").into_bytes()
}

fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(5),
        idle: Duration::from_millis(300),
        total: Duration::from_secs(5),
        header_bytes: 16 * 1024,
        body_bytes: 64 * 1024,
        feed_bytes: 128 * 1024,
        redirects: 4,
    }
}

fn fetcher(allowed: &str, limits: Limits) -> Fetcher {
    Fetcher::new(allowed.parse().unwrap(), limits, "https://reader.example/").unwrap()
}

async fn fetch(url: &HttpUrl) -> Result<Answer, FetchError> {
    get(&fetcher("127.0.0.0/8", limits()), url).await
}

async fn get(fetcher: &Fetcher, url: &HttpUrl) -> Result<Answer, FetchError> {
    fetcher.get(Request::new(url, Kind::Page)).await
}

fn body(answer: &Answer) -> &[u8] {
    answer.body.as_deref().unwrap()
}

#[tokio::test]
async fn a_page_is_fetched_where_its_redirects_lead() {
    let server = Server::start(|request| match request {
        r if r.starts_with("GET /old ") => redirect("/moved?x=1"),
        r if r.starts_with("GET /moved?x=1 ") => redirect("page"),
        r if r.to_lowercase().contains("user-agent: knowledgeos/") && r.contains("(+https://reader.example/)") => {
            format!("{HTML}\r\n<p>found</p>").into_bytes()
        }
        _ => b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec(),
    })
    .await;
    let page = fetch(&server.url("/old#part")).await.unwrap();
    assert_eq!(page.final_url, server.url("/page#part"));
    assert_eq!((page.content_type.as_deref(), body(&page)), (Some("text/html; charset=utf-8"), &b"<p>found</p>"[..]));
}

#[tokio::test]
async fn private_addresses_are_refused_without_a_request() {
    let server = Server::of_page(HTML, "<p>secret</p>").await;
    let port = server.address.port();
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433"] {
        let url: HttpUrl = format!("http://{host}:{port}/").parse().unwrap();
        let error = get(&fetcher("", limits()), &url).await.unwrap_err();
        assert!(matches!(error, FetchError::RefusedAddress { .. }), "{host}: {error}");
        assert_eq!(error.remedy(), Remedy::GiveUp);
        assert!(error.to_string().contains("KOS_FETCH_ALLOW"), "{error}");
    }
    assert_eq!(server.requests.load(Ordering::SeqCst), 0);
    let by_name: HttpUrl = format!("http://localhost:{port}/").parse().unwrap();
    assert_eq!(body(&fetch(&by_name).await.unwrap()), b"<p>secret</p>");
}

#[tokio::test]
async fn a_redirect_to_a_refused_address_is_refused() {
    for target in ["http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://[::1]:1/", "//192.168.0.1/x"]
    {
        let server = Server::start(move |_| redirect(target)).await;
        let error = fetch(&server.url("/")).await.unwrap_err();
        assert!(matches!(error, FetchError::RefusedAddress { .. }), "{target}: {error}");
    }
}

#[tokio::test]
async fn redirects_without_end_or_to_no_web_address_are_refused() {
    let server = Server::start(|_| redirect("/again")).await;
    assert_eq!(fetch(&server.url("/")).await, Err(FetchError::TooManyRedirects { limit: 4 }));
    assert_eq!(server.requests.load(Ordering::SeqCst), 5);
    for target in ["file:///etc/passwd", "ftp://example.com/", "javascript:alert(1)", "http://"] {
        let server = Server::start(move |_| redirect(target)).await;
        let error = fetch(&server.url("/")).await.unwrap_err();
        assert_eq!(error, FetchError::BadRedirect { target: target.into() });
        assert_eq!(error.remedy(), Remedy::GiveUp);
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_however_it_comes() {
    let limit = limits().body_bytes;
    let declared = Server::of_page(&format!("{HTML}Content-Length: 99999999\r\n"), "<p>STALL").await;
    let chunk = [b"8000\r\n".to_vec(), vec![b'x'; 0x8000], b"\r\n".to_vec()].concat();
    let chunked = Server::of_page(
        &format!("{HTML}Transfer-Encoding: chunked\r\n"),
        [chunk.repeat(3), b"STALL".to_vec()].concat(),
    )
    .await;
    let bomb = gzip_of_zeros(4_000_000);
    assert!(bomb.len() < limit / 2, "the bomb is {} bytes", bomb.len());
    let zipped = Server::of_page(&format!("{HTML}Content-Encoding: gzip\r\n"), bomb).await;
    for server in [declared, chunked, zipped] {
        let error = fetch(&server.url("/")).await.unwrap_err();
        assert_eq!(error, FetchError::TooLarge { url: server.url("/").to_string(), limit });
        assert_eq!(error.remedy(), Remedy::GiveUp);
    }
    let just_fits = Server::of_page(HTML, vec![b'x'; limit]).await;
    assert_eq!(body(&fetch(&just_fits.url("/")).await.unwrap()).len(), limit);
}

/// A gzip file of so many zero bytes, rounded up: one block of fixed Huffman codes (RFC 1951 section 3.2.6)
/// that says "0", then "the last byte again, 258 times" over and over.
fn gzip_of_zeros(bytes: usize) -> Vec<u8> {
    let mut bits: Vec<bool> = vec![true, true, false];
    let mut code = |value: u32, length: u32| bits.extend((0..length).rev().map(|i| value >> i & 1 == 1));
    code(0b0011_0000, 8);
    for _ in 0..=bytes / 258 {
        code(0b1100_0101, 8); // length 258
        code(0, 5); // distance 1
    }
    code(0, 7);
    let packed = bits.chunks(8).map(|byte| byte.iter().enumerate().fold(0_u8, |b, (i, bit)| b | u8::from(*bit) << i));
    let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    header.into_iter().chain(packed).chain([0; 8]).collect()
}

#[tokio::test]
async fn a_server_that_stalls_is_left() {
    let slow_body = Server::of_page(&format!("{HTML}Content-Length: 100\r\n"), "<p>beginSTALL").await;
    let no_answer = Server::start(|_| b"STALL".to_vec()).await;
    for server in [slow_body, no_answer] {
        let error = fetch(&server.url("/")).await.unwrap_err();
        assert!(matches!(error, FetchError::Timeout { .. }), "{error:?}");
        assert_eq!(error.remedy(), Remedy::Retry);
    }
    let server = Server::start(|_| b"STALL".to_vec()).await;
    let short = Limits { total: Duration::from_millis(100), ..limits() };
    let error = get(&fetcher("127.0.0.0/8", short), &server.url("/")).await.unwrap_err();
    assert!(matches!(error, FetchError::Timeout { .. }), "{error:?}");
}

#[tokio::test]
async fn a_status_decides_what_to_do() {
    let wait = |seconds| Remedy::RetryAfter(Some(Duration::from_secs(seconds)));
    for (status, remedy) in [
        ("404 Not Found", Remedy::GiveUp),
        ("410 Gone", Remedy::GiveUp),
        ("403 Forbidden", Remedy::GiveUp),
        ("304 Not Modified", Remedy::GiveUp),
        ("500 Internal Server Error", Remedy::Retry),
        ("503 Service Unavailable", Remedy::Retry),
        ("503 Service Unavailable\r\nRetry-After: 7", wait(7)),
        ("429 Too Many Requests", Remedy::RetryAfter(None)),
        ("429 Too Many Requests\r\nRetry-After: 120", wait(120)),
        ("429 Too Many Requests\r\nRetry-After: Thu, 31 Dec 2099 23:59:59 GMT", wait(86_400)),
    ] {
        let server = Server::of_status(status).await;
        let error = fetch(&server.url("/")).await.unwrap_err();
        assert_eq!(error.remedy(), remedy, "{status}: {error}");
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_had_is_tried_again() {
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed: HttpUrl = format!("http://{}/", unused.local_addr().unwrap()).parse().unwrap();
    drop(unused);
    let error = fetch(&closed).await.unwrap_err();
    assert!(matches!(error, FetchError::Connect { .. }), "{error:?}");
    assert_eq!(error.remedy(), Remedy::Retry);

    let error = fetch(&"http://no-such-host.invalid/".parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, FetchError::Dns { .. }), "{error:?}");
    assert_eq!(error.remedy(), Remedy::Retry);

    let breaks_off = Server::of_page(&format!("{HTML}Content-Length: 100\r\n"), "<p>begin").await;
    let error = fetch(&breaks_off.url("/")).await.unwrap_err();
    assert!(matches!(error, FetchError::Interrupted { .. }), "{error:?}");
    assert_eq!(error.remedy(), Remedy::Retry);

    // A server that speaks first, and no TLS.
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: HttpUrl = format!("https://{}/", plain.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        let (mut connection, _) = plain.accept().await.unwrap();
        connection.write_all(b"220 mail.example ready\r\n").await.unwrap();
        let _ = connection.read(&mut [0; 1_024]).await;
    });
    let error = fetch(&url).await.unwrap_err();
    assert!(matches!(error, FetchError::Tls { .. }), "{error:?}");
    assert_eq!(error.remedy(), Remedy::Retry);
}

#[tokio::test]
async fn only_html_is_taken() {
    let ok = "HTTP/1.1 200 OK\r\nConnection: close\r\n";
    for (header, body) in
        [("Content-Type: application/pdf\r\n", "%PDF-1.7"), ("Content-Type: text/plain\r\n", "<html>"), ("", "plain")]
    {
        let server = Server::of_page(&format!("{ok}{header}"), body).await;
        let error = fetch(&server.url("/")).await.unwrap_err();
        assert!(matches!(error, FetchError::NotHtml { .. }), "{header}: {error:?}");
        assert_eq!(error.remedy(), Remedy::GiveUp);
    }
    for header in ["", "Content-Type: application/octet-stream\r\n", "Content-Type: application/xhtml+xml\r\n"] {
        let server = Server::of_page(&format!("{ok}{header}"), "<!DOCTYPE html><p>x").await;
        assert!(fetch(&server.url("/")).await.is_ok(), "{header}");
    }
}

#[tokio::test]
async fn a_page_in_another_encoding_is_read() {
    // 新闻 in GB2312.
    let bytes = [b"<html><head><meta charset=gb2312></head><p>".as_slice(), &[0xd0, 0xc2, 0xce, 0xc5]].concat();
    for content_type in ["text/html; charset=gb2312", "text/html", "text/html; charset=utf-8"] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nConnection: close\r\n");
        let server = Server::of_page(&head, &bytes).await;
        let page = fetch(&server.url("/")).await.unwrap();
        let text = decode(body(&page), page.content_type.as_deref());
        assert!(text.ends_with("<p>新闻"), "{content_type}: {text}");
    }
}
