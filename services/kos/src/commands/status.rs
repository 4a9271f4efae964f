//! `kos status`: what each stage has to do, and which workers are alive; with `--watch` again and again.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{ErrorKind, Write as _, stdout},
    pin::pin,
    time::Duration,
};

use anstream::print;
use jiff::{SignedDuration, Timestamp};
use kos_shared::{
    config::Config,
    control::Status,
    operator::{Operator, OperatorError, SERVICES, StageStatus},
};
use serde::Serialize;
use serde_json::json;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::{MissedTickBehavior, interval},
};

use crate::{
    Ended,
    arguments::WatchStatus,
    output::{Cell, Screen, Tone, ago, bytes, counted, print_json, table},
};

/// An event that waits for longer than this is worth a look.
const LONG: SignedDuration = SignedDuration::from_mins(1);

/// How long a server may be gone before that is said.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug, Serialize)]
struct Report {
    at: Timestamp,
    stages: Vec<StageStatus>,
    dead: BTreeMap<String, usize>,
    workers: Vec<Status>,
}

pub async fn run(arguments: WatchStatus, config: &Config, as_json: bool) -> anyhow::Result<Ended> {
    if let Some(every) = arguments.watch {
        return watch(every, config, as_json).await;
    }
    let report = report(&Operator::connect(&config.nats).await?).await?;
    if as_json {
        print_json(&report)?;
    } else {
        print!("{}", told(&report));
    }
    Ok(Ended::Done)
}

async fn report(operator: &Operator) -> Result<Report, OperatorError> {
    let workers = operator.statuses().await?;
    let stages = operator.stages(&workers).await?;
    let dead = operator.dead_letter_counts().await?;
    Ok(Report { at: Timestamp::now(), stages, dead, workers })
}

/// Tells it anew until somebody interrupts, or nobody reads any more. A server that goes away is waited for.
async fn watch(every: Duration, config: &Config, as_json: bool) -> anyhow::Result<Ended> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut interrupted = pin!(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    });
    let mut screen = Screen::new();
    let mut operator = None;
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let look = async {
            ticks.tick().await;
            look(&mut operator, config).await
        };
        let seen = tokio::select! {
            () = &mut interrupted => return Ok(Ended::Done),
            seen = look => seen,
        };
        // Waiting doesn't mend what is wrong with the configuration.
        if let Err(error @ OperatorError::Connect(_)) = seen {
            return Err(error.into());
        }
        let drawn = if as_json { print_line(&seen) } else { screen.draw(&watched(&seen, every)) };
        match drawn {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(Ended::Done),
            other => other?,
        }
    }
}

/// One look over a connection that is kept.
async fn look(operator: &mut Option<Operator>, config: &Config) -> Result<Report, OperatorError> {
    let connected = match operator {
        Some(operator) => operator,
        None => operator.insert(Operator::begin(&config.nats).await?),
    };
    connected.connected_within(PATIENCE).await?;
    let report = report(connected).await;
    if report.is_err() {
        // Lost while it was asked?
        connected.check_connection()?;
    }
    report
}

fn print_line(seen: &Result<Report, OperatorError>) -> std::io::Result<()> {
    let line = match seen {
        Ok(report) => serde_json::to_string(report)?,
        Err(error) => json!({"at": Timestamp::now(), "error": error.to_string()}).to_string(),
    };
    let mut stdout = stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

fn watched(seen: &Result<Report, OperatorError>, every: Duration) -> String {
    let now = Timestamp::now();
    let head = Tone::Aside.paint(&format!("{now:.0}, every {every:?}; Ctrl-C ends"));
    match seen {
        Ok(report) => format!("{head}\n\n{}", told(report)),
        Err(error) => format!("{head}\n\n{}\n", Tone::Wrong.paint(&format!("{error}; trying again"))),
    }
}

fn told(report: &Report) -> String {
    let rows = report.stages.iter().map(|stage| {
        let age = stage.oldest_at.map(|at| report.at.duration_since(at));
        let tone = if age.is_some_and(|age| age > LONG) { Tone::Waits } else { Tone::Plain };
        let oldest = stage.oldest_at.map_or_else(|| "-".to_owned(), |at| ago(at, report.at));
        vec![
            Cell::from(stage.service),
            Cell::from(stage.event_type),
            Cell::count(stage.pending, Tone::Waits),
            Cell::count(stage.in_flight, Tone::Plain),
            Cell::count(stage.handled_last_hour, Tone::Plain),
            Cell::new(oldest, tone),
        ]
    });
    let mut text = table(&["stage", "event", "pending", "in flight", "handled (1h)", "oldest"], rows);
    text.push('\n');
    let rows = SERVICES.into_iter().flat_map(|service| {
        let mut rows: Vec<_> = report.workers.iter().filter(|w| w.service == service).map(worker).collect();
        if rows.is_empty() {
            rows.push(vec![Cell::from(service), Cell::from("-"), Cell::new("none answers", Tone::Wrong)]);
        }
        rows
    });
    text += &table(&["worker", "instance", "state", "outbox", "database", "disk free", "what is wrong"], rows);
    text.push('\n');
    let dead: usize = report.dead.values().sum();
    let by_service: Vec<String> = report.dead.iter().map(|(service, n)| format!("{service} {n}")).collect();
    // Writing to a string never fails.
    let _ = match dead {
        0 => writeln!(text, "no dead letters"),
        n => {
            let line = format!("{} ({}): see `kos dead list`", counted(n, "dead letter"), by_service.join(", "));
            writeln!(text, "{}", Tone::Wrong.paint(&line))
        }
    };
    text
}

fn worker(worker: &Status) -> Vec<Cell> {
    let (state, tone) = if worker.ready { ("ready", Tone::Plain) } else { ("not ready", Tone::Wrong) };
    let disk = match &worker.disk {
        Some(disk) if disk.is_nearly_full() => Cell::new(bytes(disk.free_bytes), Tone::Wrong),
        Some(disk) => bytes(disk.free_bytes).into(),
        None => "-".into(),
    };
    vec![
        Cell::from(worker.service.as_str()),
        Cell::from(worker.instance.as_str()),
        Cell::new(state, tone),
        Cell::count(worker.outbox_waiting, Tone::Waits),
        Cell::from(worker.database.as_str()),
        disk,
        Cell::new(worker.problems(), Tone::Wrong),
    ]
}
