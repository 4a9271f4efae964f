//! The service at work.

use kos_shared::{
    config::Config,
    process::Process,
    runtime::{RunError, Runtime},
};

use crate::{stage::Summarizing, state::MIGRATIONS};

/// Summarizes what comes from the bus until the process is told to stop.
///
/// # Errors
/// [`RunError`] where the database can't be opened, or a loop broke.
pub async fn run(config: Config, process: Process) -> Result<(), RunError> {
    let mut runtime = Runtime::start("summarize", &config, MIGRATIONS, &process).await?;
    runtime.handle(Summarizing { wanted: config.languages.into() })?;
    runtime.until_stopped().await
}
