//! The NATS server that `kos up` starts: its configuration, its life, its end.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, bail};
use tokio::{
    fs,
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    sync::Mutex,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// How long the server may take to be there: a large store is read first.
const START: Duration = Duration::from_secs(30);

/// How long it may take to end.
const STOP: Duration = Duration::from_secs(10);

/// The pause before a server that ended is started again.
const PAUSE: Duration = Duration::from_millis(500);

/// How many bytes the largest event may have: a page of 10 MiB does not fit, its article does.
pub const LARGEST_EVENT: usize = 8 << 20;

/// The file with its configuration, in the folder of the data.
const CONFIGURATION: &str = "nats-server.conf";

/// A running server.
pub struct NatsServer {
    program: String,
    listen: SocketAddr,
    monitor: SocketAddr,
    configuration: PathBuf,
    log: PathBuf,
    child: Mutex<Child>,
}

impl NatsServer {
    /// Starts the server on `listen` with its streams under `data`, and waits until it is there.
    pub async fn start(program: &str, listen: SocketAddr, data: &Path) -> anyhow::Result<Self> {
        // The server would end with a line in its own log; this one says what to do.
        if let Err(error) = TcpListener::bind(listen).await {
            bail!(
                "the NATS server can't listen at {listen} ({error}): use the one that is there with KOS_NATS_URL=nats://{listen}, or choose another port with --nats-listen"
            );
        }
        fs::create_dir_all(data).await.with_context(|| format!("could not make the folder {}", data.display()))?;
        let data = fs::canonicalize(data).await?;
        let monitor = free_address()?;
        let configuration = data.join(CONFIGURATION);
        let text = format!(
            "# Written by `kos up` at every start.\nlisten: \"{listen}\"\nhttp: \"{monitor}\"\nmax_payload: {LARGEST_EVENT}\njetstream {{\n  \
             store_dir: {:?}\n  # Acknowledged means on the disk.\n  sync_interval: always\n}}\n",
            data.join("nats").display().to_string()
        );
        fs::write(&configuration, text).await.with_context(|| configuration.display().to_string())?;
        let log = data.join("nats-server.log");
        let child = spawn(program, &configuration, &log)?;
        let server =
            Self { program: program.to_owned(), listen, monitor, configuration, log, child: Mutex::new(child) };
        server.wait_until_there().await?;
        info!(listen = %listen, "the nats server is running");
        Ok(server)
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("nats://{}", self.listen)
    }

    /// Where the one is that works on the files under `data`, by its configuration.
    pub fn url_in(data: &Path) -> Option<String> {
        let text = std::fs::read_to_string(data.join(CONFIGURATION)).ok()?;
        let listen = text.lines().find_map(|line| line.strip_prefix("listen: \"")?.strip_suffix('"'))?;
        Some(format!("nats://{listen}"))
    }

    /// Where it says how it is.
    pub fn monitor_url(&self) -> String {
        format!("http://{}", self.monitor)
    }

    async fn wait_until_there(&self) -> anyhow::Result<()> {
        let end = Instant::now() + START;
        while TcpStream::connect(self.listen).await.is_err() {
            if let Some(status) = self.child.lock().await.try_wait()? {
                bail!("the NATS server ended with {status}; {} says why", self.log.display());
            }
            if Instant::now() > end {
                bail!(
                    "the NATS server does not answer at {} within {START:?}; {} may say why",
                    self.listen,
                    self.log.display()
                );
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Starts the server again whenever it ends, until `stop`.
    pub async fn supervise(&self, stop: &CancellationToken) {
        loop {
            let ended = async { self.child.lock().await.wait().await };
            tokio::select! {
                () = stop.cancelled() => return,
                status = ended => {
                    let status = status.map_or_else(|e| e.to_string(), |s| s.to_string());
                    error!(status, log = %self.log.display(), "the nats server ended and is started again");
                }
            }
            sleep(PAUSE).await;
            match spawn(&self.program, &self.configuration, &self.log) {
                Ok(child) => *self.child.lock().await = child,
                Err(error) => error!(error = format!("{error:#}"), "the nats server could not be started"),
            }
        }
    }

    /// Ends the server.
    pub async fn stop(self) {
        let mut child = self.child.into_inner();
        if let Some(pid) = child.id() {
            // There is no other way to ask a child to end without unsafe code.
            let asked = Command::new("kill").args(["-TERM", &pid.to_string()]).status().await;
            if asked.is_ok_and(|s| s.success()) && timeout(STOP, child.wait()).await.is_ok() {
                info!("the nats server has stopped");
                return;
            }
            warn!("the nats server did not stop when asked, and is killed");
        }
        let _already_ended = child.kill().await;
    }
}

fn spawn(program: &str, configuration: &Path, log: &Path) -> anyhow::Result<Child> {
    let open = || std::fs::File::options().create(true).append(true).open(log);
    let log_file = open().with_context(|| log.display().to_string())?;
    // Where there is a `setpriv`, the kernel ends the server with us even if we are killed.
    let mut command = match which("setpriv") {
        true => {
            let mut command = Command::new("setpriv");
            command.args(["--pdeathsig", "TERM", program]);
            command
        }
        false => Command::new(program),
    };
    if which(program) || Path::new(program).is_file() {
        command
            .arg("-c")
            .arg(configuration)
            .stdin(Stdio::null())
            .stdout(log_file.try_clone()?)
            .stderr(log_file)
            // Ctrl-C goes to the whole group; the services need the server for a little longer.
            .process_group(0)
            .kill_on_drop(true);
        command.spawn().with_context(|| format!("could not start {program}"))
    } else {
        bail!(
            "no program {program}: `make run` gets a NATS server, or name one in KOS_NATS_SERVER, or a running one in KOS_NATS_URL"
        )
    }
}

/// An address of this machine alone that nothing listens at.
fn free_address() -> std::io::Result<SocketAddr> {
    std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()
}

/// Whether a program of that name is on the PATH.
fn which(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
