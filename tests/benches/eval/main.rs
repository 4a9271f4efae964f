//! `make eval`: how well ingest reads and summarize sums up, on public pages, feeds and articles, beside what could
//! have done it instead; what the gate catches, and catches wrongly; and whether related news are related.
//!
//! The corpora are no part of the project: `KOS_CORPORA` says where they are, and what isn't there is skipped.

mod extraction;
mod feeds;
mod gate;
mod metadata;
mod outputs;
mod related;
mod summaries;

use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, ValueEnum};

/// Measures extraction, metadata, feed parsing, summaries and the gate on the corpora in `KOS_CORPORA`.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to measure; default: everything.
    #[arg(value_enum)]
    what: Vec<What>,
    /// List every answer about metadata or outputs that isn't the expected one, and every false alarm of the gate.
    #[arg(long)]
    list_wrong: bool,
    /// Set by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// The text of articles.
    Extraction,
    /// Titles, authors, dates, languages.
    Metadata,
    /// Entries of feeds.
    Feeds,
    /// Extractive summaries.
    Summaries,
    /// The gate's checks of facts.
    Gate,
    /// What small models wrote, judged by the gate's checks of form.
    Outputs,
    /// Related news.
    Related,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let wanted = |what| arguments.what.is_empty() || arguments.what.contains(&what);
    let corpora = std::env::var_os("KOS_CORPORA").filter(|c| !c.is_empty()).map(PathBuf::from);
    if wanted(What::Summaries) {
        // Chinese texts of the project's own are summarized without any corpus.
        summaries::run(corpora.as_deref()).context("summaries")?;
    }
    if wanted(What::Related) {
        tokio::runtime::Runtime::new()?.block_on(related::run(arguments.list_wrong)).context("related news")?;
    }
    let Some(corpora) = corpora else {
        println!("the rest was skipped: KOS_CORPORA is not set");
        return Ok(());
    };
    if wanted(What::Extraction) {
        extraction::run(&corpora).context("extraction")?;
    }
    if wanted(What::Metadata) {
        metadata::run(&corpora, arguments.list_wrong).context("metadata")?;
    }
    if wanted(What::Feeds) {
        feeds::run(&corpora).context("feeds")?;
    }
    if wanted(What::Gate) {
        gate::run(&corpora, arguments.list_wrong).context("gate")?;
    }
    if wanted(What::Outputs) {
        outputs::run(&corpora, arguments.list_wrong).context("outputs")?;
    }
    Ok(())
}
