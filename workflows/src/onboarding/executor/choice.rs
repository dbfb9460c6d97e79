//! Which of what a token grants is meant: what was claimed or asked for, if granted; else the newest.

use std::time::Duration;

use engine::{Actor, Job, Outcome, Reason};

use super::assets::refuse;
use crate::onboarding::Onboarding;
use crate::onboarding::event::Event;
use crate::onboarding::facts::Claim;
use crate::onboarding::hear::not_granted;
use crate::ports::graph::{PhoneNumber, TokenGrant};
use crate::values::WabaId;

/// With several granted accounts, how long the browser may take to say which one it was.
const CLAIM_PATIENCE: Duration = Duration::from_secs(8);

/// Accounts that are searched for a number: a portfolio begins with twenty, most clients have one.
const SEARCHED_MAX: usize = 20;

/// The account to bind, or those among which the number that was asked for has to be looked for.
pub(super) fn accounts(
    job: &Job<Onboarding>,
    grant: &TokenGrant,
) -> Result<Vec<WabaId>, Box<Outcome<Event>>> {
    let facts = &job.facts;
    let claimed = facts.claim.as_ref().and_then(|claim| claim.waba.clone());
    // Some tokens name no account at all; that such a one grants this account was seen when it was minted.
    let minted_for = facts.minted_for();
    let is_granted = |waba: &WabaId| {
        let unnamed = grant.wabas.is_empty() && minted_for == Some(waba);
        unnamed || grant.wabas.contains(waba)
    };
    if let Some(claimed) = &claimed
        && !is_granted(claimed)
    {
        tracing::warn!(instance.id = %job.id, "a browser claimed an account that its token does not grant");
        return Err(Box::new(Outcome::Done(Event::AssetsRefused {
            trouble: not_granted(job.now),
            granted: grant.wabas.clone(),
        })));
    }
    let expected = facts.order.expected_waba.as_ref();
    if let Some(expected) = expected
        && (!is_granted(expected) || claimed.as_ref().is_some_and(|claimed| claimed != expected))
    {
        let text = "Another WhatsApp account was connected than was asked for.";
        let refused = refuse(job, grant, "waba_mismatch", text, Actor::Client);
        return Err(Box::new(refused));
    }
    let minted_for = minted_for.filter(|waba| is_granted(waba));
    if let Some(waba) = claimed.as_ref().or(expected).or(minted_for) {
        return Ok(vec![waba.clone()]);
    }
    if grant.wabas.len() > 1 && facts.order.expected_phone_number.is_some() {
        return Ok(grant.wabas.iter().take(SEARCHED_MAX).cloned().collect());
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
        return Ok(vec![newest.clone()]);
    }
    let text = "Meta granted no WhatsApp account.";
    let refused = refuse(job, grant, "no_waba_granted", text, Actor::Client);
    Err(Box::new(refused))
}

/// The number to bind among those of an account, which come newest first.
pub(super) fn number(job: &Job<Onboarding>, numbers: Vec<PhoneNumber>) -> Option<PhoneNumber> {
    let facts = &job.facts;
    let claim = facts.claim.as_ref();
    if let Some(expected) = facts.order.expected_phone_number.as_deref() {
        return numbers
            .into_iter()
            .find(|number| number.display.as_deref().map(digits_of).as_deref() == Some(expected));
    }
    if let Some(claimed) = claim.and_then(|claim| claim.phone.as_ref()) {
        return numbers.into_iter().find(|number| number.id == *claimed);
    }
    // The finish of a coexistence names no number.
    let in_app = claim.is_some_and(Claim::is_coexistence);
    let place = numbers
        .iter()
        .position(|number| in_app && number.on_business_app)
        .unwrap_or(0);
    numbers.into_iter().nth(place)
}

fn digits_of(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}
