//! Whether streams and consumers are there, as they should be, and have room.

use async_nats::jetstream::{
    consumer::pull,
    stream::{Config as StreamConfig, Info},
};
use kos_shared::{
    bus::{ConsumerSpec, StreamName},
    config::Config,
    operator::Operator,
};

use super::{Finding, bad, good};
use crate::output::counted;

/// A stream that is fuller than this is worth a word.
const FULL: f64 = 0.8;

/// What makes what isn't there.
const MAKE: &str = "`kos prepare` makes what isn't there; so does every worker that may";

pub async fn stream(operator: &Operator, config: &Config, name: StreamName) -> Finding {
    let check = format!("stream {name}");
    let info = match operator.jetstream().get_stream(name.as_str()).await {
        Ok(mut stream) => stream.info().await.cloned().map_err(|e| e.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match info {
        Ok(info) => judged(name, &info, name.differences(&info.config, &config.nats.limits)),
        Err(error) => bad(check, error, MAKE),
    }
}

fn judged(name: StreamName, info: &Info, differences: Vec<String>) -> Finding {
    let check = format!("stream {name}");
    let events = counted(usize::try_from(info.state.messages).unwrap_or(usize::MAX), "event");
    let used = info.state.bytes as f64 / info.config.max_bytes.max(1) as f64;
    let found = match info.config.max_bytes {
        ..=0 => format!("{events}, no limit"),
        _ => format!("{events}, {:.0} % full", used * 100.0),
    };
    if !differences.is_empty() {
        let found = format!("it has other settings: {}", differences.join(", "));
        return bad(check, found, remedy(name, &info.config, &differences));
    }
    match name {
        _ if info.config.max_bytes > 0 && used > FULL => bad(
            check,
            found,
            "raise KOS_STREAM_BYTES for all services, then `kos prepare`; or start more workers of the stages that read it",
        ),
        StreamName::Dead if info.state.messages > 0 => bad(
            check,
            found,
            "`kos dead list` says why; once that is mended `kos dead replay NUMBER`, else `kos dead discard NUMBER`",
        ),
        _ => good(check, found),
    }
}

/// Storage and retention are for ever; all else can be changed.
fn remedy(name: StreamName, is: &StreamConfig, differences: &[String]) -> String {
    let stays = |setting: &str| differences.iter().any(|d| d.starts_with(setting));
    match stays("storage") || stays("retention") {
        true => format!(
            "its storage and retention can't be changed: stop the producers, wait until `kos status` shows nothing \
             pending, `nats stream rm {}`, then `kos prepare`",
            is.name
        ),
        false => format!(
            "`kos prepare` changes it to what KOS_STREAM_BYTES and KOS_STREAM_REPLICAS say here; set them here as for the \
             workers first{}",
            if name == StreamName::Dead { "" } else { ", or their next start changes it back" }
        ),
    }
}

pub async fn consumer(operator: &Operator, config: &Config, spec: ConsumerSpec) -> Finding {
    let check = format!("consumer {spec}");
    let stream = match operator.jetstream().get_stream_no_info(spec.stream.as_str()).await {
        Ok(stream) => stream,
        Err(error) => return bad(check, error.to_string(), MAKE),
    };
    match stream.get_consumer::<pull::Config>(spec.name).await {
        Ok(consumer) => {
            let info = consumer.cached_info();
            let differences = spec.differences(&info.config, &config.nats.limits);
            if differences.is_empty() {
                return good(check, format!("{} pending, {} in flight", info.num_pending, info.num_ack_pending));
            }
            let found = format!("it has other settings: {}", differences.join(", "));
            bad(check, found, "`kos prepare` changes it; set KOS_ACK_WAIT here as for the workers first")
        }
        Err(error) => bad(check, error.to_string(), MAKE),
    }
}
