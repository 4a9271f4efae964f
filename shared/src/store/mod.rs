//! State: SQLite or PostgreSQL, through one set of statements in the dialect that both speak.
//!
//! [`Store`] opens a service's database and brings its tables up to date. [`inbox`], [`outbox`] and [`failures`] are
//! the tables that every worker has; a service's own statements run in the same [`Tx`]. What differs between the two
//! databases stands in [`Dialect`].

pub mod begun;
mod copy;
mod dialect;
pub mod failures;
pub mod inbox;
mod migration;
pub mod outbox;
pub mod rows;

use std::{path::PathBuf, time::Duration};

use jiff::Timestamp;
use sqlx::{
    Any, AnyConnection, AnyPool, Connection, Executor, Row,
    any::{AnyArguments, AnyPoolOptions, AnyRow, install_default_drivers},
    query::Query,
};
use tokio::time::timeout;

use crate::{config::DatabaseConfig, disk::Disk};

pub use copy::copy_sqlite;
pub use dialect::{Dialect, Fault, fault};
pub use migration::Migration;

/// How long a server that wasn't there may take to say why.
const ASKED_WHY: Duration = Duration::from_secs(2);

/// A transaction. What was done in it is undone unless it is committed.
pub type Tx = sqlx::Transaction<'static, Any>;

/// A database could not be opened or brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder of a SQLite file isn't there and can't be made.
    #[error("could not make the folder {0}: {1}")]
    Folder(PathBuf, std::io::Error),
    /// The database can't be reached, or refuses.
    #[error("could not open the database {0}: {1}")]
    Connect(String, sqlx::Error),
    /// A migration failed, or the database is another program's.
    #[error("could not bring the database {0} up to date: {1}")]
    Migrate(String, String),
}

/// A service's database.
#[derive(Debug, Clone)]
pub struct Store {
    readers: AnyPool,
    writers: AnyPool,
    dialect: Dialect,
    newer_schema: Option<i64>,
    file: Option<PathBuf>,
}

impl Store {
    /// Opens `service`'s database, creates it where that is possible, and applies the migrations that it lacks:
    /// the workers' own and `migrations`. Several processes may do so at once.
    ///
    /// # Errors
    /// [`OpenError`] names the database, without its password, and what went wrong.
    pub async fn open(config: &DatabaseConfig, service: &str, migrations: &[Migration]) -> Result<Self, OpenError> {
        install_default_drivers();
        let mut store = match config {
            DatabaseConfig::SqliteFolder(folder) => Self::sqlite(&folder.join(format!("{service}.db"))).await?,
            DatabaseConfig::SqliteFile(file) => Self::sqlite(file).await?,
            DatabaseConfig::Postgres(url) => Self::postgres(url.reveal(), &config.place(), service).await?,
        };
        store.newer_schema = migration::migrate(&store, config, service, migrations).await?;
        Ok(store)
    }

    async fn sqlite(file: &std::path::Path) -> Result<Self, OpenError> {
        if let Some(folder) = file.parent().filter(|f| !f.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|e| OpenError::Folder(folder.to_owned(), e))?;
        }
        let name = file.display().to_string();
        let url = sqlite_url(file, "rwc");
        let options = || {
            AnyPoolOptions::new()
                .idle_timeout(None)
                .max_lifetime(None)
                // A file needs no asking whether it is still there.
                .test_before_acquire(false)
                .acquire_timeout(Duration::from_secs(10))
                .after_connect(|connection, _| {
                    Box::pin(async move {
                        connection
                            .execute(
                                "pragma busy_timeout = 5000; pragma journal_mode = wal; pragma synchronous = full; \
                                 pragma foreign_keys = on; pragma cache_size = -4096;",
                            )
                            .await?;
                        Ok(())
                    })
                })
        };
        let failed = |e| OpenError::Connect(name.clone(), e);
        // SQLite has one writer at a time; a pool of one makes the others queue here rather than spin on its lock.
        let writers = options().max_connections(1).connect(&url).await.map_err(failed)?;
        let readers = options().max_connections(4).connect(&url).await.map_err(failed)?;
        Ok(Self { readers, writers, dialect: Dialect::Sqlite, newer_schema: None, file: Some(file.to_owned()) })
    }

    async fn postgres(url: &str, place: &str, service: &str) -> Result<Self, OpenError> {
        let schema = service.to_owned();
        let opened = AnyPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(Duration::from_secs(10))
            .after_connect(move |connection, _| {
                // The service's name is one of ours, so it needs no quoting.
                let statement = format!("set search_path to {schema}; set synchronous_commit to on");
                Box::pin(async move {
                    connection.execute(sqlx::AssertSqlSafe(statement)).await?;
                    Ok(())
                })
            })
            .connect(url)
            .await;
        let failed = |cause| OpenError::Connect(format!("{place}, schema {service}"), cause);
        let pool = match opened {
            Ok(pool) => pool,
            // It tried for a while, and doesn't say what it failed by.
            Err(sqlx::Error::PoolTimedOut) => {
                let asked = timeout(ASKED_WHY, AnyConnection::connect(url)).await;
                return Err(failed(asked.ok().and_then(Result::err).unwrap_or(sqlx::Error::PoolTimedOut)));
            }
            Err(error) => return Err(failed(error)),
        };
        Ok(Self { readers: pool.clone(), writers: pool, dialect: Dialect::Postgres, newer_schema: None, file: None })
    }

    /// Connections that only read.
    pub fn readers(&self) -> &AnyPool {
        &self.readers
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The last migration, where a newer version applied it: this one worked on what was made for the next one.
    pub fn newer_schema(&self) -> Option<i64> {
        self.newer_schema
    }

    /// The disk that it is on, where it is a file.
    pub fn disk(&self) -> Option<Disk> {
        Disk::of(self.file.as_deref()?)
    }

    /// Starts a transaction that will write.
    ///
    /// # Errors
    /// The database can't be reached, or stays locked by another process.
    pub async fn begin(&self) -> Result<Tx, sqlx::Error> {
        match self.dialect {
            // A transaction that reads first and writes later could find its snapshot outdated, and fail.
            Dialect::Sqlite => self.writers.begin_with("begin immediate").await,
            Dialect::Postgres => self.writers.begin().await,
        }
    }

    /// Runs one statement that writes, in a transaction of its own; how many rows it changed.
    ///
    /// # Errors
    /// The database can't be reached or stays locked, or the statement fails.
    pub async fn execute(&self, statement: Query<'_, Any, AnyArguments>) -> Result<u64, sqlx::Error> {
        let mut tx = self.begin().await?;
        let changed = statement.execute(&mut *tx).await?.rows_affected();
        tx.commit().await?;
        Ok(changed)
    }

    /// Closes all connections; what waits for one gets an error.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }
}

/// The address of a SQLite file, opened in a mode such as `rwc`.
fn sqlite_url(file: &std::path::Path, mode: &str) -> String {
    let name = file.display().to_string().replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    format!("sqlite://{name}?mode={mode}")
}

/// A column of milliseconds since 1970 as a time.
pub fn time(row: &AnyRow, column: &str) -> Result<Timestamp, sqlx::Error> {
    let milliseconds: i64 = row.try_get(column)?;
    Timestamp::from_millisecond(milliseconds).map_err(|e| sqlx::Error::Decode(Box::new(e)))
}

fn count(row: &AnyRow, column: &str) -> Result<u32, sqlx::Error> {
    let number: i64 = row.try_get(column)?;
    u32::try_from(number).map_err(|e| sqlx::Error::Decode(Box::new(e)))
}
