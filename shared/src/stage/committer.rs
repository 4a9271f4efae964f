//! Writes what is done, in groups: one transaction for the inbox rows, the state and the outbox rows of all events
//! that are done by then. Nobody waits for a group to fill: a lone event is committed at once, and while one group is
//! being written the next one gathers.

use std::{collections::HashSet, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::{Context, RecordError, Recorded, Stage, panic::catching};
use crate::{
    bus::{Bus, ConsumerSpec},
    event::{Attributes, Event, EventId, Outgoing},
    metrics::ServiceLabels,
    store::{
        Fault, Tx,
        failures::{self, Attempted, FailedAttempt},
        inbox::{self, Handled},
        outbox,
    },
};

/// How many events one transaction holds at most.
const GROUP: usize = 64;

/// The longest pause between two tries to reach a database that is gone.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What is to be written about one event.
pub(super) struct Job<S: Stage> {
    pub attributes: Attributes,
    pub received_at: Timestamp,
    pub attempt: u32,
    pub verdict: Verdict<S>,
    /// Gets the answer; where it is dropped without one, nothing was written.
    pub answer: oneshot::Sender<Answer>,
}

/// What became of the work on an event.
pub(super) enum Verdict<S: Stage> {
    /// It was done.
    Done { event: Event<S::In>, done: S::Done },
    /// It failed, and will be tried again.
    Failed(FailedAttempt),
    /// It failed for good.
    Dead { last: FailedAttempt, letter: Outgoing },
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The event's effects, with their outcome and the article that they concern.
    Handled { outcome: &'static str, detail: Option<String>, article_id: Option<String> },
    /// Nothing: the event was handled before.
    Duplicate,
    /// That it failed.
    Failed,
    /// Its dead letter.
    Dead,
    /// Nothing: these effects can't be written.
    Unrecordable(String),
}

enum CommitError {
    /// One of the events can't be written.
    Data(String),
    /// The database can't be written to.
    Database(String),
}

impl From<RecordError> for CommitError {
    fn from(error: RecordError) -> Self {
        match error.fault() {
            Fault::Data => Self::Data(error.to_string()),
            Fault::Database => Self::Database(error.to_string()),
        }
    }
}

impl From<sqlx::Error> for CommitError {
    fn from(error: sqlx::Error) -> Self {
        RecordError::from(error).into()
    }
}

pub(super) struct Committer<S: Stage, B> {
    pub stage: Arc<S>,
    pub spec: ConsumerSpec,
    pub context: Context<B>,
}

impl<S: Stage, B: Bus> Committer<S, B> {
    /// Commits what comes until nobody is left to send any.
    pub async fn run(self, mut jobs: mpsc::Receiver<Job<S>>) {
        while let Some(first) = jobs.recv().await {
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(job) = jobs.try_recv()
            {
                group.push(job);
            }
            self.commit(group).await;
        }
    }

    /// Writes a group, for as long as it takes. A database that is gone costs no event an attempt: the group waits,
    /// and the events' handlers keep the server patient.
    async fn commit(&self, group: Vec<Job<S>>) {
        let mut pause = Duration::from_millis(20);
        let mut failed_before = false;
        loop {
            let tried = tokio::select! {
                biased;
                // A database that is gone may keep us waiting for longer than there is time.
                () = self.context.abort.cancelled() => return,
                tried = self.try_commit(&group) => tried,
            };
            match tried {
                Ok(answers) => {
                    self.context.health.good("database");
                    let labels = ServiceLabels { service: self.context.service };
                    self.context.metrics.commit_events.get_or_create(&labels).observe(group.len() as f64);
                    self.context.outbox.notify_one();
                    for (job, answer) in group.into_iter().zip(answers) {
                        // A handler that is gone was told to hand its event back.
                        let _gone = job.answer.send(answer);
                    }
                    return;
                }
                Err(CommitError::Data(reason)) => return self.commit_one_by_one(group, reason).await,
                Err(CommitError::Database(reason)) => {
                    // Once may be two workers that waited for each other; that is settled by the next try.
                    if std::mem::replace(&mut failed_before, true) {
                        self.context.health.bad("database", reason);
                    }
                    tokio::select! {
                        () = self.context.abort.cancelled() => return,
                        () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                    }
                }
            }
        }
    }

    /// One event of a group can't be written: the others must not suffer for it.
    async fn commit_one_by_one(&self, mut group: Vec<Job<S>>, reason: String) {
        if group.len() > 1 {
            for job in group {
                Box::pin(self.commit(vec![job])).await;
            }
        } else if let Some(job) = group.pop() {
            let _gone = job.answer.send(Answer::Unrecordable(reason));
        }
    }

    async fn try_commit(&self, group: &[Job<S>]) -> Result<Vec<Answer>, CommitError> {
        let now = Timestamp::now();
        let consumer = self.spec.to_string();
        let mut tx = self.context.store.begin().await?;
        let ids: Vec<EventId> = group.iter().map(|job| job.attributes.id.clone()).collect();
        let mut known: HashSet<EventId> = inbox::known(&mut tx, &consumer, &ids).await?;

        let (mut answers, mut handled, mut outgoing) = (Vec::with_capacity(group.len()), Vec::new(), Vec::new());
        for job in group {
            let id = &job.attributes.id;
            if known.contains(id) {
                answers.push(Answer::Duplicate);
                continue;
            }
            let recorded = match &job.verdict {
                Verdict::Done { event, done } => self.record(&mut tx, event, done).await?,
                Verdict::Failed(attempt) => {
                    failures::insert(&mut tx, &attempted(&consumer, &job.attributes), attempt).await?;
                    answers.push(Answer::Failed);
                    continue;
                }
                Verdict::Dead { last, letter } => {
                    failures::insert(&mut tx, &attempted(&consumer, &job.attributes), last).await?;
                    Recorded {
                        outcome: "dead",
                        detail: Some(last.reason.clone()),
                        article_id: None,
                        emit: vec![letter.clone()],
                    }
                }
            };
            // Two deliveries of one event in one group: the second changes nothing.
            known.insert(id.clone());
            answers.push(match &job.verdict {
                Verdict::Dead { .. } => Answer::Dead,
                _ => Answer::Handled {
                    outcome: recorded.outcome,
                    detail: recorded.detail.clone(),
                    article_id: recorded.article_id.map(|id| id.to_string()),
                },
            });
            handled.push(row(&consumer, job, &recorded, now));
            outgoing.extend(recorded.emit);
        }
        // Every worker writes its rows in the same order, so that two of them don't wait for each other in a ring.
        handled.sort_by(|a: &Handled, b| a.event_id.cmp(&b.event_id));
        inbox::insert(&mut tx, &handled).await?;
        outbox::insert(&mut tx, &outgoing, now).await?;
        tx.commit().await?;
        Ok(answers)
    }

    async fn record(&self, tx: &mut Tx, event: &Event<S::In>, done: &S::Done) -> Result<Recorded, CommitError> {
        let recorded = catching(self.stage.record(tx, event, done)).await.map_err(CommitError::Data)?;
        Ok(recorded?)
    }
}

fn attempted(consumer: &str, attributes: &Attributes) -> Attempted {
    Attempted {
        consumer: consumer.to_owned(),
        event_id: attributes.id.clone(),
        event_type: attributes.event_type.as_str().to_owned(),
        subject: attributes.subject.clone(),
    }
}

fn row<S: Stage>(consumer: &str, job: &Job<S>, recorded: &Recorded, now: Timestamp) -> Handled {
    Handled {
        consumer: consumer.to_owned(),
        event_id: job.attributes.id.clone(),
        event_type: job.attributes.event_type.as_str().to_owned(),
        subject: job.attributes.subject.clone(),
        article_id: recorded.article_id.map(|id| id.to_string()),
        trace_id: job.attributes.trace.trace_id(),
        cause: job.attributes.cause.clone(),
        received_at: job.received_at,
        handled_at: now,
        attempt: job.attempt,
        outcome: recorded.outcome.to_owned(),
        detail: recorded.detail.clone(),
        emitted: recorded.emit.iter().map(|event| event.id.clone()).collect(),
    }
}
