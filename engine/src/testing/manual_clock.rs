//! A clock that stands still until a test moves it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use crate::clock::{Clock, Timestamp};

/// Time that moves only when told to.
#[derive(Debug)]
pub struct ManualClock {
    now_ms: AtomicI64,
    moved: watch::Sender<()>,
}

impl ManualClock {
    /// A clock that shows `now`.
    pub fn at(now: Timestamp) -> Self {
        Self {
            now_ms: AtomicI64::new(now.millis()),
            moved: watch::Sender::new(()),
        }
    }

    /// Moves time forward and wakes whoever sleeps.
    pub fn advance(&self, by: Duration) {
        self.set(self.now() + by);
    }

    /// Moves time to `now`, forward or back, and wakes whoever sleeps.
    pub fn set(&self, now: Timestamp) {
        self.now_ms.store(now.millis(), Ordering::SeqCst);
        self.moved.send_replace(());
    }
}

impl Default for ManualClock {
    /// Starts at a fixed moment in November 2026, so that goldens stay the same.
    fn default() -> Self {
        Self::at(Timestamp::from_millis(1_795_000_000_000))
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now_ms.load(Ordering::SeqCst))
    }

    async fn sleep_until(&self, moment: Timestamp) {
        let mut moved = self.moved.subscribe();
        while self.now() < moment {
            if moved.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
