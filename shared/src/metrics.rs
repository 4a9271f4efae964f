//! The worker loop's metrics, named by the conventions of Prometheus and served under `/metrics`.
//!
//! | metric | labels | what |
//! | --- | --- | --- |
//! | `kos_events_handled_total` | service, event_type, outcome | events whose effects were written |
//! | `kos_event_failures_total` | service, event_type, class | attempts that failed (retry, rate_limited, permanent) |
//! | `kos_dead_letters_total` | service, event_type | events given up |
//! | `kos_redeliveries_total` | service, event_type | deliveries beyond an event's first |
//! | `kos_event_handling_seconds` | service, event_type | from delivery to settlement |
//! | `kos_event_age_seconds` | service, event_type | from the event's own time to its settlement |
//! | `kos_commit_events` | service | events in one transaction |
//! | `kos_outbox_sent_total` | service, mode | events sent (batch, single) |
//! | `kos_outbox_waiting_events` | service | events that wait to be sent, as of the last ten seconds |
//! | `kos_outbox_oldest_seconds` | service | since when the oldest of them waits; 0 where none does |
//! | `kos_pull_rebuilds_total` | service | pulls that the watchdog replaced |
//!
//! What a service counts beside these stands in a file of that name in its own crate ([`Metrics::register`]).

use std::sync::{Arc, Mutex, PoisonError, atomic::AtomicU64};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Metric, Registry},
};

/// Labels of what concerns one kind of event in one service.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct EventLabels {
    /// The service.
    pub service: &'static str,
    /// The kind of event.
    pub event_type: &'static str,
}

/// Labels of what became of an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OutcomeLabels {
    /// The service.
    pub service: &'static str,
    /// The kind of event.
    pub event_type: &'static str,
    /// What became of it.
    pub outcome: String,
}

/// Labels of a failed attempt.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct FailureLabels {
    /// The service.
    pub service: &'static str,
    /// The kind of event.
    pub event_type: &'static str,
    /// What kind of failure it was.
    pub class: &'static str,
}

/// Labels of what concerns a whole service.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ServiceLabels {
    /// The service.
    pub service: &'static str,
}

/// Labels of sent events.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct SentLabels {
    /// The service.
    pub service: &'static str,
    /// `batch` or `single`.
    pub mode: &'static str,
}

/// Histograms by label.
pub type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

/// All metrics of one process. Clones share them.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// `kos_events_handled_total`
    pub handled: Family<OutcomeLabels, Counter>,
    /// `kos_event_failures_total`
    pub failures: Family<FailureLabels, Counter>,
    /// `kos_dead_letters_total`
    pub dead_letters: Family<EventLabels, Counter>,
    /// `kos_redeliveries_total`
    pub redeliveries: Family<EventLabels, Counter>,
    /// `kos_event_handling_seconds`
    pub handling: Durations<EventLabels>,
    /// `kos_event_age_seconds`
    pub age: Durations<EventLabels>,
    /// `kos_commit_events`
    pub commit_events: Durations<ServiceLabels>,
    /// `kos_outbox_sent_total`
    pub sent: Family<SentLabels, Counter>,
    /// `kos_outbox_waiting_events`
    pub outbox_waiting: Family<ServiceLabels, Gauge>,
    /// `kos_outbox_oldest_seconds`
    pub outbox_oldest: Family<ServiceLabels, Gauge<f64, AtomicU64>>,
    /// `kos_pull_rebuilds_total`
    pub rebuilds: Family<ServiceLabels, Counter>,
    registry: Arc<Mutex<Registry>>,
}

/// A histogram of durations in seconds.
pub fn seconds() -> Histogram {
    // From a millisecond to about three hours, in the steps that client libraries of Prometheus take.
    let steps = (-3..4).flat_map(|decade| [1.0, 2.5, 5.0].map(|step| step * 10_f64.powi(decade)));
    Histogram::new(steps.chain([10_000.0]))
}

fn events() -> Histogram {
    Histogram::new(exponential_buckets(1.0, 2.0, 8))
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("kos");
        let metrics = Self {
            handled: Family::default(),
            failures: Family::default(),
            dead_letters: Family::default(),
            redeliveries: Family::default(),
            handling: Family::new_with_constructor(seconds),
            age: Family::new_with_constructor(seconds),
            commit_events: Family::new_with_constructor(events),
            sent: Family::default(),
            outbox_waiting: Family::default(),
            outbox_oldest: Family::default(),
            rebuilds: Family::default(),
            registry: Arc::default(),
        };
        registry.register("events_handled", "Events whose effects were written", metrics.handled.clone());
        registry.register("event_failures", "Attempts that failed", metrics.failures.clone());
        registry.register("dead_letters", "Events given up", metrics.dead_letters.clone());
        registry.register("redeliveries", "Deliveries beyond an event's first", metrics.redeliveries.clone());
        registry.register("event_handling_seconds", "From delivery to settlement", metrics.handling.clone());
        registry.register("event_age_seconds", "From an event's own time to its settlement", metrics.age.clone());
        registry.register("commit_events", "Events in one transaction", metrics.commit_events.clone());
        registry.register("outbox_sent", "Events sent", metrics.sent.clone());
        registry.register("outbox_waiting_events", "Events that wait to be sent", metrics.outbox_waiting.clone());
        registry.register("outbox_oldest_seconds", "Since when the oldest waits", metrics.outbox_oldest.clone());
        registry.register("pull_rebuilds", "Pulls that the watchdog replaced", metrics.rebuilds.clone());
        Self { registry: Arc::new(Mutex::new(registry)), ..metrics }
    }
}

impl Metrics {
    /// Adds a metric of a service's own: `name` without `kos_` in front and `_total` behind.
    pub fn register(&self, name: &'static str, help: &'static str, metric: impl Metric) {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner).register(name, help, metric);
    }

    /// All of them in the text format of OpenMetrics.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        match encode(&mut text, &registry) {
            Ok(()) => text,
            Err(error) => format!("# {error}\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_shown() {
        let metrics = Metrics::default();
        let labels = EventLabels { service: "ingest", event_type: "kos.ingest.requested" };
        metrics.dead_letters.get_or_create(&labels).inc();
        let text = metrics.text();
        assert!(
            text.contains(r#"kos_dead_letters_total{service="ingest",event_type="kos.ingest.requested"} 1"#),
            "{text}"
        );
    }
}
