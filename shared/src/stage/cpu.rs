//! Work that computes, off the async threads.

use std::{panic::resume_unwind, sync::LazyLock, thread::available_parallelism};

use tokio::{sync::Semaphore, task::spawn_blocking};

/// As many computations at once as there are cores: more would only take memory and each other's time.
static CORES: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(available_parallelism().map_or(2, usize::from)));

/// Runs `compute` on a thread that may block, at most one a core.
///
/// # Panics
/// Where `compute` does.
pub async fn on_cpu<T: Send + 'static>(compute: impl FnOnce() -> T + Send + 'static) -> T {
    // The semaphore is never closed; if it were, computing at once would be right all the same.
    let _core = CORES.acquire().await.ok();
    match spawn_blocking(compute).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // Only a runtime that shuts down cancels blocking work; nobody will read what never comes.
            Err(_) => std::future::pending().await,
        },
    }
}
