//! What Meta tells by itself, in webhooks, means to an onboarding. They come late, twice and in any order, so
//! each is weighed against what is known to have happened after it.

use std::time::Duration;

use engine::{Actor, Heard, Note, Reason, Timestamp};

use super::acts;
use super::event::Event;
use super::facts::{Facts, NameWord, Trouble, VerificationWord};
use super::hear::{HeardHere, learned, moved, restart, troubled};
use super::machine::{Input, State};
use crate::words::Decision;

/// Meta's moments are whole seconds: what seems older by less than one may be newer.
const WHOLE: Duration = Duration::from_secs(1);

/// The code under which a rejected account is told of, and taken back once it is approved.
const REJECTED: &str = "account_rejected";

/// What a webhook's word means.
pub(super) fn hear(facts: &Facts, state: State, event: Event, now: Timestamp) -> HeardHere {
    match event {
        Event::AccessRevoked { trouble, at } => revoked(facts, state, trouble, at),
        Event::AccountReviewed { decision, at } => reviewed(facts, state, &decision, at, now),
        Event::NameReviewed {
            decision: Decision::Approved | Decision::Rejected,
            reason,
            at,
        } => name_decided(
            facts,
            NameWord {
                at,
                heard_at: now,
                reason,
            },
        ),
        Event::BusinessVerified {
            status,
            reasons,
            at,
        } => verified(facts, VerificationWord { status, at }, &reasons),
        Event::PinFree { at } if state == State::NeedsPin => pin_free(facts, at),
        _ => Heard::ignored(),
    }
}

/// The client took back what it had granted. Of an earlier signup it says nothing about this one.
fn revoked(facts: &Facts, state: State, trouble: Trouble, at: Timestamp) -> HeardHere {
    let is_old = facts.es_completed_at.is_none_or(|done| at + WHOLE < done);
    if facts.token.is_none() || is_old || facts.registered_at.is_some() {
        return Heard::ignored();
    }
    let forget = if state == State::Canceling {
        acts::forget_secrets
    } else {
        restart
    };
    troubled(facts, Input::TokenLost, "access_revoked", trouble, forget)
}

/// Meta looked the account over. While it rejects it, only the client's appeal helps. The newest decision
/// counts, in whatever order they come.
fn reviewed(
    facts: &Facts,
    state: State,
    decision: &Decision,
    at: Timestamp,
    now: Timestamp,
) -> HeardHere {
    let is_old = facts.review_word_at.is_some_and(|known| at <= known);
    let under_way = facts.bound.is_some() && facts.registered_at.is_none();
    if is_old || !under_way || state == State::Canceling {
        return Heard::ignored();
    }
    let rejected = |trouble: &mut Trouble| trouble.code == REJECTED;
    match decision {
        Decision::Rejected => {
            let trouble = Trouble {
                code: REJECTED.to_owned(),
                text: "Meta rejected the WhatsApp account in its review. The client can appeal in Meta Business Support; the onboarding goes on as far as Meta lets it.".to_owned(),
                mover: Actor::Client,
                at: now,
            };
            let note = Note::because(REJECTED, Actor::Outside, trouble.reason());
            learned(facts, note, |facts| {
                facts.review_word_at = Some(at);
                facts.trouble = Some(trouble);
            })
        }
        Decision::Approved => {
            let note = Note::plain("account_approved", Actor::Outside);
            learned(facts, note, |facts| {
                facts.review_word_at = Some(at);
                facts.trouble.take_if(rejected);
            })
        }
        _ => Heard::ignored(),
    }
}

/// How Meta's verification of the client's business stands; it stops nothing here.
fn verified(facts: &Facts, word: VerificationWord, reasons: &[String]) -> HeardHere {
    let known = facts.verification.as_ref();
    if facts.bound.is_none() || known.is_some_and(|known| word.at <= known.at) {
        return Heard::ignored();
    }
    let text = [std::slice::from_ref(&word.status), reasons]
        .concat()
        .join(", ");
    let why = Reason::new("business_verification", text.to_lowercase());
    let note = Note::because("business_verification", Actor::Outside, why);
    learned(facts, note, |facts| facts.verification = Some(word))
}

/// Meta decided about the display name that the registration waits for: the number is looked at at once.
fn name_decided(facts: &Facts, word: NameWord) -> HeardHere {
    let is_old = facts
        .name_word
        .as_ref()
        .is_some_and(|known| word.at <= known.at);
    if is_old || facts.name_awaited_at.is_none() || facts.registered_at.is_some() {
        return Heard::ignored();
    }
    let text = "Meta told that it decided about the display name";
    let why = Reason::new("name_reviewed", text);
    let note = Note::because("number_recheck", Actor::Outside, why);
    moved(facts, Input::NumberRecheck, note, |facts| {
        facts.name_word = Some(word);
    })
}

/// Two-step verification is off, so the PIN that is kept will do. Not if it was refused after that.
fn pin_free(facts: &Facts, at: Timestamp) -> HeardHere {
    let refused = facts.trouble.as_ref().map(|trouble| trouble.at);
    if refused.is_some_and(|refused| at + WHOLE < refused) {
        return Heard::ignored();
    }
    let why = Reason::new(
        "pin_off",
        "the number's two-step verification was turned off",
    );
    let note = Note::because("number_recheck", Actor::Outside, why);
    moved(facts, Input::NumberRecheck, note, |facts| {
        facts.pin_is_given = false;
        facts.lock_suspected_at = None;
        facts.trouble = None;
    })
}
