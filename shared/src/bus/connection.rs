//! The connection to the server: it comes back by itself, and says when it did.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_nats::{Client, ClientError, ConnectOptions, Event, ServerAddr, connection::State};
use percent_encoding::percent_decode_str;
use tokio::sync::watch;
use tracing::{info, warn};

use crate::config::NatsConfig;

/// A client and the count of its connections.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The client. It reconnects for as long as it lives.
    pub client: Client,
    pub(super) generation: watch::Receiver<u64>,
    place: String,
    failure: Arc<Mutex<Option<String>>>,
}

/// There is no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Disconnected {
    /// No server answers there, or none that can be spoken to. It says what was seen last, where something was.
    #[error("no connection to {place}{}", .cause.as_deref().map(|c| format!(": {c}")).unwrap_or_default())]
    NoServer {
        /// The address, without a password.
        place: String,
        /// What went wrong the last time.
        cause: Option<String>,
    },
    /// The server doesn't accept who we say we are.
    #[error("the server at {place} refuses the login: {cause}")]
    Refused {
        /// The address, without a password.
        place: String,
        /// What went wrong the last time.
        cause: String,
    },
}

/// The oldest server that has atomic batches.
const OLDEST_SERVER: (u64, u64) = (2, 12);

impl Connection {
    /// Whether the server can be reached now.
    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Where it leads, without a password.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Whether the server can be reached now, and why it can't be.
    ///
    /// # Errors
    /// [`Disconnected`].
    pub fn check(&self) -> Result<(), Disconnected> {
        if self.is_connected() {
            return Ok(());
        }
        let cause = self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let place = self.place.clone();
        match cause {
            Some(cause) if cause.contains("authorization") || cause.contains("signing") => {
                Err(Disconnected::Refused { place, cause })
            }
            cause => Err(Disconnected::NoServer { place, cause }),
        }
    }

    /// The version of the server where it is too old: it has no atomic batches.
    pub fn too_old(&self) -> Option<String> {
        Some(self.client.server_info().version).filter(|version| self.is_connected() && is_too_old(version))
    }

    /// Waits until the client has ended for good. It never should, but there are messages over which it panics (a bare
    /// carriage return in a header's value), and then it doesn't reconnect any more.
    pub async fn ended(&self) {
        let mut generation = self.generation.clone();
        // The client's tasks hold the other end.
        while generation.changed().await.is_ok() {}
    }
}

/// A connection that can't come about, however long one waits.
#[derive(Debug, thiserror::Error)]
#[error("KOS_NATS_URL {url}: {cause}")]
pub struct ConnectError {
    /// The address that was tried.
    pub url: String,
    /// What is wrong.
    pub cause: String,
}

/// Starts to connect. A server that isn't there yet is waited for in the background: requests fail until then.
///
/// # Errors
/// [`ConnectError`] where the address or the credentials can't be read.
pub async fn connect(config: &NatsConfig, name: &str) -> Result<Connection, ConnectError> {
    let failed = |cause: String| ConnectError { url: config.place(), cause };
    let (count, generation) = watch::channel(0);
    let count = Arc::new(count);
    let failure: Arc<Mutex<Option<String>>> = Arc::default();
    let noted = Arc::clone(&failure);
    let url = config.place();
    let mut options = ConnectOptions::new()
        .name(name)
        .custom_inbox_prefix(&config.inbox_prefix)
        .retry_on_initial_connect()
        .connection_timeout(Duration::from_secs(5))
        .request_timeout(Some(Duration::from_secs(5)))
        .ping_interval(Duration::from_secs(10))
        // Attempts go on for ever; a fresh one never waits long, so that work goes on soon after the server is back.
        .reconnect_delay_callback(|attempts| Duration::from_millis(50 * (attempts as u64).clamp(1, 40)))
        .event_callback(move |event| {
            let (count, url) = (Arc::clone(&count), url.clone());
            let note = |cause| *noted.lock().unwrap_or_else(PoisonError::into_inner) = cause;
            match &event {
                Event::Connected => note(None),
                Event::ClientError(ClientError::Other(cause)) => note(Some(cause.clone())),
                _ => {}
            }
            async move {
                match event {
                    Event::Connected => {
                        count.send_modify(|n| *n += 1);
                        info!(%url, "connected to the nats server");
                    }
                    Event::Disconnected => warn!(%url, "lost the nats server"),
                    Event::SlowConsumer(id) => warn!(subscription = id, "a subscription can't keep up"),
                    Event::ServerError(error) => warn!(%error, "the nats server reports an error"),
                    _ => {}
                }
            }
        });
    if let Some(credentials) = &config.credentials {
        options = options
            .credentials(credentials.reveal())
            .map_err(|e| failed(format!("KOS_NATS_CREDS: expected a credentials file's content: {e}")))?;
    }
    let servers = config.servers().map_err(&failed)?;
    // The client would try again for ever where it can't read one.
    for (variable, file) in config.tls.files() {
        let text = std::fs::read_to_string(file).map_err(|e| failed(format!("{variable} {}: {e}", file.display())))?;
        if !text.contains("-----BEGIN ") {
            return Err(failed(format!("{variable} {}: expected a file in PEM", file.display())));
        }
    }
    // Servers that it learns of from the first one are no exception.
    options = options.require_tls(servers.iter().any(ServerAddr::tls_required));
    if let Some(ca) = &config.tls.ca {
        options = options.add_root_certificates(ca.clone());
    }
    if let Some((certificate, key)) = &config.tls.client {
        options = options.add_client_certificate(certificate.clone(), key.clone());
    }
    // The client itself ignores what stands in addresses.
    options = match login(&servers) {
        Some(Login::Password { user, password }) => options.user_and_password(user, password),
        Some(Login::Token(token)) => options.token(token),
        None => options,
    };
    let client = options.connect(servers).await.map_err(|e| failed(e.to_string()))?;
    Ok(Connection { client, generation, place: config.place(), failure })
}

fn is_too_old(version: &str) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse::<u64>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) < OLDEST_SERVER
}

/// What stands before the `@` of an address.
#[derive(Debug, PartialEq, Eq)]
enum Login {
    Password { user: String, password: String },
    Token(String),
}

/// The login in the first address that has one: it holds at all servers.
fn login(servers: &[ServerAddr]) -> Option<Login> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    servers.iter().find_map(|server| {
        let user = server.username().map(decoded)?;
        Some(match server.password() {
            Some(password) => Login::Password { user, password: decoded(password) },
            None => Login::Token(user),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_without_atomic_batches_are_too_old() {
        assert!(is_too_old("2.9.0") && is_too_old("2.11.8") && is_too_old(""));
        assert!(!is_too_old("2.12.0") && !is_too_old("2.15.1") && !is_too_old("3.0.0-RC.1"));
    }

    #[test]
    fn users_passwords_and_tokens_are_taken_from_addresses() {
        let login = |addresses: &[&str]| login(&addresses.iter().map(|a| a.parse().unwrap()).collect::<Vec<_>>());
        let password = |user: &str, password: &str| Login::Password { user: user.into(), password: password.into() };
        assert_eq!(login(&["nats://127.0.0.1:4222"]), None);
        assert_eq!(login(&["nats://ingest:a%40b+c@bus"]), Some(password("ingest", "a@b+c")));
        assert_eq!(login(&["tls://one", "tls://ingest:x@two:4223"]), Some(password("ingest", "x")));
        assert_eq!(login(&["nats://s3cr3t@bus"]), Some(Login::Token("s3cr3t".into())));
    }
}
