//! Whether workers are there and can work, as they say themselves.

use std::collections::BTreeMap;

use kos_shared::{
    bus::{Durability, durability as ask_durability},
    config::Config,
    control::Status,
};

use super::{Finding, bad, good};
use crate::{arguments::Service, output::bytes};

/// The name of the condition that is told for all workers together.
const DURABILITY: &str = "durability";

/// Whether what is acknowledged is safe. The workers know better than this command: they may have started the server.
pub async fn durability(config: &Config, workers: &[Status]) -> Finding {
    let told = |worker: &Status| conditions(worker).remove(DURABILITY);
    let told: Vec<String> = workers.iter().filter_map(told).collect();
    let weak = match told.iter().find(|state| *state != "ok") {
        Some(reason) => Some(reason.clone()),
        None if !told.is_empty() => return good(DURABILITY, "the workers are content with it"),
        None => match ask_durability(config.nats.monitor_url.as_deref(), config.nats.limits.replicas).await {
            Durability::Strong => return good(DURABILITY, "what is acknowledged is on the disk"),
            Durability::Weak(reason) => Some(reason),
        },
    };
    let reason = weak.unwrap_or_default();
    let (found, remedy) = reason.split_once(": ").unwrap_or((&reason, "see the README, Durability"));
    bad(DURABILITY, found, remedy)
}

/// The conditions of a worker, by their names alone.
fn conditions(worker: &Status) -> BTreeMap<String, String> {
    let own = format!("{}: ", worker.service);
    let name = |name: &str| name.strip_prefix(&own).unwrap_or(name).to_owned();
    worker.conditions.iter().map(|(condition, state)| (name(condition), state.clone())).collect()
}

pub fn workers(workers: &[Status]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in Service::ALL.map(Service::as_str) {
        if !workers.iter().any(|s| s.service == service) {
            let remedy = format!(
                "start `kos-{service}`, or `kos up` for all; where it runs, `kos-{service} --healthcheck` beside it and the \
                 end of its log say what keeps it"
            );
            findings.push(bad(format!("worker {service}"), "none answers", remedy));
        }
    }
    workers.iter().for_each(|status| findings.extend(worker(status)));
    findings
}

fn worker(worker: &Status) -> Vec<Finding> {
    let check = format!("worker {}", worker.service);
    let mut findings = Vec::new();
    if let Some(step) = worker.newer_schema {
        let found =
            format!("version {} works on a database that a newer version brought to step {step}", worker.version);
        findings.push(bad(
            check.clone(),
            found,
            format!("install the newer version of `kos-{}`, and start it again", worker.service),
        ));
    }
    if let Some(disk) = worker.disk.filter(|disk| disk.is_nearly_full()) {
        findings.push(bad(
            check.clone(),
            format!("the disk of its database is nearly full: {} of {} free", bytes(disk.free_bytes), bytes(disk.total_bytes)),
            "make room or give it a larger disk (`df -h $KOS_DATA`, `du -sh $KOS_DATA/*`); a smaller KOS_KEEP_DAYS keeps \
             fetched pages for less long",
        ));
    }
    for (condition, state) in conditions(worker) {
        // Durability is told for all of them.
        if state != "ok" && condition != DURABILITY {
            findings.push(bad(&check, format!("{condition}: {state}"), remedy(worker, &condition, &state)));
        }
    }
    if findings.is_empty() {
        let found = format!("ready, {}, {} waiting in the outbox", worker.database, worker.outbox_waiting);
        findings.push(good(check, found));
    }
    findings
}

/// What to do about a condition that doesn't hold. What databases and servers say is known by its words.
fn remedy(worker: &Status, condition: &str, state: &str) -> String {
    let says = |words: &[&str]| words.iter().any(|word| state.to_lowercase().contains(word));
    let is_postgres = worker.database == "postgres";
    match condition {
        "storage" => "make room on the server's disk (`df -h` of its store_dir), then start the server again, or `kos up` where \
             it is its own: until then it writes nothing to that stream, and events wait or are refused"
            .into(),
        _ if says(&["read-only", "readonly"]) && is_postgres => {
            "the database only reads: name the primary in KOS_DATABASE_URL where this is a standby (`psql -c 'select \
             pg_is_in_recovery()'`), else `psql -c 'alter database NAME reset default_transaction_read_only'`, and start \
             the worker again"
                .into()
        }
        _ if says(&["read-only", "readonly"]) => format!(
            "the user of the worker has to be able to write the database's file and folder: `ls -ld $KOS_DATA \
             $KOS_DATA/{}.db*`, `mount | grep ro,`",
            worker.service
        ),
        _ if says(&["permission denied"]) && is_postgres => format!(
            "`psql -c 'grant all on schema {0} to ROLE; grant all on all tables in schema {0} to ROLE'` with the role \
             of KOS_DATABASE_URL",
            worker.service
        ),
        _ if says(&["disk is full", "disk full", "no space left"]) => {
            "make room on the database's disk: `df -h $KOS_DATA`".into()
        }
        "streams" if says(&["insufficient storage"]) => {
            "make room on the server's disk (`df -h` of its store_dir), raise its max_file_store, or set a smaller \
             KOS_STREAM_BYTES for all services and start them again: five streams may have so much each"
                .into()
        }
        "streams" => "`kos prepare` as a user who may make streams says whether it can be done".into(),
        "bus" => "see that the server is 2.12 or later, and reachable from where the worker runs".into(),
        "outbox" => "see `kos doctor` about the stream that is named; events wait, and none is lost".into(),
        "database" => "see that the database runs and that KOS_DATABASE_URL is right: `kos config`".into(),
        _ => format!("see the log of `kos-{}`: it says when and why this changed", worker.service),
    }
}
