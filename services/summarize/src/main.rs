//! The summarize service by itself.

use std::process::ExitCode;

fn main() -> ExitCode {
    kos_shared::process::main("summarize", kos_summarize::service::run)
}
