//! `make eval`: how well ingest reads and summarize sums up, on public pages, feeds and articles, beside what could
//! have done it instead.
//!
//! The corpora are no part of the project: `KOS_CORPORA` says where they are, and what isn't there is skipped.

mod extraction;
mod feeds;
mod metadata;
mod summaries;

use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, ValueEnum};

/// Measures extraction, metadata, feed parsing and summaries on the corpora in `KOS_CORPORA`.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to measure; default: everything.
    #[arg(value_enum)]
    what: Vec<What>,
    /// List every answer about metadata that isn't the expected one.
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
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let corpora = std::env::var_os("KOS_CORPORA").filter(|c| !c.is_empty()).map(PathBuf::from);
    let wanted = |what| arguments.what.is_empty() || arguments.what.contains(&what);
    if let Some(corpora) = &corpora {
        if wanted(What::Extraction) {
            extraction::run(corpora).context("extraction")?;
        }
        if wanted(What::Metadata) {
            metadata::run(corpora, arguments.list_wrong).context("metadata")?;
        }
        if wanted(What::Feeds) {
            feeds::run(corpora).context("feeds")?;
        }
    } else {
        println!("skipped: KOS_CORPORA is not set");
    }
    if wanted(What::Summaries) {
        summaries::run(corpora.as_deref()).context("summaries")?;
    }
    Ok(())
}
