//! `kos doctor`: what is wrong, and what to do about it. Each part of the whole is looked at by a file of its own, and a
//! [`Finding`] is a line of what it says.

mod clocks;
mod models;
mod server;
mod streams;
mod workers;

use anstream::{eprintln, println};
use futures_util::future::join_all;
use kos_shared::{
    bus::{ConsumerSpec, StreamName},
    config::{Config, Environment},
    operator::{Operator, OperatorError},
};
use serde::Serialize;

use crate::{
    Ended,
    output::{Cell, Tone, counted, print_json, print_table},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    check: String,
    ok: bool,
    found: String,
    remedy: String,
}

fn good(check: impl Into<String>, found: impl Into<String>) -> Finding {
    Finding { check: check.into(), ok: true, found: found.into(), remedy: String::new() }
}

fn bad(check: impl Into<String>, found: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding { check: check.into(), ok: false, found: found.into(), remedy: remedy.into() }
}

pub async fn run(environment: &Environment, config: &Config, as_json: bool) -> anyhow::Result<Ended> {
    let mut findings: Vec<Finding> = environment
        .warnings()
        .iter()
        .map(|warning| bad("configuration", warning.as_str(), "see `kos config` for the variables that there are"))
        .collect();
    match Operator::connect(&config.nats).await {
        Ok(operator) => findings.extend(look(&operator, config, as_json).await?),
        Err(error) => findings.push(server::unreachable(&error)),
    }
    let wrong = findings.iter().filter(|f| !f.ok).count();
    if as_json {
        print_json(&findings)?;
    } else {
        print_table(&["", "check", "found"], findings.iter().flat_map(rows));
        println!();
        match wrong {
            0 => println!("nothing is wrong, {} were made", counted(findings.len(), "check")),
            wrong => {
                let line = format!("{wrong} of {} found something wrong", counted(findings.len(), "check"));
                println!("{}", Tone::Wrong.paint(&line));
            }
        }
    }
    Ok(if wrong == 0 { Ended::Done } else { Ended::Failed })
}

/// A finding's line, and the one with its remedy.
fn rows(finding: &Finding) -> Vec<Vec<Cell>> {
    let Finding { check, ok, found, remedy } = finding;
    let (mark, tone) = if *ok { ("ok", Tone::Plain) } else { ("WRONG", Tone::Wrong) };
    let mut rows = vec![vec![Cell::new(mark, tone), Cell::new(check, tone), Cell::from(found.as_str())]];
    if !remedy.is_empty() {
        rows.push(vec!["".into(), "".into(), format!("→ {remedy}").into()]);
    }
    rows
}

/// Looks at all that is behind a server. One that can't be worked with would answer none of the questions.
async fn look(operator: &Operator, config: &Config, quiet: bool) -> Result<Vec<Finding>, OperatorError> {
    let server = server::server(operator).await;
    if !server.ok {
        return Ok(vec![server]);
    }
    if !quiet {
        eprintln!("kos: model endpoints, where there are any, get a real call: that may take a minute");
    }
    let statuses = operator.statuses().await?;
    let mut findings = vec![server];
    findings.extend(server::largest_event(operator));
    findings.push(workers::durability(config, &statuses).await);
    // Side by side: what is not answered takes its time.
    findings.extend(join_all(StreamName::ALL.map(|name| streams::stream(operator, config, name))).await);
    let consumers = join_all(ConsumerSpec::ALL.map(|spec| streams::consumer(operator, config, spec))).await;
    findings.extend(consumers.into_iter().flatten());
    findings.extend(workers::workers(&statuses));
    findings.extend(clocks::clocks(operator.ahead_of_server_ms().await, &statuses));
    findings.extend(models::models(operator).await);
    Ok(findings)
}
