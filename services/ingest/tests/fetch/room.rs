//! Big bodies, which wait for each other, and those that would keep others waiting.

use std::time::{Duration, Instant};

use kos_ingest::fetch::{FetchError, Limits};

use crate::{
    bombs::dripping,
    server::{HTML, Server, body, fetcher, get, limits},
};

const BIG: usize = 2 << 20;

fn roomy() -> Limits {
    Limits { body_bytes: 4 << 20, total: Duration::from_secs(30), idle: Duration::from_secs(2), ..limits() }
}

#[tokio::test]
async fn a_big_body_keeps_its_room_until_it_was_read() {
    let server = Server::of_page(HTML, vec![b'x'; BIG]).await;
    let (fetcher, url) = (fetcher("127.0.0.0/8", roomy()), server.url("/"));
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(get(&fetcher, &url).await.unwrap());
    }
    let mut fourth = Box::pin(get(&fetcher, &url));
    let waits = tokio::time::timeout(Duration::from_millis(500), &mut fourth).await;
    assert!(waits.is_err(), "four big bodies at once");
    // A small one doesn't wait.
    let small = Server::of_page(HTML, "<p>small").await;
    get(&fetcher, &small.url("/")).await.unwrap();
    held.pop();
    assert_eq!(body(&fourth.await.unwrap()).len(), BIG);
}

#[tokio::test]
async fn big_bodies_that_drip_do_not_keep_others_from_theirs() {
    let fetcher = fetcher("127.0.0.0/8", roomy());
    let head = [format!("{HTML}\r\n").as_bytes(), &vec![b'x'; (1 << 20) + 1_000]].concat();
    let drip = dripping(head, b"x".to_vec(), Duration::from_millis(20)).await;
    let started = Instant::now();
    let mut drips = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let (fetcher, drip) = (fetcher.clone(), drip.clone());
        drips.spawn(async move { get(&fetcher, &drip).await });
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let server = Server::of_page(HTML, vec![b'x'; BIG]).await;
    get(&fetcher, &server.url("/")).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    while let Some(dripped) = drips.join_next().await {
        let error = dripped.unwrap().unwrap_err();
        assert!(matches!(error, FetchError::Timeout { .. }), "{error}");
    }
}

#[tokio::test]
async fn waiting_for_room_takes_nothing_of_the_time_for_the_whole() {
    let limits = Limits { total: Duration::from_millis(900), ..roomy() };
    let server = Server::of_page(HTML, vec![b'x'; BIG]).await;
    let (fetcher, url) = (fetcher("127.0.0.0/8", limits), server.url("/"));
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(get(&fetcher, &url).await.unwrap());
    }
    let (answer, ()) = tokio::join!(get(&fetcher, &url), async {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        held.clear();
    });
    assert_eq!(body(&answer.unwrap()).len(), BIG);
}
