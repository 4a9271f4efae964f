//! What comes back, and what each answer means.

use std::{sync::atomic::Ordering, time::Duration};

use kos_ingest::{
    decode::decode,
    fetch::{FetchError, Kind, Remedy, Request, Validators},
};
use kos_shared::event::HttpUrl;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::server::{HTML, Server, body, fetch, fetcher, get, limits, redirect};

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

#[tokio::test]
async fn a_conditional_get_is_answered_with_nothing_where_nothing_changed() {
    let server = Server::start(|request| {
        let known = request.contains("if-none-match: \"v1\"") && request.contains("if-modified-since: yesterday");
        let status = if known { "304 Not Modified" } else { "200 OK" };
        format!("HTTP/1.1 {status}\r\nETag: \"v1\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").into_bytes()
    })
    .await;
    let (fetcher, url) = (fetcher("127.0.0.0/8", limits()), server.url("/feed"));
    let first = fetcher.get(Request::new(&url, Kind::Feed)).await.unwrap();
    assert_eq!((body(&first), &first.headers["etag"]), (&b""[..], &"\"v1\"".parse().unwrap()));
    let validators = Validators { etag: Some("\"v1\"".into()), last_modified: Some("yesterday".into()) };
    let second = fetcher.get(Request { validators, ..Request::new(&url, Kind::Feed) }).await.unwrap();
    assert_eq!(second.body, None);
    // Without a question there is nothing that could be unchanged.
    let unasked = Server::of_status("304 Not Modified").await;
    let error = fetcher.get(Request::new(&unasked.url("/"), Kind::Feed)).await.unwrap_err();
    assert!(matches!(error, FetchError::Rejected { status: 304, .. }), "{error}");
}

#[tokio::test]
async fn an_address_that_moved_for_good_is_named() {
    for (first, second, moved) in [("301", "308", true), ("301", "302", false), ("307", "301", false)] {
        let server = Server::start(move |request| {
            let (status, target) = match request {
                r if r.starts_with("GET /a ") => (first, "/b"),
                r if r.starts_with("GET /b ") => (second, "/c"),
                _ => return format!("{HTML}\r\nx").into_bytes(),
            };
            format!("HTTP/1.1 {status} X\r\nLocation: {target}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                .into_bytes()
        })
        .await;
        let answer = fetch(&server.url("/a")).await.unwrap();
        assert_eq!(answer.moved_to, moved.then(|| server.url("/c")), "{first} {second}");
        assert_eq!(fetch(&server.url("/c")).await.unwrap().moved_to, None);
    }
}

#[tokio::test]
async fn a_feed_may_be_of_any_type_and_gone_is_told_from_not_found() {
    let server =
        Server::of_page("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n", "<rss/>").await;
    let fetcher = fetcher("127.0.0.0/8", limits());
    let url = server.url("/");
    assert_eq!(body(&fetcher.get(Request::new(&url, Kind::Feed)).await.unwrap()), b"<rss/>");
    let gone = Server::of_status("410 Gone").await;
    let error = fetcher.get(Request::new(&gone.url("/"), Kind::Feed)).await.unwrap_err();
    assert!(matches!(error, FetchError::Gone { .. }), "{error}");
    let missing = Server::of_status("404 Not Found").await;
    let error = fetcher.get(Request::new(&missing.url("/"), Kind::Feed)).await.unwrap_err();
    assert!(matches!(error, FetchError::NotFound { .. }), "{error}");
}

#[tokio::test]
async fn a_form_is_posted_and_posted_again_only_where_a_redirect_says_so() {
    let server = Server::start(|request| match request {
        r if r.starts_with("POST /hub ") => {
            b"HTTP/1.1 307 X\r\nLocation: /there\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec()
        }
        r if r.starts_with("POST /there ") && r.contains("content-type: application/x-www-form-urlencoded") => {
            b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec()
        }
        _ => redirect("/there"),
    })
    .await;
    let fetcher = fetcher("127.0.0.0/8", limits());
    let form = [("hub.mode", "subscribe"), ("hub.topic", "https://a.example/feed?a=b&c")];
    assert_eq!(fetcher.post_form(&server.url("/hub"), &form).await.unwrap().final_url, server.url("/there"));
    let error = fetcher.post_form(&server.url("/other"), &form).await.unwrap_err();
    assert!(matches!(error, FetchError::Rejected { status: 302, .. }), "{error}");
}
