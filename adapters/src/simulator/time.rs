//! The simulator's time: the clock that everybody in the process shares, and the right to push it.
//!
//! Nothing here keeps a second clock; codes, limits and blocks end by the same time as the product's waits.

use std::time::Duration;

use engine::testing::ManualClock;
use engine::{Clock, SystemClock};

/// A clock that the control calls may push forward for the whole process.
pub trait SimulatedTime: Clock {
    /// Moves time forward and wakes whoever sleeps on it.
    fn advance(&self, by: Duration);
}

impl SimulatedTime for SystemClock {
    fn advance(&self, by: Duration) {
        Self::advance(self, by);
    }
}

impl SimulatedTime for ManualClock {
    fn advance(&self, by: Duration) {
        Self::advance(self, by);
    }
}
