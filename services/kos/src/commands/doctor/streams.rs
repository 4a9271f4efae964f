//! Whether streams and consumers are there, as they should be, and have room.

use async_nats::jetstream::{
    context::ConsumerInfoErrorKind,
    stream::{Config as StreamConfig, Info},
};
use kos_shared::{
    bus::{ConsumerSpec, StreamName, topology::Limits},
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
        Ok(info) => judged(name, &info, &config.nats.limits),
        Err(error) => bad(check, error, MAKE),
    }
}

fn judged(name: StreamName, info: &Info, limits: &Limits) -> Finding {
    let check = format!("stream {name}");
    let events = counted(usize::try_from(info.state.messages).unwrap_or(usize::MAX), "event");
    let used = info.state.bytes as f64 / info.config.max_bytes.max(1) as f64;
    let found = match info.config.max_bytes {
        ..=0 => format!("{events}, no limit"),
        _ => format!("{events}, {:.0} % full", used * 100.0),
    };
    let differences = name.differences(&info.config, limits);
    if !differences.is_empty() {
        let variables = Variables::behind(&differences, limits);
        return bad(check, other_settings(&differences, &variables), remedy(&info.config, &differences, &variables));
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

/// The variables that decide settings which differ, with what they say here: it may be another thing than for the workers.
struct Variables(Vec<(&'static str, String)>);

impl Variables {
    fn behind(differences: &[String], limits: &Limits) -> Self {
        let all = [
            ("max_bytes", "KOS_STREAM_BYTES", limits.stream_bytes.to_string()),
            ("num_replicas", "KOS_STREAM_REPLICAS", limits.replicas.to_string()),
            ("ack_wait", "KOS_ACK_WAIT", format!("{:?}", limits.ack_wait)),
        ];
        let differs = |setting: &str| differences.iter().any(|d| d.starts_with(setting));
        Self(all.into_iter().filter(|(setting, ..)| differs(setting)).map(|(_, name, value)| (name, value)).collect())
    }

    /// What mends what they decide.
    fn remedy(&self) -> String {
        let names: Vec<_> = self.0.iter().map(|(name, _)| *name).collect();
        match names.is_empty() {
            true => "`kos prepare` changes it".to_owned(),
            false => {
                format!("set {} here as for the workers; where it is, `kos prepare` changes it", names.join(" and "))
            }
        }
    }
}

fn other_settings(differences: &[String], variables: &Variables) -> String {
    let said = variables.0.iter().map(|(name, value)| format!("; {name} is {value} here"));
    format!("it has other settings: {}{}", differences.join(", "), said.collect::<String>())
}

/// Storage and retention are for ever; all else can be changed.
fn remedy(is: &StreamConfig, differences: &[String], variables: &Variables) -> String {
    let stays = |setting: &str| differences.iter().any(|d| d.starts_with(setting));
    match stays("storage") || stays("retention") {
        true => format!(
            "its storage and retention can't be changed: stop the producers, wait until `kos status` shows nothing \
             pending, `nats stream rm {}`, then `kos prepare`",
            is.name
        ),
        false => variables.remedy(),
    }
}

/// Nothing where its stream isn't there: that is a finding of its own.
pub async fn consumer(operator: &Operator, config: &Config, spec: ConsumerSpec) -> Option<Finding> {
    let check = format!("consumer {spec}");
    let stream = match operator.jetstream().get_stream_no_info(spec.stream.as_str()).await {
        Ok(stream) => stream,
        Err(error) => return Some(bad(check, error.to_string(), MAKE)),
    };
    let info = match stream.consumer_info(spec.name).await {
        Ok(info) => info,
        Err(error) if error.kind() == ConsumerInfoErrorKind::StreamNotFound => return None,
        Err(error) => return Some(bad(check, error.to_string(), MAKE)),
    };
    let differences = spec.differences(&info.config, &config.nats.limits);
    Some(if differences.is_empty() {
        good(check, format!("{} pending, {} in flight", info.num_pending, info.num_ack_pending))
    } else {
        let variables = Variables::behind(&differences, &config.nats.limits);
        bad(check, other_settings(&differences, &variables), variables.remedy())
    })
}
