//! What happens to one delivered event: its work, the verdict, the settlement.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, oneshot},
    time::{Instant, sleep},
};
use tracing::{Instrument, Span, debug, field::Empty, info, info_span, warn};

use super::{
    Context, Failure, Stage,
    committer::{Answer, Job, Verdict},
    dead_letter::dead_letter,
    meanwhile::meanwhile,
    panic::catching,
    retry,
};
use crate::{
    bus::{Bus, ConsumerSpec, Delivery, Settlement},
    event::{Attributes, Envelope, Event, EventId, Payload},
    metrics::{EventLabels, FailureLabels, OutcomeLabels},
    store::{
        begun,
        failures::{self, FailedAttempt},
        inbox,
    },
    telemetry::traces,
};

/// An event that was delivered this many times as often as it may fail, without ever being settled, may kill its worker
/// or hang it, or just wait politely. From then on it is noted when its work begins and ends.
const DELIVERIES_PER_ATTEMPT: u64 = 10;

/// So many times in a row such work may begin without an end. Killed workers cost no attempt, so only this ends such an
/// event.
const MOST_BEGUN: u64 = 3;

/// The longest reason that is kept, in characters.
const REASON_CHARACTERS: usize = 1_000;

/// The longest pause between two tries to reach a database that is gone.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Handles the events of one consumer, one at a call.
pub(super) struct Handler<S: Stage, B> {
    pub stage: Arc<S>,
    pub spec: ConsumerSpec,
    pub context: Context<B>,
    pub jobs: mpsc::Sender<Job<S>>,
}

impl<S: Stage, B: Bus> Handler<S, B> {
    /// Handles one delivery, and keeps the server patient meanwhile.
    pub async fn handle<D: Delivery>(self: Arc<Self>, delivery: D, slot: OwnedSemaphorePermit) {
        let condition = format!("deliveries of {}", self.spec);
        self.context.health.good(&condition);
        let received = delivery.received();
        let stored_at = Timestamp::from_nanosecond(received.stored_nanos).unwrap_or_else(|_| Timestamp::now());
        let mut envelope = Envelope::read(received, self.spec.event_type);
        let is_first = delivery.deliveries() == 1;
        let traced = traces::process(self.context.service, &mut envelope.attributes, stored_at, is_first);
        let attributes = &envelope.attributes;
        let span = info_span!(
            parent: &traced,
            "event",
            service = self.context.service,
            event_id = %attributes.id,
            event_type = attributes.event_type.as_str(),
            trace_id = attributes.trace.trace_id(),
            article_id = Empty,
            attempt = Empty,
        );
        async {
            let handling = async {
                tokio::select! {
                    biased;
                    settlement = self.handle_patiently(&delivery, &envelope, &traced) => settlement,
                    () = self.context.abort.cancelled() => Settlement::Retry(Duration::ZERO),
                }
            };
            let keep_patient = || settle(&delivery, Settlement::InProgress);
            let settlement = meanwhile(self.context.config.ack_wait / 3, keep_patient, handling).await;
            settle(&delivery, settlement).await;
        }
        .instrument(span)
        .instrument(traced.clone())
        .await;
        drop(slot);
    }

    async fn handle_patiently<D: Delivery>(&self, delivery: &D, envelope: &Envelope, traced: &Span) -> Settlement {
        let started = Instant::now();
        let received_at = Timestamp::now();
        let mut attributes = envelope.attributes.clone();
        let mut history = Vec::new();
        if delivery.deliveries() > 1 {
            self.context.metrics.redeliveries.get_or_create(&self.labels()).inc();
            let Some(past) = self.past_of(&attributes).await else {
                Span::current().record("attempt", delivery.deliveries());
                return self.conclude(&attributes, Answer::Duplicate, None, started, Duration::ZERO);
            };
            history = past;
        }
        let attempt = history.len() as u32 + 1;
        Span::current().record("attempt", attempt);

        let mut work = match self.work(delivery, envelope, &mut attributes).await {
            Ok((event, done)) => Ok(Verdict::Done { event, done }),
            Err(Failure::NotYet { until, reason }) => {
                let delay = Duration::try_from(until.duration_since(Timestamp::now())).unwrap_or_default();
                debug!(reason, retry_in_ms = delay.as_millis() as u64, "its turn will come");
                return Settlement::Retry(delay);
            }
            Err(failure) => {
                traces::failed(traced, &failure.to_string());
                Err(failure)
            }
        };
        loop {
            let (verdict, delay) = match work {
                Ok(verdict) => (verdict, Duration::ZERO),
                Err(failure) => self.verdict(delivery, &attributes, &history, attempt, failure),
            };
            let failed = match &verdict {
                Verdict::Failed(last) | Verdict::Dead { last, .. } => Some(last.clone()),
                Verdict::Done { .. } => None,
            };
            let Some(answer) = self.commit(&attributes, received_at, attempt, verdict).await else {
                return Settlement::Retry(Duration::ZERO);
            };
            match (answer, failed) {
                (Answer::Unrecordable(reason), None) => work = Err(Failure::Retry(reason)),
                (answer, failed) => return self.conclude(&attributes, answer, failed, started, delay),
            }
        }
    }

    /// The failed attempts of an event; `None` where it was handled already.
    async fn past_of(&self, attributes: &Attributes) -> Option<Vec<FailedAttempt>> {
        let consumer = self.spec.to_string();
        let pool = self.context.store.readers();
        let mut pause = Duration::from_millis(50);
        let mut failed_before = false;
        loop {
            let known = inbox::is_known(pool, &consumer, &attributes.id).await;
            let past = match known {
                Ok(true) => Ok(None),
                Ok(false) => failures::of_event(pool, &consumer, &attributes.id).await.map(Some),
                Err(error) => Err(error),
            };
            match past {
                Ok(past) => {
                    // An event that was handled before is not committed, and nobody else would say it.
                    if failed_before {
                        self.context.health.good("database");
                    }
                    return past;
                }
                // As in the committer: a database that is gone costs no attempt. The handler's caller ends the wait.
                Err(error) => {
                    failed_before = true;
                    self.context.health.bad("database", error);
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Has the stage work on an event. What the payload says the event is about is noted in `attributes`, also where the
    /// work fails.
    async fn work<D: Delivery>(
        &self,
        delivery: &D,
        envelope: &Envelope,
        attributes: &mut Attributes,
    ) -> Result<(Event<S::In>, S::Done), Failure> {
        if let Some(problem) = delivery.problem() {
            return Err(Failure::Permanent(problem.to_string()));
        }
        let data: S::In = envelope.open().map_err(|e| Failure::Permanent(e.to_string()))?;
        if let Some(id) = data.article_id() {
            Span::current().record("article_id", id.to_string());
        }
        // What the payload says wins, so that an address is found in the one way that it is written here.
        attributes.subject = data.subject().or(attributes.subject.take());
        let event = Event { attributes: attributes.clone(), data };
        let most = u64::from(self.context.config.max_attempts) * DELIVERIES_PER_ATTEMPT;
        let is_suspect = delivery.deliveries() > most;
        if is_suspect {
            self.begin_suspect(&attributes.id, delivery.deliveries() - 1).await?;
        }
        let done = catching(self.stage.work(&event)).await.map_err(Failure::Retry);
        if is_suspect && let Err(error) = begun::end(&self.context.store, &self.spec.to_string(), &attributes.id).await
        {
            warn!(%error, "that work came to an end could not be written");
        }
        Ok((event, done??))
    }

    /// Begins work on an event that was delivered `times` times before; an error where it never comes to an end.
    async fn begin_suspect(&self, id: &EventId, times: u64) -> Result<(), Failure> {
        let consumer = self.spec.to_string();
        match begun::begin(&self.context.store, &consumer, id).await {
            Ok(begun) if begun > MOST_BEGUN => {
                if let Err(error) = begun::end(&self.context.store, &consumer, id).await {
                    debug!(%error, "a dead event is still noted as begun");
                }
                Err(Failure::Permanent(format!(
                    "delivered {times} times, and its work never ended the last {MOST_BEGUN} times: it kills or hangs its worker"
                )))
            }
            Ok(_) => Ok(()),
            // A database that is gone costs no attempt.
            Err(error) => Err(Failure::NotYet { until: Timestamp::now() + LONGEST_PAUSE, reason: error.to_string() }),
        }
    }

    /// What a failure means: another try after a while, or a dead letter.
    fn verdict<D: Delivery>(
        &self,
        delivery: &D,
        attributes: &Attributes,
        history: &[FailedAttempt],
        attempt: u32,
        failure: Failure,
    ) -> (Verdict<S>, Duration) {
        let now = Timestamp::now();
        let last = FailedAttempt {
            attempt,
            failed_at: now,
            class: failure.class().to_owned(),
            reason: failure.to_string().replace('\0', "").chars().take(REASON_CHARACTERS).collect(),
        };
        let labels = FailureLabels {
            service: self.context.service,
            event_type: self.spec.event_type.as_str(),
            class: failure.class(),
        };
        self.context.metrics.failures.get_or_create(&labels).inc();
        let permanent = matches!(failure, Failure::Permanent(_));
        if permanent || attempt >= self.context.config.max_attempts {
            let mut history = history.to_vec();
            history.push(last.clone());
            let letter = dead_letter(self.context.service, &attributes.id, delivery.received(), &history, now);
            (Verdict::Dead { last, letter }, Duration::ZERO)
        } else {
            let delay = retry::delay(&failure, attempt, self.context.config.retry_delay, now, fastrand::f64());
            (Verdict::Failed(last), delay)
        }
    }

    /// Has a verdict written; `None` where that was given up because the worker has to end.
    async fn commit(
        &self,
        attributes: &Attributes,
        received_at: Timestamp,
        attempt: u32,
        verdict: Verdict<S>,
    ) -> Option<Answer> {
        let attributes = attributes.clone();
        let (answer, answered) = oneshot::channel();
        self.jobs.send(Job { attributes, received_at, attempt, verdict, answer }).await.ok()?;
        answered.await.ok()
    }

    /// Says in one line what became of an event, counts it, and settles it.
    fn conclude(
        &self,
        attributes: &Attributes,
        answer: Answer,
        failed: Option<FailedAttempt>,
        started: Instant,
        delay: Duration,
    ) -> Settlement {
        let duration_ms = started.elapsed().as_millis() as u64;
        let reason = failed.map(|f| f.reason).unwrap_or_default();
        let (outcome, settlement) = match answer {
            Answer::Handled { outcome, detail, article_id } => {
                // What an event is about by its payload is there already.
                if let Some(id) = article_id.filter(|id| attributes.subject.as_ref() != Some(id)) {
                    Span::current().record("article_id", id.as_str());
                }
                info!(outcome, detail, duration_ms, "handled");
                (outcome, Settlement::Ack)
            }
            Answer::Duplicate => {
                info!(outcome = "duplicate", duration_ms, "handled before");
                ("duplicate", Settlement::Ack)
            }
            Answer::Failed => {
                warn!(
                    outcome = "failed",
                    reason,
                    retry_in_ms = delay.as_millis() as u64,
                    duration_ms,
                    "will be tried again"
                );
                return Settlement::Retry(delay);
            }
            Answer::Dead => {
                warn!(outcome = "dead", reason, duration_ms, "given up");
                self.context.metrics.dead_letters.get_or_create(&self.labels()).inc();
                ("dead", Settlement::Terminate)
            }
            Answer::Unrecordable(error) => {
                warn!(outcome = "failed", reason, error, duration_ms, "the failure could not be written");
                return Settlement::Retry(self.context.config.retry_delay);
            }
        };
        let labels = OutcomeLabels {
            service: self.context.service,
            event_type: self.spec.event_type.as_str(),
            outcome: outcome.to_owned(),
        };
        let metrics = &self.context.metrics;
        metrics.handled.get_or_create(&labels).inc();
        metrics.handling.get_or_create(&self.labels()).observe(started.elapsed().as_secs_f64());
        if let Some(time) = attributes.time {
            metrics
                .age
                .get_or_create(&self.labels())
                .observe(Timestamp::now().duration_since(time).as_secs_f64().max(0.0));
        }
        settlement
    }

    fn labels(&self) -> EventLabels {
        EventLabels { service: self.context.service, event_type: self.spec.event_type.as_str() }
    }
}

pub(super) async fn settle<D: Delivery>(delivery: &D, settlement: Settlement) {
    if let Err(error) = delivery.settle(settlement).await {
        // The event will be delivered again, and the inbox knows it.
        debug!(%error, ?settlement, "not settled");
    }
}
