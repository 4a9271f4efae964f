//! A process: configuration, logs, signals, and the routes that tell how it is.

use std::{future::Future, process::ExitCode};

use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::{
    config::{Config, Environment},
    health::Health,
    metrics::Metrics,
    runtime::RunError,
    serve::{Limits, serve},
    telemetry,
};

/// How many connections there may be where nothing but health checks is answered.
const HEALTH_CONNECTIONS: usize = 64;

/// What the services of one process share.
#[derive(Debug, Clone)]
pub struct Process {
    /// How they are.
    pub health: Health,
    /// What they count.
    pub metrics: Metrics,
    /// When they are to stop.
    pub stop: CancellationToken,
}

impl Process {
    /// A process whose first service is `service`.
    pub fn new(service: &'static str) -> Self {
        Self { health: Health::new(service), metrics: Metrics::default(), stop: CancellationToken::new() }
    }

    /// The same process as another service of it sees it.
    pub fn beside(&self, service: &'static str) -> Self {
        Self { health: self.health.beside(service), ..self.clone() }
    }

    /// `/healthz` (the process lives), `/readyz` (it can work, and what is wrong if not) and `/metrics`.
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        Router::new()
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics))
            .with_state(self.clone())
    }

    /// Serves [`Self::routes`] on a listener of their own until the process stops.
    pub async fn serve_health(&self, listener: TcpListener) {
        serve(listener, self.routes(), Limits::of(HEALTH_CONNECTIONS), self.stop.clone()).await;
    }
}

async fn readyz(State(process): State<Process>) -> impl IntoResponse {
    let readiness = process.health.readiness();
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(readiness))
}

async fn metrics(State(process): State<Process>) -> impl IntoResponse {
    ([("content-type", "application/openmetrics-text; version=1.0.0; charset=utf-8")], process.metrics.text())
}

/// What a command line without anything to say says: how it ends where the service isn't to be started.
fn ended_by_arguments(service: &str, mut arguments: impl Iterator<Item = String>) -> Option<(u8, String)> {
    let usage = format!(
        "usage: kos-{service}\n\nRuns the {service} service until SIGTERM or SIGINT. It takes no arguments: environment \
         variables configure it,\nand `kos config` prints all of them.\n"
    );
    match arguments.next()?.as_str() {
        "--help" | "-h" => Some((0, usage)),
        other => Some((2, format!("kos-{service}: unknown argument {other:?}\n\n{usage}"))),
    }
}

/// The `main` of a service that runs alone. The exit code is 0 when it was told to stop, 1 when it failed, 2 when its
/// configuration can't be read or it is given arguments, of which it takes none.
pub fn main<F, R>(service: &'static str, run: F) -> ExitCode
where
    F: FnOnce(Config, Process) -> R,
    R: Future<Output = Result<(), RunError>>,
{
    let arguments = std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned());
    if let Some((code, text)) = ended_by_arguments(service, arguments) {
        if code == 0 {
            print!("{text}");
        } else {
            eprint!("{text}");
        }
        return ExitCode::from(code);
    }
    let config = Environment::of_process().and_then(|environment| {
        telemetry::init(&environment, &format!("kos-{service}"))?;
        Config::read(&environment, service)
    });
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            eprintln!("kos-{service}: {error}");
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("kos-{service}: could not start threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(async {
        let process = Process::new(service);
        tokio::spawn(stop_on_signal(process.stop.clone()));
        if let Some(address) = config.health_listen {
            match TcpListener::bind(address).await {
                Ok(listener) => {
                    let process = process.clone();
                    tokio::spawn(async move { process.serve_health(listener).await });
                }
                Err(error) => {
                    eprintln!("kos-{service}: KOS_HEALTH_LISTEN {address}: {error}");
                    return ExitCode::FAILURE;
                }
            }
        }
        match run(config, process).await {
            Ok(()) | Err(RunError::Stopped) => ExitCode::SUCCESS,
            Err(RunError::Config(error)) => {
                eprintln!("kos-{service}: {error}");
                ExitCode::from(2)
            }
            Err(error) => {
                error!(service, %error, "ended");
                ExitCode::FAILURE
            }
        }
    });
    telemetry::end();
    code
}

/// Cancels `stop` at SIGTERM or SIGINT. A second one ends the process at once.
pub async fn stop_on_signal(stop: CancellationToken) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        error!("signals can't be received: the process will not stop cleanly");
        return;
    };
    for first in [true, false] {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        if !first {
            std::process::exit(130);
        }
        info!("stopping: finishing what was begun");
        stop.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_starts_without_arguments_only() {
        let ended = |arguments: &[&str]| ended_by_arguments("ingest", arguments.iter().map(|a| (*a).to_owned()));
        assert_eq!(ended(&[]), None);
        let (code, text) = ended(&["--help"]).unwrap();
        assert!(code == 0 && text.starts_with("usage: kos-ingest\n"), "{text}");
        let (code, text) = ended(&["--listen", "x"]).unwrap();
        assert!(code == 2 && text.contains("unknown argument \"--listen\"") && text.contains("usage:"), "{text}");
    }
}
