//! `kos up`: all three services in one process, with a NATS server of its own unless one is named.

pub mod nats_server;
mod samples;

use std::{
    fs::{File, TryLockError},
    path::Path,
    time::Duration,
};

use anstream::println;
use anyhow::{Context, bail};
use kos_shared::{
    config::{Config, DatabaseConfig, Environment, Secret},
    process::{Process, listen, stop_on_signal},
    runtime::RunError,
    telemetry,
};
use tokio::{net::TcpListener, task::JoinSet, time::sleep};
use tracing::{error, info};

use crate::{Ended, WrongUsage, arguments::Up};
use nats_server::NatsServer;

pub async fn run(arguments: Up, environment: &Environment, mut config: Config) -> anyhow::Result<Ended> {
    if let DatabaseConfig::SqliteFile(file) = &config.database {
        let file = file.display();
        return Err(WrongUsage(format!(
            "KOS_DATABASE_URL=sqlite://{file}: expected a folder (sqlite://FOLDER/): `kos up` runs three services, each with a file of its own"
        ))
        .into());
    }
    // Ingest would say so too, after all else was started.
    kos_ingest::service::allowed_networks(&config).map_err(|e| WrongUsage(e.to_string()))?;
    telemetry::init(environment, "kos").map_err(|e| WrongUsage(e.to_string()))?;
    let _data_is_ours = lock_data(&config.data)?;
    // Held before anything is started, so that a port that is taken stops us before there is anything to stop.
    let listener = listen("KOS_LISTEN", config.listen).await.map_err(anyhow::Error::msg)?;

    let process = Process::new("ingest");
    tokio::spawn(stop_on_signal(process.stop.clone()));
    let server = match environment.is_set("KOS_NATS_URL") {
        true => None,
        false => {
            let program = environment.get("KOS_NATS_SERVER").unwrap_or("nats-server");
            let server = NatsServer::start(program, arguments.nats_listen, &config.data).await?;
            config.nats.url = Secret::new(server.url());
            config.nats.monitor_url = Some(server.monitor_url());
            config.nats.known_durable = true;
            Some(server)
        }
    };
    let ended = serve(listener, config, arguments.samples, &process, server.as_ref()).await;
    // The services have ended by now, however they did; the server goes last.
    if let Some(server) = server {
        server.stop().await;
    }
    ended
}

/// Takes the data folder for this process. Two servers on one store would lose what each of them acknowledged.
pub fn lock_data(data: &Path) -> anyhow::Result<File> {
    std::fs::create_dir_all(data).with_context(|| format!("could not make the folder {}", data.display()))?;
    let path = data.join("kos-up.lock");
    let file = File::create(&path).with_context(|| path.display().to_string())?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!("another `kos up` uses the folder {}: stop it, or name another folder with --data", data.display())
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| path.display().to_string()),
    }
}

async fn serve(
    listener: TcpListener,
    config: Config,
    samples: bool,
    process: &Process,
    server: Option<&NatsServer>,
) -> anyhow::Result<Ended> {
    let (summarize, publish) = (process.beside("summarize"), process.beside("publish"));
    let mut services: JoinSet<(&'static str, Result<(), RunError>)> = JoinSet::new();
    let (c, p) = (config.clone(), process.clone());
    services.spawn(async move { ("ingest", kos_ingest::service::run(c, p).await) });
    let c = config.clone();
    services.spawn(async move { ("summarize", kos_summarize::service::run(c, summarize).await) });
    let c = config.clone();
    services.spawn(async move { ("publish", kos_publish::service::run_on(listener, c, publish).await) });
    let welcome = tokio::spawn(welcome(config.clone(), process.clone(), samples));
    let supervision = async {
        match server {
            Some(server) => server.supervise(&process.stop).await,
            None => process.stop.cancelled().await,
        }
    };
    let ending = async {
        let mut failures = Vec::new();
        while let Some(ended) = services.join_next().await {
            match ended {
                Ok((_, Ok(()) | Err(RunError::Stopped))) => {}
                Ok((service, Err(error))) => failures.push(format!("{service}: {error}")),
                Err(error) => failures.push(format!("a service broke: {error}")),
            }
            // One service without the others is of no use; what the others began they finish.
            process.stop.cancel();
        }
        failures
    };
    let (failures, ()) = tokio::join!(ending, supervision);
    welcome.abort();
    if failures.is_empty() {
        info!("all stopped");
        return Ok(Ended::Done);
    }
    for failure in &failures {
        error!("{failure}");
    }
    bail!("{}", failures.join("; "))
}

/// Once all is ready: publishes the samples if that was asked for, and says where to look.
async fn welcome(config: Config, process: Process, with_samples: bool) {
    while !process.health.readiness().ready {
        sleep(Duration::from_millis(50)).await;
    }
    if with_samples && let Err(error) = samples::publish(&config).await {
        error!(error = format!("{error:#}"), "the samples could not be published");
    }
    // As it was called, and with what it needs to find this server, so that the lines can be copied.
    let kos = std::env::args().next().unwrap_or_else(|| "kos".to_owned());
    let url = config.nats.place();
    let (for_kos, for_nats) = match url.as_str() {
        "nats://127.0.0.1:4222" => (String::new(), String::new()),
        _ => (format!("KOS_NATS_URL={url} "), format!("-s {url} ")),
    };
    println!();
    println!("  {} is at {}", config.site_name, config.site_url);
    println!("  publish a page:  {for_kos}{kos} ingest --wait https://en.wikipedia.org/wiki/News");
    println!("  or with any NATS client, on {url}:");
    println!("    nats {for_nats}pub kos.ingest.requested '{{\"url\":\"https://en.wikipedia.org/wiki/News\"}}'");
    println!("  stop with Ctrl-C");
    println!();
}
