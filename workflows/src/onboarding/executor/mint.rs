//! The second road to the token: asked of Meta for an account that Meta itself said was shared, never because a
//! browser named one.

use engine::{Actor, Job, Outcome, Reason};

use super::{INVISIBLE_TRIES, OnboardingExecutor, outcome_of, reason_of, retry};
use crate::grant;
use crate::minting::{Unminted, Wanted, mint};
use crate::onboarding::Onboarding;
use crate::onboarding::event::Event;
use crate::onboarding::facts::Trouble;
use crate::ports::graph::{GraphError, Reaction};

/// Tries at a Meta that does not answer; they take some minutes.
const TRIES: u32 = 12;

impl OnboardingExecutor {
    pub(super) async fn mint_token(&self, job: &Job<Onboarding>) -> Outcome<Event> {
        let Some((waba, business)) = job.facts.sought_of() else {
            let text = "There is no account whose token could be asked of Meta.";
            return lost(job, Reason::new("grant_unknown", text), Actor::Client);
        };
        let app = match self.directory.meta_app(&job.facts.order.app).await {
            Ok(Some(app)) => app,
            Ok(None) => {
                let text = "The Meta app is not set up here any more.";
                return lost(job, Reason::new("app_unknown", text), Actor::Operator);
            }
            Err(error) => {
                tracing::error!(%error, "a Meta app could not be read");
                let text = "the Meta app's record could not be read";
                return retry(Reason::new("store_unavailable", text));
            }
        };
        let wanted = Wanted {
            waba,
            business,
            solution: job.facts.order.solution_id.as_deref(),
        };
        let (provider, graph) = (self.provider.as_ref(), self.graph.as_ref());
        match mint((provider, graph), &app, wanted).await {
            Ok(minted) => Outcome::Done(Event::TokenMinted {
                token: minted.token,
                expires_at: minted.expires_at,
            }),
            Err(Unminted::NotGranted(why)) => {
                tracing::warn!(instance.id = %job.id, code = why.code, "no token for a shared account");
                lost(job, why, Actor::Client)
            }
            // A token that died is the client's to mend where the provider never could ask for another.
            Err(Unminted::NotSetUp(why)) if job.facts.sought.is_some() => {
                lost(job, why, Actor::Client)
            }
            Err(Unminted::NotSetUp(why)) => lost(job, why, Actor::Operator),
            Err(Unminted::Failed(error)) => failed(job, &error),
        }
    }

    /// The outcome, once the grant knows that this onboarding cannot have the account, if that is what it says.
    pub(super) async fn give_back(
        &self,
        job: &Job<Onboarding>,
        outcome: Outcome<Event>,
    ) -> Outcome<Event> {
        let why = match &outcome {
            Outcome::Done(Event::GrantLost(trouble) | Event::AssetsRefused { trouble, .. }) => {
                trouble.reason()
            }
            _ => return outcome,
        };
        let matched = job.facts.matched.as_ref();
        let Some(matched) = matched.filter(|_| job.facts.sought.is_none()) else {
            return outcome;
        };
        let told = match self.engine.engine() {
            Some(engine) => grant::give_back(&engine, &matched.grant, &job.id, why).await,
            None => return retry(Reason::new("closing_down", "this process is closing down")),
        };
        match told {
            Ok(()) => outcome,
            Err(error) => {
                tracing::error!(%error, "a grant could not be given back");
                let text = "the grant of the account could not be told";
                retry(Reason::new("store_unavailable", text))
            }
        }
    }
}

fn failed(job: &Job<Onboarding>, error: &GraphError) -> Outcome<Event> {
    match error.reaction {
        Reaction::TokenDead => {
            let text =
                format!("Meta does not take the provider's system user token any more ({error})");
            let why = Reason::new("system_token_dead", text);
            lost(job, why, Actor::Operator)
        }
        Reaction::NotSent | Reaction::Limited { .. } => outcome_of(error, job.now),
        Reaction::NotVisible if job.attempt + 1 >= INVISIBLE_TRIES => {
            lost(job, reason_of(error), Actor::Client)
        }
        // The client can sign up again meanwhile, once this is given up.
        Reaction::Unanswered | Reaction::Transient if job.attempt + 1 >= TRIES => {
            lost(job, reason_of(error), Actor::Client)
        }
        Reaction::Unanswered | Reaction::Transient | Reaction::NotVisible => {
            outcome_of(error, job.now)
        }
        _ => lost(job, reason_of(error), Actor::Operator),
    }
}

fn lost(job: &Job<Onboarding>, why: Reason, mover: Actor) -> Outcome<Event> {
    Outcome::Done(Event::GrantLost(Trouble {
        code: why.code,
        text: why.text,
        mover,
        at: job.now,
    }))
}
