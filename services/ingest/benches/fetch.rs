//! Pages fetched a second from servers on this machine, with and without manners.
//!
//! `cargo bench -p kos-ingest --bench fetch`. The database is SQLite, the servers answer at once with 20 kB each.

#![allow(clippy::unwrap_used, reason = "what fails to unwrap ends the bench")]

use std::time::{Duration, Instant};

use kos_ingest::{
    fetch::{Fetcher, Kind, Limits, Manners, Request, Setup},
    hosts::Pace,
    state::MIGRATIONS,
};
use kos_shared::{config::DatabaseConfig, event::HttpUrl, store::Store};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// As many as a worker has in hand.
const SIDE_BY_SIDE: usize = 16;

const FETCHES: usize = 2_000;

#[tokio::main]
async fn main() {
    // All of 127.0.0.0/8 is this machine, so there are as many hosts as one likes.
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection));
        }
    });
    let none = Pace { delay: Duration::ZERO, connections: 0 };
    let two = Pace { connections: 2, ..none };
    for (what, hosts, manners) in [
        ("no manners", 200, None),
        ("robots.txt", 200, Some(none)),
        ("robots.txt, 2 connections a host", 200, Some(two)),
        ("robots.txt, 2 connections, one host", 1, Some(two)),
        ("robots.txt, 2 connections, 1 ms delay", 200, Some(Pace { delay: Duration::from_millis(1), ..two })),
    ] {
        let folder = TempDir::new().unwrap();
        let database = DatabaseConfig::SqliteFolder(folder.path().into());
        let store = Store::open(&database, "ingest", MIGRATIONS).await.unwrap();
        let manners = manners.map(|pace| Manners::new(&store, &Limits::default(), pace, true));
        let setup = Setup::new("127.0.0.0/8".parse().unwrap(), Limits::default(), "https://reader.example/");
        let fetcher = Fetcher::with(Setup { manners, ..setup }).unwrap();
        let started = Instant::now();
        let (mut fetches, mut failed) = (JoinSet::<bool>::new(), 0);
        for number in 0..FETCHES {
            if fetches.len() >= SIDE_BY_SIDE && !fetches.join_next().await.unwrap().unwrap() {
                failed += 1;
            }
            let url: HttpUrl = format!("http://127.0.{}.1:{port}/{number}", number % hosts).parse().unwrap();
            let fetcher = fetcher.clone();
            fetches.spawn(async move { fetcher.get(Request::new(&url, Kind::Page)).await.is_ok() });
        }
        failed += fetches.join_all().await.into_iter().filter(|fetched| !fetched).count();
        let rate = FETCHES as f64 / started.elapsed().as_secs_f64();
        println!("{what:40} {hosts:4} hosts {rate:7.0} pages/s, {failed} not fetched");
    }
}

async fn serve(connection: TcpStream) -> std::io::Result<()> {
    let (read, mut write) = connection.into_split();
    let mut lines = BufReader::new(read).lines();
    let page = "<p>page</p>".repeat(2_000);
    let found = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}", page.len());
    let mut robots = false;
    while let Some(line) = lines.next_line().await? {
        robots |= line.starts_with("GET /robots.txt ");
        if line.is_empty() {
            let none = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
            let answer = if std::mem::take(&mut robots) { none } else { &found };
            write.write_all(answer.as_bytes()).await?;
        }
    }
    Ok(())
}
