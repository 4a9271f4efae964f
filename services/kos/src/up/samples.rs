//! The sample articles: what the first look at the site shows.

use jiff::Timestamp;
use kos_shared::{
    config::Config,
    event::{Attributes, EventId, IngestRequested, Outgoing},
};

use kos_shared::operator::Operator;

const SAMPLES: [&str; 6] = [
    include_str!("../../samples/en-night-trains.html"),
    include_str!("../../samples/zh-night-ferry.html"),
    include_str!("../../samples/en-seed-library.html"),
    include_str!("../../samples/zh-tree-archive.html"),
    include_str!("../../samples/zh-sand-battery.html"),
    include_str!("../../samples/en-sand-battery.html"),
];

/// Publishes the samples, each under an id of its own, so that a second start changes nothing.
pub async fn publish(config: &Config) -> anyhow::Result<()> {
    let operator = Operator::connect(&config.nats).await?;
    for html in SAMPLES {
        let url =
            kos_ingest::extract::declared_url(html).ok_or_else(|| anyhow::anyhow!("a sample without an address"))?;
        let id = EventId::of_producer("/kos/samples", url.as_str()).derive("sample", 0);
        let request = IngestRequested { url, html: Some(html.to_owned()), hints: None, feed_id: None, force: false };
        let attributes = Attributes::original(id, "/kos/samples", &request, Timestamp::now());
        operator.publish(&Outgoing::new(&attributes, &request)).await?;
    }
    Ok(())
}
