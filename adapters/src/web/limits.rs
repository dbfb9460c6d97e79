//! How often a key may ask and an address may guess. The counts live in this process; they protect
//! it, and bill nobody.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use workflows::app::{Kind, Problem};

use super::problem::come_back;
use super::settings::{Bounds, Rate};

/// Past this many, entries as good as new are dropped.
const CROWD: usize = 10_000;

/// Managed state: every bucket of the listener.
pub(crate) struct Limits {
    keys: Buckets<String>,
    addresses: Buckets<IpAddr>,
}

impl Limits {
    /// Full buckets.
    pub(crate) fn new(bounds: &Bounds) -> Self {
        Self {
            keys: Buckets::new(bounds.per_key, DefaultClock::default()),
            addresses: Buckets::new(bounds.refusals_per_address, DefaultClock::default()),
        }
    }

    /// Counts a request of this key, or says when the next is welcome.
    pub(crate) fn admit_key(&self, key: &str) -> Result<(), Problem> {
        self.keys.take(&key.to_owned()).map_err(|wait| {
            let detail =
                "This key has asked too often. Wait as long as Retry-After says, then go on.";
            come_back(Kind::Limited, "rate_limited", detail, wait)
        })
    }

    /// Counts a wrong credential from this address. A right one is always let in, so that nobody
    /// can lock a neighbor out.
    pub(crate) fn refuse(&self, address: Option<IpAddr>, refusal: Problem) -> Problem {
        if refusal.kind != Kind::Unauthenticated {
            return refusal;
        }
        match address.map(|address| self.addresses.take(&address)) {
            Some(Err(wait)) => {
                let detail = "Too many wrong credentials came from this address. Wait as long as Retry-After says.";
                come_back(Kind::Limited, "too_many_refusals", detail, wait)
            }
            _ => refusal,
        }
    }
}

struct Buckets<K: Hash + Eq + Clone, C: Clock = DefaultClock> {
    limiter: RateLimiter<K, HashMapStateStore<K>, C, NoOpMiddleware<C::Instant>>,
    clock: C,
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Buckets<K, C> {
    fn new(rate: Rate, clock: C) -> Self {
        let quota = Quota::per_second(rate.per_second).allow_burst(rate.burst);
        Self {
            limiter: RateLimiter::new(quota, HashMapStateStore::default(), clock.clone()),
            clock,
        }
    }

    fn take(&self, key: &K) -> Result<(), Duration> {
        if self.limiter.len() > CROWD {
            self.limiter.retain_recent();
        }
        let taken = self.limiter.check_key_n(key, NonZeroU32::MIN);
        match taken {
            Ok(Err(refused)) => Err(refused.wait_time_from(self.clock.now())),
            // A bucket holds at least one, so one is never more than it can hold.
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;
    use workflows::app::{Kind, Problem};

    use super::{Bounds, Buckets, Limits, Rate};

    #[test]
    fn a_key_may_ask_in_bursts_and_is_told_how_long_to_wait() {
        let clock = FakeRelativeClock::default();
        let buckets = Buckets::new(Rate::new(2, 3), clock.clone());
        for _ in 0..3 {
            assert_eq!(buckets.take(&"key"), Ok(()));
        }
        assert_eq!(buckets.take(&"key"), Err(Duration::from_millis(500)));
        assert_eq!(buckets.take(&"other"), Ok(()));
        clock.advance(Duration::from_millis(500));
        assert_eq!(buckets.take(&"key"), Ok(()));
    }

    #[test]
    fn one_key_may_create_two_thousand_onboardings_in_a_minute() {
        let clock = FakeRelativeClock::default();
        let buckets = Buckets::new(Bounds::default().per_key, clock.clone());
        for _ in 0..2000 {
            assert_eq!(buckets.take(&"key"), Ok(()));
            clock.advance(Duration::from_millis(30));
        }
    }

    #[test]
    fn guessing_from_one_address_ends_in_a_wait_and_store_trouble_is_no_guess() {
        let bounds = Bounds {
            refusals_per_address: Rate::new(1, 1),
            ..Bounds::default()
        };
        let limits = Limits::new(&bounds);
        let address = Some([192, 0, 2, 1].into());
        let wrong = || Problem::new(Kind::Unauthenticated, "unknown_key", "");
        assert_eq!(
            limits.refuse(address, Problem::unavailable()).kind,
            Kind::Unavailable
        );
        assert_eq!(limits.refuse(address, wrong()).kind, Kind::Unauthenticated);
        assert_eq!(limits.refuse(address, wrong()).kind, Kind::Limited);
        assert_eq!(limits.refuse(None, wrong()).kind, Kind::Unauthenticated);
    }
}
