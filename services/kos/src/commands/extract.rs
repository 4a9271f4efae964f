//! `kos extract`: what would ingest make of a page?

use std::io::{Read, stdin};

use anstream::eprintln;
use anyhow::Context;
use jiff::Timestamp;
use kos_shared::event::HttpUrl;

use crate::{Ended, output::print_json};

pub fn run(url: Option<HttpUrl>) -> anyhow::Result<Ended> {
    let mut bytes = Vec::new();
    stdin().read_to_end(&mut bytes).context("standard input")?;
    let html = kos_ingest::decode::decode(&bytes, None);
    let url = super::ingest::page_url(&html, url).context("standard input")?;
    match kos_ingest::article::article(&html, &url, None, Timestamp::now()) {
        Ok(article) => {
            // JSON, asked for or not: it is what the next stage reads.
            print_json(&article)?;
            Ok(Ended::Done)
        }
        Err(error) => {
            eprintln!("kos: {error}");
            Ok(Ended::Failed)
        }
    }
}
