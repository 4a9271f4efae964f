//! A NATS server with JetStream.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use async_nats::jetstream;
use tempfile::TempDir;

use crate::{Patience, Port, Process};

const READY_LIMIT: Duration = Duration::from_secs(30);

/// The users in `deploy/nats/accounts.conf`.
pub const USERS: [&str; 6] = ["ingest", "summarize", "publish", "desk", "kos", "producer"];

/// What a test may want differently.
#[derive(Debug, Clone)]
pub struct NatsConfig {
    /// When JetStream syncs its files: `always`, or an interval such as `2m`.
    pub sync_interval: String,
    /// More lines inside of `jetstream { … }`, such as `max_file_store: 1MB`.
    pub jetstream: String,
    /// More lines outside of it, such as `max_payload: 1KB`, which win over the ones that are there.
    pub server: String,
}

impl Default for NatsConfig {
    fn default() -> Self {
        Self { sync_interval: "always".into(), jetstream: String::new(), server: String::new() }
    }
}

/// A NATS server of the test's own: JetStream on files that are synced always, and monitoring.
#[derive(Debug)]
pub struct NatsServer {
    // Before the folder, so that it has ended when the folder is removed.
    process: Process,
    folder: TempDir,
    name: String,
    has_users: bool,
    /// Where the certificates are that it wants to see: `ca.pem`, `client.pem` and `client-key.pem`.
    certificates: Option<PathBuf>,
    port: Port,
    monitor_port: Port,
}

impl NatsServer {
    /// Starts a server as the design asks for it, and waits until JetStream answers.
    ///
    /// # Panics
    /// When there is no server on this machine, or it isn't ready in time.
    pub async fn start() -> Self {
        Self::start_with(NatsConfig::default()).await
    }

    /// Starts a server that differs from the default, and waits until JetStream answers.
    ///
    /// # Panics
    /// When there is no server on this machine, or it isn't ready in time.
    pub async fn start_with(config: NatsConfig) -> Self {
        let mut server = Self::spawn(&config, Port::free());
        server.wait_until_ready().await;
        server
    }

    /// Starts a server whose configuration has it speak TLS and ask for certificates, and waits until JetStream answers. The
    /// folder has `ca.pem`, `client.pem` and `client-key.pem`.
    ///
    /// # Panics
    /// When there is no server on this machine, or it isn't ready in time.
    pub async fn start_secured(config: NatsConfig, certificates: &Path) -> Self {
        let mut server = Self::spawn(&config, Port::free());
        server.certificates = Some(certificates.to_owned());
        server.wait_until_ready().await;
        server
    }

    /// Starts a server that listens at `port`, without waiting for anything.
    pub(crate) fn spawn(config: &NatsConfig, port: Port) -> Self {
        let binary = nats_server_program();
        let folder = TempDir::with_prefix("kos-nats-").unwrap_or_else(|e| panic!("can't make a folder: {e}"));
        let monitor_port = Port::free();
        let name = format!("kos-tests-{}-{port}", std::process::id());
        let file = folder.path().join("nats.conf");
        write(&file, &config.text(&name, folder.path(), &port, &monitor_port));

        let mut command = Command::new(binary);
        command.arg("--config").arg(&file);
        let process = Process::start("nats-server", command, &folder.path().join("log"));
        Self { process, folder, name, has_users: false, certificates: None, port, monitor_port }
    }

    /// Starts a server with the configuration in `deploy/nats`, users and all, in a folder and on ports of its own, and
    /// waits until JetStream answers.
    ///
    /// # Panics
    /// When there is no server on this machine, or it isn't ready in time.
    pub async fn start_deployed() -> Self {
        let binary = nats_server_program();
        let folder = TempDir::with_prefix("kos-nats-").unwrap_or_else(|e| panic!("can't make a folder: {e}"));
        let (port, monitor_port) = (Port::free(), Port::free());
        let name = format!("kos-tests-{}-{port}", std::process::id());
        for file in ["nats.conf", "accounts.conf"] {
            let deployed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/nats").join(file);
            let text =
                fs::read_to_string(&deployed).unwrap_or_else(|e| panic!("can't read {}: {e}", deployed.display()));
            // What can't be said on the command line beside a configuration.
            let text =
                text.replace("store_dir: /data", &format!("store_dir: {:?}", folder.path().display().to_string()));
            write(&folder.path().join(file), &text);
        }
        let passwords = USERS.map(|user| format!("{}_PASSWORD: {:?}\n", user.to_uppercase(), password(user)));
        write(&folder.path().join("passwords.conf"), &passwords.concat());

        let mut command = Command::new(binary);
        command.arg("--config").arg(folder.path().join("nats.conf")).args(["--name", &name, "--addr", "127.0.0.1"]);
        command.args(["--port", &port.to_string(), "--http_port", &monitor_port.to_string()]);
        let process = Process::start("nats-server", command, &folder.path().join("log"));
        let mut server = Self { process, folder, name, has_users: true, certificates: None, port, monitor_port };
        server.wait_until_ready().await;
        server
    }

    /// Where clients connect.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Where a user connects, of a server that has users.
    pub fn url_of(&self, user: &str) -> String {
        format!("nats://{user}:{}@127.0.0.1:{}", password(user), self.port)
    }

    /// How a user connects, of a server that has users: the address, and the inboxes that are its own.
    pub fn options_of(&self, user: &str) -> (String, async_nats::ConnectOptions) {
        let options = async_nats::ConnectOptions::with_user_and_password(user.to_owned(), password(user));
        (self.url(), options.custom_inbox_prefix(inbox_prefix(user)))
    }

    /// Its name, as its cluster knows it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the server answers `/varz` and `/jsz`.
    pub fn monitor_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.monitor_port)
    }

    /// A new connection.
    ///
    /// # Panics
    /// When the server doesn't run.
    pub async fn connect(&self) -> async_nats::Client {
        async_nats::connect(self.url()).await.unwrap_or_else(|e| panic!("can't connect to {}: {e}", self.url()))
    }

    /// SIGKILL; it is gone when this returns.
    pub fn kill9(&mut self) {
        self.process.kill9();
    }

    /// Shuts it down in good order.
    ///
    /// # Panics
    /// When that takes more than 30 seconds.
    pub async fn stop(&mut self) {
        self.process.terminate();
        self.process.wait_for_exit(Duration::from_secs(30)).await;
    }

    /// Starts it again on the same ports and files, after killing it where it still runs, and waits until
    /// JetStream answers.
    ///
    /// # Panics
    /// When it isn't ready in time.
    pub async fn restart(&mut self) {
        self.process.start_again();
        self.wait_until_ready().await;
    }

    /// Starts it again with other settings.
    ///
    /// # Panics
    /// When it isn't ready in time.
    pub async fn restart_with(&mut self, config: NatsConfig) {
        let file = self.folder.path().join("nats.conf");
        write(&file, &config.text(&self.name, self.folder.path(), &self.port, &self.monitor_port));
        self.restart().await;
    }

    /// What it has written so far.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) async fn wait_until_ready(&mut self) {
        let mut patience = Patience::new(READY_LIMIT, format!("JetStream at {}", self.url()));
        loop {
            if let Some(status) = self.process.exit_status() {
                panic!("nats-server ended before it was ready ({status})\n{}", self.process.log_tail());
            }
            match self.ask_jetstream().await {
                Ok(()) => return,
                Err(missing) => patience.pause(missing).await,
            }
        }
    }

    async fn ask_jetstream(&self) -> Result<(), String> {
        let (url, options) = match self.has_users {
            true => self.options_of("kos"),
            false => (self.url(), async_nats::ConnectOptions::new()),
        };
        let options = match &self.certificates {
            Some(folder) => options
                .add_root_certificates(folder.join("ca.pem"))
                .add_client_certificate(folder.join("client.pem"), folder.join("client-key.pem")),
            None => options,
        };
        let client = options.connect(url).await.map_err(|e| e.to_string())?;
        let found = client.server_info().server_name;
        if found != self.name {
            return Err(format!("another server: {found}"));
        }
        let account = jetstream::new(client).query_account().await;
        account.map(|_| ()).map_err(|e| e.to_string())
    }
}

impl NatsConfig {
    fn text(&self, name: &str, folder: &Path, port: &Port, monitor_port: &Port) -> String {
        let Self { sync_interval, jetstream, server } = self;
        format!(
            "server_name: {name}\n\
             listen: \"127.0.0.1:{port}\"\n\
             http: \"127.0.0.1:{monitor_port}\"\n\
             max_payload: 8MB\n\
             jetstream {{\n\
             store_dir: \"{}\"\n\
             sync_interval: {sync_interval}\n\
             max_file_store: 20GB\n\
             {jetstream}\n\
             }}\n\
             {server}\n",
            folder.display()
        )
    }
}

fn write(file: &Path, text: &str) {
    fs::write(file, text).unwrap_or_else(|e| panic!("can't write {}: {e}", file.display()));
}

fn password(user: &str) -> String {
    format!("password of {user}").replace(' ', "-")
}

/// What the inboxes of a user begin with: `KOS_NATS_INBOX_PREFIX`. The desk is a part of the site.
pub fn inbox_prefix(user: &str) -> String {
    match user {
        "producer" => "_INBOX".to_owned(),
        "desk" => "_INBOX_publish".to_owned(),
        _ => format!("_INBOX_{user}"),
    }
}

/// The server's program: the one that `KOS_NATS_SERVER` names, the one on the PATH, or the one that
/// `deploy/install/nats-server.sh` put into `.tools/bin`.
///
/// # Panics
/// When there is none.
pub fn nats_server_program() -> PathBuf {
    if let Some(named) = env::var_os("KOS_NATS_SERVER").filter(|v| !v.is_empty()) {
        let named = PathBuf::from(named);
        assert!(named.is_file(), "KOS_NATS_SERVER names {}, which isn't there", named.display());
        return named;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/bin");
    env::split_paths(&path)
        .chain([own])
        .map(|folder| folder.join("nats-server"))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("there is no nats-server here: run `make test` once, or set KOS_NATS_SERVER to one"))
}
