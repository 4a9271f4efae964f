//! Tables, brought up to date at start. Forward only.

use std::{borrow::Cow, fs::File, path::PathBuf};

use sqlx::{
    Executor, SqlSafeStr,
    migrate::{MigrationType, Migrator},
};

use super::{OpenError, Store};
use crate::config::DatabaseConfig;

/// One step. `BYTES` in its text stands for the dialect's type for bytes; what stands below a line `-- only sqlite` or
/// `-- only postgres` is for that database alone, up to the next such line or a line `-- end`.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Orders the steps. A service's begin at 100; those below are the workers' own.
    pub version: i64,
    /// What it does.
    pub name: &'static str,
    /// Its statements.
    pub sql: &'static str,
}

/// The tables that every worker has.
const WORKER: &[Migration] = &[
    Migration { version: 1, name: "worker", sql: include_str!("../../migrations/0001_worker.sql") },
    Migration { version: 2, name: "begun", sql: include_str!("../../migrations/0002_begun.sql") },
];

pub(super) async fn migrate(
    store: &Store,
    config: &DatabaseConfig,
    service: &str,
    own: &[Migration],
) -> Result<(), OpenError> {
    let failed = |e: &dyn std::fmt::Display| OpenError::Migrate(service.to_owned(), e.to_string());
    // PostgreSQL has a lock for this, which the migrator takes; SQLite has none that outlives a statement.
    let _lock = match lock_file(config, service) {
        Some(path) => {
            let lock = tokio::task::spawn_blocking(move || {
                let file = File::create(path)?;
                file.lock()?;
                Ok::<_, std::io::Error>(file)
            });
            Some(lock.await.map_err(|e| failed(&e))?.map_err(|e| failed(&e))?)
        }
        None => {
            let statement = format!("create schema if not exists {service}");
            let created = store.writers.execute(sqlx::AssertSqlSafe(statement)).await;
            // Two that create it at the same moment: one gets a unique violation, and the schema is there.
            if let Err(error) = created
                && super::fault(&error) == super::Fault::Database
            {
                return Err(failed(&error));
            }
            None
        }
    };
    let migrations = WORKER.iter().chain(own).map(|migration| {
        let sql = store.dialect.own_part(migration.sql).replace("BYTES", store.dialect.bytes());
        sqlx::migrate::Migration::new(
            migration.version,
            Cow::Borrowed(migration.name),
            MigrationType::Simple,
            sqlx::AssertSqlSafe(sql).into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(migrations.collect()).run(&store.writers).await.map_err(|e| failed(&e))
}

fn lock_file(config: &DatabaseConfig, service: &str) -> Option<PathBuf> {
    match config {
        DatabaseConfig::SqliteFolder(folder) => Some(folder.join(format!("{service}.db.lock"))),
        DatabaseConfig::SqliteFile(file) => {
            let mut name = file.as_os_str().to_owned();
            name.push(".lock");
            Some(name.into())
        }
        DatabaseConfig::Postgres(_) => None,
    }
}
