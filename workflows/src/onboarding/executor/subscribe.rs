//! The subscription: looked at, asked for, then seen, because a missing one is silent.
//!
//! A subscription that is asked for again takes away where the account's messages go, so what stands
//! is left alone; and messages of one number never move with those of another.

use engine::{Actor, Filter, Job, Outcome, PageOrder, Reason, StoreError};

use super::{OnboardingExecutor, outcome_of, reason_of, retry};
use crate::onboarding::Onboarding;
use crate::onboarding::event::Event;
use crate::onboarding::facts::Bound;
use crate::ports::graph::{Access, Callback, GraphError, Reaction, Subscription};

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
        match self.subscribe(job, bound, &access).await {
            Ok(outcome) => outcome,
            Err(error) => outcome_of(&error, job.now),
        }
    }

    async fn subscribe(
        &self,
        job: &Job<Onboarding>,
        bound: &Bound,
        access: &Access,
    ) -> Result<Outcome<Event>, GraphError> {
        if self.our_subscription(job, bound, access).await?.is_none() {
            self.graph.subscribe_app(&bound.waba, access).await?;
        }
        let Some(ours) = self.our_subscription(job, bound, access).await? else {
            return Ok(retry(Reason::new(
                "subscription_not_seen",
                "Meta took the subscription and does not list it yet",
            )));
        };
        match &job.facts.order.messages_callback {
            Some(callback) if ours.callback.as_deref() != Some(callback.url.as_str()) => {
                self.redirect(job, bound, callback, access).await
            }
            _ => Ok(Outcome::Done(Event::Subscribed)),
        }
    }

    async fn our_subscription(
        &self,
        job: &Job<Onboarding>,
        bound: &Bound,
        access: &Access,
    ) -> Result<Option<Subscription>, GraphError> {
        let all = self.graph.subscribed_apps(&bound.waba, access).await?;
        Ok(all.into_iter().find(|one| one.app == job.facts.order.app))
    }

    /// Sends the messages to the partner's own address: those of the account, or of this number alone
    /// where the account has others with us.
    async fn redirect(
        &self,
        job: &Job<Onboarding>,
        bound: &Bound,
        callback: &Callback,
        access: &Access,
    ) -> Result<Outcome<Event>, GraphError> {
        let graph = &self.graph;
        let shared = match self.is_shared(job, bound.waba.as_str()).await {
            Ok(shared) => shared,
            Err(error) => return Ok(unreadable(&error)),
        };
        let redirected = if shared {
            graph.override_number(&bound.phone, callback, access).await
        } else {
            graph.override_callback(&bound.waba, callback, access).await
        };
        match redirected {
            // Meta verifies the address during the call, and the address is the partner's.
            Err(error) if error.reaction == Reaction::Refused => Ok(Outcome::Ask {
                whom: Actor::Partner,
                why: reason_of(&error),
            }),
            Err(error) if error.reaction == Reaction::SubscribeFirst => {
                Ok(retry(reason_of(&error)))
            }
            Err(error) => Err(error),
            Ok(()) if shared => Ok(Outcome::Done(Event::Subscribed)),
            Ok(()) => {
                let ours = self.our_subscription(job, bound, access).await?;
                let seen = ours.and_then(|ours| ours.callback);
                if seen.as_deref() == Some(callback.url.as_str()) {
                    return Ok(Outcome::Done(Event::Subscribed));
                }
                let text = "Meta took the address for messages and does not list it yet";
                Ok(retry(Reason::new("callback_not_seen", text)))
            }
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
            Err(error) => return unreadable(&error),
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

fn unreadable(error: &StoreError) -> Outcome<Event> {
    tracing::error!(%error, "accounts in use could not be read");
    let text = "accounts in use could not be read";
    retry(Reason::new("store_unavailable", text))
}
