//! The gate's checks of form on what two small models really wrote, beside labels made by reading each output.
//!
//! The outputs are no part of the project: `KOS_CORPORA` says where they are. `labels/model_outputs.json` has a label
//! for each, by the first six bytes of its SHA-256: whether a clause is in another language than the one asked for
//! (`none` for what is no language at all), and its faults.

use std::{fs, path::PathBuf};

use kos_shared::event::{Language, Verdict};
use kos_summarize::{
    gate::{Candidate, Finding, Source, judge},
    model::Finish,
};
use ring::digest::{SHA256, digest};
use serde_json::Value;

/// An output with what the gate found and what its label says.
struct Output {
    key: String,
    findings: Vec<Finding>,
    language: String,
    faults: Vec<String>,
}

impl Output {
    fn verdict(&self, check: &str) -> Verdict {
        let finding = self.findings.iter().find(|f| f.check == check);
        finding.map_or(Verdict::CannotJudge, |f| f.verdict)
    }

    fn has(&self, fault: &str) -> bool {
        self.faults.iter().any(|f| f == fault)
    }
}

/// All outputs, judged with the finish reason known; `None` where the corpora aren't.
fn outputs() -> Option<Vec<Output>> {
    let Some(corpora) = std::env::var_os("KOS_CORPORA").filter(|c| !c.is_empty()).map(PathBuf::from) else {
        println!("skipped: KOS_CORPORA is not set");
        return None;
    };
    let labels = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("labels/model_outputs.json");
    let labels = fs::read(labels).unwrap_or_else(|e| panic!("labels: {e}"));
    let labels: Value = serde_json::from_slice(&labels).unwrap_or_else(|e| panic!("labels: {e}"));
    let lines =
        fs::read_to_string(corpora.join("model-outputs/outputs.jsonl")).unwrap_or_else(|e| panic!("outputs: {e}"));
    let judged = lines.lines().map(|line| {
        let row: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("outputs: {e}"));
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        let hash = digest(&SHA256, text("output").as_bytes());
        let key: String = hash.as_ref()[..6].iter().map(|b| format!("{b:02x}")).collect();
        let label = labels.get(&key).unwrap_or_else(|| panic!("no label for output {key}"));
        let language: Language = text("language").parse().unwrap_or_else(|e| panic!("{key}: {e}"));
        let source = Source { title: "", text: text("source"), language: &Language::UNDETERMINED };
        let finish = Finish::from(row["finish_reason"].as_str().map(str::to_owned));
        let candidate = Candidate {
            instruction: text("prompt"),
            finish: Some(&finish),
            ..Candidate::of(text("output"), &language)
        };
        Output {
            findings: judge(&source, &candidate),
            language: label["language"].as_str().unwrap_or_default().to_owned(),
            faults: label["faults"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|f| f.as_str().map(str::to_owned))
                .collect(),
            key,
        }
    });
    Some(judged.collect())
}

fn keys(outputs: &[Output], wrong: impl Fn(&Output) -> bool) -> Vec<&str> {
    outputs.iter().filter(|o| wrong(o)).map(|o| o.key.as_str()).collect()
}

#[test]
fn no_output_with_a_foreign_clause_passes_and_no_clean_one_fails() {
    let Some(outputs) = outputs() else { return };
    assert_eq!(outputs.len(), 176);
    let foreign_passed = keys(&outputs, |o| o.language == "foreign" && o.verdict("language") != Verdict::Fail);
    let clean_failed = keys(&outputs, |o| o.language == "clean" && o.verdict("language") == Verdict::Fail);
    assert_eq!((foreign_passed, clean_failed), (vec![], vec![]));
}

#[test]
fn every_leak_fails_and_nothing_else_does() {
    let Some(outputs) = outputs() else { return };
    // `The article is about …` is what was asked not to be written, too.
    let leaks = |o: &Output| o.has("leaks") || o.has("of the article");
    let missed = keys(&outputs, |o| leaks(o) && o.verdict("leaks") != Verdict::Fail);
    let invented = keys(&outputs, |o| !leaks(o) && o.verdict("leaks") == Verdict::Fail);
    assert_eq!((missed, invented), (vec![], vec![]));
}

#[test]
fn what_loops_or_is_cut_off_fails() {
    let Some(outputs) = outputs() else { return };
    let missed = keys(&outputs, |o| (o.has("loops") || o.has("cut off")) && o.verdict("transport") != Verdict::Fail);
    assert_eq!(missed, Vec::<&str>::new());
}
