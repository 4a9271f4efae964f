//! What the server says at its monitoring address, beside the NATS protocol, which doesn't tell it.

use std::time::Duration;

use serde::Deserialize;

use crate::http_get::http_get;

/// How long the server may take to answer.
const LIMIT: Duration = Duration::from_secs(5);

/// The status and the body of what it answers to a GET of `path`.
pub(super) async fn ask(monitor_url: &str, path: &str) -> Result<(u16, String), String> {
    let url =
        url::Url::parse(monitor_url).map_err(|e| format!("expected an address such as http://127.0.0.1:8222: {e}"))?;
    let (Some(host), "http") = (url.host_str(), url.scheme()) else {
        return Err("expected an address such as http://127.0.0.1:8222".into());
    };
    http_get(host.trim_matches(['[', ']']), url.port_or_known_default().unwrap_or(8222), path, LIMIT).await
}

/// Why the server writes nothing more to a stream (`/healthz`): a write failed, mostly for want of room, and it tries none
/// before it is started again. Nothing where all is well, or where it can't be asked.
pub async fn write_error(monitor_url: &str) -> Option<String> {
    let (_, body) = ask(monitor_url, "/healthz").await.ok()?;
    write_error_in(&body)
}

fn write_error_in(health: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Health {
        error: Option<String>,
    }
    let health: Health = serde_json::from_str(health).ok()?;
    // It has other reasons as well, such as a copy that is catching up.
    health.error.filter(|error| error.contains("write error"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_is_told_from_other_reasons() {
        let failed = "JetStream stream '$G > KOS_INGEST' write error: write 1.blk: no space left on device";
        let body = |error: &str| format!(r#"{{"status":"unavailable","error":"{error}"}}"#);
        assert_eq!(write_error_in(&body(failed)).as_deref(), Some(failed));
        for well in [r#"{"status":"ok"}"#, &body("JetStream stream '$G > KOS_INGEST' is not current"), "", "<html>"] {
            assert_eq!(write_error_in(well), None);
        }
    }
}
