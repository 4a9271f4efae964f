//! Tables, brought up to date at start. Forward only, and such that the version before goes on working on what a step
//! made: while versions are replaced one process after the other, an old one may start again on a newer database.

use std::{borrow::Cow, collections::HashSet, fs::File, path::PathBuf};

use sqlx::{
    Executor, Row, SqlSafeStr,
    migrate::{MigrationType, Migrator},
};

use tracing::warn;

use super::{Dialect, OpenError, Store};
use crate::config::DatabaseConfig;

/// One step. `BYTES` in its text stands for the dialect's type for bytes; what stands below a line `-- only sqlite` or
/// `-- only postgres` is for that database alone, up to the next such line or a line `-- end`.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Orders the steps. A service's begin at 100, those that some services share at 50; those below are every worker's.
    pub version: i64,
    /// What it does.
    pub name: &'static str,
    /// Its statements.
    pub sql: &'static str,
}

/// Where the steps begin that services share without every worker having them.
const SHARED: i64 = 50;

/// Where the steps of services begin.
const OF_SERVICES: i64 = 100;

/// The tables that every worker has.
const WORKER: &[Migration] = &[
    Migration { version: 1, name: "worker", sql: include_str!("../../migrations/0001_worker.sql") },
    Migration { version: 2, name: "begun", sql: include_str!("../../migrations/0002_begun.sql") },
];

/// Applies what is missing. Returns the newest step that a newer version applied, if there is one.
pub(super) async fn migrate(
    store: &Store,
    config: &DatabaseConfig,
    service: &str,
    own: &[Migration],
) -> Result<Option<i64>, OpenError> {
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
    let mut migrator = Migrator::with_migrations(migrations.collect());
    let known: HashSet<i64> = migrator.iter().map(|step| step.version).collect();
    let newer = newer_step(&known, &applied(store).await.map_err(|e| failed(&e))?).map_err(|step| {
        failed(&format!(
            "step {step} was applied to it, which is none of this version's: expected {service}'s database"
        ))
    })?;
    // sqlx refuses a database with any step that it doesn't know; which ones are refused is decided above.
    migrator.set_ignore_missing(true);
    migrator.run(&store.writers).await.map_err(|e| failed(&e))?;
    if let Some(step) = newer {
        warn!(service, step, "the database was brought up to date by a newer version than this one");
    }
    Ok(newer)
}

/// The steps that were applied so far.
async fn applied(store: &Store) -> Result<Vec<i64>, sqlx::Error> {
    // The table is sqlx's, and is not there before the first step.
    let exists = match store.dialect {
        Dialect::Sqlite => "select count(*) as tables from sqlite_master where name = '_sqlx_migrations'",
        Dialect::Postgres => {
            "select count(*) as tables from information_schema.tables \
             where table_name = '_sqlx_migrations' and table_schema = current_schema()"
        }
    };
    let exists: i64 = sqlx::query(exists).fetch_one(&store.writers).await?.try_get("tables")?;
    if exists == 0 {
        return Ok(Vec::new());
    }
    let rows = sqlx::query("select version from _sqlx_migrations").fetch_all(&store.writers).await?;
    rows.iter().map(|row| row.try_get("version")).collect()
}

/// The newest applied step that comes after all known ones of its kind, the workers' own and a service's; an unknown one
/// among them is an error.
fn newer_step(known: &HashSet<i64>, applied: &[i64]) -> Result<Option<i64>, i64> {
    let kind =
        |step: i64| [1..SHARED, SHARED..OF_SERVICES, OF_SERVICES..i64::MAX].into_iter().find(|k| k.contains(&step));
    let is_newer = |step: &i64| {
        kind(*step).is_some_and(|kind| known.iter().filter(|known| kind.contains(known)).all(|known| known < step))
    };
    let unknown = || applied.iter().filter(|step| !known.contains(step));
    match unknown().find(|step| !is_newer(step)) {
        Some(strange) => Err(*strange),
        None => Ok(unknown().max().copied()),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_a_newer_version_are_told_from_those_of_another_program() {
        let known = HashSet::from([1, 2, 100]);
        assert_eq!(newer_step(&known, &[1, 2, 100]), Ok(None));
        assert_eq!(newer_step(&known, &[1, 2, 100, 101, 102]), Ok(Some(102)));
        assert_eq!(newer_step(&known, &[1, 2, 3, 100]), Ok(Some(3)));
        assert_eq!(newer_step(&HashSet::from([1, 2, 50, 52, 100, 102]), &[1, 2, 50, 51, 52]), Err(51));
        assert_eq!(newer_step(&HashSet::from([1, 2, 100, 102]), &[1, 2, 101]), Err(101));
    }
}
