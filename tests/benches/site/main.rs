//! How long lists take with few and with many articles in the database.
//!
//! Run by `cargo bench --package kos-tests --bench site`. The articles are made up and written as the publish service
//! writes them, but without their text, since no list reads it. Pages are asked of the site's own routes, without a
//! socket in between.

mod fill;
mod time;

use clap::Parser;
use kos_tests::Database;

/// Measures lists.
#[derive(Debug, Parser)]
struct Options {
    /// With how many articles, one after the other.
    #[arg(long, value_delimiter = ',', default_value = "1000,100000")]
    articles: Vec<u32>,
    /// How often each page is asked for.
    #[arg(long, default_value_t = 500)]
    times: usize,
    /// On PostgreSQL and not on SQLite.
    #[arg(long)]
    postgres: bool,
    /// What cargo passes to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    for articles in options.articles {
        let database = if options.postgres { Database::postgres().await } else { Database::sqlite() };
        let store = fill::filled(&database, articles).await?;
        println!("{articles} articles");
        time::lists(&store, options.times).await?;
    }
    Ok(())
}
