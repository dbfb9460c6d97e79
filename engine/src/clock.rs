//! Time, injected: the only room that reads the machine's clock.
//!
//! Everything else asks a [`Clock`], so that tests and the sandbox may move time.

use std::fmt;
use std::ops::{Add, Sub};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::steady::{Jumps, Steady};

/// Milliseconds since the Unix epoch, UTC.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, as webhooks and tokens count.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }

    /// RFC 3339 in UTC with milliseconds, e.g. `2026-11-23T01:02:03.004Z`.
    pub fn to_rfc3339(self) -> String {
        self.to_datetime()
            .to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// The moment an RFC 3339 text names, or nothing if it names none.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let moment = DateTime::parse_from_rfc3339(text).ok()?;
        Some(Self(moment.timestamp_millis()))
    }

    /// The same moment for calendar arithmetic.
    pub fn to_datetime(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, span: Duration) -> Self {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(millis))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

/// Says what time it is and waits until it is later.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// What others outside call now: another moment than `now()` only where a sandbox moved its time.
    fn outside(&self) -> Timestamp {
        self.now()
    }

    /// How long some moment of this process ago is, by a clock that nobody sets: what matters is the
    /// difference of two readings.
    fn elapsed(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.now().millis()).unwrap_or(0))
    }

    /// What was noticed of the machine's clock; nothing where time is moved by hand.
    fn jumps(&self) -> Jumps {
        Jumps::default()
    }

    /// Resolves once `now()` has reached `moment`; at once if it has.
    async fn sleep_until(&self, moment: Timestamp);
}

/// The machine's clock, which an operator of a sandbox may push forward.
///
/// Outside the sandbox nobody calls [`advance`](Self::advance) and it is the plain system clock, made
/// steady: it never runs backward, and notices when the machine's time leaps.
#[derive(Debug)]
pub struct SystemClock {
    shift_ms: AtomicI64,
    moved: watch::Sender<()>,
    begun: Instant,
    steady: Mutex<Steady>,
}

impl SystemClock {
    /// A clock that starts `shift` ahead of the machine's.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one room that reads the clock"
    )]
    pub fn shifted(shift: Duration) -> Self {
        let shift_ms = i64::try_from(shift.as_millis()).unwrap_or(0);
        Self {
            shift_ms: AtomicI64::new(shift_ms),
            moved: watch::Sender::new(()),
            begun: Instant::now(),
            steady: Mutex::new(Steady::starting(Utc::now().timestamp_micros())),
        }
    }

    /// Pushes time forward and wakes whoever sleeps; answers how far ahead the clock is now.
    pub fn advance(&self, by: Duration) -> Duration {
        let by_ms = i64::try_from(by.as_millis()).unwrap_or(0);
        let shift = self.shift_ms.fetch_add(by_ms, Ordering::SeqCst) + by_ms;
        self.moved.send_replace(());
        Duration::from_millis(u64::try_from(shift).unwrap_or(0))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one room that reads the clock"
    )]
    fn steady_now(&self) -> Timestamp {
        // Read under the lock, so that no two readings change places.
        let mut steady = self.steady.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, jump) = steady.read(Utc::now().timestamp_micros(), self.begun.elapsed());
        drop(steady);
        if let Some(jump) = jump {
            tracing::warn!(by_ms = jump.by_ms, at = %jump.at, "the machine's clock leapt");
        }
        now
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::shifted(Duration::ZERO)
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.steady_now().0 + self.shift_ms.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one room that reads the clock"
    )]
    fn outside(&self) -> Timestamp {
        Timestamp(Utc::now().timestamp_millis())
    }

    fn jumps(&self) -> Jumps {
        let steady = self.steady.lock().unwrap_or_else(PoisonError::into_inner);
        steady.jumps()
    }

    async fn sleep_until(&self, moment: Timestamp) {
        let mut moved = self.moved.subscribe();
        loop {
            let left = moment.since(self.now());
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                _ = moved.changed() => {}
            }
        }
    }
}
