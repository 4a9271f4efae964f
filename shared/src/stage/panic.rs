//! Panics of a stage, as failures of one event.

use std::{any::Any, panic::AssertUnwindSafe};

use futures_util::FutureExt;

/// Runs `future`, and turns its panic into the text of a failure.
///
/// Whatever the future left half done is never looked at again: what it worked on is dropped, and so is its
/// transaction.
pub(super) async fn catching<F: Future>(future: F) -> Result<F::Output, String> {
    AssertUnwindSafe(future).catch_unwind().await.map_err(|panic| text(&*panic))
}

fn text(panic: &(dyn Any + Send)) -> String {
    let message = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", message.unwrap_or("without a message"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_told_in_its_own_words() {
        assert_eq!(catching(async { 1 }).await, Ok(1));
        assert_eq!(
            catching(async { panic!("at the {}", "disco") }).await,
            Err::<(), _>("panicked: at the disco".into())
        );
    }
}
