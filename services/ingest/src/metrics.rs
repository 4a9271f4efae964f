//! What the ingest service counts beside the worker loop, named by the conventions of Prometheus.
//!
//! | metric | labels | what |
//! | --- | --- | --- |
//! | `kos_fetches_total` | kind, outcome | what became of fetches, with all their redirects: `fetched`, `unchanged` (304), or the class of the failure ([`FetchError::class`]) |
//! | `kos_fetch_seconds` | kind | from the beginning of a fetch to its last byte or failure, waiting for the host's turn included; without those that were put off |
//!
//! Kinds are `page`, `feed`, `robots` (robots.txt) and `other`.

use std::time::Duration;

use kos_shared::metrics::{Durations, Metrics, seconds};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};

use crate::fetch::{Answer, FetchError, Kind, Remedy};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FetchLabels {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

/// The metrics. Clones share them.
#[derive(Debug, Clone)]
pub struct FetchMetrics {
    fetches: Family<FetchLabels, Counter>,
    seconds: Durations<KindLabels>,
}

impl Default for FetchMetrics {
    fn default() -> Self {
        Self { fetches: Family::default(), seconds: Family::new_with_constructor(seconds) }
    }
}

impl FetchMetrics {
    /// Metrics that `/metrics` of the process shows.
    pub fn registered(metrics: &Metrics) -> Self {
        let own = Self::default();
        metrics.register("fetches", "What became of fetches", own.fetches.clone());
        metrics.register("fetch_seconds", "From the beginning of a fetch to its end", own.seconds.clone());
        own
    }

    /// A fetch came to this.
    pub fn fetched(&self, kind: Kind, result: &Result<Answer, FetchError>, took: Duration) {
        let kind = kind.as_str();
        let outcome = match result {
            Ok(answer) if answer.body.is_none() => "unchanged",
            Ok(_) => "fetched",
            Err(error) => error.class(),
        };
        self.fetches.get_or_create(&FetchLabels { kind, outcome }).inc();
        let was_put_off = result.as_ref().is_err_and(|error| matches!(error.remedy(), Remedy::NotBefore(_)));
        if !was_put_off {
            self.seconds.get_or_create(&KindLabels { kind }).observe(took.as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fetches_are_counted_by_what_became_of_them() {
        let process = Metrics::default();
        let own = FetchMetrics::registered(&process);
        let url = || "https://a.example/".to_owned();
        let put_off = FetchError::NotYet { host: "a.example".into(), until: jiff::Timestamp::UNIX_EPOCH };
        own.fetched(Kind::Page, &Err(FetchError::NotFound { url: url() }), Duration::from_millis(20));
        own.fetched(Kind::Feed, &Err(put_off), Duration::from_millis(20));
        let text = process.text();
        for line in [
            r#"kos_fetches_total{kind="page",outcome="not_found"} 1"#,
            r#"kos_fetches_total{kind="feed",outcome="not_yet"} 1"#,
            r#"kos_fetch_seconds_count{kind="page"} 1"#,
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(!text.contains(r#"kos_fetch_seconds_count{kind="feed"}"#), "nothing was asked: {text}");
    }
}
