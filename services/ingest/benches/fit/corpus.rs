//! Public pages whose articles people have marked, each with the lines that trees are asked about.

use std::{collections::BTreeMap, fs::File, io::Read, path::Path};

use anyhow::Context;
use flate2::read::GzDecoder;
use kos_ingest::{
    decode::decode,
    extract::fit::{Line, Trees, lines, text_by},
};
use kos_shared::event::HttpUrl;
use serde_json::Value;

use crate::{
    booster::Samples,
    labels::labels,
    score::{PageScore, score},
};

/// A folder of pages.
#[derive(Debug, Clone, Copy)]
pub struct Set {
    pub name: &'static str,
    /// Whether texts are measured by characters, as Chinese is.
    pub by_character: bool,
}

pub const SETS: [Set; 3] = [
    Set { name: "extraction", by_character: false },
    Set { name: "extraction-wide", by_character: false },
    Set { name: "extraction-zh", by_character: true },
];

/// A page.
pub struct Page {
    pub set: Set,
    pub key: String,
    url: HttpUrl,
    html: String,
    article: String,
    lines: Vec<Line>,
    labels: Vec<f32>,
}

impl Page {
    /// The score of what `trees` make of it.
    pub fn score(&self, trees: &Trees) -> PageScore {
        let found = text_by(trees, &self.html, &self.url).unwrap_or_default();
        score(&self.article, &found, self.set.by_character)
    }
}

/// All pages of the sets that are there, each set's in the order of their keys.
pub fn pages(corpora: &Path) -> anyhow::Result<Vec<Page>> {
    let mut pages = vec![];
    for set in SETS {
        let folder = corpora.join(set.name);
        let file = folder.join("ground-truth.json");
        if !file.exists() {
            println!("skipped: {} isn't there", folder.display());
            continue;
        }
        let truth: BTreeMap<String, Value> = serde_json::from_reader(File::open(file)?)?;
        for (key, known) in truth {
            let path = folder.join(format!("html/{key}.html.gz"));
            pages.push(page(set, &path, key, &known).with_context(|| path.display().to_string())?);
        }
    }
    Ok(pages)
}

fn page(set: Set, path: &Path, key: String, known: &Value) -> anyhow::Result<Page> {
    let mut bytes = vec![];
    GzDecoder::new(File::open(path)?).read_to_end(&mut bytes)?;
    let html = decode(&bytes, None);
    let url = known["url"].as_str().and_then(|u| u.parse().ok());
    let url = url.map_or_else(|| "https://example.com/".parse(), Ok)?;
    let article = known["articleBody"].as_str().unwrap_or_default().to_owned();
    let lines = lines(&html, &url).unwrap_or_default();
    let texts: Vec<&str> = lines.iter().map(|l| l.text.as_str()).collect();
    let labels = labels(&texts, &article, set.by_character);
    Ok(Page { set, key, url, html, article, lines, labels })
}

/// The lines of pages. Every page counts the same, each line by its share of the page's text.
pub fn samples<'a>(pages: impl Iterator<Item = &'a Page>) -> Samples {
    let mut samples = Samples::default();
    for page in pages {
        let all: f64 = page.lines.iter().map(|l| f64::from(l.weight)).sum();
        for (line, label) in page.lines.iter().zip(&page.labels) {
            samples.width = line.numbers.len();
            samples.numbers.extend(&line.numbers);
            samples.labels.push(*label);
            samples.weights.push(f64::from(line.weight) / all);
        }
    }
    samples
}
