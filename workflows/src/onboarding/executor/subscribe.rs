//! The subscription: asked for, then seen, because a missing one is silent.

use engine::{Actor, Filter, Job, Outcome, PageOrder, Reason, StoreError};

use super::{OnboardingExecutor, outcome_of, reason_of, retry};
use crate::onboarding::Onboarding;
use crate::onboarding::event::Event;
use crate::ports::graph::Reaction;

/// Onboardings of one account that are looked at: it has a number each.
const SAME_ACCOUNT_MAX: usize = 100;

impl OnboardingExecutor {
    pub(super) async fn subscribe_app(&self, job: &Job<Onboarding>) -> Outcome<Event> {
        let access = match self.access(job).await {
            Ok(access) => access,
            Err(outcome) => return *outcome,
        };
        let Some(bound) = &job.facts.bound else {
            return Outcome::Done(Event::AssetsRecheck {
                actor: Actor::System,
            });
        };
        if let Err(error) = self.graph.subscribe_app(&bound.waba, &access).await {
            return outcome_of(&error, job.now);
        }
        if let Some(callback) = &job.facts.order.messages_callback {
            let overridden = self
                .graph
                .override_callback(&bound.waba, callback, &access)
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
        match self.graph.subscribed_apps(&bound.waba, &access).await {
            Ok(apps) if apps.contains(&job.facts.order.app) => Outcome::Done(Event::Subscribed),
            Ok(_) => retry(Reason::new(
                "subscription_not_seen",
                "Meta took the subscription and does not list it yet",
            )),
            Err(error) => outcome_of(&error, job.now),
        }
    }
    /// Takes the subscription back, unless another number of the account lives by it.
    pub(super) async fn unsubscribe_app(&self, job: &Job<Onboarding>) -> Outcome<Event> {
        let access = match self.access(job).await {
            Ok(access) => access,
            Err(outcome) => return *outcome,
        };
        let Some(bound) = &job.facts.bound else {
            return Outcome::Done(Event::Unsubscribed);
        };
        match self.is_shared(job, bound.waba.as_str()).await {
            Ok(false) => {}
            Ok(true) => return Outcome::Done(Event::SubscriptionKept),
            Err(error) => {
                tracing::error!(%error, "accounts in use could not be read");
                let text = "accounts in use could not be read";
                return retry(Reason::new("store_unavailable", text));
            }
        }
        match self.graph.unsubscribe_app(&bound.waba, &access).await {
            Ok(()) => Outcome::Done(Event::Unsubscribed),
            Err(error) => outcome_of(&error, job.now),
        }
    }

    /// Whether another onboarding of the same app still needs this account's webhooks.
    async fn is_shared(&self, job: &Job<Onboarding>, waba: &str) -> Result<bool, StoreError> {
        let filter = Filter {
            workflow: Some("onboarding".to_owned()),
            labels: vec![("waba".to_owned(), waba.to_owned())],
            ..Filter::default()
        };
        let page = PageOrder {
            limit: SAME_ACCOUNT_MAX,
            after: None,
        };
        let found = self.store.find(&filter, &page).await?.items;
        Ok(found.iter().any(|record| {
            let over = ["canceled", "canceling", "expired"].contains(&record.state.as_str());
            record.id != job.id && !over
        }))
    }
}
