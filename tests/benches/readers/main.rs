//! How many requests a second the site answers, and how soon, beside nginx serving the same bytes from a file.
//!
//! Run by `cargo bench --package kos-tests --bench readers`. The site is the publish service as a process of its own, on
//! SQLite with as many articles; the load is a few connections that ask again as soon as they are answered, from this
//! process. All share the machine's cores, nginx's load too: figures are to be compared, not added up.

mod load;
#[path = "../search/made_up.rs"]
mod made_up;
mod nginx;

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, ensure};
use clap::Parser;
use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};
use fastrand::Rng;
use kos_publish::state::MIGRATIONS;
use kos_shared::{config::DatabaseConfig, event::ArticleId, store::Store};
use kos_tests::{NatsServer, Port, Worker, command, stage};
use tempfile::TempDir;

use self::{load::Measured, nginx::Nginx};

/// Measures the site as readers see it.
#[derive(Debug, Parser)]
struct Options {
    /// With how many articles, one after the other.
    #[arg(long, value_delimiter = ',', default_value = "1000,100000")]
    articles: Vec<u64>,
    /// How long each page is asked for, in seconds.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How many connections ask.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Keeps the databases here, and takes those that are here already in place of filling new ones.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// What cargo passes to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    for articles in &options.articles {
        measure(*articles, &options).await?;
    }
    Ok(())
}

async fn measure(articles: u64, options: &Options) -> anyhow::Result<()> {
    ensure!(articles > 0, "expected at least one article");
    let folder = TempDir::with_prefix("kos-readers-")?;
    let file = options.keep.as_deref().unwrap_or(folder.path()).join(format!("{articles}-articles.db"));
    if !file.exists() {
        fill(&file, articles).await?;
    }

    let (nats, port) = (NatsServer::start().await, Port::free());
    let (address, database) = (port.address().to_string(), format!("sqlite://{}", file.display()));
    let (url, monitor) = (nats.url(), nats.monitor_url());
    let variables = [
        ("KOS_NATS_URL", url.as_str()),
        ("KOS_NATS_MONITOR_URL", &monitor),
        ("KOS_DATABASE_URL", &database),
        ("KOS_LISTEN", &address),
    ];
    let mut site = Worker::start(command("kos-publish", &variables));
    site.wait_until_ready(&address).await;

    let page = format!("/articles/{}", id(articles / 2));
    let mut random = Rng::with_seed(7);
    let nginx = Nginx::start(&load::once(&address, &page).await?).await?;
    let spread: Vec<String> = (0..500).map(|_| format!("/articles/{}", id(random.u64(..articles)))).collect();
    let searches: Vec<String> = (0..500).map(|_| format!("/search?q={}", made_up::word(&mut random))).collect();
    let one = |path: &str| vec![path.to_owned()];
    let length = Duration::from_secs(options.seconds);
    let mut table = table(&["asked for", "answers a second", "p50 ms", "p99 ms", "beside nginx"]);
    let of_nginx = load::measure(nginx.address(), &one("/"), options.connections, length).await?;
    row(&mut table, "nginx, the article's page as a file", &of_nginx, &of_nginx);
    for (name, paths) in [
        ("an article", one(&page)),
        ("500 articles in turn", spread),
        ("the front page", one("/")),
        ("500 searches in turn", searches),
        ("the feed", one("/feed.atom")),
    ] {
        let measured = load::measure(&address, &paths, options.connections, length).await.context(name)?;
        row(&mut table, name, &measured, &of_nginx);
    }
    println!("\n{articles} articles\n{table}\n");
    Ok(())
}

/// Under another name until it is full.
async fn fill(file: &Path, articles: u64) -> anyhow::Result<()> {
    let unfinished = file.with_extension("unfinished");
    for left in ["unfinished", "unfinished-wal", "unfinished-shm"] {
        match fs::remove_file(file.with_extension(left)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    let store = Store::open(&DatabaseConfig::SqliteFile(unfinished.clone()), "publish", MIGRATIONS).await?;
    let took = made_up::publish(&store, articles, &mut Rng::with_seed(5)).await?;
    store.close().await;
    fs::rename(unfinished, file)?;
    println!(
        "{articles} articles, taken in within {:.0} s, {:.0} s of them writing",
        took.all.as_secs_f64(),
        took.writing.as_secs_f64()
    );
    Ok(())
}

fn id(number: u64) -> ArticleId {
    ArticleId::of_canonical_url(&stage::request(&made_up::address(number)).url)
}

fn row(table: &mut Table, name: &str, measured: &Measured, beside: &Measured) {
    table.add_row([
        name.to_owned(),
        format!("{:.0}", measured.rate()),
        format!("{:.2}", measured.at(0.50)),
        format!("{:.2}", measured.at(0.99)),
        format!("{:.0} %", 100.0 * measured.rate() / beside.rate()),
    ]);
}

fn table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(columns.iter().copied());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
