//! What each stage has to do.

use std::collections::BTreeMap;

use async_nats::jetstream::consumer::pull;
use futures_util::TryStreamExt;
use jiff::Timestamp;
use serde::Serialize;

use super::{Operator, OperatorError};
use crate::{
    bus::{ConsumerSpec, StreamName},
    control::Status,
};

/// One consumer's work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StageStatus {
    /// The service.
    pub service: &'static str,
    /// The kind of event that it gets.
    pub event_type: &'static str,
    /// Events that no worker was given yet.
    pub pending: u64,
    /// Events that workers have in hand.
    pub in_flight: u64,
    /// Events that were handled within the last hour.
    pub handled_last_hour: u64,
    /// When the oldest event came that is pending or in flight.
    pub oldest_at: Option<Timestamp>,
}

impl Operator {
    /// What all stages have to do, in the order in which an article meets them. `workers` know what was handled.
    ///
    /// # Errors
    /// [`OperatorError::Bus`] where a consumer isn't there yet.
    pub async fn stages(&self, workers: &[Status]) -> Result<Vec<StageStatus>, OperatorError> {
        let mut stages = Vec::new();
        for spec in ConsumerSpec::ALL {
            stages.push(self.stage(spec, workers).await?);
        }
        Ok(stages)
    }

    async fn stage(&self, spec: ConsumerSpec, workers: &[Status]) -> Result<StageStatus, OperatorError> {
        let missing = || OperatorError::bus(format!("{spec} is not there yet: start a worker, or `kos up`"));
        let stream = self.jetstream().get_stream_no_info(spec.stream.as_str()).await.map_err(|e| missing()(&e))?;
        let consumer = stream.get_consumer::<pull::Config>(spec.name).await.map_err(|e| missing()(&e))?;
        let info = consumer.cached_info();
        let in_flight = u64::try_from(info.num_ack_pending).unwrap_or_default();
        let subject = spec.event_type.as_str();
        let oldest_at = if info.num_pending + in_flight > 0 {
            // The first event above the floor; it may be gone by now, and then there is no oldest one to speak of.
            let next = stream.direct_get_next_for_subject(subject, Some(info.ack_floor.stream_sequence + 1)).await.ok();
            next.and_then(|m| Timestamp::from_nanosecond(m.time.unix_timestamp_nanos()).ok())
        } else {
            None
        };
        let handled = workers.iter().filter(|w| w.service == spec.service);
        let handled = handled.filter_map(|w| w.handled_last_hour.get(&spec.to_string())).max();
        Ok(StageStatus {
            service: spec.service,
            event_type: subject,
            pending: info.num_pending,
            in_flight,
            handled_last_hour: handled.copied().unwrap_or_default(),
            oldest_at,
        })
    }

    /// How many dead letters there are, by service.
    ///
    /// # Errors
    /// [`OperatorError::Bus`].
    pub async fn dead_letter_counts(&self) -> Result<BTreeMap<String, usize>, OperatorError> {
        let failed = || OperatorError::bus("could not count dead letters");
        let stream = self.jetstream().get_stream_no_info(StreamName::Dead.as_str()).await.map_err(|e| failed()(&e))?;
        let subjects = stream.info_with_subjects("kos.dead.>").await.map_err(|e| failed()(&e))?;
        let subjects: Vec<(String, usize)> = subjects.try_collect().await.map_err(|e| failed()(&e))?;
        Ok(subjects.into_iter().map(|(subject, n)| (subject.replace("kos.dead.", ""), n)).collect())
    }
}
