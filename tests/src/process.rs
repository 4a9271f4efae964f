//! A child process that doesn't outlive its test.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::Patience;

/// How much of a log a failing test prints.
const LINES_SHOWN: usize = 200;

/// A child process: its output goes to a log file, it is killed when this value is dropped, and when
/// that happens because the test panicked, the end of the log is printed.
#[derive(Debug)]
pub struct Process {
    name: String,
    command: Command,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command`, with nothing on its standard input and its output added to the file `log`.
    ///
    /// # Panics
    /// When it can't be started.
    pub fn start(name: &str, mut command: Command, log: &Path) -> Self {
        let open = || File::options().create(true).append(true).open(log);
        let (out, err) = match (open(), open()) {
            (Ok(out), Ok(err)) => (out, err),
            (Err(e), _) | (_, Err(e)) => panic!("can't write {}: {e}", log.display()),
        };
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        let child = spawn(name, &mut command);
        Self { name: name.to_owned(), command, child, log: log.to_owned() }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL; it is gone when this returns.
    pub fn kill9(&mut self) {
        // The one error is that it has ended already.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }

    /// SIGTERM, without waiting for what comes of it.
    pub fn terminate(&mut self) {
        self.signal("TERM");
    }

    /// Sends a signal by its short name (`INT`), unless the process has ended.
    pub fn signal(&mut self, signal: &str) {
        // Until it has been waited for, nothing else can have its id.
        if self.exit_status().is_none() {
            let sent = Command::new("sh").args(["-c", "kill -$0 $1", signal, &self.id().to_string()]).status();
            assert!(sent.is_ok_and(|s| s.success()), "can't send SIG{signal} to {}", self.name);
        }
    }

    /// How it ended, if it has.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap_or_else(|e| panic!("can't tell whether {} runs: {e}", self.name))
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it still runs after `limit`.
    pub async fn wait_for_exit(&mut self, limit: Duration) -> ExitStatus {
        let mut patience = Patience::new(limit, format!("the end of {}", self.name));
        loop {
            match self.exit_status() {
                Some(status) => return status,
                None => patience.pause("it runs").await,
            }
        }
    }

    /// Waits for its end without a runtime, as a destructor must; whether it came within `limit`.
    pub fn wait_blocking(&mut self, limit: Duration) -> bool {
        let start = Instant::now();
        while !matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
            if start.elapsed() > limit {
                return false;
            }
            thread::sleep(Duration::from_millis(5));
        }
        true
    }

    /// Starts the same command again, after killing it where it still runs.
    ///
    /// # Panics
    /// When it can't be started.
    pub fn start_again(&mut self) {
        self.kill9();
        self.child = spawn(&self.name, &mut self.command);
    }

    /// What it has written so far, over all its starts.
    pub fn log(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// The last lines of its log.
    pub(crate) fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let tail = &lines[lines.len().saturating_sub(LINES_SHOWN)..];
        format!("--- log of {}, {} of {} lines ---\n{}\n---", self.name, tail.len(), lines.len(), tail.join("\n"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill9();
        if thread::panicking() {
            eprintln!("{}", self.log_tail());
        }
    }
}

fn spawn(name: &str, command: &mut Command) -> Child {
    command.spawn().unwrap_or_else(|e| panic!("can't start {name} ({}): {e}", command.get_program().display()))
}
