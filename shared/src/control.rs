//! What a running worker answers on the bus (NATS micro-services, ADR-32), so that the operator's command needs no
//! database: its journal, how it is, and what its service has to answer beside ([`Question`]).

mod ask;

use std::{collections::BTreeMap, future::Future, pin::Pin, sync::Arc};

use async_nats::{
    Client,
    service::{Service, ServiceExt, endpoint::Endpoint, error::Error as ServiceError},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream::SelectAll};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::warn;

pub use ask::{AskError, ask};

use crate::{
    bus::Bus,
    disk::Disk,
    journal,
    stage::Context,
    store::{Store, inbox, outbox},
};

/// The subject on which one replica of `service` answers a [`journal::Query`] with its entries.
pub fn journal_subject(service: &str) -> String {
    format!("kos.control.{service}.journal")
}

/// The subject on which every replica of `service` answers with a [`Status`].
pub fn status_subject(service: &str) -> String {
    format!("kos.control.{service}.status")
}

/// The subject on which one replica of `service` answers the questions called `name`.
pub fn question_subject(service: &str, name: &str) -> String {
    format!("kos.control.{service}.{name}")
}

/// How many questions of a service's own a worker answers at once; more wait their turn.
const ANSWERS_AT_ONCE: usize = 8;

/// What becomes of the body of a question: the body of the answer, or what is wrong with the question.
type AnswerBody = dyn Fn(Bytes) -> Pin<Box<dyn Future<Output = Result<Bytes, String>> + Send>> + Send + Sync;

/// A question that a service answers beside the ones that all services do. One replica answers it.
#[derive(Clone)]
pub struct Question {
    name: &'static str,
    answer: Arc<AnswerBody>,
}

impl Question {
    /// A question called `name` (letters, digits, `-` and `_`), asked and answered in JSON.
    ///
    /// `answer` may fail with a reason, a line of it. What it does must be harmless when it is given up half way: that
    /// happens where the worker has to end.
    pub fn new<Q, A, F>(name: &'static str, answer: impl Fn(Q) -> F + Send + Sync + 'static) -> Self
    where
        Q: DeserializeOwned,
        A: Serialize,
        F: Future<Output = Result<A, String>> + Send + 'static,
    {
        let answer = move |body: Bytes| {
            let answer = serde_json::from_slice(&body).map(&answer).map_err(|e| format!("expected a question: {e}"));
            let encoded =
                async move { serde_json::to_vec(&answer?.await?).map(Bytes::from).map_err(|e| e.to_string()) };
            Box::pin(encoded) as Pin<Box<dyn Future<Output = Result<Bytes, String>> + Send>>
        };
        Self { name, answer: Arc::new(answer) }
    }
}

/// How a worker is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The service.
    pub service: String,
    /// Which of its replicas: an id that lives as long as the process.
    pub instance: String,
    /// The program's version.
    pub version: String,
    /// Whether all conditions hold.
    pub ready: bool,
    /// `ok`, or what is wrong, by condition.
    pub conditions: BTreeMap<String, String>,
    /// `sqlite` or `postgres`.
    pub database: String,
    /// The database's last migration, where a newer version applied it.
    #[serde(default)]
    pub newer_schema: Option<i64>,
    /// Events handled within the last hour by all replicas that share the database, by consumer.
    pub handled_last_hour: BTreeMap<String, u64>,
    /// Events that were decided on and not sent yet.
    pub outbox_waiting: u64,
    /// Since when the oldest of them waits.
    pub outbox_oldest_at: Option<Timestamp>,
    /// Where the site is, if the worker serves one.
    pub site_url: Option<String>,
    /// The disk that its database is on, where that is a file.
    #[serde(default)]
    pub disk: Option<Disk>,
    /// When it answered, by its own clock.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// How many milliseconds its clock is ahead of the asker's, who notes it when the answer comes.
    #[serde(default)]
    pub clock_ahead_ms: Option<i64>,
}

impl Status {
    /// The conditions that don't hold, each with the reason, in one line.
    pub fn problems(&self) -> String {
        let problems = self.conditions.iter().filter(|(_, state)| *state != "ok");
        problems.map(|(condition, reason)| format!("{condition}: {reason}")).collect::<Vec<_>>().join("; ")
    }
}

/// What the answers are made of.
pub(crate) struct Answering<B> {
    pub context: Context<B>,
    pub site_url: Option<String>,
    pub questions: Vec<Question>,
}

/// Answers until `stop`. A server that can't be reached is waited for: the client subscribes again by itself.
pub(crate) async fn answer<B: Bus>(client: Client, answering: Answering<B>, stop: CancellationToken) {
    let service = answering.context.service;
    let (control, mut journals, mut statuses) = match start(&client, service).await {
        Ok(started) => started,
        Err(error) => {
            warn!(service, %error, "does not answer on the bus: `kos status` and `kos trace` will miss it");
            return;
        }
    };
    let instance = control.info().await.id;
    let mut asked = SelectAll::new();
    for question in &answering.questions {
        match endpoint(&control, service, question.name).await {
            Ok(endpoint) => asked.push(endpoint.map(|request| (question.clone(), request)).boxed()),
            Err(error) => warn!(service, %error, question = question.name, "a question is not answered"),
        }
    }
    let free = Arc::new(Semaphore::new(ANSWERS_AT_ONCE));
    let mut answers = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(request) = journals.next() => {
                let entries = look_up(&answering.context.store, service, &request.message.payload).await;
                respond(&request, entries).await;
            }
            Some(request) = statuses.next() => respond(&request, Ok(answering.status(&instance).await)).await,
            Some((question, request)) = asked.next() => {
                let free = Arc::clone(&free);
                answers.spawn(async move {
                    // The semaphore is never closed.
                    let _permit = free.acquire_owned().await.ok();
                    let answer = (question.answer)(request.message.payload.clone()).await;
                    respond_with(&request, answer).await;
                });
            }
            Some(ended) = answers.join_next() => if let Err(error) = ended {
                warn!(service, %error, "a question could not be answered");
            },
            else => break,
        }
    }
    let _already_stopped = control.stop().await;
}

async fn start(client: &Client, service: &str) -> Result<(Service, Endpoint, Endpoint), async_nats::Error> {
    let control = client
        .service_builder()
        .description(format!("Knowledge OS, {service}"))
        .start(format!("kos-{service}"), env!("CARGO_PKG_VERSION"))
        .await?;
    let journals = control.endpoint_builder().name("journal").add(journal_subject(service)).await?;
    // A queue group of its own, so that every replica answers.
    let group = control.info().await.id;
    let statuses = control.endpoint_builder().name("status").queue_group(group).add(status_subject(service)).await?;
    Ok((control, journals, statuses))
}

async fn endpoint(control: &Service, service: &str, name: &'static str) -> Result<Endpoint, async_nats::Error> {
    control.endpoint_builder().name(name).add(question_subject(service, name)).await
}

async fn respond<T: Serialize>(request: &async_nats::service::Request, answer: Result<T, String>) {
    let answer = answer.and_then(|value| serde_json::to_vec(&value).map_err(|e| e.to_string()));
    respond_with(request, answer.map(Bytes::from)).await;
}

async fn respond_with(request: &async_nats::service::Request, answer: Result<Bytes, String>) {
    // The reason travels as a header, which holds one line.
    let one_line = |reason: String| reason.split_whitespace().collect::<Vec<_>>().join(" ");
    let answer = answer.map_err(|reason| ServiceError { status: one_line(reason), code: 500 });
    if let Err(error) = request.respond(answer).await {
        warn!(%error, "an answer could not be sent");
    }
}

async fn look_up(store: &Store, service: &str, query: &[u8]) -> Result<Vec<journal::Entry>, String> {
    let query: journal::Query = serde_json::from_slice(query).map_err(|e| format!("expected a query: {e}"))?;
    journal::find(store.readers(), service, &query).await.map_err(|e| e.to_string())
}

impl<B: Bus> Answering<B> {
    async fn status(&self, instance: &str) -> Status {
        let context = &self.context;
        // Services of one process share their conditions; this one answers for its own.
        let own = format!("{}: ", context.service);
        let mut conditions = context.health.readiness().conditions;
        conditions.retain(|name, _| name.starts_with(&own));
        let pool = context.store.readers();
        let since = Timestamp::now() - 1.hour();
        // A database that fails is among the conditions already.
        let handled = inbox::counts(pool, since).await.unwrap_or_default();
        let (outbox_waiting, outbox_oldest_at) = outbox::waiting(pool).await.unwrap_or_default();
        Status {
            service: context.service.to_owned(),
            instance: instance.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ready: conditions.values().all(|state| state == "ok"),
            conditions,
            database: format!("{:?}", context.store.dialect()).to_lowercase(),
            newer_schema: context.store.newer_schema(),
            handled_last_hour: handled.into_iter().collect(),
            outbox_waiting,
            outbox_oldest_at,
            site_url: self.site_url.clone(),
            disk: context.store.disk(),
            // Last, since all else may take a while.
            at: Some(Timestamp::now()),
            clock_ahead_ms: None,
        }
    }
}
