//! Databases for a store of the test's own.

use kos_shared::{
    config::{Config, DatabaseConfig, Environment},
    store::{Migration, OpenError, Store},
};
use tempfile::TempDir;

use crate::{Postgres, stage::EFFECTS};

/// An empty database of either kind, gone with this value.
#[derive(Debug)]
pub struct Database {
    config: DatabaseConfig,
    keeper: Keeper,
}

#[derive(Debug)]
enum Keeper {
    Folder(TempDir),
    Server(Box<Postgres>),
    Guest,
}

impl Database {
    /// A SQLite file that isn't there yet.
    ///
    /// # Panics
    /// When there can be no temporary folder.
    pub fn sqlite() -> Self {
        let folder = TempDir::with_prefix("kos-sqlite-").unwrap_or_else(|e| panic!("can't make a folder: {e}"));
        let config = DatabaseConfig::SqliteFolder(folder.path().to_owned());
        Self { config, keeper: Keeper::Folder(folder) }
    }

    /// A database on a PostgreSQL server of its own.
    ///
    /// # Panics
    /// When PostgreSQL isn't on this machine, or isn't ready in time.
    pub async fn postgres() -> Self {
        let server = Postgres::start().await;
        let guest = Self::postgres_on(&server, "kos").await;
        Self { keeper: Keeper::Server(Box::new(server)), ..guest }
    }

    /// A database on a PostgreSQL server that others use, too.
    ///
    /// # Panics
    /// When the server doesn't answer, or has one of that name.
    pub async fn postgres_on(server: &Postgres, name: &str) -> Self {
        let url = server.create_database(name).await;
        Self { config: configuration(&[("KOS_DATABASE_URL", &url)]).database, keeper: Keeper::Guest }
    }

    /// How a store finds it.
    pub fn config(&self) -> &DatabaseConfig {
        &self.config
    }

    /// The PostgreSQL server.
    ///
    /// # Panics
    /// When it has none of its own.
    pub fn server(&mut self) -> &mut Postgres {
        match &mut self.keeper {
            Keeper::Server(server) => server,
            Keeper::Folder(_) | Keeper::Guest => panic!("there is no server of its own"),
        }
    }

    /// The file of the service `ingest`.
    ///
    /// # Panics
    /// When it is PostgreSQL.
    pub fn file(&self) -> std::path::PathBuf {
        match &self.keeper {
            Keeper::Folder(folder) => folder.path().join("ingest.db"),
            Keeper::Server(_) | Keeper::Guest => panic!("PostgreSQL keeps no file of ours"),
        }
    }

    /// The store of the service `ingest`, with the tables of the tests' stage and those for retractions.
    ///
    /// # Panics
    /// When it can't be opened.
    pub async fn open(&self) -> Store {
        self.try_open().await.unwrap_or_else(|e| panic!("{e}"))
    }

    /// The same, where failing is part of the test.
    ///
    /// # Errors
    /// What [`Store::open`] says.
    pub async fn try_open(&self) -> Result<Store, OpenError> {
        let migrations: [Migration; 3] =
            [kos_shared::retraction::MIGRATION, kos_shared::retraction::ADDRESSES, EFFECTS];
        Store::open(&self.config, "ingest", &migrations).await
    }
}

/// The configuration that these variables and no others come to.
///
/// # Panics
/// When they can't be read.
pub fn configuration(variables: &[(&str, &str)]) -> Config {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let environment = Environment::of(variables).unwrap_or_else(|e| panic!("{e}"));
    Config::read(&environment, "ingest").unwrap_or_else(|e| panic!("{e}"))
}

/// Makes of each function a test on SQLite, and runs all of them on one PostgreSQL server, whose start takes longer
/// than they do, in a database each.
#[macro_export]
macro_rules! on_both_databases {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name($crate::Database::sqlite()).await;
            })*
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn postgres_keeps_the_same_promises() {
            let server = $crate::Postgres::start().await;
            $(
                eprintln!(stringify!($name));
                // PostgreSQL cuts names after 63 bytes.
                let database = stringify!($name);
                $name($crate::Database::postgres_on(&server, &database[..database.len().min(60)]).await).await;
            )*
        }
    };
}
