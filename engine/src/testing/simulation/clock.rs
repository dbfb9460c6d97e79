//! The clock of one process: the true time, off by its skew; its timers go off when the life says so.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::hub::{Hub, Wish};
use crate::clock::{Clock, Timestamp};

/// The longest that a late timer is late: longer than a lease.
const LATE_MAX: Duration = Duration::from_secs(150);

/// Time as one process sees it.
pub(super) struct ProcessClock {
    pub(super) hub: Arc<Hub>,
    pub(super) process: usize,
}

impl ProcessClock {
    /// When the timer really goes off.
    fn moved(&self, moment: Timestamp) -> Timestamp {
        if self
            .hub
            .strikes("a late timer", |faults| faults.late_timers)
        {
            let late = u64::try_from(LATE_MAX.as_millis()).unwrap_or(u64::MAX);
            return moment + Duration::from_millis(self.hub.draw(|chance| chance.u64(..late)));
        }
        if self
            .hub
            .strikes("an early timer", |faults| faults.early_timers)
        {
            let now = self.hub.shown(self.process);
            let left = u64::try_from(moment.since(now).as_millis()).unwrap_or(u64::MAX);
            return now + Duration::from_millis(self.hub.draw(|chance| chance.u64(..=left)));
        }
        moment
    }
}

#[async_trait]
impl Clock for ProcessClock {
    fn now(&self) -> Timestamp {
        self.hub.shown(self.process)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.hub.now().millis()).unwrap_or(0))
    }

    async fn sleep_until(&self, moment: Timestamp) {
        if self.now() < moment {
            let moment = Wish::Moment(self.moved(moment));
            self.hub.take(self.process, moment, String::new()).await;
        }
    }
}
