//! The service at work.

use jiff::Timestamp;
use kos_shared::{
    config::{Config, ConfigError},
    process::Process,
    runtime::{RunError, Runtime},
    store::Store,
};

use crate::{
    control,
    endpoints::{models, prompts},
    metrics::SummaryMetrics,
    stage::Summarizing,
    state::MIGRATIONS,
    summaries::Summarizer,
    writing::{
        Writer,
        answers::{self, Answers},
        budget::{self, Budget},
        track_record::{self, TrackRecord},
        waiting,
    },
};

/// Summarizes what comes in on the bus until the process is told to stop.
///
/// # Errors
/// [`RunError`] where endpoints or prompts can't be read, the database can't be opened, or a loop broke.
pub async fn run(config: Config, process: Process) -> Result<(), RunError> {
    let metrics = SummaryMetrics::registered(&process.metrics);
    // What is wrong with them is said before anything is waited for.
    let mut summarizer = summarizer(&config, metrics)?;
    let mut config = config;
    config.worker.concurrency = in_hand(&config, summarizer.writer.as_ref());
    let mut runtime = Runtime::start("summarize", &config, MIGRATIONS, &process).await?;
    let store = runtime.store().clone();
    if let Some(writer) = &mut summarizer.writer {
        writer.answers = Some(Answers::new(store.clone()));
        writer.track_record = Some(TrackRecord::new(store.clone()));
        writer.budget = config.models.daily_tokens.map(|tokens| Budget::new(store.clone(), tokens));
    }
    runtime.answer(control::probe(summarizer.writer.as_ref()));
    runtime.handle(Summarizing { summarizer, store, patience: config.models.patience })?;
    runtime.keep_house("forgetting old answers", keep_house);
    runtime.until_stopped().await
}

/// How many articles a worker has in hand. Where models write it is as many as keep its calls going, an article asking
/// for all languages at once: what waits in a worker's hand is what an idle one could have.
///
/// Measured with 80 articles in two languages, four workers with four calls of 2 s each (`tests/model_scale.rs`): with 16
/// in hand 3.55 times the throughput of one worker, with one more than the calls need 3.65 to 3.93, with this 3.94.
fn in_hand(config: &Config, writer: Option<&Writer>) -> usize {
    let Some(writer) = writer else { return config.worker.concurrency };
    let calls = writer.models.iter().map(|model| model.endpoint.concurrency()).max().unwrap_or(1);
    config.worker.concurrency.min(calls.div_ceil(config.languages.len().max(1)))
}

/// What makes summaries as `config` says, without a database: no answer is kept, and no budget holds.
///
/// # Errors
/// [`ConfigError`] where endpoints or prompts can't be read.
pub fn summarizer(config: &Config, metrics: SummaryMetrics) -> Result<Summarizer, ConfigError> {
    let models = models(config, &metrics.observer())?;
    let writer = if models.is_empty() {
        None
    } else {
        let (prompts, metrics) = (prompts(config)?, metrics.clone());
        Some(Writer { models: models.into(), prompts, answers: None, track_record: None, budget: None, metrics })
    };
    let wanted = config.languages.clone().into();
    Ok(Summarizer { wanted, writer, refused_excerpt: config.refused_excerpt, metrics })
}

async fn keep_house(store: Store) -> Result<(), sqlx::Error> {
    let now = Timestamp::now();
    answers::keep_house(&store, now).await?;
    budget::keep_house(&store, now).await?;
    track_record::keep_house(&store, now).await?;
    waiting::keep_house(&store, now).await
}
