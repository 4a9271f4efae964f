//! What the gate says of what small models really wrote: its checks of form, beside labels made by reading.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::Context;
use comfy_table::Table;
use kos_shared::{
    event::{Language, Verdict},
    text::sentences,
};
use kos_summarize::{
    gate::{Candidate, Finding, Source, instructions, judge},
    model::Finish,
};
use ring::digest::{SHA256, digest};
use serde_json::Value;

/// The checks that judge a summary's form.
const CHECKS: [&str; 5] = ["transport", "language", "length", "leaks", "obedience"];

/// How many sentences a passage of an article has, and how many passages are taken of one.
const SENTENCES: usize = 3;
const MAX_PASSAGES: usize = 10;

/// Prints how the checks of form fare on `model-outputs`, and what they say of good summaries.
pub fn run(corpora: &Path, list_wrong: bool) -> anyhow::Result<()> {
    let path = corpora.join("model-outputs/outputs.jsonl");
    if !path.exists() {
        println!("skipped: {} isn't there", path.display());
        return Ok(());
    }
    let labels = Path::new(env!("CARGO_MANIFEST_DIR")).join("labels/model_outputs.json");
    let labels: Value = serde_json::from_slice(&fs::read(labels)?)?;
    let mut language: BTreeMap<(String, &str), usize> = BTreeMap::new();
    let mut failed: BTreeMap<String, BTreeMap<&str, usize>> = BTreeMap::new();
    let mut faults: BTreeMap<(&str, &str), [usize; 4]> = BTreeMap::new();
    let mut most_repeated = 0.0_f64;
    for line in fs::read_to_string(&path)?.lines() {
        let row: Value = serde_json::from_str(line)?;
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        let hash = digest(&SHA256, text("output").as_bytes());
        let key: String = hash.as_ref()[..6].iter().map(|b| format!("{b:02x}")).collect();
        let label = labels.get(&key).with_context(|| format!("no label for output {key}"))?;
        let wanted: Language = text("language").parse()?;
        let findings = judged(text("source"), text("output"), &wanted, text("prompt"), Some(text("finish_reason")));
        let of_text = judged(text("source"), text("output"), &wanted, text("prompt"), None);
        let labelled = label["language"].as_str().unwrap_or_default();
        let verdict = verdict(&findings, "language");
        *language.entry((labelled.to_owned(), verdict)).or_default() += 1;
        let row = failed.entry(format!("{} {}", text("model"), text("language"))).or_default();
        *row.entry("outputs").or_default() += 1;
        for finding in findings.iter().filter(|f| f.verdict == Verdict::Fail) {
            *row.entry(finding.check).or_default() += 1;
        }
        let has = |fault: &str| label["faults"].as_array().is_some_and(|f| f.iter().any(|f| f == fault));
        let repeated = of_text.iter().find(|f| f.check == "transport").and_then(|f| f.figure);
        if !has("loops") {
            most_repeated = most_repeated.max(repeated.unwrap_or_default());
        }
        for (name, check, labelled) in [
            ("leaks", "leaks", has("leaks") || has("of the article")),
            ("loops or is cut off", "transport", has("loops") || has("cut off")),
        ] {
            let fails = of_text.iter().any(|f| f.check == check && f.verdict == Verdict::Fail);
            faults.entry((name, check)).or_default()[2 * usize::from(!labelled) + usize::from(!fails)] += 1;
            if list_wrong && labelled != fails {
                println!(
                    "{key} line {} {name}: labelled {labelled}, {:?}",
                    label["line"],
                    of_text.iter().find(|f| f.check == check)
                );
            }
        }
        if list_wrong && matches!((labelled, verdict), ("foreign", "pass" | "can't judge") | ("clean", "fail")) {
            println!("{key} line {} language: labelled {labelled}, {:?}", label["line"], detail(&findings, "language"));
        }
    }
    let mut table = Table::new();
    table.set_header(["language, by label", "pass", "fail", "can't judge"]);
    for labelled in ["clean", "foreign", "none"] {
        let count = |v: &str| {
            let found = language.iter().find(|((l, verdict), _)| l == labelled && *verdict == v);
            found.map_or(0, |(_, count)| *count).to_string()
        };
        table.add_row([labelled.to_owned(), count("pass"), count("fail"), count("can't judge")]);
    }
    println!("\noutputs: the language check beside the labels\n{table}");
    let mut table = Table::new();
    table.set_header([
        "by label, without the finish reason",
        "check",
        "has it: fails",
        "passes",
        "hasn't: fails",
        "passes",
    ]);
    for ((fault, check), counts) in faults {
        let mut row = vec![fault.to_owned(), check.to_owned()];
        row.extend(counts.map(|c| c.to_string()));
        table.add_row(row);
    }
    println!("\noutputs: what else the labels say; most repeated where nothing loops: {most_repeated:.2}\n{table}");
    let mut table = Table::new();
    table.set_header(["model, language", "outputs"].into_iter().chain(CHECKS));
    for (name, counts) in failed {
        let mut row = vec![name];
        row.extend(["outputs"].into_iter().chain(CHECKS).map(|c| counts.get(c).copied().unwrap_or(0).to_string()));
        table.add_row(row);
    }
    println!("\noutputs: how many fail a check, by model and language, finish reason known\n{table}");
    good_summaries(corpora, list_wrong)
}

/// How many of the summaries that people wrote or found true fail a check of form.
fn good_summaries(corpora: &Path, list_wrong: bool) -> anyhow::Result<()> {
    let mut sets: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for (name, language) in [
        ("extraction-zh", Language::CHINESE),
        ("extraction", Language::ENGLISH),
        ("extraction-wide", Language::ENGLISH),
    ] {
        let path = corpora.join(name).join("ground-truth.json");
        let Ok(bytes) = fs::read(path) else { continue };
        let pages: BTreeMap<String, Value> = serde_json::from_slice(&bytes)?;
        let passages = pages.values().filter_map(|p| p["articleBody"].as_str()).flat_map(passages);
        sets.push((format!("{name}, passages, {}", language.as_str()), passages.collect()));
    }
    for name in ["dev-cnndm-100", "dev-newsroom-60"] {
        let path = corpora.join("summaries").join(format!("{name}.jsonl"));
        let Ok(lines) = fs::read_to_string(&path) else { continue };
        let row = |line| -> anyhow::Result<(String, String)> {
            let row: Value = serde_json::from_str(line)?;
            let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            Ok((text("text"), text("reference")))
        };
        sets.push((name.to_owned(), lines.lines().map(row).collect::<anyhow::Result<_>>()?));
    }
    if let Ok(bytes) = fs::read(corpora.join("gate/dev-summedits-news.json")) {
        let set: Value = serde_json::from_slice(&bytes)?;
        let pairs = set["summaries"].as_array().into_iter().flatten().filter(|s| is_consistent(s)).map(|s| {
            let document = s["doc"].as_u64().and_then(|at| set["documents"].get(usize::try_from(at).ok()?));
            let document = document.and_then(Value::as_str).unwrap_or_default();
            (document.to_owned(), s["summary"].as_str().unwrap_or_default().to_owned())
        });
        sets.push(("gate, consistent".into(), pairs.collect()));
    }
    let mut table = Table::new();
    let (mut articles, mut ordering) = (BTreeSet::new(), 0);
    table.set_header(["good summaries", "of them"].into_iter().chain(CHECKS).chain(["most repeated"]));
    for (name, pairs) in sets {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut most_repeated = 0.0_f64;
        for (source, summary) in &pairs {
            if articles.insert(source.clone())
                && let Some(order) = instructions(source).first()
            {
                ordering += 1;
                println!("{name}: an instruction to a model? {:?}", &source[order.clone()]);
            }
            let language = if name.ends_with("zh") { Language::CHINESE } else { Language::ENGLISH };
            let findings = judged(source, summary, &language, "", None);
            let repeated = findings.iter().find(|f| f.check == "transport").and_then(|f| f.figure);
            most_repeated = most_repeated.max(repeated.unwrap_or_default());
            for finding in findings.iter().filter(|f| f.verdict == Verdict::Fail) {
                *counts.entry(finding.check).or_default() += 1;
                if list_wrong && CHECKS.contains(&finding.check) {
                    println!("{name} {}: {:?} {:?}", finding.check, finding.figure, finding.detail);
                }
            }
        }
        let mut row = vec![name, pairs.len().to_string()];
        row.extend(CHECKS.map(|c| counts.get(c).copied().unwrap_or(0).to_string()));
        row.push(format!("{most_repeated:.2}"));
        table.add_row(row);
    }
    println!("\noutputs: good summaries that fail a check\n{table}");
    println!("{ordering} of their {} articles have what looks like an instruction to a model", articles.len());
    Ok(())
}

/// Passages of an article, three sentences each, as summaries of it.
fn passages(text: &str) -> Vec<(String, String)> {
    let all: Vec<_> = sentences(text).collect();
    let passages = all.chunks_exact(SENTENCES).take(MAX_PASSAGES);
    passages.map(|run| (text.to_owned(), text[run[0].start..run[SENTENCES - 1].end].to_owned())).collect()
}

fn is_consistent(summary: &Value) -> bool {
    ["label", "consistent"].iter().any(|key| summary[*key] == 1 || summary[*key] == true)
}

fn judged(source: &str, output: &str, language: &Language, instruction: &str, finish: Option<&str>) -> Vec<Finding> {
    let source = Source { title: "", text: source, language: &Language::UNDETERMINED };
    let finish = finish.map(|reason| Finish::from(Some(reason.to_owned())));
    judge(&source, &Candidate { instruction, finish: finish.as_ref(), ..Candidate::of(output, language) })
}

fn verdict(findings: &[Finding], check: &str) -> &'static str {
    match findings.iter().find(|f| f.check == check).map(|f| &f.verdict) {
        Some(Verdict::Pass) => "pass",
        Some(Verdict::Fail) => "fail",
        _ => "can't judge",
    }
}

fn detail(findings: &[Finding], check: &str) -> Option<String> {
    findings.iter().find(|f| f.check == check).and_then(|f| f.detail.clone())
}
