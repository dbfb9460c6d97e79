//! Token buckets on the engine's time.

use std::time::Duration;

use crate::clock::Timestamp;

/// How fast something may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Lasting rate; zero means one.
    pub per_second: u32,
    /// How many may begin at once after a rest; zero means one.
    pub burst: u32,
}

impl Rate {
    pub(crate) fn burst(self) -> usize {
        usize::try_from(self.burst.max(1)).unwrap_or(usize::MAX)
    }

    /// What one token takes to come back, in microseconds.
    fn token_us(self) -> u64 {
        1_000_000 / u64::from(self.per_second.max(1))
    }
}

/// Tokens that come back with time; counted as the time that a full bucket lies ahead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    rate: Rate,
    /// Time owed until it is full again, in microseconds, as of `seen`.
    owed_us: u64,
    seen: Timestamp,
}

impl Bucket {
    pub(crate) fn full(rate: Rate) -> Self {
        Self {
            rate,
            owed_us: 0,
            seen: Timestamp::default(),
        }
    }

    /// Tokens that may be spent now.
    pub(crate) fn left(&mut self, now: Timestamp) -> usize {
        self.pass_to(now);
        let spent = self.owed_us.div_ceil(self.rate.token_us());
        let spent = usize::try_from(spent).unwrap_or(usize::MAX);
        self.rate.burst().saturating_sub(spent)
    }

    pub(crate) fn spend(&mut self, now: Timestamp) {
        self.pass_to(now);
        self.owed_us += self.rate.token_us();
    }

    pub(crate) fn is_full(&mut self, now: Timestamp) -> bool {
        self.pass_to(now);
        self.owed_us == 0
    }

    /// When there is a token again; nothing while there is one.
    pub(crate) fn refills(&self, now: Timestamp) -> Option<Timestamp> {
        let mut then = *self;
        if then.left(now) > 0 {
            return None;
        }
        let kept = self.rate.token_us() * (self.rate.burst() as u64 - 1);
        let wait = then.owed_us.saturating_sub(kept);
        Some(now + Duration::from_millis(wait.div_ceil(1000)))
    }

    /// Time set back refills nothing and costs nothing.
    fn pass_to(&mut self, now: Timestamp) {
        let passed = u64::try_from(now.since(self.seen).as_micros()).unwrap_or(u64::MAX);
        self.owed_us = self.owed_us.saturating_sub(passed);
        self.seen = now;
    }
}

#[cfg(test)]
mod tests {
    use super::{Bucket, Rate};
    use crate::clock::Timestamp;

    const AT: fn(i64) -> Timestamp = Timestamp::from_millis;

    #[test]
    fn a_burst_is_followed_by_the_lasting_rate() {
        let mut bucket = Bucket::full(Rate {
            per_second: 10,
            burst: 3,
        });
        let mut begun = 0;
        for now in 0..10_000 {
            while bucket.left(AT(now)) > 0 {
                bucket.spend(AT(now));
                begun += 1;
            }
        }
        assert_eq!(begun, 3 + 99);
        assert_eq!(bucket.refills(AT(9_999)), Some(AT(10_000)));
    }

    #[test]
    fn time_set_back_delays_no_token_by_the_jump() {
        let mut bucket = Bucket::full(Rate {
            per_second: 1,
            burst: 1,
        });
        bucket.spend(AT(3_600_000));
        assert_eq!(bucket.left(AT(0)), 0);
        assert_eq!(bucket.left(AT(1_000)), 1);
    }
}
