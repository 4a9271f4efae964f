//! The SQLite files of the services.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use kos_shared::{
    config::{Config, DatabaseConfig},
    store::copy_sqlite,
};

use super::manifest::{Copied, DatabaseCopy};
use crate::{WrongUsage, arguments::Service};

/// The folder of the databases; `None` where they are PostgreSQL's.
pub fn folder(config: &Config) -> Result<Option<PathBuf>, WrongUsage> {
    match &config.database {
        DatabaseConfig::SqliteFolder(folder) => Ok(Some(folder.clone())),
        DatabaseConfig::Postgres(_) => Ok(None),
        DatabaseConfig::SqliteFile(file) => Err(WrongUsage(format!(
            "KOS_DATABASE_URL=sqlite://{}: expected a folder (sqlite://FOLDER/) with the databases of all services",
            file.display()
        ))),
    }
}

fn file(folder: &Path, service: &str) -> PathBuf {
    folder.join(format!("{service}.db"))
}

/// The files that are there.
pub fn existing(folder: &Path) -> Vec<PathBuf> {
    Service::ALL.map(|service| file(folder, service.as_str())).into_iter().filter(|file| file.exists()).collect()
}

/// Whether each service has one: a folder without them is the wrong one.
pub fn all_there(folder: &Path) -> anyhow::Result<()> {
    let missing = Service::ALL.map(|service| file(folder, service.as_str())).into_iter().find(|file| !file.exists());
    match missing {
        Some(file) => {
            bail!("{} isn't there: name the folder of the databases with --data, or in KOS_DATA", file.display())
        }
        None => Ok(()),
    }
}

/// Copies them, the last stage's first.
pub async fn copy(folder: &Path, to: &Path) -> anyhow::Result<Vec<DatabaseCopy>> {
    let mut copies = Vec::new();
    for service in Service::ALL.map(Service::as_str).into_iter().rev() {
        let (from, name) = (file(folder, service), format!("{service}.db"));
        copy_sqlite(&from, &to.join(&name)).await.with_context(|| from.display().to_string())?;
        copies.push(DatabaseCopy { service: service.to_owned(), file: Copied::of(to, &name)? });
    }
    Ok(copies)
}

/// Brings them back, in place of those that are there.
pub fn restore(copies: &[DatabaseCopy], from: &Path, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let beside = |service: &str, end: &str| folder.join(format!("{service}.db{end}"));
    // All of them are on the disk before the first one that is there goes.
    for copy in copies {
        let new = beside(&copy.service, ".restored");
        let written = fs::copy(from.join(&copy.file.name), &new).and_then(|_| File::open(&new)?.sync_all());
        written.with_context(|| new.display().to_string())?;
    }
    for DatabaseCopy { service, .. } in copies {
        // They belong to the old file, and would be taken for the new one's.
        for log in [beside(service, "-wal"), beside(service, "-shm")] {
            if log.exists() {
                fs::remove_file(&log).with_context(|| log.display().to_string())?;
            }
        }
        let place = file(folder, service);
        fs::rename(beside(service, ".restored"), &place).with_context(|| place.display().to_string())?;
    }
    File::open(folder).and_then(|folder| folder.sync_all()).with_context(|| folder.display().to_string())
}
