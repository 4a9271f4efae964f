//! `kos check`: the gate alone, over any summary of any text.

use std::fs;

use kos_shared::event::Check as Checked;
use kos_summarize::{
    gate::{self, Candidate, Source},
    writing::check,
};

use super::article;
use crate::{
    Ended, WrongUsage,
    arguments::Check,
    output::{print_json, print_table, verdict},
};

pub fn run(arguments: &Check, as_json: bool) -> anyhow::Result<Ended> {
    let file = arguments.summary.display();
    let summary = fs::read_to_string(&arguments.summary)
        .map_err(|e| WrongUsage(format!("--summary {file}: expected a file with UTF-8 text: {e}")))?;
    let article = article::from_stdin()?;
    let source = Source { title: &article.title, text: &article.text, language: &article.language };
    let candidate =
        Candidate { title: arguments.title.as_deref(), ..Candidate::of(summary.trim(), &arguments.language) };
    let findings = gate::judge(&source, &candidate);
    let checks: Vec<Checked> = findings.iter().map(check).collect();
    if as_json {
        print_json(&checks)?;
    } else {
        let rows = checks.into_iter().map(|check| {
            let figure = check.figure.map(|f| format!("{f:.2}")).unwrap_or_default();
            vec![check.name, verdict(check.verdict).to_owned(), figure, check.detail.unwrap_or_default()]
        });
        print_table(&["check", "verdict", "figure", "found"], rows);
    }
    Ok(if gate::passes(&findings) { Ended::Done } else { Ended::Failed })
}
