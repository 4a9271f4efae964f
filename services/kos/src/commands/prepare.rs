//! `kos prepare`: make the streams and consumers, for workers that may not.

use std::time::Duration;

use anstream::println;
use kos_shared::{
    bus::{ConsumerSpec, StreamName},
    config::Config,
    operator::{Operator, OperatorError},
};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::{
    Ended,
    arguments::Prepare,
    output::{counted, print_json},
};

/// The pause before the server is asked again.
const PAUSE: Duration = Duration::from_secs(1);

pub async fn run(arguments: &Prepare, config: &Config, as_json: bool) -> anyhow::Result<Ended> {
    let end = Instant::now() + Duration::from_secs(arguments.timeout_seconds);
    // A server that just starts is waited for; a wrong address is not.
    let operator = loop {
        match Operator::connect(&config.nats).await {
            Err(OperatorError::NoServer(_)) if Instant::now() + PAUSE <= end => sleep(PAUSE).await,
            connected => break connected?,
        }
    };
    operator.prepare_within(end.saturating_duration_since(Instant::now())).await?;
    if as_json {
        let streams = StreamName::ALL.map(StreamName::as_str);
        print_json(&json!({"streams": streams, "consumers": ConsumerSpec::ALL.map(|c| c.to_string())}))?;
    } else {
        let streams = counted(StreamName::ALL.len(), "stream");
        println!("{streams} and {} are there", counted(ConsumerSpec::ALL.len(), "consumer"));
    }
    Ok(Ended::Done)
}
