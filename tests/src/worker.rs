//! Our own programs, run as an operator runs them.

use std::{
    env,
    fmt::Display,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    time::Duration,
};

use tempfile::TempDir;

use crate::{Patience, Process, http_client};

/// How long a program may take to be ready, on a machine that does much else.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// A command line of one of our programs (`kos-ingest`, `kos`, …) with exactly these `KOS_` variables, and without a
/// delay between fetches unless they set one: what the developer has set, or keeps in a `.env` file, doesn't count.
///
/// # Panics
/// When the program isn't built.
pub fn command(program: &str, environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(built(program));
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let proxy = text.to_ascii_uppercase().ends_with("_PROXY");
        if text.starts_with("KOS_") || text.starts_with("OTEL_") || text == "RUST_LOG" || proxy {
            command.env_remove(&name);
        }
    }
    command.env("KOS_FETCH_DELAY", "0s").envs(environment.iter().copied()).current_dir(env::temp_dir());
    command
}

/// Where a program of ours is: in the folder that the running test was built into.
fn built(program: &str) -> PathBuf {
    let test = env::current_exe().unwrap_or_else(|e| panic!("can't tell where this test runs from: {e}"));
    let folder = match test.parent() {
        Some(deps) if deps.ends_with("deps") => deps.parent(),
        other => other,
    };
    let file = folder.unwrap_or(Path::new(".")).join(program);
    let profile = if cfg!(debug_assertions) { "" } else { " --release" };
    assert!(
        file.is_file(),
        "{} is missing: run `cargo build --workspace --bins{profile}` first (`make test` does)",
        file.display()
    );
    file
}

/// A program of ours that keeps running, in an empty folder of its own.
#[derive(Debug)]
pub struct Worker {
    // Before the folder, so that it has ended when the folder is removed.
    process: Process,
    folder: TempDir,
}

impl Worker {
    /// Starts what [`command`] gave.
    ///
    /// # Panics
    /// When it can't be started.
    pub fn start(mut command: Command) -> Self {
        let folder = TempDir::with_prefix("kos-worker-").unwrap_or_else(|e| panic!("can't make a folder: {e}"));
        let program = Path::new(command.get_program());
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        command.current_dir(folder.path());
        let process = Process::start(&name, command, &folder.path().join("log"));
        Self { process, folder }
    }

    /// Waits until `/readyz` answers 200 at this host and port.
    ///
    /// # Panics
    /// When it ends before, or isn't ready after a minute.
    pub async fn wait_until_ready(&mut self, address: impl Display) {
        let url = format!("http://{address}/readyz");
        let mut patience = Patience::new(READY_LIMIT, format!("200 from {url}"));
        loop {
            if let Some(status) = self.process.exit_status() {
                panic!("it ended before it was ready ({status})\n{}", self.process.log_tail());
            }
            let missing = match http_client().get(&url).send().await {
                Ok(response) if response.status().as_u16() == 200 => return,
                Ok(response) => format!("{} {}", response.status(), response.text().await.unwrap_or_default()),
                Err(error) => error.to_string(),
            };
            patience.pause(missing).await;
        }
    }

    /// Its working folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// SIGKILL; it is gone when this returns.
    pub fn kill9(&mut self) {
        self.process.kill9();
    }

    /// SIGTERM, without waiting for what comes of it.
    pub fn terminate(&mut self) {
        self.process.terminate();
    }

    /// Sends a signal by its short name (`INT`), unless it has ended.
    pub fn signal(&mut self, signal: &str) {
        self.process.signal(signal);
    }

    /// Starts it again with the same environment in the same folder, after killing it where it still runs.
    pub fn restart(&mut self) {
        self.process.start_again();
    }

    /// How it ended, if it has.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.process.exit_status()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it still runs after `limit`.
    pub async fn wait_for_exit(&mut self, limit: Duration) -> ExitStatus {
        self.process.wait_for_exit(limit).await
    }

    /// What it has written to standard output and standard error, over all its starts.
    pub fn log(&self) -> String {
        self.process.log()
    }
}
