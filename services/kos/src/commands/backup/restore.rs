//! `kos restore`: brings back what `kos backup` copied.

use std::{path::Path, time::Duration};

use anstream::println;
use anyhow::{Context, bail};
use kos_shared::config::{Config, Environment};

use super::{databases, manifest::Manifest, place::Server, streams, tell};
use crate::{Ended, WrongUsage, arguments::Restore, output::print_json};

/// How long the server may take to make consumers of what was brought back.
const PREPARED: Duration = Duration::from_secs(60);

pub async fn run(arguments: Restore, environment: &Environment, config: Config, json: bool) -> anyhow::Result<Ended> {
    let folder = databases::folder(&config)?;
    let manifest = Manifest::read(&arguments.folder)?;
    if !manifest.databases.is_empty() && folder.is_none() {
        let wrong =
            "KOS_DATABASE_URL: expected a folder (sqlite://FOLDER/), or nothing: the backup has SQLite databases";
        return Err(WrongUsage(wrong.to_owned()).into());
    }
    let server = Server::find_for_us_alone(environment, config, arguments.place.nats_listen).await?;
    let restored = restore(&manifest, &arguments, folder.as_deref(), &server).await;
    server.leave().await;
    restored?;
    if json {
        print_json(&manifest)?;
    } else {
        tell(&manifest);
        println!("all of it is back; start the services: what they had handled by then they find handled");
    }
    Ok(Ended::Done)
}

async fn restore(
    manifest: &Manifest,
    arguments: &Restore,
    folder: Option<&Path>,
    server: &Server,
) -> anyhow::Result<()> {
    let operator = &server.operator;
    if let Some(worker) = operator.statuses().await?.first() {
        bail!("a worker of {} runs: stop all of them first", worker.service);
    }
    let mut there = Vec::new();
    let (mut in_use, is_sqlite) = (Vec::new(), !manifest.databases.is_empty());
    if let Some(folder) = folder.filter(|_| is_sqlite) {
        in_use.extend(databases::existing(folder).into_iter().map(|file| file.display().to_string()));
    }
    for copy in &manifest.streams {
        if let Some(messages) = streams::messages(operator, &copy.name).await? {
            there.push(copy.name.as_str());
            if messages > 0 {
                in_use.push(format!("{} with {messages} events", copy.name));
            }
        }
    }
    if !in_use.is_empty() && !arguments.force {
        bail!("there is something already, and --force would replace it: {}", in_use.join(", "));
    }
    for name in there {
        operator.jetstream().delete_stream(name).await.with_context(|| name.to_owned())?;
    }
    for copy in &manifest.streams {
        streams::restore(operator, copy, &arguments.folder).await.with_context(|| copy.name.clone())?;
    }
    if let Some(folder) = folder.filter(|_| is_sqlite) {
        databases::restore(&manifest.databases, &arguments.folder, folder)?;
    }
    // With the settings of this configuration, and the consumers.
    operator.prepare_within(PREPARED).await?;
    Ok(())
}
