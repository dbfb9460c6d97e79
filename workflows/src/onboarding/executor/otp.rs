//! The one-time password: asked of Meta, given by the client, handed back.

use engine::{Actor, Job, Outcome, Reason};

use super::{OnboardingExecutor, outcome_of, reason_of, retry, trouble_of};
use crate::onboarding::Onboarding;
use crate::onboarding::event::Event;
use crate::ports::graph::Reaction;

impl OnboardingExecutor {
    pub(super) async fn request_otp(&self, job: &Job<Onboarding>) -> Outcome<Event> {
        let (Some(token), Some(bound)) = (&job.facts.token, &job.facts.bound) else {
            return unbound();
        };
        match self.graph.request_code(&bound.phone, token).await {
            Ok(()) => Outcome::Done(Event::OtpSent),
            // A second message would confuse the client more than a missing one.
            Err(error) if error.reaction == Reaction::Unanswered => Outcome::Done(Event::OtpSent),
            Err(error) => outcome_of(&error, job.now),
        }
    }

    pub(super) async fn submit_otp(&self, job: &Job<Onboarding>) -> Outcome<Event> {
        let (Some(token), Some(bound), Some(otp)) =
            (&job.facts.token, &job.facts.bound, &job.facts.otp)
        else {
            return unbound();
        };
        match self.graph.verify_code(&bound.phone, otp, token).await {
            Ok(()) => Outcome::Done(Event::NumberVerified),
            Err(error) => match error.reaction {
                Reaction::NotSent | Reaction::Unanswered | Reaction::Transient => {
                    match self.graph.phone_number(&bound.phone, token).await {
                        Ok(number) if number.verified => Outcome::Done(Event::NumberVerified),
                        _ => retry(reason_of(&error)),
                    }
                }
                Reaction::Limited { .. } | Reaction::TokenDead => outcome_of(&error, job.now),
                _ => Outcome::Done(Event::OtpRefused(trouble_of(
                    &error,
                    Actor::Client,
                    job.now,
                ))),
            },
        }
    }
}

fn unbound() -> Outcome<Event> {
    Outcome::Ask {
        whom: Actor::Operator,
        why: Reason::new("number_unbound", "no number is bound to verify"),
    }
}
