//! What the site is checked with, from npm.

use std::{env, path::PathBuf};

/// The folder of the packages that `deploy/install/site-tools` pins.
///
/// # Panics
/// When it isn't on this machine.
pub fn site_tools() -> PathBuf {
    let folder = env::var_os("KOS_SITE_TOOLS").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    folder.filter(|folder| folder.is_dir()).unwrap_or_else(|| {
        panic!(
            "what the site is checked with is missing: run `make test`, or set KOS_SITE_TOOLS to what \
                deploy/install/site-tools.sh prints"
        )
    })
}
