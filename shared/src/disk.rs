//! How much room there is on a disk.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// A disk with less room than this is nearly full, however large it is.
const LEAST_BYTES: u64 = 1 << 30;

/// A small disk with less room than this part of it is nearly full.
const LEAST_PART: u64 = 10;

/// A disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// What can be written yet, in bytes.
    pub free_bytes: u64,
    /// What it can hold in all, in bytes.
    pub total_bytes: u64,
}

impl Disk {
    /// The disk that a path is on; `None` where the path isn't there, or the system doesn't say.
    pub fn of(path: &Path) -> Option<Self> {
        let system = rustix::fs::statvfs(path).ok()?;
        // Not what is kept for the system's own use.
        let free_bytes = system.f_bavail.saturating_mul(system.f_frsize);
        Some(Self { free_bytes, total_bytes: system.f_blocks.saturating_mul(system.f_frsize) })
    }

    /// Whether somebody has to make room: less than 1 GiB is free, or less than a tenth of a disk that is smaller than 10 GiB.
    pub fn is_nearly_full(&self) -> bool {
        self.free_bytes < LEAST_BYTES.min(self.total_bytes / LEAST_PART)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_disk_may_have_little_room_and_a_large_one_may_not() {
        const GIB: u64 = 1 << 30;
        let is_nearly_full = |free_bytes, total_bytes| Disk { free_bytes, total_bytes }.is_nearly_full();
        assert!(!is_nearly_full(GIB, 500 * GIB) && is_nearly_full(GIB - 1, 500 * GIB));
        assert!(!is_nearly_full(GIB / 10, GIB) && is_nearly_full(GIB / 20, GIB));
    }

    #[test]
    fn a_folder_has_a_disk_and_nowhere_has_none() {
        let disk = Disk::of(Path::new("/")).unwrap();
        assert!(disk.total_bytes > 0 && disk.free_bytes <= disk.total_bytes, "{disk:?}");
        assert_eq!(Disk::of(Path::new("/no/such/place")), None);
    }
}
