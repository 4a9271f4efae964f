//! `kos status`: what each stage has to do, and which workers are alive.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kos_shared::{
    config::Config,
    control::Status,
    operator::{Operator, StageStatus},
};
use serde::Serialize;

use crate::{
    Ended,
    output::{ago, counted, print_json, print_table},
};

#[derive(Debug, Serialize)]
struct Report {
    stages: Vec<StageStatus>,
    dead: BTreeMap<String, usize>,
    workers: Vec<Status>,
}

pub async fn run(config: &Config, as_json: bool) -> anyhow::Result<Ended> {
    let operator = Operator::connect(&config.nats).await?;
    let workers = operator.statuses().await?;
    let stages = operator.stages(&workers).await?;
    let report = Report { stages, dead: operator.dead_letter_counts().await?, workers };
    if as_json {
        print_json(&report)?;
    } else {
        print(&report);
    }
    Ok(Ended::Done)
}

fn print(report: &Report) {
    let now = Timestamp::now();
    let rows = report.stages.iter().map(|s| {
        vec![
            s.service.to_owned(),
            s.event_type.to_owned(),
            s.pending.to_string(),
            s.in_flight.to_string(),
            s.handled_last_hour.to_string(),
            s.oldest_at.map_or_else(|| "-".to_owned(), |at| ago(at, now)),
        ]
    });
    print_table(&["stage", "event", "pending", "in flight", "handled (1h)", "oldest"], rows);
    println!();
    let rows = report.workers.iter().map(|w| {
        vec![
            w.service.clone(),
            w.instance.clone(),
            if w.ready { "ready".to_owned() } else { "not ready".to_owned() },
            w.outbox_waiting.to_string(),
            w.database.clone(),
            w.problems(),
        ]
    });
    if report.workers.is_empty() {
        println!("no worker answers");
    } else {
        print_table(&["worker", "instance", "state", "outbox", "database", "what is wrong"], rows);
    }
    println!();
    let dead: usize = report.dead.values().sum();
    let by_service: Vec<String> = report.dead.iter().map(|(service, n)| format!("{service} {n}")).collect();
    match dead {
        0 => println!("no dead letters"),
        n => println!("{} ({}): see `kos dead list`", counted(n, "dead letter"), by_service.join(", ")),
    }
}
