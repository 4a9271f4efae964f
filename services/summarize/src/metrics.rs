//! What the summarize service counts beside the worker loop, named by the conventions of Prometheus.
//!
//! | metric | labels | what |
//! | --- | --- | --- |
//! | `kos_llm_calls_total` | endpoint, model, outcome | HTTP calls that asked a model (answered, rate_limited, timed_out, …) |
//! | `kos_llm_call_seconds` | endpoint, model | from the beginning of a call to its end |
//! | `kos_llm_tokens_total` | endpoint, model, kind | tokens (prompt, completion) |
//! | `kos_gate_failures_total` | endpoint, model, language, check | checks that answers failed |
//! | `kos_summaries_total` | language, method, reason | what languages got: `llm`, `extractive` or `none`; the reason where no model wrote it |

use kos_shared::{
    event::Language,
    metrics::{Durations, Metrics, seconds},
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};

use crate::model::{CallReport, Observer};

/// Labels of a call.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct CallLabels {
    endpoint: String,
    model: String,
    outcome: &'static str,
}

/// Labels of what concerns a model.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ModelLabels {
    endpoint: String,
    model: String,
}

/// Labels of tokens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct TokenLabels {
    endpoint: String,
    model: String,
    kind: &'static str,
}

/// Labels of a failed check.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct FailureLabels {
    endpoint: String,
    model: String,
    language: String,
    check: &'static str,
}

/// Labels of what a language got.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct SummaryLabels {
    language: String,
    method: &'static str,
    reason: String,
}

/// The metrics. Clones share them.
#[derive(Debug, Clone)]
pub struct SummaryMetrics {
    calls: Family<CallLabels, Counter>,
    seconds: Durations<ModelLabels>,
    tokens: Family<TokenLabels, Counter>,
    failures: Family<FailureLabels, Counter>,
    summaries: Family<SummaryLabels, Counter>,
}

impl Default for SummaryMetrics {
    fn default() -> Self {
        Self {
            calls: Family::default(),
            seconds: Family::new_with_constructor(seconds),
            tokens: Family::default(),
            failures: Family::default(),
            summaries: Family::default(),
        }
    }
}

impl SummaryMetrics {
    /// Metrics that `/metrics` of the process shows.
    pub fn registered(metrics: &Metrics) -> Self {
        let own = Self::default();
        metrics.register("llm_calls", "HTTP calls that asked a model", own.calls.clone());
        metrics.register("llm_call_seconds", "From the beginning of a call to its end", own.seconds.clone());
        metrics.register("llm_tokens", "Tokens of prompts and completions", own.tokens.clone());
        metrics.register("gate_failures", "Checks that answers of models failed", own.failures.clone());
        metrics.register("summaries", "What languages got, and why no model wrote it", own.summaries.clone());
        own
    }

    /// Counts the calls of endpoints.
    pub fn observer(&self) -> Observer {
        let own = self.clone();
        std::sync::Arc::new(move |report| own.called(report))
    }

    fn called(&self, report: &CallReport<'_>) {
        let (endpoint, model) = (report.endpoint.to_owned(), report.model.to_owned());
        let outcome = report.outcome.as_str();
        let labels = CallLabels { endpoint: endpoint.clone(), model: model.clone(), outcome };
        self.calls.get_or_create(&labels).inc();
        let labels = ModelLabels { endpoint: endpoint.clone(), model: model.clone() };
        self.seconds.get_or_create(&labels).observe(report.took.as_secs_f64());
        if let Some(usage) = report.usage {
            for (kind, tokens) in [("prompt", usage.prompt_tokens), ("completion", usage.completion_tokens)] {
                let labels = TokenLabels { endpoint: endpoint.clone(), model: model.clone(), kind };
                self.tokens.get_or_create(&labels).inc_by(tokens.into());
            }
        }
    }

    /// An answer failed a check.
    pub fn failed(&self, endpoint: &str, model: &str, language: &Language, check: &'static str) {
        let (endpoint, model) = (endpoint.to_owned(), model.to_owned());
        let labels = FailureLabels { endpoint, model, language: language.to_string(), check };
        self.failures.get_or_create(&labels).inc();
    }

    /// A language got a summary by `method`, or `none`; `reason` says why no model wrote it.
    pub fn summarized(&self, language: &Language, method: &'static str, reason: String) {
        let labels = SummaryLabels { language: language.to_string(), method, reason };
        self.summaries.get_or_create(&labels).inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_shown_with_the_endpoint_and_the_check() {
        let process = Metrics::default();
        let own = SummaryMetrics::registered(&process);
        own.failed("127.0.0.1:8000", "small", &Language::CHINESE, "language");
        own.summarized(&Language::CHINESE, "none", "model_failed".into());
        let text = process.text();
        for line in [
            r#"kos_gate_failures_total{endpoint="127.0.0.1:8000",model="small",language="zh",check="language"} 1"#,
            r#"kos_summaries_total{language="zh",method="none",reason="model_failed"} 1"#,
        ] {
            assert!(text.contains(line), "{text}");
        }
    }
}
