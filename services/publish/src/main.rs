//! The publish service by itself.

use std::process::ExitCode;

fn main() -> ExitCode {
    kos_shared::process::main("publish", kos_publish::service::run)
}
