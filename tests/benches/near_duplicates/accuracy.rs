//! Copies of real texts, changed as other sites change them, and all pairs of texts that are no copies.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context;
use comfy_table::Table;
use kos_ingest::near_duplicate::Fingerprint;
use serde_json::Value;

use crate::edit::Units;

/// How often each kind of change is made to each text.
const ROUNDS: usize = 3;

/// Prints what part of the copies is found, by the kind of change, and how many other pairs are taken for copies.
pub fn run(corpora: &Path) -> anyhow::Result<()> {
    let mut texts = Vec::new();
    for set in ["extraction", "extraction-wide", "extraction-zh"] {
        let file = corpora.join(set).join("ground-truth.json");
        let json = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let articles: BTreeMap<String, Value> = serde_json::from_str(&json)?;
        texts.extend(articles.values().filter_map(|a| a["articleBody"].as_str()).map(Units::of));
    }
    let known: Vec<(Units, Fingerprint)> =
        texts.into_iter().filter_map(|text| Fingerprint::of(&text.text()).map(|print| (text, print))).collect();
    println!("{} texts of {}", known.len(), corpora.display());

    let mut table = Table::new();
    table.set_header(["change", "found", "of", "%"]);
    let (mut all_found, mut all) = (0, 0);
    for (name, change) in CHANGES {
        let mut random = fastrand::Rng::with_seed(7);
        let (mut found, mut copies) = (0, 0);
        for (at, (text, print)) in known.iter().enumerate() {
            let others: Vec<&Units> = known
                .iter()
                .enumerate()
                .filter(|(n, (t, _))| *n != at && t.is_like(text))
                .map(|(_, (t, _))| t)
                .collect();
            for _ in 0..ROUNDS {
                let donor = others[random.usize(..others.len())];
                let copy = change(text, donor, &mut random).text();
                copies += 1;
                found += usize::from(Fingerprint::of(&copy).is_some_and(|copy| is_found(&copy, print)));
            }
        }
        table.add_row([name.to_owned(), found.to_string(), copies.to_string(), percent(found, copies)]);
        (all_found, all) = (all_found + found, all + copies);
    }
    table.add_row(["all (recall)".to_owned(), all_found.to_string(), all.to_string(), percent(all_found, all)]);
    println!("{table}");

    let (mut pairs, mut taken, mut most) = (0, 0, 0.0_f64);
    for (at, (_, one)) in known.iter().enumerate() {
        for (_, other) in &known[..at] {
            pairs += 1;
            taken += usize::from(is_found(one, other));
            most = most.max(one.likeness(other.sketch(), other.shingles()).overlap);
        }
    }
    println!("{taken} of {pairs} pairs of different texts taken for copies; the most alike overlap by {most:.2}");
    println!("precision {} %", percent(all_found, all_found + taken));
    Ok(())
}

type Change = fn(&Units, &Units, &mut fastrand::Rng) -> Units;

const CHANGES: [(&str, Change); 8] = [
    ("5 % of the words edited", |text, donor, random| text.edited(0.05, donor, random)),
    ("10 % of the words edited", |text, donor, random| text.edited(0.10, donor, random)),
    ("15 % of the words edited", |text, donor, random| text.edited(0.15, donor, random)),
    ("20 % of the words edited", |text, donor, random| text.edited(0.20, donor, random)),
    ("60 words of boilerplate behind it", |text, donor, _| text.with_boilerplate(donor, 60)),
    ("another first fifth", |text, donor, _| text.with_other_intro(0.2, donor)),
    ("without its last 30 %", |text, _, _| text.shortened(0.3)),
    ("another intro, shortened by 10 %, 5 % edited", |text, donor, random| {
        text.with_other_intro(0.2, donor).shortened(0.1).edited(0.05, donor, random)
    }),
];

/// Whether the index would find `known` for `text`, and mark it.
fn is_found(text: &Fingerprint, known: &Fingerprint) -> bool {
    text.bands().iter().any(|band| known.bands().binary_search(band).is_ok())
        && text.likeness(known.sketch(), known.shingles()).is_same_story()
}

fn percent(part: usize, whole: usize) -> String {
    format!("{:.1}", part as f64 * 100.0 / whole.max(1) as f64)
}
