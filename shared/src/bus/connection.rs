//! The connection to the server: it comes back by itself, and says when it did.

use std::{sync::Arc, time::Duration};

use async_nats::{Client, ConnectOptions, Event, connection::State};
use tokio::sync::watch;
use tracing::{info, warn};

use crate::config::NatsConfig;

/// A client and the count of its connections.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The client. It reconnects for as long as it lives.
    pub client: Client,
    pub(super) generation: watch::Receiver<u64>,
}

impl Connection {
    /// Whether the server can be reached now.
    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
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
    let failed = |cause: String| ConnectError { url: config.url.clone(), cause };
    let (count, generation) = watch::channel(0);
    let count = Arc::new(count);
    let url = config.url.clone();
    let mut options = ConnectOptions::new()
        .name(name)
        .retry_on_initial_connect()
        .connection_timeout(Duration::from_secs(5))
        .request_timeout(Some(Duration::from_secs(5)))
        .ping_interval(Duration::from_secs(10))
        // Attempts go on for ever; a fresh one never waits long, so that work goes on soon after the server is back.
        .reconnect_delay_callback(|attempts| Duration::from_millis(50 * (attempts as u64).clamp(1, 40)))
        .event_callback(move |event| {
            let (count, url) = (Arc::clone(&count), url.clone());
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
    let client = options.connect(config.servers().map_err(&failed)?).await.map_err(|e| failed(e.to_string()))?;
    Ok(Connection { client, generation })
}
