//! The service at work.

use std::sync::Arc;

use jiff::Timestamp;
use kos_shared::{
    config::{Config, ConfigError},
    process::Process,
    retraction::Retracting,
    runtime::{RunError, Runtime},
};

use crate::{
    address::AllowedNetworks,
    fetch::{Fetcher, Limits},
    retention::{self, Retention},
    stage::Ingesting,
    state::MIGRATIONS,
};

/// Takes in what is asked for on the bus until the process is told to stop.
///
/// # Errors
/// [`RunError`] where `KOS_FETCH_ALLOW` can't be read, the database can't be opened, or a loop broke.
pub async fn run(config: Config, process: Process) -> Result<(), RunError> {
    let allowed = allowed_networks(&config)?;
    let fetcher = Fetcher::new(allowed, Limits::default(), config.site_url.as_str())
        .map_err(|e| RunError::Start(e.to_string()))?;
    let mut runtime = Runtime::start("ingest", &config, MIGRATIONS, &process).await?;
    let retention = Retention::of_days(config.keep_days);
    let store = runtime.store().clone();
    runtime.handle(Ingesting { fetcher: Arc::new(fetcher), store, retention })?;
    runtime.keep_house("forgetting old pages", move |store| async move {
        retention::keep_house(&store, retention, Timestamp::now()).await
    });
    runtime.handle(Retracting)?;
    runtime.until_stopped().await
}

/// The networks that may be fetched though they are not public.
///
/// # Errors
/// [`ConfigError`] where `KOS_FETCH_ALLOW` can't be read.
pub fn allowed_networks(config: &Config) -> Result<AllowedNetworks, ConfigError> {
    config.fetch_allow.parse().map_err(|_| ConfigError {
        variable: "KOS_FETCH_ALLOW".into(),
        value: config.fetch_allow.clone(),
        expected: "networks such as 127.0.0.0/8 or fd00::/8 separated by commas".into(),
    })
}
