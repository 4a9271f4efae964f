//! robots.txt and turns, with a database.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use kos_ingest::{
    fetch::{FetchError, Fetcher, Kind, Limits, Manners, Remedy, Request, Setup},
    hosts::Pace,
    state::MIGRATIONS,
};
use kos_shared::{config::DatabaseConfig, store::Store};
use tempfile::TempDir;

use crate::server::{HTML, Server, limits};

const AT_ONCE: Pace = Pace { delay: Duration::ZERO, connections: 0 };

async fn store(folder: &TempDir) -> Store {
    Store::open(&DatabaseConfig::SqliteFolder(folder.path().into()), "ingest", MIGRATIONS).await.unwrap()
}

fn fetcher(store: &Store, pace: Pace) -> Fetcher {
    let setup = Setup::new("127.0.0.0/8".parse().unwrap(), limits(), "https://reader.example/");
    let manners = Some(Manners::new(store, &limits(), pace, true));
    Fetcher::with(Setup { manners, ..setup }).unwrap()
}

/// A site with this robots.txt, and a page at every other path.
async fn site(robots: &'static str) -> (Server, Arc<AtomicUsize>) {
    let asked = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&asked);
    let server = Server::start(move |request| {
        if request.starts_with("GET /robots.txt ") {
            count.fetch_add(1, Ordering::SeqCst);
            return robots.as_bytes().to_vec();
        }
        format!("{HTML}\r\n<p>page").into_bytes()
    });
    (server.await, asked)
}

async fn get(fetcher: &Fetcher, server: &Server, path: &str, kind: Kind) -> Result<(), FetchError> {
    fetcher.get(Request::new(&server.url(path), kind)).await.map(drop)
}

const ROBOTS: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nUser-agent: *\nDisallow: /private\n\
                      Content-Usage: train-ai=n\nCrawl-delay: 3\n";

#[tokio::test]
async fn where_robots_are_not_obeyed_what_is_said_about_the_use_of_content_is_known_all_the_same() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder).await;
    let (server, _) = site(ROBOTS).await;
    let setup = Setup::new("127.0.0.0/8".parse().unwrap(), limits(), "https://reader.example/");
    let manners = Some(Manners::new(&store, &limits(), AT_ONCE, false));
    let fetcher = Fetcher::with(Setup { manners, ..setup }).unwrap();
    get(&fetcher, &server, "/private", Kind::Page).await.unwrap();
    let robots = fetcher.robots(&server.url("/private"), false).await.unwrap().unwrap();
    assert_eq!(robots.content_usage, ["train-ai=n"]);
}

#[tokio::test]
async fn a_page_that_is_not_for_robots_is_given_up_and_the_rule_named() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder).await;
    let (server, asked) = site(ROBOTS).await;
    let first = fetcher(&store, AT_ONCE);
    get(&first, &server, "/news", Kind::Page).await.unwrap();
    let error = get(&first, &server, "/private/1", Kind::Page).await.unwrap_err();
    assert_eq!(error.remedy(), Remedy::GiveUp);
    let text = error.to_string();
    assert!(text.contains("/robots.txt") && text.contains("Disallow: /private"), "{text}");
    // An operator's own subscription is none of robots.txt's business.
    get(&first, &server, "/private/feed", Kind::Feed).await.unwrap();
    let policy = first.robots(&server.url("/news"), false).await.unwrap().unwrap();
    assert_eq!(
        (policy.content_usage.as_slice(), policy.crawl_delay),
        (&["train-ai=n".to_owned()][..], Some(Duration::from_secs(3)))
    );
    // Another worker finds it in the database.
    let second = fetcher(&store, AT_ONCE);
    assert!(get(&second, &server, "/private/1", Kind::Page).await.is_err());
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_target_of_a_redirect_has_robots_too() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder).await;
    let (server, _) = site(ROBOTS).await;
    let target = server.url("/private/1").to_string();
    let start = Server::start(move |request| match request {
        r if r.starts_with("GET /robots.txt ") => {
            b"HTTP/1.1 404 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec()
        }
        _ => crate::server::redirect(&target),
    })
    .await;
    let error = get(&fetcher(&store, AT_ONCE), &start, "/", Kind::Page).await.unwrap_err();
    assert!(matches!(error, FetchError::RefusedByRobots { .. }), "{error}");
}

#[tokio::test]
async fn what_robots_txt_answers_decides() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder).await;
    for (head, fetched) in [
        ("HTTP/1.1 404 X\r\nContent-Length: 0\r\n", true),
        ("HTTP/1.1 403 X\r\nContent-Length: 0\r\n", true),
        ("HTTP/1.1 302 X\r\nLocation: /robots.txt\r\nContent-Length: 0\r\n", true),
        ("HTTP/1.1 500 X\r\nContent-Length: 0\r\n", false),
        ("HTTP/1.1 503 X\r\nRetry-After: 5\r\nContent-Length: 0\r\n", false),
        ("HTTP/1.1 429 X\r\nContent-Length: 0\r\n", false),
        ("HTTP/1.1 200 X\r\nContent-Length: 9\r\n", false), // breaks off
    ] {
        let (server, asked) = site(format!("{head}Connection: close\r\n\r\n").leak()).await;
        let fetcher = fetcher(&store, AT_ONCE);
        for _ in 0..2 {
            match get(&fetcher, &server, "/", Kind::Page).await {
                Ok(()) => assert!(fetched, "{head}"),
                Err(error) => {
                    assert!(!fetched && matches!(error, FetchError::RobotsOutOfReach { .. }), "{head}: {error}");
                    assert!(matches!(error.remedy(), Remedy::NotBefore(_)), "it costs an attempt");
                }
            }
        }
        let requests = asked.load(Ordering::SeqCst);
        assert!(requests == 1 || head.contains("302") && requests == 5, "{head}: {requests} requests");
    }
}

#[tokio::test]
async fn two_workers_together_keep_the_delay() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder).await;
    let begun = Arc::<Mutex<Vec<Instant>>>::default();
    let notes = Arc::clone(&begun);
    let server = Server::start(move |_| {
        notes.lock().unwrap().push(Instant::now());
        format!("{HTML}\r\n<p>page").into_bytes()
    })
    .await;
    let pace = Pace { delay: Duration::from_millis(200), connections: 2 };
    let workers = [fetcher(&store, pace), fetcher(&store, pace)];
    let mut fetches = tokio::task::JoinSet::new();
    for number in 0..8 {
        let (worker, url) = (workers[number % 2].clone(), server.url(&format!("/{number}")));
        fetches.spawn(async move { worker.get(Request::new(&url, Kind::Feed)).await.map(drop) });
    }
    while let Some(fetched) = fetches.join_next().await {
        fetched.unwrap().unwrap();
    }
    let begun = begun.lock().unwrap().clone();
    assert_eq!(begun.len(), 8);
    // A request arrives a little after its turn came; the first one, from which the others are counted, by less than half one.
    let mut others = (1..).zip(&begun[1..]);
    assert!(others.all(|(turns, at)| *at - begun[0] + pace.delay / 2 >= pace.delay * turns), "{begun:?}");
}

#[tokio::test]
async fn no_more_than_two_connections_at_once() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder).await;
    let (now, most) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let (counted, highest) = (Arc::clone(&now), Arc::clone(&most));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let (counted, highest) = (Arc::clone(&counted), Arc::clone(&highest));
            tokio::spawn(async move {
                crate::server::read_request(&mut connection).await;
                highest.fetch_max(counted.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(50)).await;
                counted.fetch_sub(1, Ordering::SeqCst);
                let answer = format!("{HTML}\r\n<p>page");
                tokio::io::AsyncWriteExt::write_all(&mut connection, answer.as_bytes()).await
            });
        }
    });
    let pace = Pace { delay: Duration::ZERO, connections: 2 };
    let workers = [fetcher(&store, pace), fetcher(&store, pace)];
    let mut fetches = tokio::task::JoinSet::new();
    for number in 0..12 {
        let (worker, url) = (workers[number % 2].clone(), format!("http://{address}/{number}").parse().unwrap());
        fetches.spawn(async move { worker.get(Request::new(&url, Kind::Feed)).await.map(drop) });
    }
    while let Some(fetched) = fetches.join_next().await {
        fetched.unwrap().unwrap();
    }
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_long_wait_is_handed_back_and_its_turn_kept() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder).await;
    let (server, _) = site("HTTP/1.1 404 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
    let pace = Pace { delay: Duration::from_secs(60), connections: 2 };
    let fetcher = fetcher(&store, pace);
    get(&fetcher, &server, "/1", Kind::Feed).await.unwrap();
    let until = |error: FetchError| match error.remedy() {
        Remedy::NotBefore(until) => until,
        other => panic!("{other:?}"),
    };
    let first = until(get(&fetcher, &server, "/2", Kind::Feed).await.unwrap_err());
    let second = until(get(&fetcher, &server, "/3", Kind::Feed).await.unwrap_err());
    assert_eq!(second.duration_since(first), jiff::SignedDuration::from_secs(60));
    // Asked again too early, it has the same turn.
    assert_eq!(until(get(&fetcher, &server, "/2", Kind::Feed).await.unwrap_err()), first);
}

#[tokio::test]
async fn redirects_behind_a_long_line_spend_no_turn_in_vain() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder).await;
    let asked = Arc::<Mutex<HashMap<String, usize>>>::default();
    let notes = Arc::clone(&asked);
    let server = Server::start(move |request| {
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        *notes.lock().unwrap().entry(path.clone()).or_default() += 1;
        match path.strip_prefix("/old/") {
            Some(number) => crate::server::redirect(&format!("/new/{number}")),
            None => format!("{HTML}\r\n<p>page").into_bytes(),
        }
    })
    .await;
    // The line is longer than what is slept through.
    let pace = Pace { delay: Duration::from_millis(150), connections: 2 };
    let worker = fetcher(&store, pace);
    let mut fetches = tokio::task::JoinSet::new();
    for number in 0..18 {
        let (worker, url) = (worker.clone(), server.url(&format!("/old/{number}")));
        fetches.spawn(async move {
            loop {
                let error = match worker.get(Request::new(&url, Kind::Feed)).await {
                    Ok(_) => return,
                    Err(error) => error,
                };
                let Remedy::NotBefore(until) = error.remedy() else { panic!("{error}") };
                let wait = until.duration_since(jiff::Timestamp::now());
                tokio::time::sleep(Duration::try_from(wait).unwrap_or_default()).await;
            }
        });
    }
    let all = async { while fetches.join_next().await.transpose().unwrap().is_some() {} };
    tokio::time::timeout(Duration::from_secs(30), all).await.expect("it never ends");
    let asked = asked.lock().unwrap();
    assert!(asked.len() == 36 && asked.values().all(|times| *times == 1), "{asked:?}");
}

#[tokio::test]
async fn a_host_that_asks_to_be_left_alone_is_by_all_workers() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder).await;
    let server =
        Server::of_page("HTTP/1.1 429 X\r\nRetry-After: 120\r\nContent-Length: 0\r\nConnection: close\r\n", "").await;
    let pace = Pace { delay: Duration::ZERO, connections: 2 };
    let (first, second) = (fetcher(&store, pace), fetcher(&store, pace));
    let error = get(&first, &server, "/1", Kind::Feed).await.unwrap_err();
    assert_eq!(error.remedy(), Remedy::RetryAfter(Some(Duration::from_secs(120))));
    for worker in [&first, &second] {
        for kind in [Kind::Page, Kind::Feed, Kind::Other] {
            let error = get(worker, &server, "/2", kind).await.unwrap_err();
            let Remedy::NotBefore(until) = error.remedy() else { panic!("{error}") };
            let wait = until.duration_since(jiff::Timestamp::now()).as_secs();
            assert!((100..=120).contains(&wait), "{wait} s");
        }
    }
    assert_eq!(server.requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_page_comes_a_delay_after_the_robots_txt_of_its_site() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder).await;
    let begun = Arc::<Mutex<Vec<Instant>>>::default();
    let notes = Arc::clone(&begun);
    let server = Server::start(move |request| {
        notes.lock().unwrap().push(Instant::now());
        let robots = request.starts_with("GET /robots.txt ");
        format!("{HTML}\r\n{}", if robots { "" } else { "<p>page" }).into_bytes()
    })
    .await;
    let delay = Duration::from_millis(300);
    get(&fetcher(&store, Pace { delay, connections: 2 }), &server, "/1", Kind::Page).await.unwrap();
    let begun = begun.lock().unwrap().clone();
    assert!(begun.len() == 2 && begun[1] - begun[0] + Duration::from_millis(60) >= delay, "{begun:?}");
}

#[tokio::test]
async fn the_time_for_the_whole_holds_for_robots_txt_too() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder).await;
    let slow = |request: &str| {
        std::thread::sleep(Duration::from_millis(400));
        match request {
            r if r.starts_with("GET /robots.txt ") => ROBOTS.as_bytes().to_vec(),
            _ => format!("{HTML}\r\n<p>page").into_bytes(),
        }
    };
    let server = Server::start(slow).await;
    let short = Limits { total: Duration::from_millis(600), idle: Duration::from_secs(2), ..limits() };
    let setup = Setup::new("127.0.0.0/8".parse().unwrap(), short.clone(), "https://reader.example/");
    let manners = Some(Manners::new(&store, &short, AT_ONCE, true));
    let fetcher = Fetcher::with(Setup { manners, ..setup }).unwrap();
    let error = get(&fetcher, &server, "/1", Kind::Page).await.unwrap_err();
    assert!(matches!(error, FetchError::Timeout { .. }), "{error}");
    // The robots.txt is known by now.
    get(&fetcher, &server, "/1", Kind::Page).await.unwrap();
}

#[tokio::test]
async fn a_robots_txt_over_the_limit_is_read_up_to_it() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder).await;
    let lines = "# a comment of some length to fill the file with\n".repeat(20_000);
    let (server, _) = site(format!("{ROBOTS}{lines}Disallow: /late\n").leak()).await;
    let fetcher = fetcher(&store, AT_ONCE);
    get(&fetcher, &server, "/news", Kind::Page).await.unwrap();
    let error = get(&fetcher, &server, "/private/1", Kind::Page).await.unwrap_err();
    assert!(matches!(error, FetchError::RefusedByRobots { .. }), "{error}");
    get(&fetcher, &server, "/late", Kind::Page).await.unwrap();
}
