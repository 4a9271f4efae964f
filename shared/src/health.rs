//! Whether a worker is fit for work, and why not.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde::Serialize;
use tracing::{error, info};

/// How long what a service starts with may fail before that is worth a line: servers that come up together need a moment.
const STARTING: Duration = Duration::from_secs(3);

/// The conditions of one service. Clones share them.
///
/// A change is logged here, once: who notices a condition says so to this type and not to the log.
#[derive(Debug, Clone)]
pub struct Health {
    service: &'static str,
    conditions: Arc<Mutex<BTreeMap<String, State>>>,
}

/// How a condition is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// It did not hold yet, and nothing was logged about that.
    Starting {
        since: Instant,
        reason: String,
    },
    Good,
    Bad(String),
}

impl State {
    fn reason(&self) -> Option<&str> {
        match self {
            Self::Good => None,
            Self::Starting { reason, .. } | Self::Bad(reason) => Some(reason),
        }
    }

    /// What becomes of a condition, and whether that is to be logged. `before` is none where nothing was said of it yet.
    fn after(before: Option<&Self>, reason: Option<String>, now: Instant) -> (Self, bool) {
        match (before, reason) {
            (None | Some(Self::Good), None) => (Self::Good, false),
            (Some(_), None) => (Self::Good, true),
            (Some(Self::Bad(_)), Some(reason)) => (Self::Bad(reason), false),
            (Some(Self::Starting { since, .. }), Some(reason)) if now.duration_since(*since) < STARTING => {
                (Self::Starting { since: *since, reason }, false)
            }
            (_, Some(reason)) => (Self::Bad(reason), true),
        }
    }
}

/// What `/readyz` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// Whether all conditions hold.
    pub ready: bool,
    /// `ok`, or what is wrong, by condition.
    pub conditions: BTreeMap<String, String>,
}

impl Health {
    /// The health of `service`. It isn't ready until it was said to have started.
    pub fn new(service: &'static str) -> Self {
        let health = Self { service, conditions: Arc::default() };
        health.starting("started");
        health
    }

    /// The health of another service in the same process: it is ready when both are.
    pub fn beside(&self, service: &'static str) -> Self {
        let health = Self { service, conditions: Arc::clone(&self.conditions) };
        health.starting("started");
        health
    }

    /// Says that a condition doesn't hold yet. That is no event worth a line in the log.
    pub fn starting(&self, condition: &str) {
        let state = State::Starting { since: Instant::now(), reason: "starting".to_owned() };
        self.lock().insert(format!("{}: {condition}", self.service), state);
    }

    /// Says that a condition holds.
    pub fn good(&self, condition: &str) {
        self.set(condition, None);
    }

    /// Says that a condition doesn't hold, and why.
    pub fn bad(&self, condition: &str, reason: impl ToString) {
        self.set(condition, Some(reason.to_string()));
    }

    /// All conditions.
    pub fn readiness(&self) -> Readiness {
        let conditions = self.lock();
        Readiness {
            ready: conditions.values().all(|state| state.reason().is_none()),
            conditions: conditions
                .iter()
                .map(|(name, state)| (name.clone(), state.reason().unwrap_or("ok").to_owned()))
                .collect(),
        }
    }

    fn set(&self, condition: &str, reason: Option<String>) {
        let name = format!("{}: {condition}", self.service);
        let mut conditions = self.lock();
        let (state, is_news) = State::after(conditions.get(&name), reason, Instant::now());
        conditions.insert(name.clone(), state.clone());
        drop(conditions);
        match state.reason() {
            _ if !is_news => {}
            Some(reason) => error!(condition = name, reason, "not ready"),
            None => info!(condition = name, "ready"),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, State>> {
        self.conditions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_condition_is_enough() {
        let health = Health::new("ingest");
        assert!(!health.readiness().ready);
        health.good("started");
        assert!(health.readiness().ready);
        health.bad("database", "disk full");
        let readiness = health.readiness();
        assert!(!readiness.ready);
        assert_eq!(readiness.conditions["ingest: database"], "disk full");
        health.good("database");
        assert!(health.readiness().ready);
    }

    #[test]
    fn what_fails_from_the_start_is_told_once_it_is_no_mere_start() {
        let begun = Instant::now();
        let starting = State::Starting { since: begun, reason: "starting".to_owned() };
        let bad = || Some("no server".to_owned());
        let (state, is_told) = State::after(Some(&starting), bad(), begun + Duration::from_secs(1));
        assert_eq!((state.reason(), is_told), (Some("no server"), false));
        let (state, is_told) = State::after(Some(&state), bad(), begun + STARTING);
        assert_eq!((state.reason(), is_told), (Some("no server"), true));
        let (state, is_told) = State::after(Some(&state), bad(), begun + STARTING * 2);
        assert_eq!((state.reason(), is_told), (Some("no server"), false));
        assert_eq!(State::after(Some(&state), None, begun + STARTING * 3), (State::Good, true));
    }

    #[test]
    fn a_condition_that_held_is_told_at_once_when_it_does_no_more() {
        let now = Instant::now();
        for before in [None, Some(&State::Good)] {
            assert_eq!(State::after(before, Some("gone".to_owned()), now), (State::Bad("gone".to_owned()), true));
            assert_eq!(State::after(before, None, now), (State::Good, false));
        }
    }

    #[test]
    fn services_of_one_process_are_ready_together() {
        let ingest = Health::new("ingest");
        let publish = ingest.beside("publish");
        ingest.good("started");
        assert!(!ingest.readiness().ready);
        publish.good("started");
        assert!(ingest.readiness().ready);
    }
}
