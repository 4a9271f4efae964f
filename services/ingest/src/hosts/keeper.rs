//! One worker's way to the turns: whoever asks at the same time shares a transaction.

use std::{sync::Arc, time::Duration};

use jiff::{Timestamp, ToSpan};
use kos_shared::store::Store;
use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, oneshot};
use tracing::warn;
use uuid::Uuid;

use super::{
    Pace,
    turns::{self, Asking, Entered},
};

/// How much one transaction does at most.
const GROUP: usize = 64;

/// A wait that is slept through rather than handed back.
const SHORT: Duration = Duration::from_secs(2);

/// The same for who has begun already, with a request whose turn would be spent in vain.
const BEGUN: Duration = Duration::from_secs(60);

/// How often those who wait for a connection ask again, where nobody of this worker left.
const BUSY: Duration = Duration::from_millis(250);

/// How often what expired is forgotten.
const FORGET: Duration = Duration::from_secs(60);

/// Asks for turns. Cheap to clone; the last clone's end is the end of its task.
#[derive(Debug, Clone)]
pub struct Hosts {
    requests: mpsc::UnboundedSender<Message>,
    store: Store,
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
    Enter(Entering),
    Leave(String),
}

/// Somebody who wants to enter, and waits for an answer.
#[derive(Debug)]
struct Entering {
    asking: Asking,
    since: Timestamp,
    /// How long it waits for a connection.
    patient_until: Timestamp,
    answer: oneshot::Sender<Result<Entered, Arc<sqlx::Error>>>,
}

impl Hosts {
    /// Starts to ask `store` for turns, for fetches that take at most `lease`.
    pub fn start(store: Store, lease: Duration) -> Self {
        let (requests, received) = mpsc::unbounded_channel();
        tokio::spawn(keep(store.clone(), received));
        Self { requests, store, lease }
    }

    /// A pass for `what` at `host`. Short waits are slept through; where the fetch has `begun` with an earlier request,
    /// so are waits of a minute, or twice the delay where that is longer.
    ///
    /// # Errors
    /// [`Waiting`] where it takes longer, or can't be told.
    pub async fn enter(&self, host: &str, what: &str, pace: Pace, begun: bool) -> Result<Option<Pass>, Waiting> {
        if pace.is_unlimited() {
            return Ok(None);
        }
        let patience = Timestamp::now() + if begun { BEGUN.max(pace.delay * 2) } else { SHORT };
        let asking = Asking {
            host: host.to_owned(),
            // Addresses are long, and may hold a password.
            what: Sha256::digest(what).iter().take(16).map(|b| format!("{b:02x}")).collect(),
            turn_id: Uuid::new_v4().to_string(),
            pace,
            patient: true,
            begun: begun.then_some(patience),
            lease: self.lease,
        };
        loop {
            // From here on the turn may be ours, also where nobody waits for the answer any more.
            let mut pass = Pass { turn_id: Some(asking.turn_id.clone()), requests: self.requests.clone() };
            let (answer, answered) = oneshot::channel();
            let since = Timestamp::now();
            let patient_until = if begun { patience } else { since + SHORT };
            let entering = Entering { asking: asking.clone(), since, patient_until, answer };
            let sent = self.requests.send(Message::Enter(entering));
            sent.map_err(|_| Waiting::Failed("the worker ends".into()))?;
            let entered = answered.await.map_err(|_| Waiting::Failed("the worker ends".into()))?;
            match entered.map_err(|e| Waiting::Failed(e.to_string()))? {
                Entered::Now => return Ok(Some(pass)),
                Entered::Busy => {
                    pass.turn_id = None;
                    return Err(Waiting::Failed("the host is busy".into()));
                }
                Entered::Wait(until) => {
                    pass.turn_id = None;
                    if until > patience {
                        return Err(Waiting::Until(until));
                    }
                    let wait = Duration::try_from(until.duration_since(Timestamp::now())).unwrap_or_default();
                    // The database counts in whole milliseconds.
                    tokio::time::sleep(wait + Duration::from_millis(1)).await;
                }
            }
        }
    }

    /// Has all workers leave `host` alone for so long, as it asked for.
    pub async fn leave_alone(&self, host: &str, wait: Duration) {
        let written = async {
            let mut tx = self.store.begin().await?;
            turns::leave_alone(&mut tx, host, Timestamp::now() + wait).await?;
            tx.commit().await
        };
        if let Err(error) = written.await {
            warn!(host, %error, "that the host wants to be left alone could not be written");
        }
    }
}

/// Answers until nobody is left to ask.
async fn keep(store: Store, mut received: mpsc::UnboundedReceiver<Message>) {
    let (mut group, mut parked) = (Vec::new(), Vec::new());
    let mut forgot_at = Timestamp::UNIX_EPOCH;
    loop {
        tokio::select! {
            count = received.recv_many(&mut group, GROUP) => if count == 0 { return },
            // Another worker may have left.
            () = tokio::time::sleep(BUSY), if !parked.is_empty() => {}
        }
        parked = settle(&store, std::mem::take(&mut group), parked).await;
        let now = Timestamp::now();
        if forgot_at + FORGET < now {
            forgot_at = now;
            if let Err(error) = forget(&store, now).await {
                warn!(%error, "turns at hosts that expired could not be forgotten");
            }
        }
    }
}

/// Answers a group in one transaction, and those who were parked before; who is to be parked from now on, because all
/// connections are in use.
async fn settle(store: &Store, group: Vec<Message>, parked: Vec<Entering>) -> Vec<Entering> {
    let (mut entering, mut leaving) = (parked, Vec::new());
    for message in group {
        match message {
            Message::Enter(asked) => entering.push(asked),
            Message::Leave(turn_id) => leaving.push(turn_id),
        }
    }
    // Who went away while asking wants nothing any more.
    entering.retain(|e| !e.answer.is_closed() && !leaving.contains(&e.asking.turn_id));
    // Every worker asks for hosts in the same order, so that two of them don't wait for each other.
    entering.sort_by(|a, b| (&a.asking.host, a.since).cmp(&(&b.asking.host, b.since)));
    leaving.sort();
    let now = Timestamp::now();
    for asked in &mut entering {
        asked.asking.patient = now < asked.patient_until;
    }
    let entered = match write(store, &entering, &leaving, now).await {
        Ok(entered) => entered,
        Err(error) => {
            let error = Arc::new(error);
            for asked in entering {
                let _gone = asked.answer.send(Err(Arc::clone(&error)));
            }
            return Vec::new();
        }
    };
    let mut parked = Vec::new();
    for (asked, entered) in entering.into_iter().zip(entered) {
        match entered {
            Entered::Busy => parked.push(asked),
            entered => {
                let _gone = asked.answer.send(Ok(entered));
            }
        }
    }
    parked
}

async fn write(
    store: &Store,
    entering: &[Entering],
    leaving: &[String],
    now: Timestamp,
) -> Result<Vec<Entered>, sqlx::Error> {
    let mut tx = store.begin().await?;
    turns::leave(&mut tx, leaving).await?;
    let mut answers = Vec::with_capacity(entering.len());
    let mut busy: Option<&str> = None;
    for Entering { asking, .. } in entering {
        let answer = match busy {
            // Without turns there is nothing to ask for where the one before got no connection.
            Some(host) if host == asking.host && asking.pace.delay.is_zero() && asking.patient => Entered::Busy,
            _ => turns::enter(&mut tx, asking, now).await?,
        };
        busy = (answer == Entered::Busy).then_some(asking.host.as_str());
        answers.push(answer);
    }
    tx.commit().await?;
    Ok(answers)
}

async fn forget(store: &Store, now: Timestamp) -> Result<(), sqlx::Error> {
    let mut tx = store.begin().await?;
    turns::forget(&mut tx, now, now - 24.hours()).await?;
    tx.commit().await
}
