//! Whether what the server acknowledged survives a power failure.

use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Duration, timeout},
};

/// How safe an acknowledged event is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Durability {
    /// It is on the disk before it is acknowledged (`sync_interval: always`), or on several servers.
    Strong,
    /// It may still be in memory, for up to the server's `sync_interval`.
    Weak(String),
}

/// Asks the server's monitoring port (`/jsz?config=true`) whether it syncs before it acknowledges.
///
/// Several replicas count as strong without asking. A server that can't be asked counts as weak: the
/// NATS protocol itself does not tell.
pub async fn durability(monitor_url: Option<&str>, replicas: usize) -> Durability {
    if replicas > 1 {
        return Durability::Strong;
    }
    let Some(url) = monitor_url else {
        return Durability::Weak(
            "whether the server syncs before it acknowledges can't be seen: name its monitoring address in \
             KOS_NATS_MONITOR_URL, or accept it with KOS_ALLOW_WEAK_DURABILITY=1"
                .into(),
        );
    };
    match timeout(Duration::from_secs(5), sync_always(url)).await {
        Ok(Ok(true)) => Durability::Strong,
        Ok(Ok(false)) => Durability::Weak(
            "the server acknowledges before it syncs: set `sync_interval: always` in its jetstream block, or \
             accept it with KOS_ALLOW_WEAK_DURABILITY=1"
                .into(),
        ),
        Ok(Err(cause)) => Durability::Weak(format!("KOS_NATS_MONITOR_URL {url}: {cause}")),
        Err(_) => Durability::Weak(format!("KOS_NATS_MONITOR_URL {url}: no answer within 5 s")),
    }
}

#[derive(Deserialize)]
struct Jsz {
    #[serde(default)]
    config: JszConfig,
}

#[derive(Deserialize, Default)]
struct JszConfig {
    #[serde(default)]
    sync_always: bool,
}

/// One plain HTTP/1.0 request: the monitoring port is asked once at start, which is not worth an HTTP client in
/// every worker.
async fn sync_always(monitor_url: &str) -> Result<bool, String> {
    let url =
        url::Url::parse(monitor_url).map_err(|e| format!("expected an address such as http://127.0.0.1:8222: {e}"))?;
    let (Some(host), "http") = (url.host_str(), url.scheme()) else {
        return Err("expected an address such as http://127.0.0.1:8222".into());
    };
    let address = (host.trim_matches(['[', ']']), url.port_or_known_default().unwrap_or(8222));
    let mut stream = TcpStream::connect(address).await.map_err(|e| e.to_string())?;
    let request = format!("GET /jsz?config=true HTTP/1.0\r\nHost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(|e| e.to_string())?;
    let mut answer = String::new();
    stream.take(1 << 20).read_to_string(&mut answer).await.map_err(|e| e.to_string())?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let jsz: Jsz = serde_json::from_str(body).map_err(|e| format!("expected JetStream's state as JSON: {e}"))?;
    Ok(jsz.config.sync_always)
}
