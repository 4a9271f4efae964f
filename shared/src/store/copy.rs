//! A copy of a SQLite database that is in use.

use std::path::Path;

use sqlx::{AnyConnection, Connection, any::install_default_drivers};

use super::sqlite_url;

/// Writes a copy of the database in the file `from` to `to`, which isn't there yet.
///
/// `VACUUM INTO` reads in one transaction: the copy is the database at one moment, what waits in the write-ahead log
/// included, while others go on writing. Unlike SQLite's backup API it never begins anew because of them, and the copy is
/// one compact file (<https://www.sqlite.org/lang_vacuum.html#vacuuminto>).
///
/// # Errors
/// There is no database in `from`, it is damaged, or `to` is there or can't be written.
pub async fn copy_sqlite(from: &Path, to: &Path) -> Result<(), sqlx::Error> {
    install_default_drivers();
    let mut connection = AnyConnection::connect(&sqlite_url(from, "rw")).await?;
    sqlx::query("pragma busy_timeout = 5000").execute(&mut connection).await?;
    let copied = sqlx::query("vacuum into $1").bind(to.display().to_string()).execute(&mut connection).await;
    connection.close().await?;
    copied.map(drop)
}
