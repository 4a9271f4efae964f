//! `kos`: the operator's command. It needs the bus alone, never a database: the workers answer on it.
//!
//! [`arguments`] is what can be said, [`commands`] does it, a file a command; `up` runs all services in one process.
//! Exit codes: 0 done, 1 it failed, 2 wrong usage, 3 partly done.

mod arguments;
mod commands;
mod output;
mod up;

use std::process::ExitCode;

use anstream::eprintln;
use clap::Parser;
use kos_shared::config::{Config, Environment};

use arguments::{Arguments, Command};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// All that was asked for was done.
    Done,
    /// Some of it was done.
    Partly,
    /// None of it was done, or what was looked for isn't there.
    Failed,
}

/// The command line, or the configuration, asks for what can't be.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongUsage(pub String);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(Ended::Done) => ExitCode::SUCCESS,
        Ok(Ended::Failed) => ExitCode::FAILURE,
        Ok(Ended::Partly) => ExitCode::from(3),
        Err(error) => {
            eprintln!("kos: {error:#}");
            ExitCode::from(if error.is::<WrongUsage>() { 2 } else { 1 })
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<Ended> {
    let wrong = |e: kos_shared::config::ConfigError| WrongUsage(e.to_string());
    let mut environment = Environment::of_process().map_err(wrong)?;
    match &arguments.command {
        Command::Up(up) => up.override_environment(&mut environment),
        Command::Backup(backup) => backup.place.override_environment(&mut environment),
        Command::Restore(restore) => restore.place.override_environment(&mut environment),
        _ => {}
    }
    // What shows the configuration, or needs none, must work where the configuration doesn't.
    let json = arguments.json;
    let command = match arguments.command {
        Command::Config => return commands::config::run(&environment, json),
        Command::Schema(schema) => return commands::schema::run(schema),
        other => other,
    };
    let config = Config::read(&environment, "kos").map_err(wrong)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        match command {
            Command::Up(up) => up::run(up, &environment, config).await,
            Command::Ingest(ingest) => commands::ingest::run(ingest, &config, json).await,
            Command::Status(status) => commands::status::run(status, &config, json).await,
            Command::Trace { key } => commands::trace::run(&key, &config, json).await,
            Command::Dead(dead) => commands::dead::run(dead, &config, json).await,
            Command::Replay(replay) => commands::replay::run(replay, &config, json).await,
            Command::Feed(feed) => commands::feed::run(feed, &config, json).await,
            Command::Retract(retract) => commands::retract::run(retract, &config, json).await,
            Command::Prepare(prepare) => commands::prepare::run(&prepare, &config, json).await,
            Command::Backup(backup) => commands::backup::run(backup, &environment, config, json).await,
            Command::Restore(restore) => commands::backup::restore::run(restore, &environment, config, json).await,
            Command::Doctor => commands::doctor::run(&environment, &config, json).await,
            Command::Extract { url } => commands::extract::run(url),
            Command::Summarize(summarize) => commands::summarize::run(summarize, config, json).await,
            Command::Check(check) => commands::check::run(&check, json),
            Command::Config | Command::Schema(_) => Ok(Ended::Done),
        }
    });
    kos_shared::telemetry::end();
    ended
}
