//! `kos status`: what each stage has to do, and which workers are alive.

use std::collections::BTreeMap;

use anyhow::Context;
use async_nats::jetstream::consumer::pull;
use futures_util::TryStreamExt;
use jiff::Timestamp;
use kos_shared::{
    bus::{ConsumerSpec, StreamName},
    config::Config,
    control::Status,
};
use serde::Serialize;

use crate::{
    Ended,
    operator::Operator,
    output::{ago, counted, print_json, print_table},
};

/// One consumer's work.
#[derive(Debug, Serialize)]
struct StageStatus {
    service: &'static str,
    event_type: &'static str,
    pending: u64,
    in_flight: u64,
    handled_last_hour: u64,
    oldest_at: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
struct Report {
    stages: Vec<StageStatus>,
    dead: BTreeMap<String, usize>,
    workers: Vec<Status>,
}

pub async fn run(config: &Config, as_json: bool) -> anyhow::Result<Ended> {
    let operator = Operator::connect(config).await?;
    let workers = operator.statuses().await?;
    let mut stages = Vec::new();
    for consumer in ConsumerSpec::ALL {
        stages.push(stage(&operator, consumer, &workers).await?);
    }
    let report = Report { stages, dead: dead(&operator).await?, workers };
    if as_json {
        print_json(&report)?;
    } else {
        print(&report);
    }
    Ok(Ended::Done)
}

async fn stage(operator: &Operator, spec: ConsumerSpec, workers: &[Status]) -> anyhow::Result<StageStatus> {
    let missing = || format!("{spec} is not there yet: start a worker, or `kos up`");
    let stream = operator.jetstream().get_stream_no_info(spec.stream.as_str()).await.with_context(missing)?;
    let consumer =
        stream.get_consumer::<pull::Config>(spec.name).await.map_err(|e| anyhow::anyhow!(e).context(missing()))?;
    let info = consumer.cached_info();
    let in_flight = u64::try_from(info.num_ack_pending).unwrap_or_default();
    let subject = spec.event_type.as_str();
    let oldest_at = if info.num_pending + in_flight > 0 {
        // The first event above the floor; it may be gone by now, and then there is no oldest one to speak of.
        let next = stream.direct_get_next_for_subject(subject, Some(info.ack_floor.stream_sequence + 1)).await.ok();
        next.and_then(|m| Timestamp::from_nanosecond(m.time.unix_timestamp_nanos()).ok())
    } else {
        None
    };
    let handled = workers.iter().filter(|w| w.service == spec.service);
    let handled = handled.filter_map(|w| w.handled_last_hour.get(&spec.to_string())).max();
    Ok(StageStatus {
        service: spec.service,
        event_type: subject,
        pending: info.num_pending,
        in_flight,
        handled_last_hour: handled.copied().unwrap_or_default(),
        oldest_at,
    })
}

/// How many dead letters there are, by service.
async fn dead(operator: &Operator) -> anyhow::Result<BTreeMap<String, usize>> {
    let stream = operator.jetstream().get_stream_no_info(StreamName::Dead.as_str()).await?;
    let subjects: Vec<(String, usize)> = stream.info_with_subjects("kos.dead.>").await?.try_collect().await?;
    Ok(subjects.into_iter().map(|(subject, n)| (subject.replace("kos.dead.", ""), n)).collect())
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
