//! The service at work.

use std::sync::Arc;

use jiff::Timestamp;
use kos_shared::{
    config::{Config, ConfigError},
    process::Process,
    retraction::Retracting,
    runtime::{RunError, Runtime},
};
use tokio::sync::Notify;

use crate::{
    address::AllowedNetworks,
    feed::{
        control::{self, Desk},
        schedule::Bounds,
        scheduler,
        stage::Polling,
        websub::{self, callback::Callbacks, subscriber},
    },
    fetch::{Fetcher, Limits, Manners, Proxies, Setup},
    hosts::Pace,
    metrics::FetchMetrics,
    page::Pages,
    retention::{self, Retention},
    rights::well_known::SiteRights,
    rules::Rules,
    stage::Ingesting,
    state::MIGRATIONS,
};

/// Takes in what is asked for on the bus until the process is told to stop.
///
/// # Errors
/// [`RunError`] where `KOS_FETCH_ALLOW`, a proxy or the file `KOS_RULES` can't be read, the database can't be opened,
/// or a loop broke.
pub async fn run(config: Config, process: Process) -> Result<(), RunError> {
    let allowed = allowed_networks(&config)?;
    let proxies = Proxies::of_environment().map_err(|e| RunError::Start(e.to_string()))?;
    let rules = Arc::new(rules(&config)?);
    let mut runtime = Runtime::start("ingest", &config, MIGRATIONS, &process).await?;
    let limits = Limits::default();
    let pace = Pace { delay: config.fetch.delay, connections: config.fetch.connections };
    let manners = Manners::new(runtime.store(), &limits, pace, config.fetch.obey_robots);
    let setup = Setup {
        proxies,
        manners: Some(manners),
        metrics: FetchMetrics::registered(&process.metrics),
        ..Setup::new(allowed.clone(), limits, &config.fetch.contact)
    };
    let fetcher = Fetcher::with(setup).map_err(|e| RunError::Start(e.to_string()))?;
    let retention = Retention::of_days(config.keep_days);
    let store = runtime.store().clone();
    let site_rights = SiteRights::new(fetcher.clone(), store.clone());
    let pages = Pages { fetcher: fetcher.clone(), store, retention, site_rights };
    runtime.handle(Ingesting { pages, rules })?;
    runtime.keep_house("forgetting old pages", move |store| async move {
        retention::keep_house(&store, retention, Timestamp::now()).await
    });
    runtime.handle(Retracting)?;
    follow_feeds(&mut runtime, &config, fetcher, &allowed)?;
    runtime.until_stopped().await
}

/// Polls feeds, has hubs tell of them where they reach the site, and lets feeds be added and looked at.
fn follow_feeds(
    runtime: &mut Runtime,
    config: &Config,
    fetcher: Fetcher,
    allowed: &AllowedNetworks,
) -> Result<(), RunError> {
    let (min, max) = config.feed_intervals;
    let bounds = Bounds { min, max };
    let wake = Arc::new(Notify::new());
    runtime.handle(Polling { fetcher: fetcher.clone(), store: runtime.store().clone(), bounds })?;
    let desk = Desk { fetcher: fetcher.clone(), store: runtime.store().clone(), bounds, wake: Arc::clone(&wake) };
    for question in control::questions(&desk) {
        runtime.answer(question);
    }
    runtime.spawn(scheduler::run(runtime.context().clone(), Arc::clone(&wake)));

    let outbox = Arc::clone(&runtime.context().outbox);
    let callbacks = Callbacks { store: runtime.store().clone(), outbox, schedule: wake };
    for question in websub::callback::questions(&callbacks) {
        runtime.answer(question);
    }
    if websub::is_within_reach(&config.site_url, allowed) {
        runtime.spawn(subscriber::run(runtime.context().clone(), fetcher, config.site_url.clone()));
    }
    Ok(())
}

/// The networks that may be fetched though they are not public.
///
/// # Errors
/// [`ConfigError`] where `KOS_FETCH_ALLOW` can't be read.
pub fn allowed_networks(config: &Config) -> Result<AllowedNetworks, ConfigError> {
    config.fetch.allow.parse().map_err(|_| ConfigError {
        variable: "KOS_FETCH_ALLOW".into(),
        value: config.fetch.allow.clone(),
        expected: "networks such as 127.0.0.0/8 or fd00::/8 separated by commas".into(),
    })
}

/// The operator's rules; none where `KOS_RULES` names no file.
///
/// # Errors
/// [`ConfigError`] where the file can't be read or is wrong.
pub fn rules(config: &Config) -> Result<Rules, ConfigError> {
    let Some(file) = &config.rules else { return Ok(Rules::default()) };
    let error = |reason: String| ConfigError {
        variable: "KOS_RULES".into(),
        value: file.display().to_string(),
        expected: format!("a file of rules, but {reason}"),
    };
    let text = std::fs::read_to_string(file).map_err(|e| error(e.to_string()))?;
    text.parse().map_err(|e: crate::rules::RulesError| error(e.to_string()))
}
