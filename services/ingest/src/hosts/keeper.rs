//! One worker's way to the turns: whoever asks at the same time shares a transaction.

use std::{sync::Arc, time::Duration};

use jiff::{Timestamp, ToSpan};
use kos_shared::store::Store;
use sha2::{Digest, Sha256};
use tokio::sync::{Notify, mpsc, oneshot};
use tracing::warn;
use uuid::Uuid;

use super::{
    BUSY, Pace,
    turns::{self, Asking, Entered},
};

/// How much one transaction does at most.
const GROUP: usize = 64;

/// A wait that is slept through rather than handed back.
const SHORT: Duration = Duration::from_secs(2);

/// How often what expired is forgotten.
const FORGET: Duration = Duration::from_secs(60);

/// Asks for turns. Cheap to clone; the last clone's end is the end of its task.
#[derive(Debug, Clone)]
pub struct Hosts {
    requests: mpsc::UnboundedSender<Message>,
    /// Tells that some fetches are over.
    left: Arc<Notify>,
    lease: Duration,
}

/// Permission for one fetch; it is over when this is dropped.
#[derive(Debug)]
pub struct Pass {
    turn_id: Option<String>,
    requests: mpsc::UnboundedSender<Message>,
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(turn_id) = self.turn_id.take() {
            // Nobody there to take it means that the worker ends; the turn expires then.
            let _ended = self.requests.send(Message::Leave(turn_id));
        }
    }
}

/// No turn now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// One will come then, or it is worth asking again.
    Until(Timestamp),
    /// The database fails, for this reason.
    Failed(String),
}

#[derive(Debug)]
enum Message {
    Enter(Asking, oneshot::Sender<Result<Entered, Arc<sqlx::Error>>>),
    Leave(String),
}

impl Hosts {
    /// Starts to ask `store` for turns, for fetches that take at most `lease`.
    pub fn start(store: Store, lease: Duration) -> Self {
        let (requests, mut received) = mpsc::unbounded_channel();
        let left = Arc::new(Notify::new());
        let tell = Arc::clone(&left);
        tokio::spawn(async move {
            let mut group = Vec::new();
            let mut forgot_at = Timestamp::UNIX_EPOCH;
            while received.recv_many(&mut group, GROUP).await > 0 {
                if settle(&store, std::mem::take(&mut group)).await {
                    tell.notify_waiters();
                }
                let now = Timestamp::now();
                if forgot_at + FORGET < now {
                    forgot_at = now;
                    if let Err(error) = forget(&store, now).await {
                        warn!(%error, "turns at hosts that expired could not be forgotten");
                    }
                }
            }
        });
        Self { requests, left, lease }
    }

    /// A pass for `what` at `host`. Short waits are slept through.
    ///
    /// # Errors
    /// [`Waiting`] where it takes longer, or can't be told.
    pub async fn enter(&self, host: &str, what: &str, pace: Pace) -> Result<Option<Pass>, Waiting> {
        if pace.is_unlimited() {
            return Ok(None);
        }
        let patience = Timestamp::now() + SHORT;
        let asking = Asking {
            host: host.to_owned(),
            // Addresses are long, and may hold a password.
            what: Sha256::digest(what).iter().take(16).map(|b| format!("{b:02x}")).collect(),
            turn_id: Uuid::new_v4().to_string(),
            pace,
            lease: self.lease,
        };
        loop {
            // From here on the turn may be ours, also where nobody waits for the answer any more.
            let mut pass = Pass { turn_id: Some(asking.turn_id.clone()), requests: self.requests.clone() };
            let left = self.left.notified();
            let (answer, answered) = oneshot::channel();
            let sent = self.requests.send(Message::Enter(asking.clone(), answer));
            sent.map_err(|_| Waiting::Failed("the worker ends".into()))?;
            let entered = answered.await.map_err(|_| Waiting::Failed("the worker ends".into()))?;
            match entered.map_err(|e| Waiting::Failed(e.to_string()))? {
                Entered::Now => return Ok(Some(pass)),
                Entered::Wait(until) => {
                    pass.turn_id = None;
                    if until > patience {
                        return Err(Waiting::Until(until));
                    }
                    let wait = Duration::try_from(until.duration_since(Timestamp::now())).unwrap_or_default();
                    tokio::select! {
                        // The database counts in whole milliseconds.
                        () = tokio::time::sleep(wait + Duration::from_millis(1)) => {}
                        // Who waits for a connection need not wait for longer than this worker holds it.
                        () = left, if wait <= BUSY => {}
                    }
                }
            }
        }
    }
}

/// Answers a group in one transaction; whether fetches are over.
async fn settle(store: &Store, group: Vec<Message>) -> bool {
    let (mut entering, mut leaving) = (Vec::new(), Vec::new());
    for message in group {
        match message {
            Message::Enter(asking, answer) => entering.push((asking, answer)),
            Message::Leave(turn_id) => leaving.push(turn_id),
        }
    }
    // Who went away while asking wants nothing any more.
    entering.retain(|(asking, answer)| !answer.is_closed() && !leaving.contains(&asking.turn_id));
    // Every worker asks for hosts in the same order, so that two of them don't wait for each other.
    entering.sort_by(|(a, _), (b, _)| a.host.cmp(&b.host));
    leaving.sort();
    let written = async {
        let now = Timestamp::now();
        let mut tx = store.begin().await?;
        turns::leave(&mut tx, &leaving).await?;
        let mut entered = Vec::with_capacity(entering.len());
        for (asking, _) in &entering {
            entered.push(turns::enter(&mut tx, asking, now).await?);
        }
        tx.commit().await?;
        Ok::<_, sqlx::Error>(entered)
    };
    match written.await {
        Ok(entered) => {
            for ((_, answer), entered) in entering.into_iter().zip(entered) {
                let _gone = answer.send(Ok(entered));
            }
            !leaving.is_empty()
        }
        Err(error) => {
            let error = Arc::new(error);
            for (_, answer) in entering {
                let _gone = answer.send(Err(Arc::clone(&error)));
            }
            false
        }
    }
}

async fn forget(store: &Store, now: Timestamp) -> Result<(), sqlx::Error> {
    let mut tx = store.begin().await?;
    turns::forget(&mut tx, now, now - 24.hours()).await?;
    tx.commit().await
}
