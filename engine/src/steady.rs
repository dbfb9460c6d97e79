//! Steady time: the machine's wall clock held against its monotonic one.
//!
//! Pure; the clock hands both in. What it shows never runs backward: set back, the wall is waited for
//! at half speed, so that nothing that waits for a moment waits longer than twice its time.

use std::time::Duration;

use crate::clock::Timestamp;

/// A difference this large between the two clocks is no drift: someone set the time, or the machine slept.
const JUMP: i64 = 2_000_000;

/// One leap of the machine's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    /// The time after it.
    pub at: Timestamp,
    /// How far it went, in milliseconds; negative when time was set back.
    pub by_ms: i64,
}

/// What was noticed of the machine's clock since this process began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Jumps {
    /// Times it was set back.
    pub back: u64,
    /// Times it leapt forward.
    pub forward: u64,
    /// The last leap.
    pub last: Option<Jump>,
    /// How far the time that is shown is ahead of the machine's.
    pub ahead: Duration,
}

/// Both clocks as they were last read, in microseconds.
#[derive(Debug)]
pub(crate) struct Steady {
    wall: i64,
    elapsed: i64,
    shown: i64,
    jumps: Jumps,
}

impl Steady {
    pub(crate) fn starting(wall_us: i64) -> Self {
        Self {
            wall: wall_us,
            elapsed: 0,
            shown: wall_us,
            jumps: Jumps::default(),
        }
    }

    /// The time to show, and the leap if this reading is the first after one.
    pub(crate) fn read(&mut self, wall_us: i64, elapsed: Duration) -> (Timestamp, Option<Jump>) {
        let elapsed = i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX);
        let passed = elapsed - self.elapsed;
        let by = wall_us - self.wall - passed;
        let jump = (by.abs() >= JUMP).then(|| Jump {
            at: Timestamp::from_millis(wall_us / 1000),
            by_ms: by / 1000,
        });
        if let Some(jump) = jump {
            self.jumps.back += u64::from(by < 0);
            self.jumps.forward += u64::from(by > 0);
            self.jumps.last = Some(jump);
        }
        self.shown = wall_us.max(self.shown + passed / 2);
        self.wall = wall_us;
        self.elapsed = elapsed;
        (Timestamp::from_millis(self.shown.div_euclid(1000)), jump)
    }

    pub(crate) fn jumps(&self) -> Jumps {
        let ahead = u64::try_from(self.shown - self.wall).unwrap_or(0);
        Jumps {
            ahead: Duration::from_micros(ahead),
            ..self.jumps
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Jump, Steady};
    use crate::clock::Timestamp;

    const START: i64 = 1_000_000_000_000;

    /// Reads both clocks, in milliseconds since the start.
    fn read(steady: &mut Steady, wall: i64, elapsed: u64) -> (i64, Option<i64>) {
        let (shown, jump) = steady.read(START + wall * 1000, Duration::from_millis(elapsed));
        (shown.millis() - START / 1000, jump.map(|jump| jump.by_ms))
    }

    #[test]
    fn time_that_passes_evenly_is_shown_as_it_is() {
        let mut steady = Steady::starting(START);
        for at in 0..5_000 {
            let drift = i64::try_from(at / 100).unwrap();
            let wall = i64::try_from(at).unwrap() + drift;
            assert_eq!(read(&mut steady, wall, at), (wall, None));
        }
    }

    #[test]
    fn a_leap_forward_is_followed_and_told_once() {
        let mut steady = Steady::starting(START);
        assert_eq!(
            read(&mut steady, 3_600_010, 10),
            (3_600_010, Some(3_600_000))
        );
        assert_eq!(read(&mut steady, 3_600_020, 20), (3_600_020, None));
        assert_eq!((steady.jumps().forward, steady.jumps().back), (1, 0));
    }

    #[test]
    fn time_set_back_goes_on_at_half_speed_until_the_wall_has_caught_up() {
        let mut steady = Steady::starting(START);
        let told = read(&mut steady, -60_000, 0);
        assert_eq!(told, (0, Some(-60_000)));
        let last = steady.jumps().last.unwrap();
        let at = Timestamp::from_millis(START / 1000 - 60_000);
        assert_eq!(last, Jump { at, by_ms: -60_000 });
        let mut before = 0;
        for second in 1..=180_u64 {
            let wall = i64::try_from(second * 1000).unwrap() - 60_000;
            let (shown, jump) = read(&mut steady, wall, second * 1000);
            assert_eq!(jump, None);
            assert!(shown - before >= 500, "it never stands still");
            before = shown;
        }
        assert_eq!(before, 120_000);
        assert_eq!(steady.jumps().ahead, Duration::ZERO);
    }

    #[test]
    fn small_corrections_are_no_leap() {
        let mut steady = Steady::starting(START);
        read(&mut steady, 1_000, 1_000);
        assert_eq!(read(&mut steady, 500, 1_010), (1_005, None));
    }
}
