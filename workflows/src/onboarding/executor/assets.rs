//! The asset check: which account and number the token really grants, against what was claimed and asked.

use std::time::Duration;

use engine::{Actor, Filter, Job, Outcome, PageOrder, Reason, StoreError};
use rand::Rng;

use super::{OnboardingExecutor, outcome_of, retry, token_of};
use crate::onboarding::Onboarding;
use crate::onboarding::event::Event;
use crate::onboarding::facts::{Bound, Claim, Facts, Trouble};
use crate::ports::graph::{PhoneNumber, Reaction, TokenGrant};
use crate::values::{Secret, WabaId};

/// With several granted accounts, how long the browser may take to say which one it was.
const CLAIM_PATIENCE: Duration = Duration::from_secs(8);

/// Onboardings of one number that are looked at: it changes hands rarely.
const SAME_NUMBER_MAX: usize = 50;

/// After this many tries an asset that stays invisible is taken for not granted.
const INVISIBLE_TRIES: u32 = 4;

impl OnboardingExecutor {
    pub(super) async fn check_assets(&self, job: &Job<Onboarding>) -> Outcome<Event> {
        let token = match token_of(job) {
            Ok(token) => token,
            Err(outcome) => return *outcome,
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
        let waba = match choose_waba(job, &grant) {
            Ok(waba) => waba,
            Err(outcome) => return *outcome,
        };
        let numbers = match self.graph.phone_numbers(&waba, token).await {
            Ok(numbers) => numbers,
            Err(error)
                if error.reaction == Reaction::NotVisible && job.attempt + 1 >= INVISIBLE_TRIES =>
            {
                let text = "Meta does not show the granted account to this app.";
                return refuse(job, &grant, "waba_not_visible", text, Actor::Operator);
            }
            Err(error) => return outcome_of(&error, job.now),
        };
        let number = match choose_number(job, &grant, numbers) {
            Ok(number) => number,
            Err(outcome) => return *outcome,
        };
        self.bind(job, grant, waba, number).await
    }

    async fn bind(
        &self,
        job: &Job<Onboarding>,
        grant: TokenGrant,
        waba: WabaId,
        number: PhoneNumber,
    ) -> Outcome<Event> {
        // Who owns the account is told to the partner; not knowing it stops nothing, unless one was
        // asked for. What the browser says of it counts for nothing.
        let owner = match &job.facts.token {
            Some(token) => self.graph.waba_owner(&waba, token).await,
            None => Ok(None),
        };
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
        match self.is_bound_elsewhere(job, &number).await {
            Ok(false) => {}
            Ok(true) => {
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
        }
        Outcome::Done(Event::AssetsBound {
            bound: Bound {
                business,
                waba,
                coexistence: number.on_business_app || claimed.is_some_and(Claim::is_coexistence),
                phone: number.id,
                display_phone_number: number.display,
                name_status: number.name_status,
            },
            granted: grant.wabas,
            token_expires_at: grant.expires_at,
            pin: fresh_pin(),
        })
    }
}

impl OnboardingExecutor {
    /// Whether another partner's client has this number: it is theirs until they let it go.
    async fn is_bound_elsewhere(
        &self,
        job: &Job<Onboarding>,
        number: &PhoneNumber,
    ) -> Result<bool, StoreError> {
        let filter = Filter {
            workflow: Some("onboarding".to_owned()),
            labels: vec![("phone".to_owned(), number.id.to_string())],
            ..Filter::default()
        };
        let page = PageOrder {
            limit: SAME_NUMBER_MAX,
            after: None,
        };
        let found = self.store.find(&filter, &page).await?;
        let own = job.facts.order.partner.as_str();
        Ok(found.items.iter().any(|record| {
            let held = !matches!(record.state.as_str(), "canceled" | "expired");
            held && record.label("tenant") != Some(own)
        }))
    }
}

/// The account to bind: what was claimed or asked for, if granted; else the newest grant.
fn choose_waba(job: &Job<Onboarding>, grant: &TokenGrant) -> Result<WabaId, Box<Outcome<Event>>> {
    let facts = &job.facts;
    let claimed = facts.claim.as_ref().and_then(|claim| claim.waba.clone());
    if let Some(claimed) = &claimed
        && !grant.wabas.contains(claimed)
    {
        tracing::warn!(instance.id = %job.id, "a browser claimed an account that its token does not grant");
        return Err(Box::new(Outcome::Done(Event::AssetsRefused {
            trouble: super::super::hear::not_granted(job.now),
            granted: grant.wabas.clone(),
        })));
    }
    let expected = facts.order.expected_waba.as_ref();
    if let Some(expected) = expected
        && (!grant.wabas.contains(expected)
            || claimed.as_ref().is_some_and(|claimed| claimed != expected))
    {
        let text = "Another WhatsApp account was connected than was asked for.";
        return Err(Box::new(refuse(
            job,
            grant,
            "waba_mismatch",
            text,
            Actor::Client,
        )));
    }
    if let Some(waba) = claimed.or_else(|| expected.cloned()) {
        return Ok(waba);
    }
    let patience_ends = facts.code_at.map(|at| at + CLAIM_PATIENCE);
    if grant.wabas.len() > 1
        && let Some(until) = patience_ends.filter(|until| *until > job.now)
    {
        return Err(Box::new(Outcome::Wait {
            until,
            why: Reason::new(
                "claim_awaited",
                "Meta granted several accounts and the browser has not said which one was chosen",
            ),
            mover: Actor::Client,
        }));
    }
    if let Some(newest) = grant.wabas.first() {
        Ok(newest.clone())
    } else {
        let text = "Meta granted no WhatsApp account.";
        Err(Box::new(refuse(
            job,
            grant,
            "no_waba_granted",
            text,
            Actor::Client,
        )))
    }
}

/// The number to bind: the claimed one if the account has it, else the newest.
fn choose_number(
    job: &Job<Onboarding>,
    grant: &TokenGrant,
    numbers: Vec<PhoneNumber>,
) -> Result<PhoneNumber, Box<Outcome<Event>>> {
    let facts = &job.facts;
    let expected = facts.order.expected_phone_number.as_deref();
    let claimed = facts.claim.as_ref().and_then(|claim| claim.phone.as_ref());
    let chosen = match (expected, claimed) {
        (Some(expected), _) => numbers
            .into_iter()
            .find(|number| number.display.as_deref().map(digits_of).as_deref() == Some(expected)),
        (None, Some(claimed)) => numbers.into_iter().find(|number| number.id == *claimed),
        (None, None) => numbers.into_iter().next(),
    };
    chosen.ok_or_else(|| Box::new(number_missing(job, grant, facts)))
}

fn number_missing(job: &Job<Onboarding>, grant: &TokenGrant, facts: &Facts) -> Outcome<Event> {
    let claimed = facts
        .claim
        .as_ref()
        .is_some_and(|claim| claim.phone.is_some());
    // Sharing lags behind a signup by some seconds, so one look proves nothing.
    if job.attempt + 1 < INVISIBLE_TRIES {
        let text = "the account does not show the number yet";
        return retry(Reason::new("number_not_visible", text));
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

fn refuse(
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

fn digits_of(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

/// A PIN nobody can guess, made here once and kept sealed for the number's life.
fn fresh_pin() -> Secret {
    let pin = rand::rng().random_range(0..1_000_000_u32);
    Secret::new(format!("{pin:06}"))
}
