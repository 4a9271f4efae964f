//! Whether a worker is fit for work, and why not.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde::Serialize;
use tracing::{error, info};

/// The conditions of one service. Clones share them.
///
/// A change is logged here, once: who notices a condition says so to this type and not to the log.
#[derive(Debug, Clone)]
pub struct Health {
    service: &'static str,
    conditions: Arc<Mutex<BTreeMap<String, Option<String>>>>,
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
        self.lock().insert(format!("{}: {condition}", self.service), Some("starting".to_owned()));
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
            ready: conditions.values().all(Option::is_none),
            conditions: conditions
                .iter()
                .map(|(name, reason)| (name.clone(), reason.clone().unwrap_or_else(|| "ok".to_owned())))
                .collect(),
        }
    }

    fn set(&self, condition: &str, reason: Option<String>) {
        let name = format!("{}: {condition}", self.service);
        let before = self.lock().insert(name.clone(), reason.clone());
        match (before.flatten(), reason) {
            (None, Some(reason)) => error!(condition = name, reason, "not ready"),
            (Some(_), None) => info!(condition = name, "ready"),
            _ => {}
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Option<String>>> {
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
    fn services_of_one_process_are_ready_together() {
        let ingest = Health::new("ingest");
        let publish = ingest.beside("publish");
        ingest.good("started");
        assert!(!ingest.readiness().ready);
        publish.good("started");
        assert!(ingest.readiness().ready);
    }
}
