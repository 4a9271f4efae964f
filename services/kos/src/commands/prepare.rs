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
    // A server that just starts, or a cluster that has no leader yet, is waited for; a wrong address is not.
    while let Err(error) = prepare(config).await {
        let passes = matches!(error, OperatorError::NoServer(_) | OperatorError::Bus { .. });
        if !passes || Instant::now() + PAUSE > end {
            return Err(error.into());
        }
        sleep(PAUSE).await;
    }
    if as_json {
        let streams = StreamName::ALL.map(StreamName::as_str);
        print_json(&json!({"streams": streams, "consumers": ConsumerSpec::ALL.map(|c| c.to_string())}))?;
    } else {
        let streams = counted(StreamName::ALL.len(), "stream");
        println!("{streams} and {} are there", counted(ConsumerSpec::ALL.len(), "consumer"));
    }
    Ok(Ended::Done)
}

async fn prepare(config: &Config) -> Result<(), OperatorError> {
    Operator::connect(&config.nats).await?.prepare().await
}
