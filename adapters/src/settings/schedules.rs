//! When the chores run: cron lines, with a time zone and a rule for missed runs where they are given.

use engine::{CronError, Missed, Times};
use serde::Deserialize;

/// When each chore runs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Schedules {
    /// The time zone of every line that names none.
    pub zone: String,
    /// Resumes what stalled.
    pub stalled: ChoreTimes,
    /// Arms deadlines again that nobody keeps: links expire even if their timer was lost.
    pub expiry: ChoreTimes,
    /// Seals how far every history has come, and checks it against the last seal.
    pub journal_root: ChoreTimes,
    /// Archives and erases what ended long ago.
    pub archive: ChoreTimes,
    /// Wraps data keys anew after a change of `vault_key`.
    pub rewrap_keys: ChoreTimes,
    /// Looks through the accounts that clients share, for signups of which no webhook told.
    pub reconcile: ChoreTimes,
    /// Sees that every live number is looked after, and every token seen to in time.
    pub token_health: ChoreTimes,
    /// Forgets sessions, idempotent answers and raw webhooks whose time is over.
    pub retention: ChoreTimes,
}

/// One chore's times: a cron line of six fields, or a table with more.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Written")]
pub struct ChoreTimes {
    cron: String,
    zone: Option<String>,
    missed: Missed,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "must be a cron line of six fields, or a table of `cron`, `zone` and `missed` (skip, run_once or catch_up)"
)]
enum Written {
    Line(String),
    Table(Table),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    cron: String,
    zone: Option<String>,
    #[serde(default)]
    missed: Missed,
}

impl From<Written> for ChoreTimes {
    fn from(written: Written) -> Self {
        match written {
            Written::Line(cron) => Self::line(&cron),
            Written::Table(table) => Self {
                cron: table.cron,
                zone: table.zone,
                missed: table.missed,
            },
        }
    }
}

impl ChoreTimes {
    fn line(cron: &str) -> Self {
        Self {
            cron: cron.to_owned(),
            zone: None,
            missed: Missed::default(),
        }
    }

    /// The times, in this zone unless they name one.
    pub fn times(&self, zone: &str) -> Result<Times, CronError> {
        let zone = self.zone.as_deref().unwrap_or(zone);
        let times = Times::new(&self.cron)?.in_zone(zone)?;
        Ok(times.when_missed(self.missed))
    }
}

impl Default for Schedules {
    fn default() -> Self {
        Self {
            zone: "UTC".to_owned(),
            stalled: ChoreTimes::line("0 * * * * *"),
            expiry: ChoreTimes::line("0 41 * * * *"),
            journal_root: ChoreTimes::line("0 7 * * * *"),
            archive: ChoreTimes::line("0 47 3 * * *"),
            rewrap_keys: ChoreTimes::line("0 */5 * * * *"),
            reconcile: ChoreTimes::line("0 */15 * * * *"),
            token_health: ChoreTimes::line("0 23 4 * * *"),
            retention: ChoreTimes::line("0 17 3 * * *"),
        }
    }
}
