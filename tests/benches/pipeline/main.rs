//! How much the pipeline takes, and at what price: articles a second through a system that runs as in earnest, the
//! time that a lone event takes, memory and computing time of each process, and beside them the compute floor, which
//! is the same work without bus and database.
//!
//! Three workers and a nats-server that syncs always, all of them processes of their own, on SQLite or PostgreSQL;
//! this process is producer and reader. Everything shares the cores of one machine, this process too, so nothing else
//! should run on it.
//!
//! With `--fetch` the events carry addresses alone, and what is measured is ingest: pages fetched from a server of this
//! process, on as many hosts as a crowd of feeds would have, until the article is on the bus.
//!
//! Run by `make bench`; `make bench ARGS='--pages 5000 --rounds 3 --database postgres'`.

mod floor;
mod pages;
mod report;
mod run;
mod site;
mod system;
mod usage;

use anyhow::ensure;
use clap::Parser;

use pages::Pages;
use report::Round;
use site::Site;
use system::{DatabaseKind, System};

/// Throughput, latency, memory and computing time of the pipeline.
#[derive(Debug, Parser)]
struct Options {
    /// How many articles a round publishes.
    #[arg(long, default_value_t = 1_000)]
    pages: usize,
    /// How many rounds there are; the median one is shown.
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// How many articles are published before anything is measured.
    #[arg(long, default_value_t = 100)]
    warm_up: usize,
    /// How many single events are timed.
    #[arg(long, default_value_t = 200)]
    single: usize,
    /// What keeps the services' state.
    #[arg(long, default_value = "sqlite")]
    database: DatabaseKind,
    /// Let ingest fetch the pages, and measure that alone.
    #[arg(long)]
    fetch: bool,
    /// What cargo passes to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    ensure!(!cfg!(debug_assertions), "a debug build says nothing: run `make bench`");
    ensure!(options.pages > 0 && options.rounds > 0, "expected at least one page and one round");
    let all = options.warm_up + options.rounds * options.pages + options.single;
    let site = if options.fetch { Some(Site::start().await?) } else { None };
    let mut pages = Pages::load(all, site.as_ref())?;
    println!("{}", pages.about);

    let system = System::start(options.database, pages.bytes(all), options.fetch).await;
    run::throughput(&system, &pages.next(options.warm_up)).await?;
    let mut rounds = Vec::new();
    for number in 1..=options.rounds {
        let requests = pages.next(options.pages);
        let floor = floor::measure(&requests, options.fetch)?;
        let before = system.usage()?;
        let seconds = run::throughput(&system, &requests).await?.as_secs_f64();
        let round = Round { articles: requests.len(), seconds, floor, usage: system.usage()?.since(&before) };
        println!("round {number}: {}", round.line());
        rounds.push(round);
    }
    let latencies = run::latencies(&system, &pages.next(options.single)).await?;
    report::print(rounds, latencies);
    Ok(())
}
