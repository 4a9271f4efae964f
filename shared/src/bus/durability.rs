//! Whether what the server acknowledged survives a power failure.

use serde::Deserialize;

use super::monitor;

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
    match sync_always(url).await {
        Ok(true) => Durability::Strong,
        Ok(false) => Durability::Weak(
            "the server acknowledges before it syncs: set `sync_interval: always` in its jetstream block, or \
             accept it with KOS_ALLOW_WEAK_DURABILITY=1"
                .into(),
        ),
        Err(cause) => Durability::Weak(format!("KOS_NATS_MONITOR_URL {url}: {cause}")),
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

async fn sync_always(monitor_url: &str) -> Result<bool, String> {
    let (_, body) = monitor::ask(monitor_url, "/jsz?config=true").await?;
    let jsz: Jsz = serde_json::from_str(&body).map_err(|e| format!("expected JetStream's state as JSON: {e}"))?;
    Ok(jsz.config.sync_always)
}
