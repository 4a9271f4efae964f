//! `kos replay`: feed a stage its events again, as new causes.

use std::pin::pin;

use anstream::println;
use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use kos_shared::{
    bus::ConsumerSpec,
    config::Config,
    event::{Envelope, EventType},
    operator::Operator,
};
use serde_json::json;

use crate::{
    Ended, WrongUsage,
    arguments::Replay,
    output::{counted, print_json},
};

pub async fn run(arguments: Replay, config: &Config, as_json: bool) -> anyhow::Result<Ended> {
    let now = Timestamp::now();
    let since = arguments.since.as_deref().map(|text| since(text, now)).transpose()?;
    let operator = Operator::connect(&config.nats).await?;
    let service = arguments.stage.as_str();
    // A number that no replay had before: two replays of one event are two causes.
    let number = u64::try_from(now.as_millisecond()).unwrap_or_default();
    let (mut replayed, mut passed_over) = (0, 0);
    // A retraction stands, however often a stage sees its articles again, and a feed's turn that is over is over. Webhooks
    // are told of what comes of a replay, and not again of what they were told before.
    let again = |t: EventType| !matches!(t, EventType::ArticleRetracted | EventType::FeedDue | EventType::WebhookDue);
    let own = |c: &&ConsumerSpec| c.service == service && again(c.event_type);
    for consumer in ConsumerSpec::ALL.iter().filter(own) {
        let mut events = pin!(operator.stored(consumer.stream, consumer.event_type.as_str(), since).await?);
        while let Some(event) = events.next().await {
            let event = event?;
            let mut envelope = Envelope::read(event.received(), consumer.event_type);
            // The original is in the stream as well.
            if envelope.attributes.replay > 0 {
                continue;
            }
            // A page that was kept since the event came is an answer to it, however far ahead its producer's clock was.
            envelope.attributes.time = envelope.attributes.time.map(|time| time.min(event.stored_at));
            match envelope.replay(number, &event.headers) {
                Ok(again) => {
                    operator.publish(&again).await?;
                    replayed += 1;
                }
                Err(_) => passed_over += 1,
            }
        }
    }
    if as_json {
        print_json(&json!({"stage": service, "replayed": replayed, "passed_over": passed_over}))?;
    } else {
        println!("{} replayed to {service}", counted(replayed, "event"));
        if passed_over > 0 {
            println!(
                "{} passed over: no payload can be found in them (see `kos dead list`)",
                counted(passed_over, "event")
            );
        }
    }
    Ok(Ended::Done)
}

/// A time, or a duration before now.
fn since(text: &str, now: Timestamp) -> Result<Timestamp, WrongUsage> {
    let time = text.parse::<Timestamp>().ok();
    let duration = || text.parse::<SignedDuration>().ok().filter(|d| d.is_positive());
    time.or_else(|| now.checked_sub(duration()?).ok()).ok_or_else(|| {
        WrongUsage(format!("--since {text}: expected a time such as 2026-01-22T05:00:00Z or a duration such as 2h"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_a_time_or_a_duration() {
        let now: Timestamp = "2026-01-22T05:00:00Z".parse().unwrap();
        assert_eq!(since("2h", now).unwrap().to_string(), "2026-01-22T03:00:00Z");
        assert_eq!(since("2026-01-01T00:00:00+08:00", now).unwrap().to_string(), "2025-12-31T16:00:00Z");
        for bad in ["", "yesterday", "-2h", "2"] {
            assert!(since(bad, now).is_err(), "{bad:?} was taken");
        }
    }
}
