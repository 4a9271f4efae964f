//! Answers that are odd, and served all the same.

use std::sync::{Arc, Mutex};

use async_compression::tokio::write::GzipEncoder;
use kos_ingest::fetch::{FetchError, Kind, Request};
use kos_shared::event::HttpUrl;
use tokio::io::AsyncWriteExt;

use crate::server::{HTML, Server, body, fetch, fetcher, limits, redirect};

#[tokio::test]
async fn a_content_type_without_semicolon_or_said_twice_is_html() {
    for value in ["text/html charset=utf-8", "text/html, text/html; charset=utf-8"] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {value}\r\nConnection: close\r\n");
        let server = Server::of_page(&head, "<p>page").await;
        assert_eq!(body(&fetch(&server.url("/")).await.unwrap()), b"<p>page", "{value}");
    }
}

#[tokio::test]
async fn what_follows_a_whole_gzip_file_is_left() {
    let mut encoder = GzipEncoder::new(vec![]);
    encoder.write_all(b"<p>page").await.unwrap();
    encoder.shutdown().await.unwrap();
    let whole = encoder.into_inner();
    for (rest, found) in [
        (b"junk".to_vec(), "<p>page"),
        (vec![0; 600], "<p>page"),
        ([whole.as_slice(), b"\0\0"].concat(), "<p>page<p>page"),
    ] {
        let zipped = [whole.as_slice(), &rest].concat();
        let server = Server::of_page(&format!("{HTML}Content-Encoding: gzip\r\n"), zipped).await;
        let answer = fetch(&server.url("/")).await.unwrap();
        assert_eq!(String::from_utf8_lossy(body(&answer)), found);
    }
}

#[tokio::test]
async fn a_head_may_have_many_lines() {
    let lines: String = (0..300).map(|n| format!("Set-Cookie: c{n}=1\r\n")).collect();
    let server = Server::of_page(&format!("{HTML}{lines}"), "<p>page").await;
    assert_eq!(body(&fetch(&server.url("/")).await.unwrap()), b"<p>page");
}

#[tokio::test]
async fn a_redirect_in_another_encoding_is_followed() {
    let server = Server::start(|request| match request {
        r if r.starts_with("GET /%D0%C2%CE%C5 ") => format!("{HTML}\r\n<p>found").into_bytes(),
        r if r.starts_with("GET / ") => {
            let head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\nLocation: /".as_slice();
            [head, &[0xd0, 0xc2, 0xce, 0xc5], b"\r\n\r\n"].concat()
        }
        _ => b"HTTP/1.1 404 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
    })
    .await;
    assert_eq!(body(&fetch(&server.url("/")).await.unwrap()), b"<p>found");
}

#[tokio::test]
async fn a_login_reaches_its_server_and_nobody_else() {
    let logins = Arc::<Mutex<Vec<bool>>>::default();
    let seen = Arc::clone(&logins);
    let server = Server::start(move |request| {
        seen.lock().unwrap().push(request.contains("authorization: Basic dXNlcjp3b3Jk"));
        match request {
            r if r.starts_with("GET /moved ") => redirect("/page"),
            r if r.starts_with("GET /page ") => format!("{HTML}\r\n<p>page").into_bytes(),
            _ => b"HTTP/1.1 404 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
        }
    })
    .await;
    let url = |path: &str| -> HttpUrl { format!("http://user:word@{}{path}", server.address).parse().unwrap() };
    let answer = fetch(&url("/moved")).await.unwrap();
    assert_eq!(answer.final_url, server.url("/page"));
    let missing = fetch(&url("/missing")).await.unwrap_err();
    assert_eq!(missing, FetchError::NotFound { url: server.url("/missing").to_string() });
    let gone = fetcher("", limits()).get(Request::new(&url("/"), Kind::Page)).await.unwrap_err();
    assert!(!gone.to_string().contains("word"), "{gone}");
    assert_eq!(*logins.lock().unwrap(), [true, true, true]);
}
