//! Faults on demand, for what a real server can't be made to do at the right moment.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use futures_util::Stream;
use tokio::sync::watch;

use super::{Bus, BusError, ConsumerSpec, Delivery, PublishError, Settlement, TopologyError};
use crate::event::{InvalidEvent, Outgoing, Received};

/// How often each fault still strikes.
#[derive(Debug, Default)]
pub struct Faults {
    /// Publishes that never reach the server.
    pub publishes_lost: AtomicU64,
    /// Publishes that the server stores, and whose confirmation never arrives: the relay "crashes" between
    /// sending and marking.
    pub confirmations_lost: AtomicU64,
    /// Acks that never reach the server.
    pub acks_lost: AtomicU64,
    /// Pulls that bring nothing and never end.
    pub pulls_stalled: AtomicU64,
    /// Pulls that end with an error.
    pub pulls_failed: AtomicU64,
}

impl Faults {
    fn strikes(fault: &AtomicU64) -> bool {
        fault.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1)).is_ok()
    }
}

/// A bus that fails as it is told, and else does what the inner one does.
#[derive(Debug, Clone)]
pub struct Faulty<B> {
    inner: B,
    faults: Arc<Faults>,
}

impl<B: Bus> Faulty<B> {
    /// Wraps a bus; the faults can be changed at any time.
    pub fn new(inner: B, faults: Arc<Faults>) -> Self {
        Self { inner, faults }
    }

    async fn publishing(&self, publish: impl Future<Output = Result<(), PublishError>>) -> Result<(), PublishError> {
        if Faults::strikes(&self.faults.publishes_lost) {
            return Err(PublishError::Unavailable("injected: the publish was lost".into()));
        }
        publish.await?;
        if Faults::strikes(&self.faults.confirmations_lost) {
            return Err(PublishError::Unavailable("injected: the confirmation was lost".into()));
        }
        Ok(())
    }
}

impl<B: Bus> Bus for Faulty<B> {
    type Delivery = FaultyDelivery<B::Delivery>;
    type Pull = FaultyPull<B::Pull>;

    async fn pull(&self, consumer: &ConsumerSpec, max: usize) -> Result<Self::Pull, BusError> {
        if Faults::strikes(&self.faults.pulls_failed) {
            return Err(BusError::new("could not pull", "injected"));
        }
        let stalled = Faults::strikes(&self.faults.pulls_stalled);
        let inner = if stalled { None } else { Some(self.inner.pull(consumer, max).await?) };
        Ok(FaultyPull { inner, faults: Arc::clone(&self.faults) })
    }

    async fn pending(&self, consumer: &ConsumerSpec) -> Result<u64, BusError> {
        self.inner.pending(consumer).await
    }

    async fn unreadable(&self, consumer: &ConsumerSpec, last: u64) -> Result<Vec<Self::Delivery>, BusError> {
        let found = self.inner.unreadable(consumer, last).await?;
        Ok(found.into_iter().map(|inner| FaultyDelivery { inner, faults: Arc::clone(&self.faults) }).collect())
    }

    async fn publish(&self, event: &Outgoing) -> Result<(), PublishError> {
        self.publishing(self.inner.publish(event)).await
    }

    async fn publish_atomically(&self, events: &[Outgoing]) -> Result<(), PublishError> {
        self.publishing(self.inner.publish_atomically(events)).await
    }

    async fn prepare(&self) -> Result<(), TopologyError> {
        self.inner.prepare().await
    }

    fn generation(&self) -> watch::Receiver<u64> {
        self.inner.generation()
    }
}

/// A pull that may never bring anything.
pub struct FaultyPull<P> {
    inner: Option<P>,
    faults: Arc<Faults>,
}

impl<D: Delivery, P: Stream<Item = Result<D, BusError>> + Unpin> Stream for FaultyPull<P> {
    type Item = Result<FaultyDelivery<D>, BusError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(inner) = self.inner.as_mut() else { return Poll::Pending };
        let next = Pin::new(inner).poll_next(cx);
        next.map(|item| item.map(|d| d.map(|inner| FaultyDelivery { inner, faults: Arc::clone(&self.faults) })))
    }
}

/// A message whose ack may be lost.
pub struct FaultyDelivery<D> {
    inner: D,
    faults: Arc<Faults>,
}

impl<D: Delivery> Delivery for FaultyDelivery<D> {
    fn received(&self) -> Received<'_> {
        self.inner.received()
    }

    fn deliveries(&self) -> u64 {
        self.inner.deliveries()
    }

    fn problem(&self) -> Option<&InvalidEvent> {
        self.inner.problem()
    }

    async fn settle(&self, settlement: Settlement) -> Result<(), BusError> {
        if settlement == Settlement::Ack && Faults::strikes(&self.faults.acks_lost) {
            return Ok(());
        }
        self.inner.settle(settlement).await
    }
}
