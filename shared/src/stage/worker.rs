//! The loop: pulls as many events as there are free slots, has each handled, and notices when nothing comes though
//! something should.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, StreamExt};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{Instant, MissedTickBehavior, interval, sleep},
};
use tokio_util::task::TaskTracker;
use tracing::{Instrument, debug, warn};

use super::{
    Context, Stage,
    committer::Committer,
    handler::{Handler, settle},
};
use crate::{
    bus::{Bus, ConsumerSpec, Settlement},
    metrics::ServiceLabels,
};

/// The longest pause between two tries to reach a server that is gone.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How many sequence numbers are searched when a pull was lost: what it brought is among the last.
const SEARCHED: u64 = 64;

/// So many lost pulls, each soon after the other, and the search goes further back.
const LOSSES: u32 = 3;

/// How far back it goes then. A search takes some seconds, and nothing else is pulled meanwhile.
const SEARCHED_FAR: u64 = 50_000;

/// Handles the events of one consumer until it is told to stop, and then until what it began is settled.
pub async fn run<S: Stage, B: Bus>(stage: S, spec: ConsumerSpec, context: Context<B>) {
    let stage = Arc::new(stage);
    let (jobs, queue) = mpsc::channel(context.config.concurrency);
    let committer = Committer { stage: Arc::clone(&stage), spec, context: context.clone() };
    let committer = tokio::spawn(committer.run(queue).in_current_span());
    let handler = Arc::new(Handler { stage, spec, context: context.clone(), jobs });
    let worker = Worker { spec, context, handler };

    let handlers = TaskTracker::new();
    worker.pull_until_stopped(&handlers).await;
    handlers.close();
    let grace = worker.context.config.grace_to_finish();
    if tokio::time::timeout(grace, handlers.wait()).await.is_err() {
        warn!(consumer = %spec, events = handlers.len(), "not finished within the grace period, handed back");
        worker.context.abort.cancel();
        handlers.wait().await;
    }
    // The last sender goes with the worker; then the committer ends too.
    drop(worker);
    if let Err(error) = committer.await {
        warn!(consumer = %spec, %error, "the committer ended badly");
    }
}

struct Worker<S: Stage, B> {
    spec: ConsumerSpec,
    context: Context<B>,
    handler: Arc<Handler<S, B>>,
}

/// Why a pull ended.
enum PullEnded {
    /// It brought all that it may, or expired.
    UsedUp,
    /// The connection is a new one, or nothing came though something should: this pull is lost.
    Lost,
    /// The server or the consumer is gone.
    Failed(String),
    /// The worker is to stop.
    Stopped,
}

impl<S: Stage, B: Bus> Worker<S, B> {
    async fn pull_until_stopped(&self, handlers: &TaskTracker) {
        let slots = Arc::new(Semaphore::new(self.context.config.concurrency));
        let condition = format!("consumer {}", self.spec);
        let mut pause = Duration::from_millis(50);
        // A message that can't be read may have ended the worker that was here before.
        let mut search = Some(SEARCHED);
        let (mut losses, mut last_loss) = (0, Instant::now());
        loop {
            if let Some(last) = search.take() {
                tokio::select! {
                    () = self.context.stop.cancelled() => return,
                    () = self.give_up_unreadable(last, &slots) => {}
                }
            }
            let Some(free) = self.free_slots(&slots).await else { return };
            match self.pull(free, handlers).await {
                PullEnded::Stopped => return,
                PullEnded::UsedUp => {
                    pause = Duration::from_millis(50);
                    self.context.health.good(&condition);
                }
                PullEnded::Lost => {
                    // What came with a lost pull comes again when the ack wait is over.
                    let soon = last_loss.elapsed() < self.context.config.ack_wait * 4;
                    losses = if soon { losses + 1 } else { 1 };
                    last_loss = Instant::now();
                    search = Some(if losses % LOSSES == 0 { SEARCHED_FAR } else { SEARCHED });
                }
                PullEnded::Failed(reason) => {
                    search = Some(SEARCHED);
                    self.context.health.bad(&condition, reason);
                    tokio::select! {
                        () = self.context.stop.cancelled() => return,
                        () = sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                    }
                    // The consumer may be gone with its stream: somebody restored a server from nothing.
                    match self.context.bus.prepare().await {
                        Ok(()) => self.context.health.good(&condition),
                        Err(error) => self.context.health.bad(&condition, error),
                    }
                }
            }
        }
    }

    /// Gives up the messages that no pull can bring, so that they don't keep others waiting.
    async fn give_up_unreadable(&self, last: u64, slots: &Arc<Semaphore>) {
        match self.context.bus.unreadable(&self.spec, last).await {
            Ok(found) => {
                for delivery in found {
                    // The semaphore is never closed.
                    let Ok(slot) = Arc::clone(slots).acquire_owned().await else { return };
                    Arc::clone(&self.handler).handle(delivery, slot).await;
                }
            }
            // The next pull says the same where the server is gone.
            Err(error) => debug!(consumer = %self.spec, %error, "not searched for unreadable messages"),
        }
    }

    /// All slots that are free, at least one; `None` when it is time to stop.
    async fn free_slots(&self, slots: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
        let first = tokio::select! {
            biased;
            () = self.context.stop.cancelled() => return None,
            // The semaphore is never closed.
            first = Arc::clone(slots).acquire_owned() => first.ok(),
        };
        let mut free = first?;
        let others = slots.available_permits().try_into().unwrap_or(u32::MAX);
        if let Ok(others) = Arc::clone(slots).try_acquire_many_owned(others) {
            free.merge(others);
        }
        Some(free)
    }

    async fn pull(&self, mut free: OwnedSemaphorePermit, handlers: &TaskTracker) -> PullEnded {
        let mut generation = self.context.bus.generation();
        generation.mark_unchanged();
        let mut pull = match self.context.bus.pull(&self.spec, free.num_permits()).await {
            Ok(pull) => pull,
            Err(error) => return PullEnded::Failed(error.to_string()),
        };
        let patience = self.context.config.ack_wait;
        let mut watchdog = interval(patience);
        watchdog.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last_delivery = Instant::now();
        loop {
            tokio::select! {
                biased;
                () = self.context.stop.cancelled() => {
                    // What is here already goes back at once; others need not wait for the ack wait to run out.
                    while let Some(Some(Ok(delivery))) = pull.next().now_or_never() {
                        settle(&delivery, Settlement::Retry(Duration::ZERO)).await;
                    }
                    return PullEnded::Stopped;
                }
                next = pull.next() => match next {
                    Some(Ok(delivery)) => {
                        last_delivery = Instant::now();
                        if let Some(slot) = free.split(1) {
                            handlers.spawn(Arc::clone(&self.handler).handle(delivery, slot).in_current_span());
                        }
                        if free.num_permits() == 0 {
                            return PullEnded::UsedUp;
                        }
                    }
                    Some(Err(error)) => return PullEnded::Failed(error.to_string()),
                    None => return PullEnded::UsedUp,
                },
                Ok(()) = generation.changed() => return PullEnded::Lost,
                _ = watchdog.tick() => if last_delivery.elapsed() >= patience && self.is_stalled(patience).await {
                    return PullEnded::Lost;
                },
            }
        }
    }

    /// Whether events are pending though slots are free and none was delivered for a while.
    async fn is_stalled(&self, patience: Duration) -> bool {
        let condition = format!("deliveries of {}", self.spec);
        match self.context.bus.pending(&self.spec).await {
            Ok(0) => {
                self.context.health.good(&condition);
                false
            }
            Ok(pending) => {
                let reason = format!("{pending} events are pending and none was delivered for {patience:?}");
                self.context.health.bad(&condition, reason);
                self.context.metrics.rebuilds.get_or_create(&ServiceLabels { service: self.context.service }).inc();
                true
            }
            Err(error) => {
                self.context.health.bad(&condition, error);
                true
            }
        }
    }
}
