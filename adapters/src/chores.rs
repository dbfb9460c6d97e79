//! The chores that this installation keeps by the calendar: a new one is added here and in the settings.

use std::sync::Arc;

use engine::{Chore, RemindDeadlines, ResumeStalled, Schedule, SealJournals};
use workflows::retention::ForgetExpired;

use crate::process::StartError;
use crate::settings::Schedules;

/// Every chore with its times; a wrong line is named before anything is opened.
pub(crate) fn schedules(settings: &Schedules) -> Result<Vec<Schedule>, StartError> {
    let chores: [(&'static str, _, Arc<dyn Chore>); 4] = [
        ("stalled", &settings.stalled, Arc::new(ResumeStalled)),
        ("expiry", &settings.expiry, Arc::new(RemindDeadlines)),
        ("journal", &settings.journal, Arc::new(SealJournals)),
        ("retention", &settings.retention, Arc::new(ForgetExpired)),
    ];
    let schedules = chores.into_iter().map(|(name, times, chore)| {
        let times = times.times(&settings.zone);
        let times = times.map_err(|error| StartError::Cron(name, error))?;
        Ok(Schedule::new(name, times, chore))
    });
    schedules.collect()
}
