//! The chores that this installation keeps by the calendar: a new one is added here and in the settings.

use std::sync::Arc;

use engine::{Chore, RemindDeadlines, ResumeStalled, RewrapKeys, Schedule, SealJournals, Times};
use workflows::connection::TendNumbers;
use workflows::grant::Reconcile;
use workflows::ports::provider::ProviderApi;
use workflows::retention::forget_expired;

use crate::process::StartError;
use crate::settings::{Schedules, Settings};

/// When each chore runs. A wrong line is named before anything is opened.
pub(crate) struct Calendar {
    stalled: Times,
    expiry: Times,
    journal_root: Times,
    reconcile: Times,
    retention: Times,
    archive: Times,
    token_health: Times,
    rewrap_keys: Times,
}

impl Calendar {
    /// Reads every line.
    pub(crate) fn read(lines: &Schedules) -> Result<Self, StartError> {
        let times = |name, line: &crate::settings::ChoreTimes| {
            let times = line.times(&lines.zone);
            times.map_err(|error| StartError::Cron(name, error))
        };
        Ok(Self {
            stalled: times("stalled", &lines.stalled)?,
            expiry: times("expiry", &lines.expiry)?,
            journal_root: times("journal_root", &lines.journal_root)?,
            reconcile: times("reconcile", &lines.reconcile)?,
            retention: times("retention", &lines.retention)?,
            archive: times("archive", &lines.archive)?,
            token_health: times("token_health", &lines.token_health)?,
            rewrap_keys: times("rewrap_keys", &lines.rewrap_keys)?,
        })
    }

    /// Every chore with its times; those that ask Meta do so through `provider`.
    pub(crate) fn schedules(
        self,
        settings: &Settings,
        provider: Arc<dyn ProviderApi>,
    ) -> Vec<Schedule> {
        let archive: Arc<dyn Chore> = Arc::new(settings.retention.chore());
        let reconcile: Arc<dyn Chore> = Arc::new(Reconcile::new(provider));
        vec![
            Schedule::new("stalled", self.stalled, Arc::new(ResumeStalled)),
            Schedule::new("expiry", self.expiry, Arc::new(RemindDeadlines)),
            Schedule::new("journal_root", self.journal_root, Arc::new(SealJournals)),
            Schedule::new("reconcile", self.reconcile, reconcile),
            Schedule::new("retention", self.retention, Arc::new(forget_expired())),
            Schedule::new("archive", self.archive, archive),
            Schedule::new("token_health", self.token_health, Arc::new(TendNumbers)),
            Schedule::new("rewrap_keys", self.rewrap_keys, Arc::new(RewrapKeys)),
        ]
    }
}
