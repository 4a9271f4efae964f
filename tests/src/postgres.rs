//! A PostgreSQL server.

use std::{
    env, fs,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;

use crate::{Patience, Port, Process};

const READY_LIMIT: Duration = Duration::from_secs(60);

/// A PostgreSQL cluster of the test's own, durable as by default. It takes about a second to start, so a
/// test has one and makes as many databases in it as it needs.
#[derive(Debug)]
pub struct Postgres {
    // Before the folder, so that it has ended when the folder is removed.
    process: Process,
    _folder: TempDir,
    port: Port,
}

impl Postgres {
    /// Makes an empty cluster and starts it.
    ///
    /// # Panics
    /// When PostgreSQL isn't on this machine, or isn't ready in time.
    pub async fn start() -> Self {
        let binaries = binaries();
        let folder = TempDir::with_prefix("kos-pg-").unwrap_or_else(|e| panic!("can't make a folder: {e}"));
        let user = ServerUser::of_this_machine();
        user.own(folder.path());
        let data = folder.path().join("data");

        let mut initdb = user.command(&binaries.join("initdb"), folder.path());
        initdb.args(["--username=kos", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--pgdata"]);
        let made = initdb.arg(&data).output().unwrap_or_else(|e| panic!("can't start initdb: {e}"));
        assert!(made.status.success(), "initdb failed:\n{}", String::from_utf8_lossy(&made.stderr));

        let port = Port::free();
        let mut command = user.command(&binaries.join("postgres"), folder.path());
        command.arg("-D").arg(&data);
        let sockets = format!("unix_socket_directories={}", folder.path().display());
        let listen = format!("port={port}");
        for setting in [listen.as_str(), "listen_addresses=127.0.0.1", &sockets, "max_connections=200"] {
            command.args(["-c", setting]);
        }
        let process = Process::start("postgres", command, &folder.path().join("log"));
        let mut server = Self { process, _folder: folder, port };
        server.wait_until_ready().await;
        server
    }

    /// Makes an empty database; its address.
    ///
    /// # Panics
    /// When there is one of that name, or `name` is more than small letters, digits and `_`.
    pub async fn create_database(&self, name: &str) -> String {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(name.chars().all(plain), "{name:?} is no plain name for a database");
        let statement = sqlx::AssertSqlSafe(format!("create database {name}"));
        let made = async { PgConnection::connect(&self.url("postgres")).await?.execute(statement).await }.await;
        made.unwrap_or_else(|e| panic!("can't create the database {name}: {e}"));
        self.url(name)
    }

    /// The address of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://kos@127.0.0.1:{}/{database}", self.port)
    }

    /// SIGKILL for the server; the processes of its connections notice and end by themselves.
    pub fn kill9(&mut self) {
        self.process.kill9();
    }

    /// Shuts it down in good order, without waiting for clients to leave.
    ///
    /// # Panics
    /// When that takes more than 30 seconds.
    pub async fn stop(&mut self) {
        self.process.signal("INT");
        self.process.wait_for_exit(Duration::from_secs(30)).await;
    }

    /// Starts it again on the same port and files, after killing it where it still runs, and waits until
    /// it answers.
    ///
    /// # Panics
    /// When it isn't ready in time.
    pub async fn restart(&mut self) {
        self.process.start_again();
        self.wait_until_ready().await;
    }

    /// What it has written so far.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// The server's process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    async fn wait_until_ready(&mut self) {
        let url = self.url("postgres");
        let mut patience = Patience::new(READY_LIMIT, format!("PostgreSQL at {url}"));
        loop {
            if let Some(status) = self.process.exit_status() {
                // Processes of the killed server may still hold its memory; it won't start before they end.
                assert!(
                    self.process.log_tail().contains("is still in use"),
                    "postgres ended before it was ready ({status})\n{}",
                    self.process.log_tail()
                );
                self.process.start_again();
            }
            let answer = async { PgConnection::connect(&url).await?.ping().await };
            match answer.await {
                Ok(()) => return,
                Err(error) => patience.pause(error.to_string()).await,
            }
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Killed at once, it would leave shared memory behind.
        if self.process.exit_status().is_none() {
            self.process.signal("QUIT");
            self.process.wait_blocking(Duration::from_secs(10));
        }
    }
}

/// Whom the server runs as: PostgreSQL refuses to run as root.
struct ServerUser(Option<(u32, u32)>);

impl ServerUser {
    fn of_this_machine() -> Self {
        if id(&["-u"]) != Some(0) {
            return Self(None);
        }
        let found = ["postgres", "nobody"].into_iter().find_map(|name| Some((id(&["-u", name])?, id(&["-g", name])?)));
        assert!(found.is_some(), "PostgreSQL doesn't run as root, and there is neither a user postgres nor nobody");
        Self(found)
    }

    fn own(&self, folder: &Path) {
        if let Self(Some((user, group))) = self {
            let owned = chown(folder, Some(*user), Some(*group));
            owned.unwrap_or_else(|e| panic!("can't give {} to the user {user}: {e}", folder.display()));
        }
    }

    fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder);
        if let Self(Some((user, group))) = self {
            command.uid(*user).gid(*group);
        }
        command
    }
}

/// What `id` answers, as a number.
fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// The folder with `initdb` and `postgres`: the one that `KOS_POSTGRES_BIN` names, one on the PATH, or
/// the newest of Debian's.
fn binaries() -> PathBuf {
    let complete = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    if let Some(named) = env::var_os("KOS_POSTGRES_BIN").filter(|v| !v.is_empty()) {
        let named = PathBuf::from(named);
        assert!(complete(&named), "KOS_POSTGRES_BIN names {}, which lacks initdb or postgres", named.display());
        return named;
    }
    let mut of_debian: Vec<PathBuf> =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|e| e.path().join("bin")).collect();
    of_debian.sort();
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).chain(of_debian.into_iter().rev()).find(complete).unwrap_or_else(|| {
        panic!(
            "there is no PostgreSQL server here: run `make test` once, or set KOS_POSTGRES_BIN to the folder of initdb"
        )
    })
}
