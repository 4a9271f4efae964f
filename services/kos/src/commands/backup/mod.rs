//! `kos backup`: streams and SQLite databases, copied while all goes on.
//!
//! They are not copied at one moment, so the order decides what can be missing. Databases go first, the last stage's before
//! the first one's, then streams, from the last one back to the first: whatever a copy lacks is in one that is made later,
//! as an event that leads to it, or in an outbox. Consumers are not copied. So after `kos restore` all stages get all
//! events of their streams again; what they had handled stands in their inboxes and changes nothing, the rest they handle.

mod databases;
mod manifest;
mod place;
pub mod restore;
mod streams;

use std::{fs, os::unix::fs::DirBuilderExt, path::Path};

use anstream::println;
use anyhow::{Context, bail};
use jiff::Timestamp;
use kos_shared::{
    bus::StreamName,
    config::{Config, Environment},
};

use self::{
    manifest::{FORMAT, Manifest},
    place::Server,
};
use crate::{
    Ended,
    arguments::Backup,
    output::{bytes, counted, print_json, print_table},
};

pub async fn run(arguments: Backup, environment: &Environment, config: Config, json: bool) -> anyhow::Result<Ended> {
    let folder = databases::folder(&config)?;
    if let Some(folder) = &folder {
        databases::all_there(folder)?;
    }
    make_folder(&arguments.folder)?;
    let server = Server::find(environment, config, arguments.place.nats_listen).await?;
    let copied = copy(&arguments.folder, folder.as_deref(), &server).await;
    server.leave().await;
    let manifest = copied?;
    if json {
        print_json(&manifest)?;
    } else {
        tell(&manifest);
        if folder.is_none() {
            println!("the PostgreSQL database is not in it: see the README, Backups");
        }
        println!("{} is complete; `kos restore {0}` brings it back", arguments.folder.display());
    }
    Ok(Ended::Done)
}

async fn copy(to: &Path, databases: Option<&Path>, server: &Server) -> anyhow::Result<Manifest> {
    let made_at = Timestamp::now();
    let mut manifest = Manifest::new(made_at);
    if let Some(folder) = databases {
        manifest.databases = databases::copy(folder, to).await?;
    }
    for name in StreamName::ALL.into_iter().rev() {
        manifest.streams.push(streams::copy(&server.operator, name, to).await.with_context(|| name.to_string())?);
    }
    // Last: a folder without it is no backup.
    manifest.write(to)?;
    Ok(manifest)
}

/// Makes the folder, for nobody else to look into: what readers wrote and their keys are in it.
fn make_folder(folder: &Path) -> anyhow::Result<()> {
    let name = || folder.display().to_string();
    if folder.is_dir() && fs::read_dir(folder).with_context(name)?.next().is_some() {
        bail!("{} is not empty: expected a folder that is empty, or isn't there yet", name());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(name)
}

fn tell(manifest: &Manifest) {
    let databases = manifest
        .databases
        .iter()
        .map(|d| vec!["database".into(), d.service.clone(), bytes(d.file.bytes), String::new()]);
    let streams = manifest.streams.iter().map(|s| {
        let events = counted(usize::try_from(s.messages).unwrap_or(usize::MAX), "event");
        vec!["stream".into(), s.name.clone(), bytes(s.file.bytes), events]
    });
    print_table(&["what", "name", "copy", ""], databases.chain(streams));
    println!("format {FORMAT}, by version {}, {:.0}", manifest.version, manifest.made_at);
}
