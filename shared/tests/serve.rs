//! Serving HTTP to clients that are slow, silent or many, over real sockets.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Extension, Router, body::Body, extract::ConnectInfo, routing::get};
use kos_shared::serve::{Limits, LocalAddress, serve};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// How long anything may take that takes milliseconds where nothing else is going on.
const LIMIT: Duration = Duration::from_secs(30);

struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
    /// `/held` is answered once a permit is added.
    gate: Arc<Semaphore>,
}

async fn start(limits: Limits) -> Server {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let held = move || {
        let held = Arc::clone(&held);
        async move {
            held.acquire().await.unwrap().forget();
            "let go"
        }
    };
    let app = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/endless", get(|| async { Body::from_stream(futures_util::stream::repeat_with(chunk)) }))
        .route("/held", get(held))
        .route("/who", get(who));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(serve(listener, app, limits, stop.clone()));
    Server { address, stop, serving, gate }
}

async fn who(ConnectInfo(peer): ConnectInfo<SocketAddr>, Extension(local): Extension<LocalAddress>) -> String {
    format!("{peer} at {}", local.0)
}

fn chunk() -> Result<Vec<u8>, Infallible> {
    Ok(vec![b'x'; 64 * 1024])
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.address).await.unwrap()
}

async fn ask(stream: &mut TcpStream, path: &str) {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n").as_bytes()).await.unwrap();
}

/// All until a text came.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut all = String::new();
    let reading = async {
        while !all.contains(end) {
            let mut some = [0; 4096];
            let length = stream.read(&mut some).await.unwrap();
            assert!(length > 0, "closed before {end:?}: {all}");
            all.push_str(&String::from_utf8_lossy(&some[..length]));
        }
    };
    timeout(LIMIT, reading).await.unwrap();
    all
}

/// Waits until the other end has closed the connection.
async fn wait_until_closed(stream: &mut TcpStream) {
    let mut rest = [0; 4096];
    // A reset is an end as well.
    let reading = async { while stream.read(&mut rest).await.is_ok_and(|length| length > 0) {} };
    timeout(LIMIT, reading).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_still_answers_for_a_while_and_says_that_it_goes() {
    let server = start(Limits { drain: Duration::from_millis(500), ..Limits::of(4) }).await;
    let mut kept = connect(&server).await;
    ask(&mut kept, "/").await;
    assert!(!read_until(&mut kept, "hello").await.contains("connection: close"));
    server.stop.cancel();
    let mut late = connect(&server).await;
    for stream in [&mut kept, &mut late] {
        ask(stream, "/").await;
        assert!(read_until(stream, "hello").await.contains("connection: close"));
        wait_until_closed(stream).await;
    }
    timeout(LIMIT, server.serving).await.unwrap().unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn a_client_that_never_finishes_its_request_is_cut_off() {
    let server = start(Limits { head: Duration::from_millis(300), ..Limits::of(4) }).await;
    let (mut drips, mut silent) = (connect(&server).await, connect(&server).await);
    drips.write_all(b"GET / HTTP/1.1\r\nHost: here\r\n").await.unwrap();
    let dripping = async {
        // A byte at a time keeps no connection open.
        while drips.write_all(b"X").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(LIMIT, dripping).await.unwrap();
    wait_until_closed(&mut silent).await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off() {
    let server = start(Limits { stalled: Duration::from_millis(300), ..Limits::of(1) }).await;
    let mut deaf = connect(&server).await;
    ask(&mut deaf, "/endless").await;
    // So that it has begun to be answered.
    let _begun = deaf.peek(&mut [0]).await.unwrap();
    // There is room for one: this one is served once the other is gone.
    let mut next = connect(&server).await;
    ask(&mut next, "/").await;
    read_until(&mut next, "hello").await;
}

#[tokio::test]
async fn a_crowd_of_idle_connections_leaves_others_served() {
    let server = start(Limits::of(8)).await;
    let mut crowd = Vec::new();
    for n in 0..100 {
        let mut idle = connect(&server).await;
        if n % 2 == 0 {
            // It may have had to go already.
            let _sent = idle.write_all(b"GET / HTTP/1.1\r\n").await;
        }
        crowd.push(idle);
    }
    for _ in 0..20 {
        let mut reader = connect(&server).await;
        ask(&mut reader, "/").await;
        read_until(&mut reader, "hello").await;
    }
    wait_until_closed(&mut crowd[0]).await;
}

#[tokio::test]
async fn who_is_being_answered_keeps_the_connection() {
    let server = start(Limits::of(2)).await;
    let mut held = connect(&server).await;
    ask(&mut held, "/held").await;
    for _ in 0..10 {
        let mut other = connect(&server).await;
        ask(&mut other, "/").await;
        read_until(&mut other, "hello").await;
    }
    server.gate.add_permits(1);
    read_until(&mut held, "let go").await;
    // And keeps it for the next request.
    ask(&mut held, "/who").await;
    let who = read_until(&mut held, &server.address.to_string()).await;
    assert!(who.contains(&held.local_addr().unwrap().to_string()), "{who}");
}

#[tokio::test]
async fn a_server_that_stops_answers_what_was_asked_and_waits_for_nobody_else() {
    let server = start(Limits::of(8)).await;
    let (mut held, mut idle) = (connect(&server).await, connect(&server).await);
    ask(&mut held, "/held").await;
    ask(&mut idle, "/").await;
    read_until(&mut idle, "hello").await;
    server.stop.cancel();
    wait_until_closed(&mut idle).await;
    server.gate.add_permits(1);
    read_until(&mut held, "let go").await;
    timeout(LIMIT, server.serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let server = start(Limits::of(1)).await;
    let mut stream = connect(&server).await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: here\r\nX: ").await.unwrap();
    // It ends since the server closes, and not since it has read all there is.
    let writing = async { while stream.write_all(&[b'x'; 4096]).await.is_ok() {} };
    timeout(LIMIT, writing).await.unwrap();
}
