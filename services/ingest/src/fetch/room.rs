//! Room in memory for big bodies: what all of them take together is bounded, until what they hold was read.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use kos_shared::event::HttpUrl;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::FetchError;

/// How many big bodies there are at a time.
const BIG_BODIES: usize = 3;

/// How long is waited for room.
pub(super) const ROOM_WAIT: Duration = Duration::from_secs(60);

/// How soon to come again where there was none.
const NO_ROOM: Duration = Duration::from_secs(5);

/// Room for the big bodies of one worker.
#[derive(Debug)]
pub(super) struct Rooms(Arc<Semaphore>);

impl Default for Rooms {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(BIG_BODIES)))
    }
}

impl Rooms {
    /// Room for the body of `url`'s answer, once there is any.
    ///
    /// # Errors
    /// [`FetchError::NoRoom`] where others keep it for a minute.
    pub async fn enter(&self, url: &HttpUrl) -> Result<Room, FetchError> {
        match timeout(ROOM_WAIT, Arc::clone(&self.0).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Room(Some(Arc::new(permit)))),
            _ => Err(FetchError::NoRoom { url: url.to_string(), until: Timestamp::now() + NO_ROOM }),
        }
    }
}

/// The room that a big body takes; to be kept for as long as the body, its text or its tree is. Others wait for it.
#[derive(Debug, Clone, Default)]
pub struct Room(Option<Arc<OwnedSemaphorePermit>>);

impl Room {
    /// Whether it is any: only big bodies need it.
    pub(super) fn is_none(&self) -> bool {
        self.0.is_none()
    }
}

/// Where a body is kept makes no difference to what it says.
impl PartialEq for Room {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Room {}
