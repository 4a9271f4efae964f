//! What the gate's checks of facts catch, and how often they cry wolf: on edited summaries that people judged, on
//! references, and on summaries that are the article's own sentences.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context;
use comfy_table::Table;
use kos_shared::{
    event::{Language, Verdict},
    text::{Counts, Script},
};
use kos_summarize::{
    extractive,
    gate::{Candidate, Finding, Source, judge},
};
use serde_json::Value;

/// What is measured: a name, and the checks of which one must fail.
const MEASURED: [(&str, &[&str]); 5] = [
    ("numbers", &["numbers"]),
    ("names", &["names"]),
    ("numbers and names", &["numbers", "names"]),
    ("support", &["support"]),
    ("all of them", &["numbers", "names", "support"]),
];

/// Sets of pages with the true text of their articles, and the language that most are in.
const ARTICLES: [(&str, Language); 3] =
    [("extraction", Language::ENGLISH), ("extraction-wide", Language::ENGLISH), ("extraction-zh", Language::CHINESE)];

/// A summary with what people say about it.
struct Judged {
    /// The number of its text.
    document: usize,
    text: String,
    consistent: bool,
}

/// Measures and prints a table a set; `list` names every false alarm.
pub fn run(corpora: &Path, list: bool) -> anyhow::Result<()> {
    for file in files(&corpora.join("gate"), "json")? {
        let set: Value = serde_json::from_reader(BufReader::new(File::open(&file)?)).context(file.clone())?;
        judged(&file, &set, list)?;
    }
    for file in files(&corpora.join("summaries"), "jsonl")? {
        references(&file, list)?;
    }
    for file in files(&corpora.join("model-outputs"), "jsonl")? {
        outputs(&file, list)?;
    }
    for (set, language) in ARTICLES {
        verbatim(&corpora.join(set).join("ground-truth.json"), &language, list)?;
    }
    Ok(())
}

/// The files in `folder` with this extension, in order.
fn files(folder: &Path, extension: &str) -> anyhow::Result<Vec<String>> {
    if !folder.exists() {
        println!("skipped: {} isn't there", folder.display());
        return Ok(Vec::new());
    }
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == extension) {
            found.insert(path.display().to_string());
        }
    }
    Ok(found.into_iter().collect())
}

/// Specificity and recall, by what people say.
fn judged(name: &str, set: &Value, list: bool) -> anyhow::Result<()> {
    let documents: Vec<&str> = set["documents"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let (mut results, mut foreign) = (Vec::new(), Vec::new());
    let mut took = Duration::ZERO;
    for summary in set["summaries"].as_array().context("expected a list of summaries")? {
        let summary = Judged::from_json(summary).context("expected doc, summary and consistent")?;
        let text = documents.get(summary.document).context("a summary of a document that isn't there")?;
        let started = Instant::now();
        let findings = findings(text, &summary.text, &Language::ENGLISH);
        took += started.elapsed();
        if summary.consistent {
            // A true summary, of another text.
            let other = documents[(summary.document + 1) % documents.len()];
            foreign.push(self::findings(other, &summary.text, &Language::ENGLISH));
        }
        results.push((summary, findings));
    }
    let mut table = Table::new();
    table.set_header([
        "check",
        "specificity",
        "false alarms",
        "recall",
        "caught",
        "caught of another text",
        "can't judge",
    ]);
    for (check, of) in MEASURED {
        let alarms = |consistent: bool| {
            let of_kind = results.iter().filter(|(s, _)| s.consistent == consistent);
            (of_kind.clone().filter(|(_, f)| fails(f, of)).count(), of_kind.count())
        };
        let ((wrong, good), (caught, bad)) = (alarms(true), alarms(false));
        let silent = results.iter().filter(|(_, f)| judges_none(f, of)).count();
        table.add_row([
            check.to_owned(),
            format!("{:.4}", 1.0 - wrong as f64 / good.max(1) as f64),
            format!("{wrong} of {good}"),
            format!("{:.3}", caught as f64 / bad.max(1) as f64),
            format!("{caught} of {bad}"),
            format!("{} of {}", foreign.iter().filter(|f| fails(f, of)).count(), foreign.len()),
            silent.to_string(),
        ]);
    }
    let each = took.as_secs_f64() * 1e3 / results.len().max(1) as f64;
    println!("\ngate: {name}, {} summaries of {} texts, {each:.2} ms each\n{table}", results.len(), documents.len());
    if list {
        results.iter().filter(|(s, _)| s.consistent).for_each(|(s, f)| tell(f, &s.text));
    }
    Ok(())
}

/// How many references and how many summaries of the article's own sentences would be stopped.
fn references(name: &str, list: bool) -> anyhow::Result<()> {
    let (mut written, mut taken) = (Alarms::default(), Alarms::default());
    for line in BufReader::new(File::open(name)?).lines() {
        let line: Value = serde_json::from_str(&line?)?;
        let text = line["text"].as_str().unwrap_or_default();
        let references = line["references"].as_array().into_iter().flatten().filter_map(Value::as_str);
        references.for_each(|reference| written.add(text, reference, &Language::ENGLISH, list));
        if let Some(extract) = extractive::summarize("", text, &Language::ENGLISH) {
            taken.add(text, &extract.text, &Language::ENGLISH, true);
        }
    }
    written.print(&format!("{name}, references"));
    taken.print(&format!("{name}, own sentences"));
    Ok(())
}

/// How many answers of small models would be stopped, by the languages of article and answer. Nobody has judged them.
fn outputs(name: &str, list: bool) -> anyhow::Result<()> {
    let mut alarms: BTreeMap<String, Alarms> = BTreeMap::new();
    for line in BufReader::new(File::open(name)?).lines() {
        let line: Value = serde_json::from_str(&line?)?;
        let [source, output, asked] =
            ["source", "output", "language"].map(|key| line[key].as_str().unwrap_or_default());
        let chinese = Counts::of(source).dominant() == Some(Script::Han);
        let (from, into) = (if chinese { Language::CHINESE } else { Language::ENGLISH }, asked.parse()?);
        alarms.entry(format!("{from} to {into}")).or_default().add_pair([source, output], [&from, &into], list);
    }
    alarms.iter().for_each(|(pair, alarms)| alarms.print(&format!("{name}, {pair}")));
    Ok(())
}

/// How many summaries of the article's own sentences would be stopped: none should be.
fn verbatim(path: &Path, language: &Language, list: bool) -> anyhow::Result<()> {
    if !path.exists() {
        println!("skipped: {} isn't there", path.display());
        return Ok(());
    }
    let truth: BTreeMap<String, Value> = serde_json::from_reader(BufReader::new(File::open(path)?))?;
    let mut alarms = Alarms::default();
    for article in truth.values() {
        let text = article["articleBody"].as_str().unwrap_or_default();
        if let Some(extract) = extractive::summarize("", text, language) {
            alarms.add(text, &extract.text, language, list);
        }
        alarms.add(text, text, language, list);
    }
    alarms.print(&format!("{}, own sentences and whole texts", path.display()));
    Ok(())
}

impl Judged {
    fn from_json(json: &Value) -> Option<Self> {
        Some(Self {
            document: usize::try_from(json["doc"].as_u64()?).ok()?,
            text: json["summary"].as_str()?.to_owned(),
            consistent: json["consistent"].as_bool()?,
        })
    }
}

/// Alarms about summaries that are taken for true.
#[derive(Default)]
struct Alarms {
    summaries: usize,
    by_check: [usize; MEASURED.len()],
}

impl Alarms {
    fn add(&mut self, text: &str, summary: &str, language: &Language, list: bool) {
        self.add_pair([text, summary], [language; 2], list);
    }

    fn add_pair(&mut self, [text, summary]: [&str; 2], [from, into]: [&Language; 2], list: bool) {
        let source = Source { title: "", text, language: from };
        let findings = judge(&source, &Candidate::of(summary, into));
        self.summaries += 1;
        for ((_, of), count) in MEASURED.iter().zip(&mut self.by_check) {
            *count += usize::from(fails(&findings, of));
        }
        if list {
            tell(&findings, summary);
        }
    }

    fn print(&self, name: &str) {
        let each: Vec<String> =
            MEASURED.iter().zip(&self.by_check).map(|((check, _), n)| format!("{check} {n}")).collect();
        println!("gate: {name}: of {} stopped by {}", self.summaries, each.join(", "));
    }
}

fn findings(text: &str, summary: &str, language: &Language) -> Vec<Finding> {
    judge(&Source { title: "", text, language }, &Candidate::of(summary, language))
}

fn fails(findings: &[Finding], checks: &[&str]) -> bool {
    findings.iter().any(|f| checks.contains(&f.check) && f.verdict == Verdict::Fail)
}

fn judges_none(findings: &[Finding], checks: &[&str]) -> bool {
    findings.iter().filter(|f| checks.contains(&f.check)).all(|f| f.verdict == Verdict::CannotJudge)
}

/// Prints what the checks of facts stumbled over.
fn tell(findings: &[Finding], summary: &str) {
    let facts = MEASURED[MEASURED.len() - 1].1;
    for finding in findings.iter().filter(|f| facts.contains(&f.check) && f.verdict == Verdict::Fail) {
        let start: String = summary.chars().take(300).collect();
        println!("  {}: {}: {start}", finding.check, finding.detail.as_deref().unwrap_or_default());
    }
}
