//! How long what has ended is kept at hand.

use std::time::Duration;

use engine::ArchiveEnded;
use serde::Deserialize;

/// What becomes of instances that ended long ago; zero days mean never.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// When they leave the live indexes.
    pub archive_after_days: u32,
    /// When the client's data is erased.
    pub erase_after_days: u32,
}

impl Retention {
    /// The chore that these settings ask for.
    pub fn chore(self) -> ArchiveEnded {
        let span = |days: u32| (days > 0).then(|| Duration::from_hours(u64::from(days) * 24));
        ArchiveEnded {
            archive_after: span(self.archive_after_days),
            erase_after: span(self.erase_after_days),
        }
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            archive_after_days: 90,
            erase_after_days: 0,
        }
    }
}
