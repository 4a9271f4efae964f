//! The ingest service by itself.

use std::process::ExitCode;

fn main() -> ExitCode {
    kos_shared::process::main("ingest", kos_ingest::service::run)
}
