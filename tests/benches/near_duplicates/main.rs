//! How many near-duplicates are found, how many articles are taken for some that aren't, and how long it takes to find
//! one among a million.
//!
//! Run by `cargo bench --package kos-tests --bench near_duplicates`. The texts are no part of the project: `KOS_CORPORA`
//! says where they are, and without them only the time is measured.

mod accuracy;
mod edit;
mod lookup;

use clap::Parser;

/// Measures near-duplicates.
#[derive(Debug, Parser)]
struct Options {
    /// How many articles are known before the time is measured.
    #[arg(long, default_value_t = 1_000_000)]
    articles: u32,
    /// How many articles are timed.
    #[arg(long, default_value_t = 2_000)]
    timed: u64,
    /// What cargo passes to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    match std::env::var_os("KOS_CORPORA").filter(|c| !c.is_empty()) {
        Some(corpora) => accuracy::run(corpora.as_ref())?,
        None => println!("accuracy skipped: KOS_CORPORA is not set"),
    }
    lookup::run(options.articles, options.timed).await
}
