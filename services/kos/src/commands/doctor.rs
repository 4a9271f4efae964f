//! `kos doctor`: what is wrong, and what to do about it.

use async_nats::jetstream::consumer::pull;
use kos_shared::{
    bus::{ConsumerSpec, Durability, StreamName, durability},
    config::{Config, Environment},
    control::{AskError, ask},
    event::Verdict,
    operator::Operator,
};
use kos_summarize::{
    control::{self, Tried, Try},
    model::StructuredOutput,
};
use serde::Serialize;

use crate::{
    Ended,
    arguments::Service,
    output::{print_json, print_table},
};

/// The oldest server that has atomic batches.
const OLDEST_SERVER: (u64, u64) = (2, 12);

/// A stream that is fuller than this is worth a word.
const FULL: f64 = 0.8;

#[derive(Debug, Serialize)]
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
        Ok(operator) => {
            if !as_json {
                eprintln!("kos: model endpoints, where there are any, get a real call: that may take a minute");
            }
            findings.push(server(&operator));
            let workers = workers(&operator).await?;
            findings.push(synced(config, &workers).await);
            for name in StreamName::ALL {
                findings.push(stream(&operator, name).await);
            }
            for spec in ConsumerSpec::ALL {
                findings.push(consumer(&operator, spec).await);
            }
            findings.extend(workers);
            findings.extend(models(&operator).await);
        }
        Err(error) => findings.push(bad("server", format!("{error:#}"), "start it, or set KOS_NATS_URL")),
    }
    let ok = findings.iter().all(|f| f.ok);
    if as_json {
        print_json(&findings)?;
    } else {
        let rows = findings
            .into_iter()
            .map(|f| vec![if f.ok { "ok".to_owned() } else { "WRONG".to_owned() }, f.check, f.found, f.remedy]);
        print_table(&["", "check", "found", "what to do"], rows);
    }
    Ok(if ok { Ended::Done } else { Ended::Failed })
}

/// Has a summarize worker try its endpoints: it is the one that has to reach them, and that has the keys.
async fn models(operator: &Operator) -> Vec<Finding> {
    let asked = ask::<Vec<Tried>>(operator.client(), "summarize", control::PROBE, &Try {}, control::PATIENCE).await;
    let tried = match asked {
        Ok(tried) => tried,
        // That none runs is a finding of its own.
        Err(AskError::NoWorker { .. }) => return Vec::new(),
        Err(error) => return vec![bad("model", error.to_string(), "see the log of the summarize worker")],
    };
    if tried.is_empty() {
        return vec![good(
            "model",
            "none is configured (KOS_LLM_URL): summaries are excerpts, in the article's language",
        )];
    }
    tried.into_iter().map(model).collect()
}

fn model(tried: Tried) -> Finding {
    let Tried { endpoint, model, context_tokens, probe, budget, records } = tried;
    let check = format!("model {model} at {endpoint}");
    if let Some(error) = &probe.error {
        let listed = probe.models.as_deref().filter(|models| !models.is_empty());
        let remedy = match listed.filter(|_| probe.lists(&model) == Some(false)) {
            Some(models) => format!("set KOS_LLM_MODEL to one that is there: {}", models.join(", ")),
            None => {
                "see that the server runs, and that KOS_LLM_URL, KOS_LLM_MODEL and KOS_LLM_API_KEY are right".into()
            }
        };
        return bad(check, error.clone(), remedy);
    }
    let structured = match probe.structured {
        Some(StructuredOutput::Works) => "structured output works",
        Some(StructuredOutput::Ignored) => "structured output is ignored",
        Some(StructuredOutput::Refused) | None => "no structured output",
    };
    let mut found = vec![structured.to_owned()];
    found.extend(probe.tokens_per_second.map(|speed| format!("{speed:.0} tokens/s")));
    found.extend(probe.window.as_ref().map(|window| format!("window of {} tokens", window.tokens)));
    found.extend(budget.map(|(daily, spent)| format!("{spent} of {daily} tokens spent today")));
    found.extend(records.iter().filter_map(|record| record.detail.clone()));
    let found = found.join(", ");
    let is_withheld = records.iter().any(|record| record.verdict == Verdict::Fail);
    match (&probe.window, budget) {
        (Some(window), _) if (window.tokens as usize) < context_tokens => {
            bad(check, found, format!("set KOS_LLM_CONTEXT to {} or less: articles may not fit", window.tokens))
        }
        (_, Some((daily, spent))) if spent >= daily => {
            bad(check, found, "raise KOS_LLM_DAILY_TOKENS, or wait for the next day (UTC)")
        }
        _ if is_withheld => {
            bad(check, found, "what it writes is withheld until more of it passes: set KOS_LLM_MODEL to a better model")
        }
        _ => good(check, found),
    }
}

fn server(operator: &Operator) -> Finding {
    let info = operator.client().server_info();
    let mut numbers = info.version.split('.').map(|n| n.parse::<u64>().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version < OLDEST_SERVER {
        let remedy = "install version 2.12 or later: older ones know no atomic batches";
        return bad("server", format!("version {}", info.version), remedy);
    }
    if !info.jetstream {
        return bad("server", "JetStream is off", "start it with a jetstream block in its configuration, or with -js");
    }
    good("server", format!("version {}, events up to {} bytes", info.version, info.max_payload))
}

/// The workers know better than this command whether what is acknowledged is safe: they may have started the server.
async fn synced(config: &Config, workers: &[Finding]) -> Finding {
    if !workers.is_empty() && workers.iter().all(|w| w.ok) {
        return good("durability", "the workers are content with it");
    }
    match durability(config.nats.monitor_url.as_deref(), config.nats.limits.replicas).await {
        Durability::Strong => good("durability", "what is acknowledged is on the disk"),
        Durability::Weak(reason) => {
            let (found, remedy) = reason.split_once(": ").unwrap_or((&reason, "see the README, Durability"));
            bad("durability", found, remedy)
        }
    }
}

async fn stream(operator: &Operator, name: StreamName) -> Finding {
    let check = format!("stream {name}");
    let info = match operator.jetstream().get_stream(name.as_str()).await {
        Ok(mut stream) => stream.info().await.cloned().map_err(|e| e.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let info = match info {
        Ok(info) => info,
        Err(error) => return bad(check, error, "start a worker: it creates what isn't there"),
    };
    let used = info.state.bytes as f64 / info.config.max_bytes.max(1) as f64;
    let found = format!("{} events, {:.0} % full", info.state.messages, used * 100.0);
    match name {
        _ if info.config.max_bytes > 0 && used > FULL => {
            bad(check, found, "raise KOS_STREAM_BYTES, or add workers to the stages that read it")
        }
        StreamName::Dead if info.state.messages > 0 => {
            bad(check, found, "see `kos dead list`; then `kos dead replay` or `kos dead discard`")
        }
        _ => good(check, found),
    }
}

async fn consumer(operator: &Operator, spec: ConsumerSpec) -> Finding {
    let check = format!("consumer {spec}");
    let remedy = format!("start `kos-{}`: it creates what isn't there", spec.service);
    let stream = match operator.jetstream().get_stream_no_info(spec.stream.as_str()).await {
        Ok(stream) => stream,
        Err(error) => return bad(check, error.to_string(), remedy),
    };
    match stream.get_consumer::<pull::Config>(spec.name).await {
        Ok(consumer) => {
            let info = consumer.cached_info();
            good(check, format!("{} pending, {} in flight", info.num_pending, info.num_ack_pending))
        }
        Err(error) => bad(check, error.to_string(), remedy),
    }
}

async fn workers(operator: &Operator) -> anyhow::Result<Vec<Finding>> {
    let statuses = operator.statuses().await?;
    let mut findings = Vec::new();
    for service in Service::ALL.map(Service::as_str) {
        if !statuses.iter().any(|s| s.service == service) {
            let remedy = format!("start `kos-{service}`, or `kos up` for all");
            findings.push(bad(format!("worker {service}"), "none answers", remedy));
        }
    }
    for status in statuses {
        let check = format!("worker {}", status.service);
        if let Some(step) = status.newer_schema {
            let found = format!("version {} on a database of a newer one (step {step})", status.version);
            findings.push(bad(check.clone(), found, "replace it by the version that the other workers have"));
        }
        findings.push(if status.ready {
            good(check, format!("ready, {}, {} waiting in the outbox", status.database, status.outbox_waiting))
        } else {
            bad(check, status.problems(), "see its log: it says when and why each condition changed")
        });
    }
    Ok(findings)
}
