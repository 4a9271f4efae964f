//! Who is connected, and who has to go where there is no room.

use std::{
    collections::HashMap,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Instant,
};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// All connections. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Crowd {
    room: Arc<Semaphore>,
    members: Arc<Mutex<Members>>,
    /// A connection began to wait for a request.
    waiting: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Members {
    next: u64,
    all: HashMap<u64, State>,
}

#[derive(Debug)]
struct State {
    peer: IpAddr,
    /// Since when it waits for a request or the rest of one; `None` while one is answered.
    waiting_since: Option<Instant>,
    evicted: CancellationToken,
}

impl Crowd {
    /// Nobody, and room for so many.
    pub(super) fn new(connections: usize) -> Self {
        let room = Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS)));
        Self { room, members: Arc::default(), waiting: Arc::default() }
    }

    /// Makes room for a connection from `peer`. Where all others are being answered it waits until one is done.
    pub(super) async fn admit(&self, peer: IpAddr) -> Member {
        let room = loop {
            if let Ok(room) = Arc::clone(&self.room).try_acquire_owned() {
                break room;
            }
            // Before anybody is looked for, so that who begins to wait in between is noticed.
            let waiting = self.waiting.notified();
            self.evict();
            tokio::select! {
                // The semaphore is never closed.
                Ok(room) = Arc::clone(&self.room).acquire_owned() => break room,
                () = waiting => {}
            }
        };
        let mut members = self.lock();
        let number = members.next;
        members.next += 1;
        let evicted = CancellationToken::new();
        let state = State { peer, waiting_since: Some(Instant::now()), evicted: evicted.clone() };
        members.all.insert(number, state);
        Member { number, crowd: self.clone(), evicted, _room: room }
    }

    fn evict(&self) {
        let mut members = self.lock();
        let waiting = members.all.iter().filter(|(_, state)| !state.evicted.is_cancelled());
        let waiting = waiting.filter_map(|(number, state)| Some((*number, state.peer, state.waiting_since?)));
        if let Some(victim) = victim(waiting)
            && let Some(state) = members.all.get_mut(&victim)
        {
            state.evicted.cancel();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whose connection goes: of the address with most connections that wait, the one that waits longest. So a crowd from
/// one address makes room for others and not the other way round.
fn victim(waiting: impl Iterator<Item = (u64, IpAddr, Instant)>) -> Option<u64> {
    let mut addresses: HashMap<IpAddr, (usize, Instant, u64)> = HashMap::new();
    for (number, peer, since) in waiting {
        let (count, longest, oldest) = addresses.entry(peer).or_insert((0, since, number));
        *count += 1;
        if since < *longest {
            (*longest, *oldest) = (since, number);
        }
    }
    let most = addresses.into_values().max_by(|(a, since_a, _), (b, since_b, _)| a.cmp(b).then(since_b.cmp(since_a)));
    most.map(|(_, _, number)| number)
}

/// One connection; its place is free when this is dropped.
#[derive(Debug)]
pub(super) struct Member {
    number: u64,
    crowd: Crowd,
    evicted: CancellationToken,
    _room: OwnedSemaphorePermit,
}

impl Member {
    /// Cancelled when it has to go.
    pub(super) fn evicted(&self) -> CancellationToken {
        self.evicted.clone()
    }

    /// Says that a request is answered, until what is returned is dropped.
    pub(super) fn busy(member: &Arc<Self>) -> Busy {
        member.set_waiting(None);
        Busy(Arc::clone(member))
    }

    fn set_waiting(&self, since: Option<Instant>) {
        if let Some(state) = self.crowd.lock().all.get_mut(&self.number) {
            state.waiting_since = since;
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.crowd.lock().all.remove(&self.number);
    }
}

/// A request is being answered.
#[derive(Debug)]
pub(super) struct Busy(Arc<Member>);

impl Busy {
    /// Goes on until the answer's body was taken.
    pub(super) fn until_sent(self, body: Body) -> Sent {
        Sent { body, _busy: self }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.set_waiting(Some(Instant::now()));
        self.0.crowd.waiting.notify_one();
    }
}

/// An answer's body that is known to be sent when it is dropped.
#[derive(Debug)]
pub(super) struct Sent {
    body: Body,
    _busy: Busy,
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, time::Duration};

    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))
    }

    #[test]
    fn the_longest_wait_of_the_address_with_most_connections_ends() {
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(victim(std::iter::empty()), None);
        let waiting = [(1, address(1), at(0)), (2, address(2), at(2)), (3, address(2), at(1)), (4, address(2), at(3))];
        assert_eq!(victim(waiting.into_iter()), Some(3));
        let equal = [(1, address(1), at(5)), (2, address(2), at(4))];
        assert_eq!(victim(equal.into_iter()), Some(2));
    }

    #[tokio::test]
    async fn who_is_answered_keeps_the_place_and_who_waits_gives_it_up() {
        let crowd = Crowd::new(2);
        let (answered, waits) = (Arc::new(crowd.admit(address(1)).await), crowd.admit(address(1)).await);
        let busy = Member::busy(&answered);
        let evicted = waits.evicted();
        let connection = tokio::spawn(async move {
            evicted.cancelled().await;
            drop(waits);
        });
        let newcomer = Arc::new(crowd.admit(address(2)).await);
        connection.await.unwrap();
        assert!(!answered.evicted.is_cancelled());

        // Now both are answered: the next one waits for one of them, which is told to go when it is done.
        let _busy = Member::busy(&newcomer);
        let evicted = answered.evicted();
        drop(answered);
        let next = tokio::spawn(async move { crowd.admit(address(3)).await.number });
        drop(busy);
        assert_eq!(next.await.unwrap(), 3);
        assert!(!newcomer.evicted.is_cancelled());
        drop(evicted);
    }
}
