//! Logs: one line an event and stage, as JSON with flat fields where nobody looks on, as text on a terminal.
//!
//! Lines go to standard error; standard output belongs to what a command prints. [`traces`] go to a collector.

pub mod traces;

use std::io::{IsTerminal, stderr};

use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{ConfigError, Environment};

/// Starts logging as `KOS_LOG` and `RUST_LOG` say, and sending traces of `service` to `OTEL_EXPORTER_OTLP_ENDPOINT` where
/// that is set.
///
/// # Errors
/// [`ConfigError`] where one of them can't be read.
pub fn init(environment: &Environment, service: &str) -> Result<(), ConfigError> {
    let json = match environment.get("KOS_LOG") {
        Some("json") => true,
        Some("text") => false,
        None => !stderr().is_terminal(),
        Some(_) => return Err(environment.error("KOS_LOG", "json or text")),
    };
    let directives = environment.get("RUST_LOG").unwrap_or("info,async_nats=warn,sqlx=warn");
    let filter = EnvFilter::try_new(directives)
        .map_err(|_| environment.error("RUST_LOG", "a level or a filter such as info,kos_ingest=debug"))?;
    let layer = if json {
        let mut layer = json_subscriber::JsonLayer::new(stderr);
        layer.with_timer("time", tracing_subscriber::fmt::time::SystemTime);
        layer.with_level("level");
        layer.with_target("target");
        layer.with_top_level_flattened_span_list();
        layer.with_flattened_event();
        layer.boxed()
    } else {
        tracing_subscriber::fmt::layer()
            .with_writer(stderr)
            .with_ansi(stderr().is_terminal())
            .with_target(false)
            .boxed()
    };
    const COLLECTOR: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    let wrong = |why: String| {
        environment.error(COLLECTOR, &format!("the base address of a collector that takes OTLP over HTTP, but {why}"))
    };
    let collector = environment.get(COLLECTOR);
    let traced = collector.map(|url| traces::export(url, service).map_err(wrong)).transpose()?;
    // A second start in one process, as tests have it, keeps the first.
    let _already_started = tracing_subscriber::registry().with(traced).with(layer.with_filter(filter)).try_init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, reason = panic.payload_as_str(), "panicked");
    }));
    for warning in environment.warnings() {
        tracing::warn!("{warning}");
    }
    Ok(())
}

/// Sends what waits to be sent at the end of a process.
pub fn end() {
    traces::end();
}
