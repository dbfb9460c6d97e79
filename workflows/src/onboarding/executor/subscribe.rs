//! The subscription: asked for, then seen, because a missing one is silent.

use engine::{Actor, Job, Outcome, Reason};

use super::{OnboardingExecutor, outcome_of, reason_of, retry, token_of};
use crate::onboarding::Onboarding;
use crate::onboarding::event::Event;
use crate::ports::graph::Reaction;

impl OnboardingExecutor {
    pub(super) async fn subscribe_app(&self, job: &Job<Onboarding>) -> Outcome<Event> {
        let token = match token_of(job) {
            Ok(token) => token,
            Err(outcome) => return *outcome,
        };
        let Some(bound) = &job.facts.bound else {
            return Outcome::Done(Event::AssetsRecheck {
                actor: Actor::System,
            });
        };
        if let Err(error) = self.graph.subscribe_app(&bound.waba, token).await {
            return outcome_of(&error, job.now);
        }
        if let Some(callback) = &job.facts.order.messages_callback {
            let overridden = self
                .graph
                .override_callback(&bound.waba, callback, token)
                .await;
            if let Err(error) = overridden {
                // The address is the partner's: Meta verifies it during the call.
                return match error.reaction {
                    Reaction::Refused => Outcome::Ask {
                        whom: Actor::Partner,
                        why: reason_of(&error),
                    },
                    _ => outcome_of(&error, job.now),
                };
            }
        }
        match self.graph.subscribed_apps(&bound.waba, token).await {
            Ok(apps) if apps.contains(&job.facts.order.app) => Outcome::Done(Event::Subscribed),
            Ok(_) => retry(Reason::new(
                "subscription_not_seen",
                "Meta took the subscription and does not list it yet",
            )),
            Err(error) => outcome_of(&error, job.now),
        }
    }
}
