//! The asset check: which account and number the token really grants, against what was claimed and asked.

use engine::{Actor, Job, Outcome, Reason};

use super::{
    INVISIBLE_TRIES, OnboardingExecutor, choice, number, outcome_of, retry, token_missing,
};
use crate::numbers::{Claimant, Claimed};
use crate::onboarding::Onboarding;
use crate::onboarding::event::Event;
use crate::onboarding::facts::{Bound, Claim, Trouble};
use crate::ports::graph::{Access, PhoneNumber, Reaction, TokenGrant};
use crate::values::WabaId;

impl OnboardingExecutor {
    pub(super) async fn check_assets(&self, job: &Job<Onboarding>) -> Outcome<Event> {
        let Some(token) = &job.facts.token else {
            return token_missing(job.now);
        };
        let app = match self.credentials(job).await {
            Ok(app) => app,
            Err(why) => return retry(why),
        };
        let grant = match self.graph.inspect_token(&app, token).await {
            Ok(grant) => grant,
            Err(error) => return outcome_of(&error, job.now),
        };
        if !grant.valid {
            let trouble = Trouble {
                code: "token_invalid".to_owned(),
                text: "Meta says that the granted token is not valid.".to_owned(),
                mover: Actor::Client,
                at: job.now,
            };
            return Outcome::Done(Event::TokenLost(trouble));
        }
        let access = Access::of(&app, token);
        let candidates = match choice::accounts(job, &grant) {
            Ok(candidates) => candidates,
            Err(outcome) => return *outcome,
        };
        for waba in &candidates {
            let numbers = match self.graph.phone_numbers(waba, &access).await {
                Ok(numbers) => numbers,
                Err(error) if error.reaction == Reaction::NotVisible && candidates.len() > 1 => {
                    continue;
                }
                Err(error)
                    if error.reaction == Reaction::NotVisible
                        && job.attempt + 1 >= INVISIBLE_TRIES =>
                {
                    let text = "Meta does not show the granted account to this app.";
                    return refuse(job, &grant, "waba_not_visible", text, Actor::Operator);
                }
                Err(error) => return outcome_of(&error, job.now),
            };
            if let Some(number) = choice::number(job, numbers) {
                return self.bind(job, &access, grant, (waba.clone(), number)).await;
            }
        }
        number_missing(job, &grant, candidates.first())
    }

    async fn bind(
        &self,
        job: &Job<Onboarding>,
        access: &Access,
        grant: TokenGrant,
        (waba, number): (WabaId, PhoneNumber),
    ) -> Outcome<Event> {
        // Who owns the account is told to the partner; not knowing it stops nothing, unless one was
        // asked for. What the browser says of it counts for nothing.
        let owner = self.graph.waba_owner(&waba, access).await;
        let business = match (&job.facts.order.expected_business, owner) {
            (None, owner) => owner.ok().flatten(),
            (Some(_), Err(error)) => return outcome_of(&error, job.now),
            (Some(expected), Ok(Some(owner))) if owner == *expected => Some(owner),
            (Some(_), Ok(Some(_))) => {
                let text = "The account belongs to another business portfolio than was asked for.";
                return refuse(job, &grant, "business_mismatch", text, Actor::Client);
            }
            (Some(_), Ok(None)) => {
                let text = "Meta does not say which business portfolio owns the account.";
                return refuse(job, &grant, "business_unknown", text, Actor::Operator);
            }
        };
        let claimed = job.facts.claim.as_ref();
        // The last of all checks, because it is written down: from here on the number is ours.
        let claimant = Claimant {
            phone: &number.id,
            partner: &job.facts.order.partner,
            onboarding: &job.id,
            subject: &job.record.subject,
            now: job.now,
        };
        let returning = match self.holders.claim(&claimant).await {
            Ok(Claimed::Ours { returning }) => returning,
            Ok(Claimed::Elsewhere { by }) => {
                tracing::warn!(instance.id = %job.id, holder.id = %by, "a number is another partner's");
                let text = "The number is connected through another partner of this installation.";
                return refuse(job, &grant, "number_bound_elsewhere", text, Actor::Operator);
            }
            Err(error) => {
                tracing::error!(%error, "numbers in use could not be read");
                return retry(Reason::new(
                    "store_unavailable",
                    "numbers in use could not be read",
                ));
            }
        };
        Outcome::Done(Event::AssetsBound {
            bound: Bound {
                business,
                waba,
                coexistence: number.on_business_app || claimed.is_some_and(Claim::is_coexistence),
                phone: number.id,
                display_phone_number: number.display,
                name_status: number.name_status,
                returning,
            },
            granted: grant.wabas,
            token_expires_at: grant.expires_at,
        })
    }
}

fn number_missing(
    job: &Job<Onboarding>,
    grant: &TokenGrant,
    waba: Option<&WabaId>,
) -> Outcome<Event> {
    let facts = &job.facts;
    let claimed = facts
        .claim
        .as_ref()
        .is_some_and(|claim| claim.phone.is_some());
    // Sharing lags behind a signup by some seconds, so one look proves nothing.
    if job.attempt + 1 < INVISIBLE_TRIES {
        let text = "the account does not show the number yet";
        return retry(Reason::new("number_not_visible", text));
    }
    if let Some(waba) = waba
        && !claimed
        && facts.adding.is_none()
        && number::wanted(&facts.order).is_some()
    {
        return Outcome::Done(Event::NumberWanted { waba: waba.clone() });
    }
    if facts.order.expected_phone_number.is_some() {
        let text = "Another number was connected than was asked for.";
        return refuse(job, grant, "number_mismatch", text, Actor::Client);
    }
    if claimed {
        let text = "The browser named a number that is not on the granted account.";
        return refuse(job, grant, "number_not_granted", text, Actor::Operator);
    }
    let text = "The signup ended without a phone number.";
    refuse(job, grant, "number_missing", text, Actor::Client)
}

pub(super) fn refuse(
    job: &Job<Onboarding>,
    grant: &TokenGrant,
    code: &str,
    text: &str,
    mover: Actor,
) -> Outcome<Event> {
    Outcome::Done(Event::AssetsRefused {
        trouble: Trouble {
            code: code.to_owned(),
            text: text.to_owned(),
            mover,
            at: job.now,
        },
        granted: grant.wabas.clone(),
    })
}
