//! Begins the turns of feeds that are due.
//!
//! Every ingest worker does so, and none leads: a turn begins in the transaction that counts it, its event's id is
//! derived from feed and turn, and what is sent twice all the same is one event to the bus and to the inbox.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use kos_shared::{
    bus::Bus,
    event::{Attributes, EventId, FeedDue, Outgoing},
    stage::Context,
    store::outbox,
};
use tokio::{sync::Notify, time::sleep};
use tracing::{debug, warn};

use super::state::{self, Due};

/// How often feeds that are due are looked for.
const EVERY: Duration = Duration::from_secs(1);

/// How many turns one transaction begins.
const TURNS: usize = 200;

/// How long at least the event of a turn may take to be handled before another turn begins.
const LEASE: Duration = Duration::from_secs(15 * 60);

/// The longest pause between two tries to reach a database that is gone.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Begins turns until the process is told to stop. `wake` says that a feed is due now.
pub async fn run<B: Bus>(context: Context<B>, wake: Arc<Notify>) {
    let mut pause = EVERY;
    loop {
        match begin(&context, Timestamp::now()).await {
            // There may be more.
            Ok(begun) if begun == TURNS && !context.stop.is_cancelled() => continue,
            Ok(_) => pause = EVERY,
            Err(error) => {
                // The committer says so to the health of the service when events can't be written.
                warn!(%error, "the turns of feeds could not be begun");
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
        tokio::select! {
            () = context.stop.cancelled() => return,
            () = sleep(pause) => {}
            () = wake.notified() => {}
        }
    }
}

/// Begins the turns of feeds that are due at `now`; how many.
async fn begin<B: Bus>(context: &Context<B>, now: Timestamp) -> Result<usize, sqlx::Error> {
    // Most of the time nothing is due, and SQLite has one writer: it is asked for only where there is something to do.
    if !state::is_any_due(context.store.readers(), now).await? {
        return Ok(0);
    }
    let mut tx = context.store.begin().await?;
    let due = state::begin_turns(&mut tx, context.store.dialect(), now, LEASE, TURNS).await?;
    let events: Vec<Outgoing> = due.iter().map(|due| event(due, now)).collect();
    outbox::insert(&mut tx, &events, now).await?;
    tx.commit().await?;
    context.outbox.notify_one();
    debug!(feeds = due.len(), "turns begun");
    Ok(due.len())
}

/// The event of a turn: the same whoever makes it.
fn event(due: &Due, now: Timestamp) -> Outgoing {
    let payload = FeedDue { feed_id: due.feed_id.clone(), slot: u64::try_from(due.slot).unwrap_or_default() };
    let id = EventId::from(payload.feed_id.clone()).derive("feed", usize::try_from(payload.slot).unwrap_or_default());
    Outgoing::new(&Attributes::original(id, "/kos/ingest", &payload, now), &payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_of_a_turn_is_the_same_whoever_makes_it() {
        let due = |slot| Due { feed_id: "7f0f4a3e-0000-5000-8000-000000000000".into(), slot };
        let now = Timestamp::now();
        assert_eq!(event(&due(1), now).id, event(&due(1), Timestamp::UNIX_EPOCH).id);
        assert_ne!(event(&due(1), now).id, event(&due(2), now).id);
    }
}
