//! The registrations of each number: Meta counts them by number, whoever asks, and so does this. It counts and
//! refuses; it calls nobody.
//!
//! A call is counted before it is made. A death in between counts one too many, which is the safe side.

use std::time::Duration;

use engine::{DocumentDraft, Documents, EngineError, Expected, InstanceId, SubjectId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::values::PhoneNumberId;

const SPACE: &str = "registrations";

/// Onboardings of one number that count at the same moment are few.
const ROUNDS: usize = 8;

/// A call has its answer by then, or its try was given up.
const UNDER_WAY: Duration = Duration::from_mins(1);

/// What Meta counts, each by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Counted {
    Register,
    Deregister,
}

/// A call that is about to be made. Announced again, it is the same call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Announced<'a> {
    pub(crate) phone: &'a PhoneNumberId,
    pub(crate) by: &'a InstanceId,
    pub(crate) at: Timestamp,
    pub(crate) what: Counted,
}

/// Whether a call may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    Given,
    /// The window holds as many as it may.
    Full {
        /// When one of them leaves it.
        frees_at: Timestamp,
    },
    /// Meta refuses every call for this number.
    Blocked {
        until: Timestamp,
    },
    /// Another onboarding registers the number at this moment: what comes of it is seen by looking.
    UnderWay,
}

/// How a number stands with Meta's limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The registrations in the window, oldest first.
    pub registrations: Vec<Timestamp>,
    /// Until when Meta refuses every call for it.
    pub blocked_until: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Call {
    at: Timestamp,
    by: InstanceId,
    what: Counted,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    calls: Vec<Call>,
    blocked_until: Option<Timestamp>,
    /// What was last heard of its PIN, and when that happened.
    #[serde(default)]
    pin: Option<PinWord>,
}

/// What Meta said of a number's PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PinWord {
    /// Somebody set another than the one that is kept.
    stale: bool,
    at: Timestamp,
}

impl Kept {
    fn of(&self, what: Counted) -> Vec<Timestamp> {
        let calls = self.calls.iter().filter(|call| call.what == what);
        let mut times: Vec<Timestamp> = calls.map(|call| call.at).collect();
        times.sort();
        times
    }

    /// Two registrations at once would both count, and the second would be of a number that is live.
    fn is_registered_beside(&self, call: &Announced<'_>, now: Timestamp) -> bool {
        self.calls.iter().any(|other| {
            let is_new = now.since(other.at) < UNDER_WAY;
            is_new && other.what == Counted::Register && other.by != *call.by
        })
    }

    fn without_the_past(&mut self, now: Timestamp) {
        self.calls
            .retain(|call| now.since(call.at) < Ledger::WINDOW);
        self.blocked_until = self.blocked_until.filter(|until| *until > now);
    }

    /// When nothing in it matters any more; never while the PIN that is kept is known to be wrong.
    fn ends_at(&self, now: Timestamp) -> Option<Timestamp> {
        if self.pin.is_some_and(|pin| pin.stale) {
            return None;
        }
        // An older word may still come, and is told by this one.
        let told = self.pin.map(|pin| pin.at + Ledger::WORDS_COME);
        let newest = self.calls.iter().map(|call| call.at).max();
        let counted = newest.map_or(now, |at| at + Ledger::WINDOW);
        [self.blocked_until, told]
            .into_iter()
            .flatten()
            .chain([counted])
            .max()
    }
}

/// Counts what is asked of Meta for each number.
#[derive(Clone)]
pub(crate) struct Ledger {
    documents: Documents,
}

impl Ledger {
    /// Meta's moving window, and how long it blocks a number that went past its limit.
    pub(crate) const WINDOW: Duration = Duration::from_hours(72);

    /// Meta repeats what it said for so long, in any order.
    const WORDS_COME: Duration = Duration::from_hours(7 * 24);

    pub(crate) fn new(documents: Documents) -> Self {
        Self { documents }
    }

    /// How a number stands. Where nothing is kept of it, what an onboarding knows is taken over.
    pub(crate) async fn standing(
        &self,
        (phone, by): (&PhoneNumberId, &InstanceId),
        known: &[Timestamp],
        now: Timestamp,
    ) -> Result<Standing, EngineError> {
        let kept = self
            .change(phone, now, |kept, is_new| {
                if is_new {
                    kept.calls.extend(known.iter().map(|at| Call {
                        at: *at,
                        by: by.clone(),
                        what: Counted::Register,
                    }));
                    kept.without_the_past(now);
                }
                kept.clone()
            })
            .await?;
        Ok(Standing {
            registrations: kept.of(Counted::Register),
            blocked_until: kept.blocked_until,
        })
    }

    /// Counts a call, if the window has room for it.
    pub(crate) async fn take(
        &self,
        call: &Announced<'_>,
        most: usize,
        now: Timestamp,
    ) -> Result<Leave, EngineError> {
        self.change(call.phone, now, |kept, _| {
            if let Some(until) = kept.blocked_until {
                return Leave::Blocked { until };
            }
            let new = Call {
                at: call.at,
                by: call.by.clone(),
                what: call.what,
            };
            if kept.calls.contains(&new) {
                return Leave::Given;
            }
            if kept.is_registered_beside(call, now) {
                return Leave::UnderWay;
            }
            let times = kept.of(call.what);
            if let Some(over) = times.len().checked_sub(most) {
                let leaves = times.get(over).copied().unwrap_or(now);
                return Leave::Full {
                    frees_at: leaves + Self::WINDOW,
                };
            }
            kept.calls.push(new);
            Leave::Given
        })
        .await
    }

    /// Takes a call back that never left this machine.
    pub(crate) async fn give_back(
        &self,
        call: &Announced<'_>,
        now: Timestamp,
    ) -> Result<(), EngineError> {
        let same = |kept: &Call| (kept.at, &kept.by, kept.what) == (call.at, call.by, call.what);
        self.change(call.phone, now, |kept, _| {
            kept.calls.retain(|kept| !same(kept));
        })
        .await
    }

    /// Meta refused for its limit: nobody asks for this number again until its block is over.
    pub(crate) async fn block(
        &self,
        phone: &PhoneNumberId,
        now: Timestamp,
    ) -> Result<Timestamp, EngineError> {
        let until = now + Self::WINDOW;
        self.change(phone, now, |kept, _| kept.blocked_until = Some(until))
            .await?;
        Ok(until)
    }

    /// Keeps what Meta says of the number's PIN: that somebody set another, or that any will do. An older
    /// word changes nothing; answers whether this one did.
    pub(crate) async fn hear_of_pin(
        &self,
        phone: &PhoneNumberId,
        (stale, at): (bool, Timestamp),
        now: Timestamp,
    ) -> Result<bool, EngineError> {
        self.change(phone, now, |kept, _| {
            if kept.pin.is_some_and(|pin| pin.at >= at) {
                return false;
            }
            let before = kept.pin.replace(PinWord { stale, at });
            stale != before.is_some_and(|pin| pin.stale)
        })
        .await
    }

    /// Whether the PIN that is kept for the number is known to be wrong.
    pub(crate) async fn pin_is_stale(&self, phone: &PhoneNumberId) -> Result<bool, EngineError> {
        let kept = self
            .documents
            .get::<Kept>(SPACE, &super::key(phone))
            .await?;
        let word = kept.and_then(|kept| kept.body.pin);
        Ok(word.is_some_and(|pin| pin.stale))
    }

    /// Meta took the PIN that is kept.
    pub(crate) async fn pin_was_right(
        &self,
        phone: &PhoneNumberId,
        now: Timestamp,
    ) -> Result<(), EngineError> {
        self.change(phone, now, |kept, _| {
            if kept.pin.is_some_and(|pin| pin.stale) {
                kept.pin = Some(PinWord {
                    stale: false,
                    at: now,
                });
            }
        })
        .await
    }

    async fn change<T>(
        &self,
        phone: &PhoneNumberId,
        now: Timestamp,
        mut change: impl FnMut(&mut Kept, bool) -> T,
    ) -> Result<T, EngineError> {
        let key = super::key(phone);
        let mut rounds = 0;
        loop {
            let found = self.documents.get::<Kept>(SPACE, &key).await?;
            let (expected, before) = match found {
                Some(found) => (Expected::Version(found.version), Some(found.body)),
                None => (Expected::Absent, None),
            };
            let mut kept = before.clone().unwrap_or_default();
            kept.without_the_past(now);
            let answer = change(&mut kept, before.is_none());
            if kept == before.unwrap_or_default() {
                return Ok(answer);
            }
            let draft = DocumentDraft {
                space: SPACE,
                key: &key,
                subject: &SubjectId::new("house"),
                expected,
                body: &kept,
                expires_at: kept.ends_at(now),
            };
            let puts = self.documents.seal(draft).await?;
            match self.documents.write(puts).await {
                Ok(()) => return Ok(answer),
                // Another onboarding of this number counted first: its count is read.
                Err(EngineError::DocumentMoved { .. }) if rounds < ROUNDS => rounds += 1,
                Err(other) => return Err(other),
            }
        }
    }
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
