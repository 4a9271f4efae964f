//! The gate: whether a summary may be published. Pure functions over a source and a summary of it.
//!
//! Each check has a name, a verdict and a figure, and says what it stumbled over. A check that can't judge says so
//! and stops nothing; one that fails stops the summary. What chose a threshold stands beside it.

mod language;
mod leaks;
mod length;
pub(crate) mod names;
mod numbers;
mod obedience;
pub(crate) mod quantity;
mod support;
mod transport;

use kos_shared::event::{Language, Verdict};

pub use self::{
    obedience::{NAME as OBEDIENCE, instructions, speaks_to_a_model},
    transport::NAME as TRANSPORT,
};
use crate::model::Finish;

/// The names of all checks, in the order in which they are made.
pub const CHECKS: [&str; 8] = [
    transport::NAME,
    language::NAME,
    length::NAME,
    leaks::NAME,
    numbers::NAME,
    names::NAME,
    support::NAME,
    obedience::NAME,
];

/// The article that a summary is of.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Its title; may be empty.
    pub title: &'a str,
    /// Its text, a line a paragraph.
    pub text: &'a str,
    /// The language that it is written in.
    pub language: &'a Language,
}

/// A summary that is to be judged.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The article's title in the summary's language, where there is one.
    pub title: Option<&'a str>,
    /// The summary.
    pub text: &'a str,
    /// The language that was asked for.
    pub language: &'a Language,
    /// What the model was told to do, without the article; empty where that is not known.
    pub instruction: &'a str,
    /// Why the model stopped, where a model wrote it.
    pub finish: Option<&'a Finish>,
}

impl<'a> Candidate<'a> {
    /// A summary of which nothing but its text and language is known.
    pub fn of(text: &'a str, language: &'a Language) -> Self {
        Self { title: None, text, language, instruction: "", finish: None }
    }
}

/// What one check came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The check's name.
    pub check: &'static str,
    /// What it came to.
    pub verdict: Verdict,
    /// The figure behind the verdict; each check says what it counts.
    pub figure: Option<f64>,
    /// What it stumbled over: a clause, a number, a name.
    pub detail: Option<String>,
}

impl Finding {
    /// Nothing wrong was found.
    pub(crate) fn pass(check: &'static str, figure: f64) -> Self {
        Self { check, verdict: Verdict::Pass, figure: Some(figure), detail: None }
    }

    /// Something wrong was found: `detail`, a few words of the summary.
    pub(crate) fn fail(check: &'static str, figure: f64, detail: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Fail, figure: Some(figure), detail: Some(detail.into()) }
    }

    /// This summary is none that the check can judge.
    pub(crate) fn cannot_judge(check: &'static str) -> Self {
        Self { check, verdict: Verdict::CannotJudge, figure: None, detail: None }
    }
}

/// How long a text is judged by more than `transport` and `length`, in bytes: a summary of the greatest length has a tenth of it.
const MAX_JUDGED_BYTES: usize = 16 * 1024;

/// All that the gate has to say about a summary, cheapest checks first.
pub fn judge(source: &Source<'_>, candidate: &Candidate<'_>) -> Vec<Finding> {
    if candidate.text.len() + candidate.title.map_or(0, str::len) > MAX_JUDGED_BYTES {
        let too_long = |check| match check {
            transport::NAME => transport::check(source, candidate),
            length::NAME => length::check(source, candidate),
            _ => Finding::cannot_judge(check),
        };
        return CHECKS.map(too_long).into();
    }
    vec![
        transport::check(source, candidate),
        language::check(source, candidate),
        length::check(source, candidate),
        leaks::check(source, candidate),
        numbers::check(source, candidate),
        names::check(source, candidate),
        support::check(source, candidate),
        obedience::check(source, candidate),
    ]
}

/// Whether nothing was found that stops a summary.
pub fn passes(findings: &[Finding]) -> bool {
    findings.iter().all(|f| f.verdict != Verdict::Fail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_far_too_long_is_judged_by_its_length_and_for_loops() {
        let source = Source { title: "", text: "It rained.", language: &Language::ENGLISH };
        let numbers: String = (0..4_000).map(|n| format!("{n} 天。")).collect();
        for (text, title, expected) in [
            ("字。".repeat(10_000), None, &["transport", "length"][..]),
            (numbers, None, &["length"]),
            ("It rained.".to_owned(), Some("x".repeat(20_000)), &["length"]),
        ] {
            let candidate = Candidate { title: title.as_deref(), ..Candidate::of(&text, &Language::CHINESE) };
            let findings = judge(&source, &candidate);
            let failed: Vec<_> = findings.iter().filter(|f| f.verdict == Verdict::Fail).map(|f| f.check).collect();
            assert_eq!((&failed[..], findings.len()), (expected, CHECKS.len()), "{findings:?}");
        }
    }
}
