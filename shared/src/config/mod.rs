//! Configuration: environment variables that begin with `KOS_`, and what they mean.
//!
//! [`variables::VARIABLES`] lists them all, [`Environment`] finds their values (the environment, a file named
//! by the `_FILE` twin, a `.env` file, the default), [`Config`] is what they come to.

mod environment;
pub mod variables;

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

pub use environment::{Environment, Source};

use crate::{
    bus::topology::Limits,
    event::{HttpUrl, Language},
};

/// A smaller window has no room for an article beside the instruction and the answer.
pub const MIN_CONTEXT_TOKENS: u32 = 2048;

/// A value that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}={value}: expected {expected}")]
pub struct ConfigError {
    /// The variable.
    pub variable: String,
    /// What it was set to; secrets are hidden.
    pub value: String,
    /// What it should have been.
    pub expected: String,
}

/// A value that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a value that came from elsewhere than a variable.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// Everything that a process needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// How the bus is reached.
    pub nats: NatsConfig,
    /// Where state is kept.
    pub database: DatabaseConfig,
    /// Where things that belong to this installation are kept.
    pub data: PathBuf,
    /// Where the site listens.
    pub listen: SocketAddr,
    /// Where a worker without a site answers `/healthz`, `/readyz` and `/metrics`.
    pub health_listen: Option<SocketAddr>,
    /// The site's address as readers see it.
    pub site_url: HttpUrl,
    /// The site's name.
    pub site_name: String,
    /// How the site is served.
    pub serving: ServingConfig,
    /// The file of webhooks, as publish reads it.
    pub webhooks: Option<PathBuf>,
    /// The languages that readers want summaries in.
    pub languages: Vec<Language>,
    /// What becomes of readers' comments.
    pub comments: Comments,
    /// Networks of proxies whose `X-Forwarded-For` is believed, as publish reads them.
    pub trusted_proxies: String,
    /// What the operator shows to be let in; without it nobody is.
    pub admin_token: Option<Secret>,
    /// How often feeds are polled: at most, and at least.
    pub feed_intervals: (Duration, Duration),
    /// How pages and feeds are fetched.
    pub fetch: FetchConfig,
    /// How many days ingest keeps pages and fingerprints; 0 for not at all.
    pub keep_days: u16,
    /// The file of the operator's rules, as ingest reads it.
    pub rules: Option<PathBuf>,
    /// Which models are asked for summaries, and how.
    pub models: ModelConfig,
    /// Whether there is an excerpt of an article whose publisher refuses machine use.
    pub refused_excerpt: bool,
    /// How a worker loop works.
    pub worker: WorkerConfig,
}

/// What becomes of readers' comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comments {
    /// They are shown once they are approved.
    Moderated,
    /// They are shown at once.
    Open,
    /// None are taken, and none shown.
    Off,
}

/// How the site is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServingConfig {
    /// Names that the site answers to beside those that it has anyway, in lower case.
    pub hosts: Vec<String>,
    /// How many connections there may be.
    pub connections: usize,
    /// How many of them may listen for new articles.
    pub listeners: usize,
    /// How long the site still answers after it was told to stop.
    pub drain: Duration,
}

/// How the bus is reached.
#[derive(Debug, Clone)]
pub struct NatsConfig {
    /// One address, or several separated by commas; there may be a user and a password in it.
    pub url: Secret,
    /// The content of a credentials file.
    pub credentials: Option<Secret>,
    /// Whom to trust, and what to show, where the server speaks TLS.
    pub tls: TlsConfig,
    /// What the subjects begin with on which answers come.
    pub inbox_prefix: String,
    /// The server's monitoring address.
    pub monitor_url: Option<String>,
    /// Whether a server may acknowledge before it syncs.
    pub allow_weak_durability: bool,
    /// What is known about the server's durability without asking it.
    pub known_durable: bool,
    /// Settings of streams and consumers.
    pub limits: Limits,
}

/// Files for TLS, in PEM.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsConfig {
    /// The certificates that servers are trusted by, in place of the system's.
    pub ca: Option<PathBuf>,
    /// The certificate that is shown to a server, and its private key.
    pub client: Option<(PathBuf, PathBuf)>,
}

impl TlsConfig {
    /// The files that there have to be, and the variables that name them.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &PathBuf)> {
        let client = self.client.iter().flat_map(|(cert, key)| [("KOS_NATS_CERT", cert), ("KOS_NATS_KEY", key)]);
        self.ca.iter().map(|ca| ("KOS_NATS_CA", ca)).chain(client)
    }
}

impl NatsConfig {
    /// The addresses.
    ///
    /// # Errors
    /// What is wrong with the one that can't be read.
    pub fn servers(&self) -> Result<Vec<async_nats::ServerAddr>, String> {
        let read = |url: &str| url.parse().map_err(|e| format!("an address such as nats://127.0.0.1:4222: {e}"));
        self.url.reveal().split(',').map(str::trim).map(read).collect()
    }

    /// The addresses as they may be shown: without passwords.
    pub fn place(&self) -> String {
        environment::without_passwords(self.url.reveal())
    }
}

/// Where state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseConfig {
    /// A file a service in this folder.
    SqliteFolder(PathBuf),
    /// This file.
    SqliteFile(PathBuf),
    /// A PostgreSQL database, with a schema a service.
    Postgres(Secret),
}

impl DatabaseConfig {
    /// Where the database is, as it may be shown: without a password, and without parameters, one of which may be it. Nothing of
    /// an address in which nobody can tell where the password ends.
    pub fn place(&self) -> String {
        match self {
            Self::SqliteFolder(path) | Self::SqliteFile(path) => path.display().to_string(),
            Self::Postgres(url) => match url.reveal().split_once('?') {
                Some((_, parameters)) if parameters.contains('@') => "postgres://(hidden)".to_owned(),
                Some((address, _)) => environment::without_passwords(address),
                None => environment::without_passwords(url.reveal()),
            },
        }
    }
}

/// How pages and feeds are fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchConfig {
    /// Networks that may be fetched though they are private, as ingest reads them.
    pub allow: String,
    /// The least time between two fetches from one host, over all workers; zero for none.
    pub delay: Duration,
    /// How many fetches from one host may be under way at once, over all workers; zero for any number.
    pub connections: u32,
    /// Whether robots.txt decides which pages are fetched.
    pub obey_robots: bool,
    /// Whom the servers that are asked may turn to: an address of the web or of mail.
    pub contact: String,
}

/// Which models are asked for summaries, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelConfig {
    /// The endpoint that the variables name.
    pub endpoint: Option<ModelEndpoint>,
    /// The file of further endpoints, as summarize reads it.
    pub endpoints: Option<PathBuf>,
    /// How many tokens all workers together may spend a day.
    pub daily_tokens: Option<u64>,
    /// How many tokens prompt and answer may have together, unless an endpoint says otherwise.
    pub context_tokens: u32,
    /// How many calls one worker makes at an endpoint at once, unless an endpoint says otherwise.
    pub concurrency: usize,
    /// How long one call may take, unless an endpoint says otherwise.
    pub timeout: Duration,
    /// How long an article waits for endpoints that are down or busy; zero for not at all.
    pub patience: Duration,
    /// The folder of prompts that go before the built-in ones.
    pub prompts: Option<PathBuf>,
}

/// An OpenAI-compatible endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelEndpoint {
    /// Its base address.
    pub url: HttpUrl,
    /// The model's name there.
    pub model: String,
    /// The key for it.
    pub api_key: Option<Secret>,
}

/// How a worker loop works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerConfig {
    /// How many events are worked on side by side.
    pub concurrency: usize,
    /// How often an event is tried before it is a dead letter.
    pub max_attempts: u32,
    /// How long the first retry waits; each further one waits four times as long.
    pub retry_delay: Duration,
    /// How long the server waits for an answer before it delivers an event again.
    pub ack_wait: Duration,
    /// How long a worker that is told to stop may take to finish what it began.
    pub grace: Duration,
}

impl WorkerConfig {
    /// The part of the grace period in which what was begun is finished or handed back.
    pub fn grace_to_finish(&self) -> Duration {
        self.grace.mul_f64(0.75)
    }

    /// The part of the grace period after that, in which the outbox is sent.
    pub fn grace_to_send(&self) -> Duration {
        self.grace - self.grace_to_finish()
    }
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            concurrency: 16,
            max_attempts: 5,
            retry_delay: Duration::from_secs(2),
            ack_wait: Duration::from_secs(10),
            grace: Duration::from_secs(20),
        }
    }
}

impl Config {
    /// What the environment comes to for `service`.
    ///
    /// # Errors
    /// [`ConfigError`] names the variable, its value and what was expected.
    pub fn read(environment: &Environment, service: &str) -> Result<Self, ConfigError> {
        let env = environment;
        let data: PathBuf = env.text("KOS_DATA").into();
        let listen = env.parsed("KOS_LISTEN", "an address and a port, such as 127.0.0.1:8080")?;
        let health_listen = match env.get("KOS_HEALTH_LISTEN") {
            Some(_) => Some(env.parsed("KOS_HEALTH_LISTEN", "an address and a port, such as 127.0.0.1:8081")?),
            None => variables::health_port(service).map(|port| SocketAddr::from(([127, 0, 0, 1], port))),
        };
        let site_url = match env.get("KOS_SITE_URL") {
            Some(_) => env.parsed("KOS_SITE_URL", "an absolute http or https address")?,
            None => site_url(listen),
        };
        let worker = WorkerConfig {
            concurrency: env
                .parsed::<std::num::NonZeroU16>("KOS_CONCURRENCY", "a number from 1 to 65535")?
                .get()
                .into(),
            max_attempts: env.parsed::<std::num::NonZeroU32>("KOS_MAX_ATTEMPTS", "a number from 1")?.get(),
            retry_delay: env.duration("KOS_RETRY_DELAY")?,
            ack_wait: env.duration("KOS_ACK_WAIT")?,
            grace: env.duration("KOS_GRACE")?,
        };
        let limits = Limits {
            replicas: env.one_of("KOS_STREAM_REPLICAS", &[("1", 1), ("3", 3), ("5", 5)])?,
            stream_bytes: env.parsed("KOS_STREAM_BYTES", "a number of bytes")?,
            ack_wait: worker.ack_wait,
        };
        let nats = NatsConfig {
            url: Secret(env.text("KOS_NATS_URL")),
            credentials: env.get("KOS_NATS_CREDS").map(|v| Secret(v.to_owned())),
            tls: tls(env)?,
            inbox_prefix: inbox_prefix(env)?,
            monitor_url: env.get("KOS_NATS_MONITOR_URL").map(str::to_owned),
            allow_weak_durability: env.flag("KOS_ALLOW_WEAK_DURABILITY")?,
            known_durable: false,
            limits,
        };
        nats.servers().map_err(|expected| env.error("KOS_NATS_URL", &expected))?;
        let fetch = FetchConfig {
            allow: env.text("KOS_FETCH_ALLOW"),
            delay: env.duration_or_none("KOS_FETCH_DELAY")?,
            connections: env.parsed("KOS_FETCH_CONNECTIONS", "a number, 0 for no limit")?,
            obey_robots: env.one_of("KOS_ROBOTS", &[("obey", true), ("ignore", false)])?,
            contact: env.get("KOS_CONTACT").unwrap_or(site_url.as_str()).to_owned(),
        };
        Ok(Self {
            nats,
            database: database(env, &data)?,
            data,
            listen,
            health_listen,
            site_url,
            site_name: env.text("KOS_SITE_NAME"),
            serving: serving(env, worker.grace_to_finish())?,
            webhooks: env.get("KOS_WEBHOOKS").map(PathBuf::from),
            languages: languages(env)?,
            comments: env.one_of(
                "KOS_COMMENTS",
                &[("moderated", Comments::Moderated), ("open", Comments::Open), ("off", Comments::Off)],
            )?,
            trusted_proxies: env.text("KOS_TRUSTED_PROXIES"),
            admin_token: env.get("KOS_ADMIN_TOKEN").map(|token| Secret(token.to_owned())),
            feed_intervals: feed_intervals(env)?,
            fetch,
            keep_days: env.parsed("KOS_KEEP_DAYS", "a number of days from 0 to 65535")?,
            rules: env.get("KOS_RULES").map(PathBuf::from),
            models: models(env)?,
            refused_excerpt: env.one_of("KOS_REFUSED", &[("excerpt", true), ("none", false)])?,
            worker,
        })
    }
}

fn serving(env: &Environment, longest_drain: Duration) -> Result<ServingConfig, ConfigError> {
    let connections = env.parsed::<std::num::NonZeroU16>("KOS_CONNECTIONS", "a number from 1 to 65535")?.get().into();
    let listeners = env.parsed::<u16>("KOS_LIVE_CONNECTIONS", "a number from 0 to 65535")?.into();
    if listeners >= connections {
        return Err(env.error("KOS_LIVE_CONNECTIONS", "a number less than KOS_CONNECTIONS"));
    }
    let mut hosts = Vec::new();
    for host in env.text("KOS_SITE_HOSTS").split(',').map(str::trim).filter(|host| !host.is_empty()) {
        // Both what a name may be and what an address looks like in a URL.
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
        if !host.chars().all(allowed) || (host.contains(':') && !host.starts_with('[')) {
            return Err(env.error("KOS_SITE_HOSTS", "host names without ports, such as news.example,www.news.example"));
        }
        hosts.push(host.to_ascii_lowercase());
    }
    let drain = env.duration_or_none("KOS_DRAIN")?;
    if drain > longest_drain {
        return Err(env.error("KOS_DRAIN", "a duration of at most three quarters of KOS_GRACE"));
    }
    Ok(ServingConfig { hosts, connections, listeners, drain })
}

/// The address at which a browser on this machine finds what listens at `listen`.
#[expect(clippy::expect_used, reason = "an address and a port always make an address")]
fn site_url(listen: SocketAddr) -> HttpUrl {
    let host = if listen.ip().is_unspecified() { "127.0.0.1".to_owned() } else { listen.ip().to_string() };
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    format!("http://{host}:{}/", listen.port()).parse().expect("an address and a port make an address")
}

fn database(env: &Environment, data: &std::path::Path) -> Result<DatabaseConfig, ConfigError> {
    let Some(url) = env.get("KOS_DATABASE_URL") else {
        return Ok(DatabaseConfig::SqliteFolder(data.to_owned()));
    };
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(DatabaseConfig::Postgres(Secret(url.to_owned())));
    }
    match url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")) {
        Some(path) if !path.is_empty() && !path.contains('?') => {
            let folder = path.ends_with('/') || std::path::Path::new(path).is_dir();
            Ok(if folder { DatabaseConfig::SqliteFolder(path.into()) } else { DatabaseConfig::SqliteFile(path.into()) })
        }
        _ => Err(env.error("KOS_DATABASE_URL", "sqlite://FILE, sqlite://FOLDER/ or postgres://USER@HOST/DATABASE")),
    }
}

fn tls(env: &Environment) -> Result<TlsConfig, ConfigError> {
    let file = |variable| env.get(variable).map(PathBuf::from);
    let client = match (file("KOS_NATS_CERT"), file("KOS_NATS_KEY")) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        (Some(_), None) => {
            return Err(env.error("KOS_NATS_CERT", "KOS_NATS_KEY beside it, the file of its private key"));
        }
        (None, Some(_)) => {
            return Err(env.error("KOS_NATS_KEY", "KOS_NATS_CERT beside it, the file of its certificate"));
        }
    };
    Ok(TlsConfig { ca: file("KOS_NATS_CA"), client })
}

fn inbox_prefix(env: &Environment) -> Result<String, ConfigError> {
    let prefix = env.text("KOS_NATS_INBOX_PREFIX").trim().to_owned();
    let is_token = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'*' | b'>'));
    if !prefix.split('.').all(is_token) {
        return Err(env.error("KOS_NATS_INBOX_PREFIX", "a subject without wildcards, such as _INBOX_ingest"));
    }
    Ok(prefix)
}

fn feed_intervals(env: &Environment) -> Result<(Duration, Duration), ConfigError> {
    let (min, max) = (env.duration("KOS_FEED_MIN_INTERVAL")?, env.duration("KOS_FEED_MAX_INTERVAL")?);
    if max < min {
        return Err(env.error("KOS_FEED_MAX_INTERVAL", "a duration no shorter than KOS_FEED_MIN_INTERVAL"));
    }
    Ok((min, max))
}

fn models(env: &Environment) -> Result<ModelConfig, ConfigError> {
    let endpoint = match env.get("KOS_LLM_URL") {
        Some(_) => Some(ModelEndpoint {
            url: env.parsed("KOS_LLM_URL", "an absolute http or https address, such as http://127.0.0.1:11434/v1")?,
            model: env
                .get("KOS_LLM_MODEL")
                .ok_or_else(|| env.error("KOS_LLM_MODEL", "the name of the model at KOS_LLM_URL"))?
                .to_owned(),
            api_key: env.get("KOS_LLM_API_KEY").map(|v| Secret(v.to_owned())),
        }),
        // Each entry of a file of endpoints names its model.
        None if env.get("KOS_LLM_MODEL").is_some() && env.get("KOS_LLM_ENDPOINTS").is_none() => {
            return Err(
                env.error("KOS_LLM_MODEL", "KOS_LLM_URL beside it, the address of the server that has the model")
            );
        }
        None => None,
    };
    let count = "a number from 1";
    let daily_tokens = match env.get("KOS_LLM_DAILY_TOKENS") {
        Some(_) => Some(env.parsed("KOS_LLM_DAILY_TOKENS", "a number of tokens")?),
        None => None,
    };
    let context_tokens: u32 = env.parsed("KOS_LLM_CONTEXT", "a number of tokens from 2048")?;
    if context_tokens < MIN_CONTEXT_TOKENS {
        return Err(env.error("KOS_LLM_CONTEXT", "a number of tokens from 2048"));
    }
    Ok(ModelConfig {
        endpoint,
        endpoints: env.get("KOS_LLM_ENDPOINTS").map(PathBuf::from),
        daily_tokens,
        context_tokens,
        concurrency: env.parsed::<std::num::NonZeroU16>("KOS_LLM_CONCURRENCY", count)?.get().into(),
        timeout: env.duration("KOS_LLM_TIMEOUT")?,
        patience: env.duration_or_none("KOS_LLM_PATIENCE")?,
        prompts: env.get("KOS_LLM_PROMPTS").map(PathBuf::from),
    })
}

fn languages(env: &Environment) -> Result<Vec<Language>, ConfigError> {
    let list = env.text("KOS_LANGUAGES");
    let mut languages: Vec<Language> = Vec::new();
    for tag in list.split(',').map(str::trim).filter(|t| !t.is_empty()) {
        // No language has a longer name in tags (BCP 47, section 2.2.1).
        let language = tag.parse().ok().filter(|language: &Language| language.primary().len() <= 3);
        let language = language.ok_or_else(|| env.error("KOS_LANGUAGES", "language tags such as zh,en"))?;
        if !languages.contains(&language) {
            languages.push(language);
        }
    }
    Ok(languages)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(set: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let environment = Environment::of(set.iter().map(|(n, v)| (n.to_string(), v.to_string())));
        Config::read(&environment.unwrap(), "ingest")
    }

    #[test]
    fn nothing_has_to_be_set() {
        let config = config(&[]).unwrap();
        assert_eq!(config.database, DatabaseConfig::SqliteFolder("data".into()));
        assert_eq!(config.site_url.as_str(), "http://127.0.0.1:8080/");
        assert_eq!(config.languages, [Language::CHINESE, Language::ENGLISH]);
        assert_eq!(config.worker, WorkerConfig::default());
    }

    #[test]
    fn a_databases_place_has_no_password() {
        let place = |url: &str| DatabaseConfig::Postgres(Secret::new(url)).place();
        assert_eq!(place("postgres://kos:geheim@db:5433/kos?password=x"), "postgres://kos:(hidden)@db:5433/kos");
        assert_eq!(place("postgres://kos@db/kos"), "postgres://kos:(hidden)@db/kos");
        for url in ["postgres://kos:ge?heim@db/kos", "postgres://kos:a@b?c@db/kos", "postgres://db/kos?password=x@y"] {
            assert_eq!(place(url), "postgres://(hidden)", "{url}");
        }
        assert_eq!(DatabaseConfig::SqliteFolder("data".into()).place(), "data");
    }

    #[test]
    fn a_value_that_cannot_be_read_is_named_with_what_was_expected() {
        for (variable, value) in [
            ("KOS_LISTEN", "8080"),
            ("KOS_DATABASE_URL", "mysql://localhost/kos"),
            ("KOS_LANGUAGES", "zh,chinese please"),
            ("KOS_LANGUAGES", "chinese"),
            ("KOS_ACK_WAIT", "soon"),
            ("KOS_CONCURRENCY", "0"),
            ("KOS_KEEP_DAYS", "-1"),
            ("KOS_ALLOW_WEAK_DURABILITY", "perhaps"),
            ("KOS_SITE_URL", "example.com"),
            ("KOS_NATS_URL", "nats://a b"),
            ("KOS_NATS_CERT", "site.pem"),
            ("KOS_NATS_KEY", "site-key.pem"),
            ("KOS_SITE_HOSTS", "http://news.example"),
            ("KOS_CONNECTIONS", "0"),
            ("KOS_LIVE_CONNECTIONS", "512"),
            ("KOS_DRAIN", "16s"),
            ("KOS_STREAM_REPLICAS", "2"),
            ("KOS_FEED_MAX_INTERVAL", "1m"),
            ("KOS_FETCH_DELAY", "-1s"),
            ("KOS_FETCH_CONNECTIONS", "many"),
            ("KOS_ROBOTS", "sometimes"),
            ("KOS_LLM_URL", "ollama"),
            ("KOS_LLM_MODEL", "qwen3"),
            ("KOS_LLM_DAILY_TOKENS", "plenty"),
            ("KOS_LLM_CONTEXT", "512"),
            ("KOS_LLM_CONCURRENCY", "0"),
            ("KOS_LLM_PATIENCE", "-1s"),
            ("KOS_REFUSED", "all"),
            ("KOS_COMMENTS", "yes"),
        ] {
            let error = config(&[(variable, value)]).unwrap_err();
            assert_eq!((error.variable.as_str(), error.value.as_str()), (variable, value));
            assert!(error.to_string().starts_with(&format!("{variable}={value}: expected ")), "{error}");
        }
    }

    #[test]
    fn servers_are_asked_politely_unless_the_operator_says_otherwise() {
        let polite = config(&[("KOS_SITE_URL", "https://reader.example/")]).unwrap().fetch;
        assert_eq!((polite.delay, polite.connections, polite.obey_robots), (Duration::from_secs(1), 2, true));
        assert_eq!(polite.contact, "https://reader.example/");
        let own = [("KOS_FETCH_DELAY", "0s"), ("KOS_ROBOTS", "ignore"), ("KOS_CONTACT", "mailto:robot@reader.example")];
        let own = config(&own).unwrap().fetch;
        assert_eq!(
            (own.delay, own.obey_robots, own.contact.as_str()),
            (Duration::ZERO, false, "mailto:robot@reader.example")
        );
    }

    #[test]
    fn a_folder_and_a_file_are_told_apart() {
        let database = |url| config(&[("KOS_DATABASE_URL", url)]).unwrap().database;
        assert_eq!(database("sqlite:///var/kos/"), DatabaseConfig::SqliteFolder("/var/kos/".into()));
        assert_eq!(database("sqlite:///var/kos/a.db"), DatabaseConfig::SqliteFile("/var/kos/a.db".into()));
    }

    #[test]
    fn a_database_password_is_not_printed() {
        let config = config(&[("KOS_DATABASE_URL", "postgres://kos:geheim@db/kos")]).unwrap();
        assert!(!format!("{config:?}").contains("geheim"));
    }
}
