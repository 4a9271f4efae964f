//! How long a search takes among 100,000 articles on SQLite, and how long it takes to take one in.
//!
//! Run by `cargo bench --package kos-tests --bench search`. Articles are made up (`made_up`). Queries are of all kinds, the worst ones too: the most frequent words,
//! alone and together, with filters, and pages far behind. Nothing is cached between two searches but what SQLite keeps.

mod made_up;

use std::time::{Duration, Instant};

use clap::Parser;
use fastrand::Rng;
use kos_publish::{
    search::{Query, Wanted, find, snippet::snippet},
    state::MIGRATIONS,
};
use kos_shared::{event::Language, store::Store};
use kos_tests::Database;

use self::made_up::{characters, spelled, word};

/// Measures search.
#[derive(Debug, Parser)]
struct Options {
    /// How many articles there are.
    #[arg(long, default_value_t = 100_000)]
    articles: u64,
    /// How many searches are timed.
    #[arg(long, default_value_t = 2_000)]
    searches: usize,
    /// What cargo passes to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let database = Database::sqlite();
    let store = Store::open(database.config(), "publish", MIGRATIONS).await?;
    let mut random = Rng::with_seed(5);
    let took = made_up::publish(&store, options.articles, &mut random).await?;
    let each = |time: Duration| time.as_secs_f64() * 1e3 / options.articles as f64;
    println!("{} articles: {:.2} ms each, {:.2} of them writing", options.articles, each(took.all), each(took.writing));

    for (name, make) in KINDS {
        let mut times = Vec::with_capacity(options.searches / KINDS.len());
        let mut found = 0;
        for _ in 0..options.searches / KINDS.len() {
            let wanted = make(&mut random);
            let began = Instant::now();
            let page = find(store.readers(), &wanted, None, 20).await?;
            for hit in &page.hits {
                snippet(&hit.summarized, &wanted.query, &Language::ENGLISH);
            }
            times.push(began.elapsed());
            found += page.hits.len();
            anyhow::ensure!(!page.gave_up, "{wanted:?} took too long");
        }
        times.sort();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        println!("{name}: p50 {:.1} ms, p99 {:.1} ms, {found} found in {} searches", at(0.5), at(0.99), times.len());
    }
    Ok(())
}

type Make = fn(&mut Rng) -> Wanted;

/// The kinds of queries, as many of each.
const KINDS: &[(&str, Make)] = &[
    ("a word", |random| wanted(&word(random))),
    ("two words", |random| wanted(&format!("{} {}", word(random), word(random)))),
    ("two characters", |random| wanted(&characters(random, 2))),
    ("four characters", |random| wanted(&characters(random, 4))),
    ("a character", |random| wanted(&characters(random, 1))),
    ("the most frequent word", |_| wanted(&spelled(0))),
    ("the ten most frequent words", |_| wanted(&(0..10).map(spelled).collect::<Vec<_>>().join(" "))),
    ("in a row", |random| wanted(&format!("\"{} {}\"", spelled(random.usize(0..5)), spelled(random.usize(0..5))))),
    ("the most frequent word, of one source and month", |random| Wanted {
        source: Some(format!("paper{}.example", random.u8(0..50))),
        from: "2022-01-01".parse().ok(),
        to: "2022-01-31".parse().ok(),
        ..wanted(&spelled(0))
    }),
];

fn wanted(query: &str) -> Wanted {
    Wanted { query: Query::parse(query), ..Wanted::default() }
}
