//! What differs between SQLite and PostgreSQL.

/// The two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// One file, one writer at a time.
    Sqlite,
    /// A server, many writers.
    Postgres,
}

impl Dialect {
    /// The database that a connection leads to.
    pub fn of(connection: &sqlx::AnyConnection) -> Self {
        match connection.backend_name() {
            "SQLite" => Self::Sqlite,
            _ => Self::Postgres,
        }
    }

    /// What of a migration is for this database: all but what stands below a line `-- only` that names the other one, up to
    /// the next line that begins with `-- only` or `-- end`.
    pub(super) fn own_part(self, sql: &str) -> String {
        let mut kept = String::with_capacity(sql.len());
        let mut keeps = true;
        for line in sql.lines() {
            keeps = match line {
                "-- only sqlite" => self == Self::Sqlite,
                "-- only postgres" => self == Self::Postgres,
                "-- end" => true,
                _ => keeps,
            };
            if keeps {
                kept.push_str(line);
                kept.push('\n');
            }
        }
        kept
    }

    /// The column type for bytes.
    pub const fn bytes(self) -> &'static str {
        match self {
            Self::Sqlite => "blob",
            Self::Postgres => "bytea",
        }
    }

    /// What makes a `select` take its rows for itself and pass over those that another worker took.
    pub const fn take_rows(self) -> &'static str {
        match self {
            // There is nobody to share with: rows are sent by one process, and twice does no harm.
            Self::Sqlite => "",
            Self::Postgres => " for update skip locked",
        }
    }
}

/// Whose fault a failed statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// What was written: it will fail again.
    Data,
    /// The database's: gone, locked, full, a deadlock. The same again later will do.
    Database,
}

/// Tells an error that comes from the data from one that comes from the database.
///
/// Sources: SQLite's result codes; PostgreSQL's error codes, appendix A.
pub fn fault(error: &sqlx::Error) -> Fault {
    match error {
        sqlx::Error::Database(error) => match error.code() {
            Some(code) if code.len() == 5 && error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() => {
                postgres_fault(&code)
            }
            Some(code) => sqlite_fault(&code),
            None => Fault::Database,
        },
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => Fault::Database,
        _ => Fault::Data,
    }
}

fn postgres_fault(code: &str) -> Fault {
    // Cardinality, data exception, constraint violation, syntax or access rule, program limit, not supported.
    match &code[..2] {
        "21" | "22" | "23" | "42" | "54" | "0A" => Fault::Data,
        _ => Fault::Database,
    }
}

fn sqlite_fault(code: &str) -> Fault {
    const ERROR: u32 = 1;
    const TOO_BIG: u32 = 18;
    const CONSTRAINT: u32 = 19;
    const MISMATCH: u32 = 20;
    const RANGE: u32 = 25;
    // The low byte of an extended result code is the primary one.
    match code.parse::<u32>().map(|c| c & 0xff) {
        Ok(ERROR | TOO_BIG | CONSTRAINT | MISMATCH | RANGE) => Fault::Data,
        _ => Fault::Database,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_has_parts_for_one_database() {
        let sql = "a;\n-- only sqlite\nb;\n-- only postgres\nc;\n-- end\nd;\n";
        let statements = |dialect: Dialect| {
            let own = dialect.own_part(sql);
            own.lines().filter(|line| !line.starts_with("--")).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(statements(Dialect::Sqlite), ["a;", "b;", "d;"]);
        assert_eq!(statements(Dialect::Postgres), ["a;", "c;", "d;"]);
    }

    #[test]
    fn a_broken_rule_is_the_datas_fault_and_a_lock_is_not() {
        assert_eq!(sqlite_fault("2067"), Fault::Data);
        assert_eq!(sqlite_fault("5"), Fault::Database);
        assert_eq!(sqlite_fault("13"), Fault::Database);
        assert_eq!(postgres_fault("23505"), Fault::Data);
        assert_eq!(postgres_fault("40P01"), Fault::Database);
        assert_eq!(postgres_fault("57P01"), Fault::Database);
        assert_eq!(postgres_fault("53100"), Fault::Database);
    }
}
