//! A process: configuration, logs, signals, and the routes that tell how it is.

use std::{
    future::Future,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process::ExitCode,
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::{
    config::{Config, Environment},
    health::{Health, Readiness},
    http_get::http_get,
    metrics::Metrics,
    runtime::RunError,
    serve::{Limits, serve},
    telemetry,
};

/// How many connections there may be where nothing but health checks is answered.
const HEALTH_CONNECTIONS: usize = 64;

/// How long a service may take to say how it is.
const HEALTH_LIMIT: Duration = Duration::from_secs(3);

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

    /// How it is. One that is told to stop isn't ready from then on, though it still answers.
    fn readiness(&self) -> Readiness {
        let mut readiness = self.health.readiness();
        if self.stop.is_cancelled() {
            readiness.ready = false;
            readiness.conditions.insert("stopping".to_owned(), "it was told to stop".to_owned());
        }
        readiness
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
    let readiness = process.readiness();
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(readiness))
}

async fn metrics(State(process): State<Process>) -> impl IntoResponse {
    ([("content-type", "application/openmetrics-text; version=1.0.0; charset=utf-8")], process.metrics.text())
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// To run.
    Run,
    /// How the service is that runs with this environment.
    Health,
    /// To end with this code, and to say this.
    End(u8, String),
}

fn asked(service: &str, mut arguments: impl Iterator<Item = String>) -> Asked {
    let usage = format!(
        "usage: kos-{service} [--healthcheck]\n\nRuns the {service} service until SIGTERM or SIGINT. Environment variables \
         configure it, and `kos config` prints all\nof them. With --healthcheck it asks the one that runs with the same \
         variables whether it can work: exit code 0 where it\ncan, 1 where it can't, with what is wrong.\n"
    );
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => Asked::Run,
        (Some("--healthcheck"), None) => Asked::Health,
        (Some("--help" | "-h"), _) => Asked::End(0, usage),
        (Some("--healthcheck"), Some(other)) => {
            Asked::End(2, format!("kos-{service}: unknown argument {other:?}\n\n{usage}"))
        }
        (Some(other), _) => Asked::End(2, format!("kos-{service}: unknown argument {other:?}\n\n{usage}")),
    }
}

/// Asks `/readyz` of the service that runs on this machine with the same configuration: for where there is no shell and no
/// other program to do it.
async fn healthcheck(config: &Config) -> ExitCode {
    let address = reachable(config.health_listen.unwrap_or(config.listen));
    match http_get(&address.ip().to_string(), address.port(), "/readyz", HEALTH_LIMIT).await {
        Ok((status, body)) => {
            println!("{body}");
            if status == 200 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(cause) => {
            println!("{address}: {cause}");
            ExitCode::FAILURE
        }
    }
}

/// Listens at the address that a variable names.
///
/// # Errors
/// What can be done about it: mostly another process has it.
pub async fn listen(variable: &str, address: SocketAddr) -> Result<TcpListener, String> {
    let failed = |e| format!("{variable}={address} can't be listened at ({e}): choose another one, or end what has it");
    TcpListener::bind(address).await.map_err(failed)
}

/// Where to reach on this machine what listens at `listen`.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// The `main` of a service that runs alone. The exit code is 0 when it was told to stop, 1 when it failed, 2 when its
/// configuration or its arguments can't be read.
pub fn main<F, R>(service: &'static str, run: F) -> ExitCode
where
    F: FnOnce(Config, Process) -> R,
    R: Future<Output = Result<(), RunError>>,
{
    let arguments = std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned());
    let asked = asked(service, arguments);
    if let Asked::End(code, text) = asked {
        if code == 0 {
            print!("{text}");
        } else {
            eprint!("{text}");
        }
        return ExitCode::from(code);
    }
    let config = Environment::of_process().and_then(|environment| {
        if asked == Asked::Run {
            telemetry::init(&environment, &format!("kos-{service}"))?;
        }
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
        if asked == Asked::Health {
            return healthcheck(&config).await;
        }
        let process = Process::new(service);
        tokio::spawn(stop_on_signal(process.stop.clone()));
        if let Some(address) = config.health_listen {
            match listen("KOS_HEALTH_LISTEN", address).await {
                Ok(listener) => {
                    let process = process.clone();
                    tokio::spawn(async move { process.serve_health(listener).await });
                }
                Err(error) => {
                    eprintln!("kos-{service}: {error}");
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
        let asked = |arguments: &[&str]| asked("ingest", arguments.iter().map(|a| (*a).to_owned()));
        assert_eq!(asked(&[]), Asked::Run);
        assert_eq!(asked(&["--healthcheck"]), Asked::Health);
        let Asked::End(0, text) = asked(&["--help"]) else { panic!("no help") };
        assert!(text.starts_with("usage: kos-ingest [--healthcheck]\n"), "{text}");
        for (wrong, named) in [(["--listen", "x"], "--listen"), (["--healthcheck", "x"], "x")] {
            let Asked::End(2, text) = asked(&wrong) else { panic!("{wrong:?} was taken") };
            assert!(text.contains(&format!("unknown argument {named:?}")) && text.contains("usage:"), "{text}");
        }
    }

    #[test]
    fn a_process_that_is_told_to_stop_is_not_ready() {
        let process = Process::new("publish");
        process.health.good("started");
        assert!(process.readiness().ready);
        process.stop.cancel();
        let readiness = process.readiness();
        assert!(!readiness.ready && readiness.conditions.contains_key("stopping"), "{readiness:?}");
    }

    #[test]
    fn what_listens_everywhere_is_reached_on_this_machine() {
        for (listen, expected) in
            [("0.0.0.0:8080", "127.0.0.1:8080"), ("[::]:8080", "[::1]:8080"), ("10.0.0.1:8081", "10.0.0.1:8081")]
        {
            assert_eq!(reachable(listen.parse().unwrap()), expected.parse().unwrap());
        }
    }
}
