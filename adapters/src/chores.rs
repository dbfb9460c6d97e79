//! The chores that this installation keeps by the calendar: a new one is added here and in the settings.

use std::sync::Arc;

use engine::{Chore, RemindDeadlines, ResumeStalled, RewrapKeys, Schedule, SealJournals};
use workflows::connection::TendNumbers;
use workflows::retention::forget_expired;

use crate::process::StartError;
use crate::settings::Settings;

/// Every chore with its times; a wrong line is named before anything is opened.
pub(crate) fn schedules(settings: &Settings) -> Result<Vec<Schedule>, StartError> {
    let times = &settings.schedules;
    let chores: [(&'static str, _, Arc<dyn Chore>); 7] = [
        ("stalled", &times.stalled, Arc::new(ResumeStalled)),
        ("expiry", &times.expiry, Arc::new(RemindDeadlines)),
        ("journal_root", &times.journal_root, Arc::new(SealJournals)),
        ("retention", &times.retention, Arc::new(forget_expired())),
        (
            "archive",
            &times.archive,
            Arc::new(settings.retention.chore()),
        ),
        ("token_health", &times.token_health, Arc::new(TendNumbers)),
        ("rewrap_keys", &times.rewrap_keys, Arc::new(RewrapKeys)),
    ];
    let schedules = chores.into_iter().map(|(name, line, chore)| {
        let line = line.times(&times.zone);
        let line = line.map_err(|error| StartError::Cron(name, error))?;
        Ok(Schedule::new(name, line, chore))
    });
    schedules.collect()
}
