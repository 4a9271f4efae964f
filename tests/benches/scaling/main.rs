//! What more summarize workers bring: articles a second at 1, 2 and 4 of them, on one PostgreSQL, in front of a model
//! whose calls all take the same time, beside what the capacity model of `ARCHITECTURE.md` predicts.
//!
//! Run by `make bench`, or alone: `cargo bench --package kos-tests --bench scaling`.

use std::time::{Duration, Instant};

use anyhow::ensure;
use comfy_table::{Table, presets::ASCII_MARKDOWN};
use kos_tests::{Act, Articles, ModelServer, summarizing::Summarizing};

/// How long a call of the model takes.
const CALL: Duration = Duration::from_secs(2);

/// How many calls a worker makes at once, as is the default.
const AT_ONCE: u32 = 4;

/// In how many languages an article is summarized, each a call.
const LANGUAGES: u32 = 2;

/// How many articles there are for each worker.
const ARTICLES: u64 = 40;

const LIMIT: Duration = Duration::from_secs(600);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    ensure!(!cfg!(debug_assertions), "a debug build says nothing: run `make bench`");
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(["workers", "predicted, articles/s", "measured", "of the prediction"]);
    for workers in [1, 2, 4] {
        let (predicted, measured) = (predicted(workers), measured(workers).await);
        let share = format!("{:.0} %", 100.0 * measured / predicted);
        table.add_row([workers.to_string(), format!("{predicted:.2}"), format!("{measured:.2}"), share]);
    }
    println!("{table}");
    Ok(())
}

/// What the model's latency allows: each worker keeps its calls under way, and nothing else takes time that counts.
fn predicted(workers: u32) -> f64 {
    f64::from(workers * AT_ONCE) / (f64::from(LANGUAGES) * CALL.as_secs_f64())
}

async fn measured(workers: u32) -> f64 {
    let server = ModelServer::start(|_| Act::Good.after(CALL));
    let summarizing = Summarizing::start(workers as usize, AT_ONCE as usize, &server).await;
    let pages = Articles::new(61).text_bytes(1_200);
    let count = ARTICLES * u64::from(workers);
    let articles: Vec<_> = (0..count).map(|number| pages.page(number)).collect();
    let started = Instant::now();
    summarizing.publish(&articles).await;
    summarizing.wait_until_done(count, LIMIT).await;
    count as f64 / started.elapsed().as_secs_f64()
}
