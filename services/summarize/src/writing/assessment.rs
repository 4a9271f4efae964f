//! What an answer is worth: read, judged, and each sentence traced to the words that carry it.

use kos_shared::event::{Language, Sentence, Verdict};

use super::draft::{Draft, shortened};
use crate::{
    alignment::Alignment,
    gate::{self, Candidate, Finding, Source},
    model::Finish,
};

/// An answer that was judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// What the gate found in all of it, title and text.
    pub findings: Vec<Finding>,
    /// What of it may be published.
    pub fit: Option<Fit>,
}

/// What may be published of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The title; `None` where there was none, or where it alone failed.
    pub title: Option<String>,
    /// The sentences in one text.
    pub text: String,
    /// The sentences, each with what carries it.
    pub sentences: Vec<Sentence>,
    /// What the gate found in what is left.
    pub findings: Vec<Finding>,
}

impl Assessment {
    /// Judges `answer`, a summary in `language` of `source`. `instruction` is what the model was told beside the
    /// article; a title is taken from the answer only where `with_title` says that one was asked for.
    pub fn of(
        source: &Source<'_>,
        language: &Language,
        answer: &str,
        finish: &Finish,
        instruction: &str,
        with_title: bool,
    ) -> Self {
        let Some(draft) = Draft::read(answer) else {
            let detail = match finish {
                Finish::Stop | Finish::Unknown => format!("no text: {}", shortened(answer)),
                other => format!(
                    "no text, the model stopped for: {}",
                    Option::<String>::from(other.clone()).unwrap_or_default()
                ),
            };
            return Self { findings: vec![Finding::fail(gate::TRANSPORT, 0.0, detail)], fit: None };
        };
        let title = draft.title.as_deref().filter(|_| with_title);
        let text = draft.text();
        let candidate = |title| Candidate { title, text: &text, language, finish: Some(finish), instruction };
        let findings = gate::judge(source, &candidate(title));
        let passed = if gate::passes(&findings) {
            Some((title, findings.clone()))
        } else {
            // A title that fails alone is left out; what it is the title of may still stand.
            let without = title.map(|_| gate::judge(source, &candidate(None)));
            without.filter(|findings| gate::passes(findings)).map(|findings| (None, findings))
        };
        let fit = passed.map(|(title, findings)| {
            let alignment = Alignment::of(source);
            let sentences = draft.sentences.iter().map(|sentence| Sentence {
                text: sentence.text.clone(),
                spans: alignment.spans(&sentence.text, &sentence.cited),
            });
            Fit { title: title.map(str::to_owned), sentences: sentences.collect(), findings, text: text.clone() }
        });
        Self { findings, fit }
    }

    /// Whether all of it may be published as it is.
    pub fn passed(&self) -> bool {
        self.fit.is_some() && gate::passes(&self.findings)
    }

    /// What failed.
    pub fn failures(&self) -> Vec<Finding> {
        self.findings.iter().filter(|f| f.verdict == Verdict::Fail).cloned().collect()
    }
}
