//! What Meta counts against one number: registrations, guessed PINs, one-time passwords.

use std::time::Duration;

use engine::Timestamp;
use serde::{Deserialize, Serialize};

/// Meta's moving window for register and deregister calls, and the length of the block after it.
const WINDOW: Duration = Duration::from_hours(72);
/// Calls per number that the window takes.
const WINDOW_CALLS_MAX: usize = 10;

/// Wrong PINs in a moving hour that Meta takes, and the length of the block after them.
const GUESSES_MAX: usize = 5;
const GUESS_WINDOW: Duration = Duration::from_hours(1);
/// One-time passwords in a moving window.
const PASSWORDS_MAX: usize = 5;
const PASSWORD_WINDOW: Duration = Duration::from_hours(12);

/// Ten calls in a moving window, then a block as long as the window.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct MovingLimit {
    calls: Vec<Timestamp>,
    blocked_until: Option<Timestamp>,
}

impl MovingLimit {
    /// A limit already exceeded at `now`.
    pub(crate) fn exceeded(now: Timestamp) -> Self {
        Self {
            calls: Vec::new(),
            blocked_until: Some(now + WINDOW),
        }
    }

    /// Counts a call; false when it is one too many.
    pub(crate) fn admits(&mut self, now: Timestamp) -> bool {
        if self.blocked_until.is_some_and(|until| now < until) {
            return false;
        }
        self.blocked_until = None;
        self.calls.retain(|call| now < *call + WINDOW);
        if self.calls.len() >= WINDOW_CALLS_MAX {
            self.blocked_until = Some(now + WINDOW);
            return false;
        }
        self.calls.push(now);
        true
    }
}

/// Wrong PINs, and the block that too many bring.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct PinGuesses {
    wrong: Vec<Timestamp>,
    blocked_until: Option<Timestamp>,
}

impl PinGuesses {
    /// Guesses that were used up already; the block lasts until then.
    pub(crate) fn used_up(until: Timestamp) -> Self {
        Self {
            wrong: Vec::new(),
            blocked_until: Some(until),
        }
    }

    /// Until when no PIN is looked at.
    pub(crate) fn blocked_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.blocked_until.filter(|until| now < *until)
    }

    /// Counts a wrong one.
    pub(crate) fn count(&mut self, now: Timestamp) {
        self.wrong.retain(|at| now < *at + GUESS_WINDOW);
        self.wrong.push(now);
        if self.wrong.len() >= GUESSES_MAX {
            self.wrong.clear();
            self.blocked_until = Some(now + GUESS_WINDOW);
        }
    }
}

/// One-time passwords that were asked for.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Passwords {
    sent: Vec<Timestamp>,
    /// The last one was spoken, not written.
    pub(crate) spoken: bool,
}

impl Passwords {
    /// Counts one more; false when it is one too many.
    pub(crate) fn admits(&mut self, now: Timestamp) -> bool {
        self.sent.retain(|at| now < *at + PASSWORD_WINDOW);
        let admitted = self.sent.len() < PASSWORDS_MAX;
        if admitted {
            self.sent.push(now);
        }
        admitted
    }
}
