//! How long a lookup takes among many articles, on SQLite.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use jiff::Timestamp;
use kos_ingest::{
    near_duplicate::{Fingerprint, index},
    state::MIGRATIONS,
};
use kos_shared::{event::ArticleId, store::Store};
use kos_tests::{Articles, Database};
use sqlx::Executor;

/// How many articles a transaction holds, as many as a worker commits at once under load.
const GROUP: usize = 64;

/// Prints how long it takes to look an article up and to put it in, once `articles` others are known.
pub async fn run(articles: u32, timed: u64) -> anyhow::Result<()> {
    let database = Database::sqlite();
    let store = Store::open(database.config(), "ingest", MIGRATIONS).await?;
    let started = Instant::now();
    fill(&store, articles).await?;
    println!(
        "{articles} made-up articles in {:.0?}, {} MB on disk",
        started.elapsed(),
        std::fs::metadata(database.file())?.len() / 1_000_000
    );

    let stories = Articles::new(9).page_bytes(0);
    let story = |number: u64| Fingerprint::of(&stories.page(number).paragraphs.join("\n")).context("a short story");
    let prints: Vec<Fingerprint> = (0..timed).map(story).collect::<Result<_, _>>()?;
    let (found, times, commits) = put(&store, &prints, "a").await?;
    println!("new articles: {}; {found} of them marked; {}", quantiles(times), commits);
    let (found, times, commits) = put(&store, &prints, "b").await?;
    println!("copies:       {}; {found} of them marked; {}", quantiles(times), commits);
    ensure!(found == prints.len(), "expected all {} copies to be marked", prints.len());
    store.close().await;
    Ok(())
}

/// Rows as many articles leave that share no shingle: random keys, spread over the whole range.
async fn fill(store: &Store, articles: u32) -> anyhow::Result<()> {
    let now = Timestamp::now().as_millisecond();
    let counted = format!("with recursive n (i) as (select 1 union all select i + 1 from n where i < {articles})");
    let mut tx = store.begin().await?;
    for statement in [
        format!(
            "{counted} insert into fingerprints (number, article_id, site, sketch, shingles, first_at_ms, last_at_ms) \
             select i * 9223372036854 , printf('%016x%016x', random(), i), 'a.example', randomblob(256), 400, {now}, {now} from n"
        ),
        format!(
            "insert or ignore into fingerprint_bands (band, number) \
             {counted}, b (j) as (select 1 union all select j + 1 from b where j < 24) \
             select (random() & 4294967295) - 2147483648 as band, i * 9223372036854 from n, b order by band"
        ),
    ] {
        tx.execute(sqlx::AssertSqlSafe(statement)).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Puts articles in as the service does; how many were marked, how long each took, and what the commits took.
async fn put(store: &Store, prints: &[Fingerprint], site: &str) -> anyhow::Result<(usize, Vec<Duration>, String)> {
    let (mut found, mut times, mut commits) = (0, Vec::new(), Vec::new());
    for (group, prints) in prints.chunks(GROUP).enumerate() {
        let mut tx = store.begin().await?;
        for (at, print) in prints.iter().enumerate() {
            let site = format!("{site}.example");
            let url = format!("https://{site}/{group}/{at}").parse()?;
            let started = Instant::now();
            let duplicate =
                index::put(&mut tx, ArticleId::of_canonical_url(&url), &site, print, Timestamp::now()).await?;
            times.push(started.elapsed());
            found += usize::from(duplicate.is_some());
        }
        let started = Instant::now();
        tx.commit().await?;
        commits.push(started.elapsed());
    }
    commits.sort_unstable();
    let commit = commits.get(commits.len() / 2).copied().unwrap_or_default();
    Ok((found, times, format!("commit of {GROUP} {commit:.1?} at the median")))
}

fn quantiles(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default();
    format!(
        "looked up and put in within {:.2?} at the median, {:.2?} at 95 %, {:.2?} at 99 %",
        at(0.5),
        at(0.95),
        at(0.99)
    )
}
