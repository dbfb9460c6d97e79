//! When the chores run: cron lines of six fields, UTC.

use serde::Deserialize;

/// When the sweeps run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Schedules {
    /// Resumes what stalled.
    pub stalled: String,
    /// Forgets sessions, idempotent answers and raw webhooks whose time is over.
    pub retention: String,
    /// Seals how far every history has come.
    pub journal_root: String,
    /// Archives and erases what ended long ago.
    pub archive: String,
    /// Wraps data keys anew after a change of `vault_key`.
    pub rewrap_keys: String,
}

impl Default for Schedules {
    fn default() -> Self {
        Self {
            stalled: "0 * * * * *".to_owned(),
            retention: "0 17 3 * * *".to_owned(),
            journal_root: "0 7 * * * *".to_owned(),
            archive: "0 47 3 * * *".to_owned(),
            rewrap_keys: "0 */5 * * * *".to_owned(),
        }
    }
}
