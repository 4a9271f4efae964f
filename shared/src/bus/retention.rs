//! History gives way, work never does: before a stream is full, what all its consumers have acknowledged goes.

use async_nats::jetstream::{Context, stream};
use futures_util::TryStreamExt;
use tracing::{info, warn};

use super::{BusError, ConsumerSpec, StreamName};

/// Room is made from this share of a stream's limit on.
const PRESSED: f64 = 0.8;

/// As much is purged as brings the stream down to this share.
const RELIEVED: f64 = 0.6;

/// Makes room in every nearly full stream that `service` writes to. A dead letter is work for a person: it never gives way.
pub async fn make_room(context: &Context, service: &str) {
    for name in StreamName::ALL.into_iter().filter(|s| s.writer() == Some(service)) {
        match make_room_in(context, name).await {
            Ok(0) => {}
            Ok(purged) => info!(stream = %name, purged, "made room: handled events were purged"),
            Err(error) => warn!(stream = %name, %error, "could not make room"),
        }
    }
}

async fn make_room_in(context: &Context, name: StreamName) -> Result<u64, BusError> {
    let failed = |e: &dyn std::fmt::Display| BusError::new("could not read the stream", e.to_string());
    let mut stream = context.get_stream(name.as_str()).await.map_err(|e| failed(&e))?;
    let info = stream.info().await.map_err(|e| failed(&e))?.clone();
    let Some(up_to) = share_to_purge(&info) else { return Ok(0) };
    let mut handled = info.state.last_sequence;
    let mut missing: Vec<&str> = ConsumerSpec::ALL.iter().filter(|c| c.stream == name).map(|c| c.name).collect();
    let mut consumers = stream.consumers();
    while let Some(consumer) = consumers.try_next().await.map_err(|e| failed(&e))? {
        missing.retain(|name| *name != consumer.name);
        // With nothing pending and nothing in flight, all up to what the stream held before is handled, though the
        // floor of a filtered consumer stays at the last event that it got.
        let idle = consumer.num_pending == 0 && consumer.num_ack_pending == 0;
        if consumer.config.durable_name.is_some() && !idle {
            handled = handled.min(consumer.ack_floor.stream_sequence);
        }
    }
    if !missing.is_empty() {
        warn!(stream = %name, ?missing, "nearly full, and what is handled can't be told: consumers are missing");
        return Ok(0);
    }
    let before = up_to.min(handled + 1);
    if before <= info.state.first_sequence {
        warn!(stream = %name, bytes = info.state.bytes, "nearly full, and nothing in it is handled: workers are missing or slow");
        return Ok(0);
    }
    let purged = stream.purge().sequence(before).await.map_err(|e| failed(&e))?;
    Ok(purged.purged)
}

/// The sequence number up to which a stream would have to be purged; `None` where it has room.
fn share_to_purge(info: &stream::Info) -> Option<u64> {
    let limit = u64::try_from(info.config.max_bytes).ok().filter(|limit| *limit > 0)?;
    let used = info.state.bytes as f64 / limit as f64;
    if used < PRESSED {
        return None;
    }
    let events = info.state.last_sequence.saturating_sub(info.state.first_sequence) + 1;
    Some(info.state.first_sequence + (events as f64 * (used - RELIEVED) / used).ceil() as u64)
}
