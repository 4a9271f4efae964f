//! A service at work: its loops, its relay, its answers on the bus, and the order in which they end.

use std::{future::Future, sync::Arc, time::Duration};

use jiff::{Timestamp, ToSpan};
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time::{Instant, interval, interval_at, sleep},
};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, error, info, info_span, warn};

use crate::{
    bus::{self, Bus, ConnectError, Connection, ConsumerSpec, Durability, JetStream},
    config::{Config, ConfigError, DatabaseConfig},
    control::{self, Answering, Question},
    event::Payload,
    metrics::ServiceLabels,
    process::Process,
    stage::{Context, Stage, relay, worker},
    store::{Migration, OpenError, Store, failures, inbox, outbox},
};

/// How often the connection is looked at.
const WATCH: Duration = Duration::from_secs(1);

/// How often the server is asked whether it can write.
const WATCH_STORAGE: Duration = Duration::from_secs(10);

/// How often the outbox is counted.
const WATCH_OUTBOX: Duration = Duration::from_secs(10);

/// How often streams are given room and old rows are forgotten.
const HOUSEKEEPING: Duration = Duration::from_secs(15);

/// How long inbox rows are kept: longer than any stream that feeds a worker keeps its events.
const INBOX_DAYS: i64 = 45;

/// How long the rows of sent events are kept.
const SENT_HOURS: i64 = 1;

/// A service that can't be started, or that broke.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A variable can't be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The bus's address or credentials can't be used.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The database can't be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// One of its loops panicked: that is a defect.
    #[error("a loop broke: {0}")]
    Broken(String),
    /// It was told to stop before its database was there.
    #[error("stopped before the database was there")]
    Stopped,
    /// Another part of the service can't be started.
    #[error("{0}")]
    Start(String),
}

/// A service at work.
pub struct Runtime {
    context: Context<JetStream>,
    connection: Connection,
    site_url: Option<String>,
    questions: Vec<Question>,
    process: Process,
    loops: JoinSet<()>,
    prepared: watch::Receiver<bool>,
    finish: CancellationToken,
}

impl Runtime {
    /// Opens the database, starts to connect to the bus, and looks after both until the end. Neither a server nor a
    /// PostgreSQL that isn't there yet is an error: they are waited for.
    ///
    /// # Errors
    /// [`RunError`] where waiting would not help.
    pub async fn start(
        service: &'static str,
        config: &Config,
        migrations: &[Migration],
        process: &Process,
    ) -> Result<Self, RunError> {
        let store = open_store(service, config, migrations, process).await?;
        let connection = bus::connect(&config.nats, &format!("kos-{service}")).await?;
        let context = Context {
            service,
            bus: JetStream::new(connection.clone(), service, config.nats.limits.clone()),
            store,
            config: config.worker.clone(),
            health: process.health.clone(),
            metrics: process.metrics.clone(),
            outbox: Arc::new(Notify::new()),
            stop: process.stop.clone(),
            abort: CancellationToken::new(),
        };
        for condition in ["bus", "streams", "durability"] {
            context.health.starting(condition);
        }
        let finish = CancellationToken::new();
        let (prepared, is_prepared) = watch::channel(false);
        let preparing = prepare(context.clone(), connection.clone(), prepared);
        tokio::spawn(preparing.instrument(info_span!("bus", service)));
        tokio::spawn(watch_bus(context.clone(), connection.clone(), config.clone(), finish.clone()));
        if let Some(url) = config.nats.monitor_url.clone() {
            tokio::spawn(watch_storage(context.clone(), url, finish.clone()));
        }
        tokio::spawn(watch_outbox(context.clone(), finish.clone()));
        tokio::spawn(
            keep_house(context.clone(), connection.clone(), finish.clone())
                .instrument(info_span!("housekeeping", service)),
        );
        Ok(Self {
            context,
            connection,
            site_url: None,
            questions: Vec::new(),
            process: process.clone(),
            loops: JoinSet::new(),
            prepared: is_prepared,
            finish,
        })
    }

    /// The service's database.
    pub fn store(&self) -> &Store {
        &self.context.store
    }

    /// The service's connection to the bus.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// What the service's loops share: its database, what wakes its relay, when it is to stop.
    pub fn context(&self) -> &Context<JetStream> {
        &self.context
    }

    /// Answers a question of the service's own on the bus.
    pub fn answer(&mut self, question: Question) {
        self.questions.push(question);
    }

    /// Runs a loop of the service's own beside its stages. It has to end soon after [`Context::stop`] is cancelled; what
    /// it wrote to the outbox by then is sent.
    pub fn spawn(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        self.loops.spawn(work.instrument(info_span!("loop", service = self.context.service)));
    }

    /// Says where the site is that this service serves.
    pub fn serves_site(&mut self, url: &str) {
        self.site_url = Some(url.to_owned());
    }

    /// Starts the loop of a stage.
    ///
    /// # Errors
    /// [`RunError::Start`] where the service has no consumer for the stage's events.
    pub fn handle<S: Stage>(&mut self, stage: S) -> Result<(), RunError> {
        let service = self.context.service;
        let event_type = S::In::TYPE;
        let spec = ConsumerSpec::of(service, event_type)
            .ok_or_else(|| RunError::Start(format!("{service} has no consumer for {event_type}")))?;
        let context = self.context.clone();
        let mut prepared = self.prepared.clone();
        let work = async move {
            // Ends without it when the process is told to stop first.
            if prepared.wait_for(|prepared| *prepared).await.is_ok() {
                worker::run(stage, spec, context).await;
            }
        };
        self.loops.spawn(work);
        Ok(())
    }

    /// Has the service do something of its own as often as the runtime forgets old rows. What fails is tried again the
    /// next time; `what` names it in the log.
    pub fn keep_house<F>(&self, what: &'static str, chore: impl Fn(Store) -> F + Send + 'static)
    where
        F: Future<Output = Result<(), sqlx::Error>> + Send,
    {
        let (store, finish) = (self.context.store.clone(), self.finish.clone());
        let working = async move {
            let mut ticks = interval_at(Instant::now() + HOUSEKEEPING, HOUSEKEEPING);
            loop {
                tokio::select! {
                    () = finish.cancelled() => return,
                    _ = ticks.tick() => {}
                }
                if let Err(error) = chore(store.clone()).await {
                    warn!(%error, what, "housekeeping failed");
                }
            }
        };
        tokio::spawn(working.instrument(info_span!("housekeeping", service = self.context.service)));
    }

    /// Works until the process is told to stop, then finishes in order: the loops first, then the outbox, then the rest.
    ///
    /// # Errors
    /// [`RunError::Broken`] where a loop panicked; the process is stopped then.
    pub async fn until_stopped(mut self) -> Result<(), RunError> {
        let service = self.context.service;
        let relaying = relay::run(self.context.clone(), self.finish.clone()).instrument(info_span!("relay", service));
        let mut relay = tokio::spawn(relaying);
        let answering = Answering {
            context: self.context.clone(),
            site_url: self.site_url.take(),
            questions: std::mem::take(&mut self.questions),
        };
        tokio::spawn(control::answer(self.connection.client.clone(), answering, self.finish.clone()));
        self.process.health.good("started");
        info!(service, "started");

        let mut broken = None;
        let mut relay_ended = false;
        loop {
            let ended = tokio::select! {
                () = self.connection.ended(), if broken.is_none() => {
                    let reason = "the nats client ended, which it does over headers that it can't read";
                    error!(service, "{reason}: start again, and the message is given up then");
                    broken = Some(RunError::Broken(reason.to_owned()));
                    self.process.stop.cancel();
                    continue;
                }
                ended = self.loops.join_next() => match ended {
                    Some(ended) => ended,
                    None => break,
                },
                // It ends last, unless it breaks.
                ended = &mut relay, if !relay_ended => {
                    relay_ended = true;
                    ended
                }
            };
            if let Err(error) = ended {
                error!(service, %error, "a loop broke");
                broken = Some(RunError::Broken(error.to_string()));
                self.process.stop.cancel();
            }
        }
        self.process.stop.cancelled().await;
        self.finish.cancel();
        if !relay_ended && let Err(error) = relay.await {
            broken = Some(RunError::Broken(error.to_string()));
        }
        // Acks are on their way; without this they might not leave.
        if tokio::time::timeout(Duration::from_secs(2), self.connection.client.flush()).await.is_err() {
            warn!(service, "the last acks may be lost: their events will be delivered again");
        }
        self.context.store.close().await;
        info!(service, "stopped");
        broken.map_or(Ok(()), Err)
    }
}

async fn open_store(
    service: &str,
    config: &Config,
    migrations: &[Migration],
    process: &Process,
) -> Result<Store, RunError> {
    loop {
        match Store::open(&config.database, service, migrations).await {
            Ok(store) => {
                process.health.good("database");
                return Ok(store);
            }
            Err(error @ OpenError::Connect(..)) if matches!(config.database, DatabaseConfig::Postgres(_)) => {
                process.health.bad("database", &error);
                tokio::select! {
                    () = process.stop.cancelled() => return Err(RunError::Stopped),
                    () = sleep(Duration::from_secs(1)) => {}
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Creates streams and consumers, for as long as it takes.
async fn prepare(context: Context<JetStream>, connection: Connection, prepared: watch::Sender<bool>) {
    let mut generation = context.bus.generation();
    let mut pause = Duration::from_millis(50);
    loop {
        // Without a connection all that could be said of the streams is that it timed out.
        if connection.is_connected() {
            match context.bus.prepare().await {
                Ok(()) => break,
                Err(error) => context.health.bad("streams", error),
            }
        }
        tokio::select! {
            () = context.stop.cancelled() => return,
            Ok(()) = generation.changed() => {}
            () = sleep(pause) => pause = (pause * 2).min(Duration::from_secs(2)),
        }
    }
    context.health.good("streams");
    prepared.send_replace(true);
}

/// Keeps the conditions of connection and durability true.
async fn watch_bus(context: Context<JetStream>, connection: Connection, config: Config, finish: CancellationToken) {
    let mut ticks = interval_at(Instant::now() + WATCH, WATCH);
    let mut generation = context.bus.generation();
    let mut asked_in_generation = None;
    loop {
        tokio::select! {
            () = finish.cancelled() => return,
            _ = ticks.tick() => {}
            Ok(()) = generation.changed() => {}
        }
        if let Err(error) = connection.check() {
            context.health.bad("bus", error);
            continue;
        }
        match connection.too_old() {
            Some(version) => {
                context.health.bad("bus", format!("the server has version {version}: expected 2.12 or later"));
            }
            None => context.health.good("bus"),
        }
        // A server that was restarted may have been restarted with other settings.
        let connected_in = *generation.borrow();
        if asked_in_generation.replace(connected_in) == Some(connected_in) {
            continue;
        }
        if config.nats.known_durable {
            context.health.good("durability");
            continue;
        }
        match bus::durability(config.nats.monitor_url.as_deref(), config.nats.limits.replicas).await {
            Durability::Strong => context.health.good("durability"),
            Durability::Weak(reason) if config.nats.allow_weak_durability => {
                context.health.good("durability");
                warn!(service = context.service, reason, "weak durability was accepted");
            }
            Durability::Weak(reason) => context.health.bad("durability", reason),
        }
    }
}

/// Keeps the condition of the server's files true: where a write failed, it answers and stores nothing.
async fn watch_storage(context: Context<JetStream>, monitor_url: String, finish: CancellationToken) {
    let mut ticks = interval(WATCH_STORAGE);
    loop {
        tokio::select! {
            () = finish.cancelled() => return,
            _ = ticks.tick() => {}
        }
        match bus::write_error(&monitor_url).await {
            Some(reason) => context.health.bad("storage", reason),
            None => context.health.good("storage"),
        }
    }
}

/// Keeps the gauges of the outbox true.
async fn watch_outbox(context: Context<JetStream>, finish: CancellationToken) {
    let mut ticks = interval(WATCH_OUTBOX);
    loop {
        tokio::select! {
            () = finish.cancelled() => return,
            _ = ticks.tick() => {}
        }
        // That the database is gone is told by those who need it.
        let Ok((waiting, oldest)) = outbox::waiting(context.store.readers()).await else { continue };
        let labels = ServiceLabels { service: context.service };
        let age = oldest.map_or(0.0, |oldest| Timestamp::now().duration_since(oldest).as_secs_f64());
        context.metrics.outbox_waiting.get_or_create(&labels).set(i64::try_from(waiting).unwrap_or(i64::MAX));
        context.metrics.outbox_oldest.get_or_create(&labels).set(age.max(0.0));
    }
}

/// Gives streams room, and forgets rows that nothing can ask for any more.
async fn keep_house(context: Context<JetStream>, connection: Connection, finish: CancellationToken) {
    let mut ticks = interval_at(Instant::now() + HOUSEKEEPING, HOUSEKEEPING);
    loop {
        tokio::select! {
            () = finish.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if connection.is_connected() {
            bus::make_room(context.bus.context(), context.service).await;
        }
        if let Err(error) = forget(&context.store).await {
            warn!(%error, "old rows could not be removed");
        }
    }
}

async fn forget(store: &Store) -> Result<(), sqlx::Error> {
    let now = Timestamp::now();
    let inbox_before = now - (INBOX_DAYS * 24).hours();
    let mut tx = store.begin().await?;
    let rows = inbox::forget(&mut tx, inbox_before).await?
        + failures::forget(&mut tx, inbox_before).await?
        + outbox::forget(&mut tx, now - SENT_HOURS.hours()).await?;
    // Nothing to forget is nothing to write.
    if rows > 0 { tx.commit().await } else { tx.rollback().await }
}
