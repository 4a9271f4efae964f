//! All variables, in one list.

/// A variable, and what there is to say about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What holds where it is not set; `None` where nothing does.
    pub default: Option<&'static str>,
    /// Whether its value is never to be printed.
    pub secret: bool,
    /// What it decides, in a line.
    pub about: &'static str,
}

const fn plain(name: &'static str, default: Option<&'static str>, about: &'static str) -> Variable {
    Variable { name, default, secret: false, about }
}

const fn secret(name: &'static str, about: &'static str) -> Variable {
    Variable { name, default: None, secret: true, about }
}

/// All of them, in the order in which `kos config` prints them.
pub const VARIABLES: &[Variable] = &[
    plain(
        "KOS_NATS_URL",
        Some("nats://127.0.0.1:4222"),
        "the NATS server, or several separated by commas; unset, `kos up` starts its own",
    ),
    secret("KOS_NATS_CREDS", "the content of a NATS credentials file"),
    plain("KOS_NATS_CA", None, "a file with the certificates (PEM) that servers are trusted by; unset, the system's"),
    plain("KOS_NATS_CERT", None, "a file with the certificate (PEM) that is shown to servers which ask for one"),
    plain("KOS_NATS_KEY", None, "the file with its private key (PEM)"),
    plain(
        "KOS_NATS_INBOX_PREFIX",
        Some("_INBOX"),
        "what the subjects begin with on which answers come, where a user may not subscribe to all of _INBOX",
    ),
    plain(
        "KOS_NATS_MONITOR_URL",
        None,
        "the server's monitoring address, to see whether it syncs before it acknowledges",
    ),
    plain("KOS_ALLOW_WEAK_DURABILITY", Some("0"), "1 accepts a single server that acknowledges before it syncs"),
    plain("KOS_NATS_SERVER", Some("nats-server"), "the server program that `kos up` starts"),
    plain("KOS_STREAM_REPLICAS", Some("1"), "how many servers of a cluster keep a copy of a stream (1, 3 or 5)"),
    plain("KOS_STREAM_BYTES", Some("1073741824"), "the most that one stream may hold, in bytes"),
    secret(
        "KOS_DATABASE_URL",
        "sqlite://FILE, sqlite://FOLDER/ or postgres://…; unset, a SQLite file a service in KOS_DATA",
    ),
    plain("KOS_DATA", Some("data"), "the folder for databases and the server that `kos up` starts"),
    plain("KOS_LISTEN", Some("127.0.0.1:8080"), "where the site listens"),
    plain(
        "KOS_HEALTH_LISTEN",
        None,
        "where ingest (127.0.0.1:8081) and summarize (127.0.0.1:8082) answer /healthz, /readyz and /metrics",
    ),
    plain("KOS_SITE_URL", None, "the site's address as readers see it; unset, http:// and KOS_LISTEN"),
    plain(
        "KOS_SITE_HOSTS",
        Some(""),
        "host names that the site answers to beside that of KOS_SITE_URL, this machine's and the address it listens at",
    ),
    plain("KOS_CONNECTIONS", Some("512"), "how many connections readers may have to one process of the site"),
    plain("KOS_LIVE_CONNECTIONS", Some("256"), "how many of them may listen for new articles"),
    plain("KOS_SITE_NAME", Some("Knowledge OS"), "the site's name"),
    plain("KOS_WEBHOOKS", None, "a file of addresses that are told of each article that is published"),
    plain("KOS_LANGUAGES", Some("zh,en"), "the languages that readers want summaries in"),
    plain("KOS_FETCH_ALLOW", Some(""), "networks that may be fetched though they are private, such as 127.0.0.0/8"),
    plain("KOS_FEED_MIN_INTERVAL", Some("5m"), "how often a feed is polled at most"),
    plain("KOS_FEED_MAX_INTERVAL", Some("24h"), "how often a feed is polled at least, unless it asks for less"),
    plain("KOS_RULES", None, "a file of rules for ingest: what is taken in, and how much of it is shown"),
    plain(
        "KOS_FETCH_DELAY",
        Some("1s"),
        "the least time between two fetches from one host, over all workers; 0s for none",
    ),
    plain(
        "KOS_FETCH_CONNECTIONS",
        Some("2"),
        "how many fetches from one host may be under way, over all workers; 0 for any number",
    ),
    plain(
        "KOS_ROBOTS",
        Some("obey"),
        "whether robots.txt decides which pages are fetched: obey, or ignore for own sites",
    ),
    plain(
        "KOS_CONTACT",
        None,
        "whom servers may turn to, in the User-Agent: an address of the web or of mail; unset, KOS_SITE_URL",
    ),
    plain(
        "KOS_KEEP_DAYS",
        Some("30"),
        "how many days fetched pages and what near-duplicates are found by are kept; 0 keeps nothing",
    ),
    plain("KOS_CONCURRENCY", Some("16"), "how many events a worker has in hand at once"),
    plain("KOS_MAX_ATTEMPTS", Some("5"), "how often an event is tried before it is a dead letter"),
    plain("KOS_RETRY_DELAY", Some("2s"), "how long the first retry waits; each further one waits four times as long"),
    plain("KOS_ACK_WAIT", Some("10s"), "how long the server waits before it gives a silent worker's event to another"),
    plain("KOS_GRACE", Some("20s"), "how long a worker that is told to stop may take to finish"),
    plain(
        "KOS_DRAIN",
        Some("0s"),
        "how long the site still answers after it was told to stop, while /readyz says no; within KOS_GRACE",
    ),
    plain("KOS_LOG", None, "json or text; unset, text on a terminal and json elsewhere"),
    plain("RUST_LOG", Some("info,async_nats=warn,sqlx=warn"), "what is logged, as tracing's filters have it"),
    plain(
        "KOS_LLM_URL",
        None,
        "an OpenAI-compatible base address, such as http://127.0.0.1:11434/v1; unset, no model is asked",
    ),
    plain("KOS_LLM_MODEL", None, "the model's name there"),
    secret("KOS_LLM_API_KEY", "the key for it"),
    plain("KOS_LLM_ENDPOINTS", None, "a file of further endpoints, asked in their order after KOS_LLM_URL"),
    plain("KOS_LLM_DAILY_TOKENS", None, "how many tokens all workers together may spend a day (UTC)"),
    plain("KOS_LLM_CONTEXT", Some("8192"), "how many tokens prompt and answer may have together"),
    plain("KOS_LLM_CONCURRENCY", Some("4"), "how many calls one worker makes at an endpoint at once"),
    plain("KOS_LLM_TIMEOUT", Some("60s"), "how long one call may take"),
    plain(
        "KOS_LLM_PATIENCE",
        Some("30s"),
        "how long an article waits for endpoints that are down or busy before it is published with an excerpt",
    ),
    plain("KOS_LLM_PROMPTS", None, "a folder of prompts that are used instead of the built-in ones"),
    plain(
        "KOS_REFUSED",
        Some("excerpt"),
        "what there is of an article whose publisher refuses machine use: an excerpt of at most 50 words, or none",
    ),
    secret("KOS_ADMIN_TOKEN", "lets the operator in; unset, nobody"),
    plain(
        "KOS_COMMENTS",
        Some("moderated"),
        "moderated shows comments once they are approved, open at once, off takes and shows none",
    ),
    plain("KOS_TRUSTED_PROXIES", Some(""), "networks of proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8"),
    plain(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        None,
        "a collector that traces are sent to (OTLP over HTTP), such as http://127.0.0.1:4318",
    ),
];

/// The variable of that name.
pub fn variable(name: &str) -> Option<&'static Variable> {
    VARIABLES.iter().find(|v| v.name == name)
}

/// The port at which a service without a site of its own answers health checks unless told otherwise.
pub fn health_port(service: &str) -> Option<u16> {
    match service {
        "ingest" => Some(8081),
        "summarize" => Some(8082),
        _ => None,
    }
}
