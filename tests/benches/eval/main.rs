//! `make eval`: how good ingest reads, on public pages and feeds, beside the libraries that it could have been.
//!
//! The corpora are no part of the project: `KOS_CORPORA` says where they are, and what isn't there is skipped.

mod extraction;
mod feeds;
mod metadata;
mod outputs;

use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, ValueEnum};

/// Measures extraction, metadata and feed parsing on the corpora in `KOS_CORPORA`.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to measure; default: everything.
    #[arg(value_enum)]
    what: Vec<What>,
    /// List every answer about metadata or outputs that isn't the expected one.
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
    /// What small models wrote, judged by the gate's checks of form.
    Outputs,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let Some(corpora) = std::env::var_os("KOS_CORPORA").filter(|c| !c.is_empty()).map(PathBuf::from) else {
        println!("skipped: KOS_CORPORA is not set");
        return Ok(());
    };
    let wanted = |what| arguments.what.is_empty() || arguments.what.contains(&what);
    if wanted(What::Extraction) {
        extraction::run(&corpora).context("extraction")?;
    }
    if wanted(What::Metadata) {
        metadata::run(&corpora, arguments.list_wrong).context("metadata")?;
    }
    if wanted(What::Feeds) {
        feeds::run(&corpora).context("feeds")?;
    }
    if wanted(What::Outputs) {
        outputs::run(&corpora, arguments.list_wrong).context("outputs")?;
    }
    Ok(())
}
