//! Answers that want to wear the fetcher down: bombs, endless ones, slow ones.

use std::{
    env, fs, io,
    process::Command,
    time::{Duration, Instant},
};

use async_compression::{
    Level,
    tokio::write::{BrotliEncoder, DeflateEncoder, GzipEncoder, ZlibEncoder, ZstdEncoder},
};
use kos_ingest::fetch::{FetchError, Limits, Remedy};
use kos_shared::event::HttpUrl;
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};

use crate::server::{HTML, Server, body, fetch, fetcher, get, limits, read_request};

const GIBIBYTE: usize = 1 << 30;

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

/// So many zero bytes, compressed by `encoder`.
async fn zeros<W: AsyncWrite + Unpin>(bytes: usize, mut encoder: W, of: impl FnOnce(W) -> Vec<u8>) -> Vec<u8> {
    let block = vec![0; 1 << 20];
    for _ in 0..bytes >> 20 {
        encoder.write_all(&block).await.unwrap();
    }
    encoder.shutdown().await.unwrap();
    of(encoder)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gibibyte_in_a_small_answer_is_refused_in_little_memory() {
    let fast = Level::Fastest;
    let mut urls = Vec::new();
    for (coding, bomb) in [
        ("gzip", zeros(GIBIBYTE, GzipEncoder::with_quality(vec![], fast), GzipEncoder::into_inner).await),
        ("br", zeros(GIBIBYTE, BrotliEncoder::with_quality(vec![], fast), BrotliEncoder::into_inner).await),
        ("zstd", zeros(GIBIBYTE, ZstdEncoder::with_quality(vec![], fast), ZstdEncoder::into_inner).await),
        ("deflate", zeros(GIBIBYTE, ZlibEncoder::with_quality(vec![], fast), ZlibEncoder::into_inner).await),
        ("deflate", zeros(GIBIBYTE, DeflateEncoder::with_quality(vec![], fast), DeflateEncoder::into_inner).await),
    ] {
        eprintln!("{coding}: {} bytes for {GIBIBYTE}", bomb.len());
        assert!(bomb.len() < Limits::default().body_bytes, "{coding}: the length alone gives it away");
        let head = format!("{HTML}Content-Encoding: {coding}\r\n");
        let server = Server::of_page(&head, bomb).await;
        urls.push(server.url("/").to_string());
    }
    // Without a length, and without an end.
    let endless = endless(format!("{HTML}\r\n").into_bytes(), vec![b'x'; 1 << 16]).await;
    urls.push(endless.to_string());
    // One that is big, and then drips.
    let head = [format!("{HTML}\r\n").as_bytes(), &vec![b'x'; 9 << 20]].concat();
    urls.push(dripping(head, b"x".to_vec(), Duration::from_millis(50)).await.to_string());

    // In a process of its own, so that nothing else counts: all of them, three times over, side by side.
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", "bombs::fetch_what_is_listed_and_tell_the_memory", "--ignored", "--nocapture"]);
    child.env("BOMBS", urls.join(" "));
    let output = tokio::task::spawn_blocking(move || child.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let peak = said.lines().find_map(|l| l.strip_prefix("peak KiB: ")).and_then(|n| n.parse::<u64>().ok()).unwrap();
    eprintln!("{} answers side by side, peak resident memory {} MiB", urls.len() * 3, peak / 1_024);
    assert!(peak < 100 * 1_024, "{peak} KiB");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the other half of another test"]
async fn fetch_what_is_listed_and_tell_the_memory() {
    let Ok(list) = env::var("BOMBS") else { return };
    let fetcher = fetcher("127.0.0.0/8", Limits::default());
    let mut fetches = tokio::task::JoinSet::new();
    for url in list.split(' ').cycle().take(list.split(' ').count() * 3) {
        let (fetcher, url) = (fetcher.clone(), url.parse::<HttpUrl>().unwrap());
        fetches.spawn(async move { get(&fetcher, &url).await });
    }
    while let Some(fetched) = fetches.join_next().await {
        let error = fetched.unwrap().unwrap_err();
        assert!(matches!(error, FetchError::TooLarge { .. } | FetchError::Timeout { .. }), "{error}");
    }
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap();
    println!("\npeak KiB: {}", peak.trim().trim_end_matches(" kB"));
}

/// A server that sends `head` and then `piece` for as long as somebody listens.
async fn endless(head: Vec<u8>, piece: Vec<u8>) -> HttpUrl {
    let pieces = piece.repeat(1 + (1 << 16) / piece.len());
    dripping(head, pieces, Duration::ZERO).await
}

pub async fn dripping(head: Vec<u8>, piece: Vec<u8>, pause: Duration) -> HttpUrl {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let (head, piece) = (head.clone(), piece.clone());
            tokio::spawn(async move {
                read_request(&mut connection).await;
                connection.write_all(&head).await?;
                loop {
                    connection.write_all(&piece).await?;
                    tokio::time::sleep(pause).await;
                }
                #[allow(unreachable_code, reason = "tells the type")]
                Ok::<(), io::Error>(())
            });
        }
    });
    url
}

#[tokio::test]
async fn what_never_ends_is_left_at_a_limit() {
    let limits = limits();
    let chunk = [b"1000\r\n".to_vec(), vec![b'x'; 0x1000], b"\r\n".to_vec()].concat();
    for (head, piece) in
        [(format!("{HTML}\r\n"), vec![b'x'; 999]), (format!("{HTML}Transfer-Encoding: chunked\r\n\r\n"), chunk)]
    {
        let error = fetch(&endless(head.into_bytes(), piece).await).await.unwrap_err();
        assert!(matches!(error, FetchError::TooLarge { limit, .. } if limit == limits.body_bytes), "{error}");
    }
    for (head, piece) in [(HTML, "X-Header: again and again\r\n"), (HTML, "X-No-End: "), ("", "HTTP/1.1 ")] {
        let error = fetch(&endless(head.into(), piece.into()).await).await.unwrap_err();
        let refused = matches!(error, FetchError::HeaderTooLarge { .. } | FetchError::Interrupted { .. });
        assert!(refused, "{head}{piece}: {error:?}");
    }
    let large = Server::of_page(&format!("{HTML}X-Large: {}\r\n", "x".repeat(20_000)), "<p>").await;
    let error = fetch(&large.url("/")).await.unwrap_err();
    assert_eq!(error, FetchError::HeaderTooLarge { url: large.url("/").to_string(), limit: limits.header_bytes });
    assert_eq!(error.remedy(), Remedy::GiveUp);
}

#[tokio::test]
async fn a_drip_that_is_never_idle_ends_with_the_time_for_the_whole() {
    let short = Limits { total: Duration::from_millis(600), idle: Duration::from_millis(200), ..limits() };
    let fetcher = fetcher("127.0.0.0/8", short);
    for head in [format!("{HTML}\r\n"), HTML.to_owned() + "X-Slow: ", String::new()] {
        let url = dripping(head.clone().into_bytes(), b"x".to_vec(), Duration::from_millis(50)).await;
        let started = Instant::now();
        let error = get(&fetcher, &url).await.unwrap_err();
        assert!(matches!(error, FetchError::Timeout { .. } | FetchError::Interrupted { .. }), "{head}: {error:?}");
        assert!(started.elapsed() < Duration::from_secs(3), "{head}: {:?}", started.elapsed());
    }
}

#[tokio::test]
async fn every_coding_that_is_offered_is_understood() {
    let page = format!("<p>{}</p>", "新闻 ".repeat(2_000));
    let gzip = compressed(GzipEncoder::new(vec![]), &page, GzipEncoder::into_inner).await;
    let two_members = [gzip.clone(), gzip.clone()].concat();
    for (coding, bytes, times) in [
        ("gzip", gzip.clone(), 1),
        ("X-GZip", two_members, 2),
        ("br", compressed(BrotliEncoder::new(vec![]), &page, BrotliEncoder::into_inner).await, 1),
        ("zstd", compressed(ZstdEncoder::new(vec![]), &page, ZstdEncoder::into_inner).await, 1),
        ("deflate", compressed(ZlibEncoder::new(vec![]), &page, ZlibEncoder::into_inner).await, 1),
        ("deflate", compressed(DeflateEncoder::new(vec![]), &page, DeflateEncoder::into_inner).await, 1),
        ("identity", page.clone().into_bytes(), 1),
        ("gzip", vec![], 0),
    ] {
        let server = Server::of_page(&format!("{HTML}Content-Encoding: {coding}\r\n"), bytes).await;
        let answer = fetch(&server.url("/")).await.unwrap();
        assert!(body(&answer) == page.repeat(times).as_bytes(), "{coding}");
    }
    for (coding, bytes) in [("compress", gzip.clone()), ("gzip, gzip", gzip.clone())] {
        let server = Server::of_page(&format!("{HTML}Content-Encoding: {coding}\r\n"), bytes).await;
        let error = fetch(&server.url("/")).await.unwrap_err();
        assert!(matches!(&error, FetchError::UnknownEncoding { encoding, .. } if encoding == coding), "{error}");
    }
    for (coding, bytes) in
        [("gzip", b"no gzip".to_vec()), ("zstd", gzip.clone()), ("gzip", gzip[..gzip.len() / 2].into())]
    {
        let server = Server::of_page(&format!("{HTML}Content-Encoding: {coding}\r\n"), bytes).await;
        let error = fetch(&server.url("/")).await.unwrap_err();
        assert!(matches!(error, FetchError::Interrupted { .. }), "{coding}: {error}");
    }
}

async fn compressed<W: AsyncWrite + Unpin>(mut encoder: W, text: &str, of: impl FnOnce(W) -> Vec<u8>) -> Vec<u8> {
    encoder.write_all(text.as_bytes()).await.unwrap();
    encoder.shutdown().await.unwrap();
    of(encoder)
}
