//! TLS to the NATS server: every service and the command speak it, show their certificate, and trust nobody else.

use std::{path::Path, process::Command};

use kos_tests::{
    Articles, NatsConfig, NatsServer, Port, Worker, command, eventually,
    pipeline::{Ended, SERVICES, run},
};
use tempfile::TempDir;

const LIMIT: std::time::Duration = std::time::Duration::from_secs(60);

/// Runs openssl in a folder.
fn openssl(folder: &Path, arguments: &str) {
    let made = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output();
    let made = made.unwrap_or_else(|e| panic!("openssl: {e}"));
    assert!(made.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&made.stderr));
}

/// An authority (`ca.pem`), a server's certificate for 127.0.0.1, a client's, and another authority (`other.pem`).
fn certificates() -> TempDir {
    let folder = TempDir::with_prefix("kos-tls-").unwrap_or_else(|e| panic!("can't make a folder: {e}"));
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
    for name in ["ca", "other"] {
        openssl(
            folder.path(),
            &format!(
                "req -x509 {key} -keyout {name}-key.pem -out {name}.pem -subj /CN={name} -addext basicConstraints=critical,CA:TRUE"
            ),
        );
    }
    for (name, san) in [("server", "IP:127.0.0.1"), ("client", "DNS:ingest")] {
        openssl(
            folder.path(),
            &format!(
                "req -x509 {key} -CA ca.pem -CAkey ca-key.pem -keyout {name}-key.pem -out {name}.pem -subj /CN={name} \
                 -addext subjectAltName={san} -addext basicConstraints=critical,CA:FALSE"
            ),
        );
    }
    folder
}

/// A server that speaks nothing but TLS, and asks its clients for a certificate.
struct Secured {
    server: NatsServer,
    files: TempDir,
}

impl Secured {
    async fn start() -> Self {
        let files = certificates();
        let file = |name: &str| files.path().join(name).display().to_string();
        let tls = format!(
            "tls {{\ncert_file: {:?}\nkey_file: {:?}\nca_file: {:?}\nverify: true\n}}\n",
            file("server.pem"),
            file("server-key.pem"),
            file("ca.pem")
        );
        let config = NatsConfig { server: tls, ..NatsConfig::default() };
        Self { server: NatsServer::start_secured(config, files.path()).await, files }
    }

    fn url(&self) -> String {
        self.server.url().replace("nats://", "tls://")
    }

    /// The variables of a process that trusts `ca`.
    fn variables(&self, ca: &str) -> Vec<(&'static str, String)> {
        let file = |name: &str| self.files.path().join(name).display().to_string();
        vec![
            ("KOS_NATS_URL", self.url()),
            ("KOS_NATS_CA", file(ca)),
            ("KOS_NATS_CERT", file("client.pem")),
            ("KOS_NATS_KEY", file("client-key.pem")),
            ("KOS_NATS_MONITOR_URL", self.server.monitor_url()),
        ]
    }

    async fn kos(&self, variables: &[(&'static str, String)], arguments: &[&str], input: &str) -> Ended {
        let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut command = command("kos", &variables);
        command.args(arguments);
        run(command, input).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn services_and_the_command_speak_tls_and_show_their_certificate() {
    let secured = Secured::start().await;
    let data = TempDir::with_prefix("kos-data-").unwrap_or_else(|e| panic!("can't make a folder: {e}"));
    let (data, ports) = (data.path().display().to_string(), SERVICES.map(|_| Port::free()));
    let site = format!("http://{}/", ports[2].address());
    let mut workers = Vec::new();
    for (service, port) in SERVICES.into_iter().zip(&ports) {
        let mut variables = secured.variables("ca.pem");
        variables.extend([("KOS_DATA", data.clone()), ("KOS_SITE_URL", site.clone())]);
        let listen = if service == "publish" { "KOS_LISTEN" } else { "KOS_HEALTH_LISTEN" };
        variables.push((listen, port.address().to_string()));
        let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        workers.push(Worker::start(command(&format!("kos-{service}"), &variables)));
    }
    for (worker, port) in workers.iter_mut().zip(&ports) {
        worker.wait_until_ready(port.address()).await;
    }
    let article = Articles::new(47).page_bytes(5_000).page(0);
    let arguments = ["ingest", "--wait", "-", "--url", &article.url];
    let ingested = secured.kos(&secured.variables("ca.pem"), &arguments, &article.html).await;
    assert_eq!(ingested.code, 0, "{} {}", ingested.stdout, ingested.stderr);
    assert!(ingested.stdout.contains("/articles/"), "{}", ingested.stdout);
    let status = secured.kos(&secured.variables("ca.pem"), &["status", "--json"], "").await.json();
    assert_eq!(status["workers"].as_array().map(Vec::len), Some(3), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_trusted_and_a_server_without_tls_are_not_talked_to() {
    let secured = Secured::start().await;
    let trusted = secured.kos(&secured.variables("ca.pem"), &["prepare"], "").await;
    assert_eq!(trusted.code, 0, "{}", trusted.stderr);
    let other = secured.kos(&secured.variables("other.pem"), &["dead", "list"], "").await;
    assert_eq!(other.code, 1, "{}", other.stdout);
    let shown =
        secured.variables("ca.pem").into_iter().filter(|(name, _)| !["KOS_NATS_CERT", "KOS_NATS_KEY"].contains(name));
    let nameless = secured.kos(&shown.collect::<Vec<_>>(), &["dead", "list"], "").await;
    assert_eq!(nameless.code, 1, "{}", nameless.stdout);
    let missing = secured.kos(&secured.variables("nowhere.pem"), &["dead", "list"], "").await;
    assert!(missing.code != 0 && missing.stderr.contains("KOS_NATS_CA"), "{}", missing.stderr);

    let plain = NatsServer::start().await;
    let mut variables = secured.variables("ca.pem");
    variables[0].1 = plain.url().replace("nats://", "tls://");
    let plain = secured.kos(&variables, &["dead", "list"], "").await;
    assert_eq!(plain.code, 1, "{}", plain.stdout);
    eventually(LIMIT, "the server to say why", async || secured.server.log().contains("TLS handshake error")).await;
}
