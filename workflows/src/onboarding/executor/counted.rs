//! Meta's limit on registrations, as it bears on one number: asked before each call, kept to by every onboarding.
//!
//! Past the limit nothing is called: time or an operator moves what waits here, and both see until when.

use engine::{Actor, EngineError, Job, Outcome, Reason, Timestamp};

use super::{OnboardingExecutor, outcome_of, reason_of, retry};
use crate::numbers::{Announced, Counted, Leave};
use crate::onboarding::event::Event;
use crate::onboarding::facts::{Bound, Trouble};
use crate::onboarding::{MetaWindow, Onboarding};
use crate::ports::graph::{Access, GraphError, Reaction};

impl OnboardingExecutor {
    /// What the number's own count says against a registration now; nothing if there is room.
    pub(super) async fn held_back(
        &self,
        job: &Job<Onboarding>,
        bound: &Bound,
    ) -> Option<Outcome<Event>> {
        let known = job.facts.standing(job.now);
        let place = (&bound.phone, &job.id);
        let counted = self.ledger.standing(place, &known.registrations, job.now);
        let standing = match counted.await {
            Ok(standing) => standing,
            Err(error) => return Some(unkept(&error)),
        };
        if standing != known {
            return Some(Outcome::Done(Event::RegistrationsCounted(standing)));
        }
        if let Some(until) = standing.blocked_until {
            return Some(blocked(until));
        }
        let most = job.facts.registrations_max();
        let over = standing.registrations.len().checked_sub(most)?;
        let leaves = standing.registrations.get(over).copied();
        Some(Outcome::Wait {
            until: leaves.unwrap_or(job.now) + MetaWindow::REGISTER_WINDOW,
            why: Reason::new(
                "register_attempts_used",
                format!("{most} registrations were tried in 72 hours; Meta blocks a number at ten"),
            ),
            mover: Actor::Operator,
        })
    }

    /// Counts the registration that was announced, or says why it is not made.
    pub(super) async fn count_registration(
        &self,
        job: &Job<Onboarding>,
        bound: &Bound,
    ) -> Result<(), Outcome<Event>> {
        let call = announced(job, bound, Counted::Register);
        let most = job.facts.registrations_max();
        match self.ledger.take(&call, most, job.now).await {
            Ok(Leave::Given) => Ok(()),
            Ok(Leave::UnderWay) => Err(Outcome::Done(Event::RegistrationUnsent(Trouble {
                code: "registration_under_way".to_owned(),
                text: "Another onboarding registers this number at this moment.".to_owned(),
                mover: Actor::System,
                at: job.now,
            }))),
            Ok(Leave::Full { .. } | Leave::Blocked { .. }) => Err(self.recounted(job, bound).await),
            Err(error) => Err(unkept(&error)),
        }
    }

    /// The registration never left this machine. A count that cannot be taken back errs on the safe side.
    pub(super) async fn uncount_registration(&self, job: &Job<Onboarding>, bound: &Bound) {
        let call = announced(job, bound, Counted::Register);
        if let Err(error) = self.ledger.give_back(&call, job.now).await {
            tracing::warn!(%error, "a registration that was not sent stays counted");
        }
    }

    /// Meta refused for its limit: every onboarding of the number keeps away from now on.
    pub(super) async fn block(&self, job: &Job<Onboarding>, bound: &Bound) -> Outcome<Event> {
        match self.ledger.block(&bound.phone, job.now).await {
            Ok(_) => self.recounted(job, bound).await,
            Err(error) => {
                tracing::error!(%error, "Meta's block of a number could not be kept");
                blocked(job.now + MetaWindow::REGISTER_WINDOW)
            }
        }
    }

    /// What is asked of the client where the PIN that is kept is known to be wrong: trying it would only
    /// count.
    pub(super) async fn stale_pin(
        &self,
        job: &Job<Onboarding>,
        bound: &Bound,
    ) -> Option<Outcome<Event>> {
        match self.ledger.pin_is_stale(&bound.phone).await {
            Ok(true) => Some(Outcome::Done(Event::PinRefused(Trouble {
                code: "pin_changed".to_owned(),
                text:
                    "Meta told that somebody set another PIN for this number in WhatsApp Manager."
                        .to_owned(),
                mover: Actor::Client,
                at: job.now,
            }))),
            Ok(false) => None,
            Err(error) => Some(unkept(&error)),
        }
    }

    /// Meta took the PIN. Where that cannot be kept, the client is asked for it once more at worst.
    pub(super) async fn pin_was_right(&self, job: &Job<Onboarding>, bound: &Bound) {
        if let Err(error) = self.ledger.pin_was_right(&bound.phone, job.now).await {
            tracing::warn!(%error, "that a number's PIN is right could not be kept");
        }
    }

    async fn recounted(&self, job: &Job<Onboarding>, bound: &Bound) -> Outcome<Event> {
        let place = (&bound.phone, &job.id);
        match self.ledger.standing(place, &[], job.now).await {
            Ok(standing) => Outcome::Done(Event::RegistrationsCounted(standing)),
            Err(error) => unkept(&error),
        }
    }

    /// Ends a registration of before, which Meta counts as it counts registrations; then the number is
    /// registered again.
    pub(super) async fn deregister(
        &self,
        job: &Job<Onboarding>,
        bound: &Bound,
        access: &Access,
        refused: &GraphError,
    ) -> Outcome<Event> {
        let call = announced(job, bound, Counted::Deregister);
        let leave = self
            .ledger
            .take(&call, MetaWindow::REGISTER_CAP, job.now)
            .await;
        match leave {
            Ok(Leave::Given) => {}
            Ok(Leave::UnderWay) => return retry(reason_of(refused)),
            Ok(Leave::Blocked { until }) => return blocked(until),
            Ok(Leave::Full { frees_at }) => return deregistrations_used(frees_at),
            Err(error) => return unkept(&error),
        }
        let Err(error) = self.graph.deregister_number(&bound.phone, access).await else {
            return retry(reason_of(refused));
        };
        match error.reaction {
            Reaction::RegisterLimit => self.block(job, bound).await,
            Reaction::NotSent => {
                if let Err(error) = self.ledger.give_back(&call, job.now).await {
                    tracing::warn!(%error, "a deregistration that was not sent stays counted");
                }
                outcome_of(&error, job.now)
            }
            _ => outcome_of(&error, job.now),
        }
    }
}

/// The call as it was announced: the announcement's moment tells one try from the next.
fn announced<'a>(job: &'a Job<Onboarding>, bound: &'a Bound, what: Counted) -> Announced<'a> {
    Announced {
        phone: &bound.phone,
        by: &job.id,
        at: job
            .facts
            .register_attempts
            .last()
            .copied()
            .unwrap_or(job.now),
        what,
    }
}

fn blocked(until: Timestamp) -> Outcome<Event> {
    Outcome::Wait {
        until,
        why: Reason::new(
            "register_limit",
            "Meta blocks registrations of this number for 72 hours",
        ),
        mover: Actor::Operator,
    }
}

fn deregistrations_used(until: Timestamp) -> Outcome<Event> {
    Outcome::Wait {
        until,
        why: Reason::new(
            "register_attempts_used",
            format!(
                "{} deregistrations were tried in 72 hours; Meta blocks a number at ten",
                MetaWindow::REGISTER_CAP
            ),
        ),
        mover: Actor::Operator,
    }
}

/// Nothing is asked of Meta that could not be counted.
fn unkept(error: &EngineError) -> Outcome<Event> {
    tracing::error!(%error, "the registrations of a number could not be counted");
    let text = "the registrations of the number could not be counted";
    retry(Reason::new("store_unavailable", text))
}
