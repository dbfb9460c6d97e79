//! The one-time password: asked of Meta, given by the client, handed back.

use engine::{Actor, Job, Outcome, Reason};

use super::{OnboardingExecutor, outcome_of, trouble_of};
use crate::onboarding::Onboarding;
use crate::onboarding::event::Event;
use crate::ports::graph::{Access, Reaction};
use crate::values::PhoneNumberId;

impl OnboardingExecutor {
    pub(super) async fn request_otp(&self, job: &Job<Onboarding>) -> Outcome<Event> {
        let Some(bound) = &job.facts.bound else {
            return unbound();
        };
        let access = match self.access(job).await {
            Ok(access) => access,
            Err(outcome) => return *outcome,
        };
        match self.graph.request_code(&bound.phone, &access).await {
            Ok(()) => Outcome::Done(Event::OtpSent),
            // A second message would confuse the client more than a missing one.
            Err(error) if error.reaction == Reaction::Unanswered => Outcome::Done(Event::OtpSent),
            // Meta sends no password to a number that is proved already.
            Err(_) if self.is_verified(&bound.phone, &access).await => {
                Outcome::Done(Event::NumberVerified)
            }
            Err(error) => outcome_of(&error, job.now),
        }
    }

    pub(super) async fn submit_otp(&self, job: &Job<Onboarding>) -> Outcome<Event> {
        let (Some(bound), Some(otp)) = (&job.facts.bound, &job.facts.otp) else {
            return unbound();
        };
        let access = match self.access(job).await {
            Ok(access) => access,
            Err(outcome) => return *outcome,
        };
        match self.graph.verify_code(&bound.phone, otp, &access).await {
            Ok(()) => Outcome::Done(Event::NumberVerified),
            // A password works once: one that was taken before is refused, and the number is proved.
            Err(_) if self.is_verified(&bound.phone, &access).await => {
                Outcome::Done(Event::NumberVerified)
            }
            Err(error) => match error.reaction {
                Reaction::NotSent
                | Reaction::Unanswered
                | Reaction::Transient
                | Reaction::Limited { .. }
                | Reaction::TokenDead => outcome_of(&error, job.now),
                _ => {
                    let trouble = trouble_of(&error, Actor::Client, job.now);
                    Outcome::Done(Event::OtpRefused(trouble))
                }
            },
        }
    }

    async fn is_verified(&self, phone: &PhoneNumberId, access: &Access) -> bool {
        let number = self.graph.phone_number(phone, access).await;
        number.is_ok_and(|number| number.verified)
    }
}

fn unbound() -> Outcome<Event> {
    Outcome::Ask {
        whom: Actor::Operator,
        why: Reason::new("number_unbound", "no number is bound to verify"),
    }
}
