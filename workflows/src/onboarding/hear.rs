//! What events mean to an onboarding: facts learned, and the letter for the table.

use std::time::Duration;

use engine::{Actor, Heard, Note, Reason, Timestamp};

use super::event::Event;
use super::facts::{Claim, Facts, Syncs, Trouble};
use super::journey::Journey;
use super::machine::{Input, State};
use super::{Onboarding, acts, answers, connected, told_by_meta};
use crate::values::Secret;

/// The halves of one signup arrive together within this span.
const CLAIM_FRESH: Duration = Duration::from_mins(1);

/// The same word of the popup is heard again only after this long.
const JOURNEY_PAUSE: Duration = Duration::from_secs(10);

/// Codes by whose digests repeats are known; a client needs a few, a flood would need thousands.
const CODES_KEPT: usize = 32;

pub(super) type HeardHere = Heard<Onboarding>;

/// Hears one event.
pub(super) fn hear(facts: &Facts, state: State, event: Event, now: Timestamp) -> HeardHere {
    match event {
        Event::Opened { browser } => opened(facts, browser, now),
        // Once the popup has done its part, what it still tells changes nothing.
        Event::Journeyed(_) if !wants_code(state) => Heard::ignored(),
        Event::Journeyed(journey) if is_repeat(facts, &journey, now) => Heard::ignored(),
        Event::Journeyed(journey) => {
            let detail = journey.step.clone().or(journey.error_code.clone());
            let what = format!("journey_{}", journey.kind);
            let note = match detail {
                Some(step) => Note::because(&what, Actor::Client, Reason::new(&what, step)),
                None => Note::plain(&what, Actor::Client),
            };
            learned(facts, note, |facts| facts.journey = Some(journey))
        }
        Event::SignedUp { code, claim } => signed_up(facts, state, code, claim, now),
        Event::LinkRenewed { link, actor } => {
            let note = Note::plain("link_renewed", actor);
            let renew = |facts: &mut Facts| {
                facts.link = link;
                facts.browser = None;
            };
            if state == State::Expired {
                let renew = |facts: &mut Facts| {
                    renew(facts);
                    facts.opened_at = None;
                    facts.trouble = None;
                };
                moved(facts, Input::LinkRenewed, note, renew)
            } else {
                learned(facts, note, renew)
            }
        }
        Event::LinkRevoked { actor } if facts.link.revoked_at.is_none() => {
            learned(facts, Note::plain("link_revoked", actor), |facts| {
                facts.link.revoked_at = Some(now);
                facts.browser = None;
            })
        }
        Event::LinkRevoked { .. } => Heard::ignored(),
        Event::LinkExpired => {
            let note = Note::plain("link_expired", Actor::System);
            moved(facts, Input::LinkExpired, note, |facts| {
                facts.browser = None;
            })
        }
        Event::Canceled { .. }
        | Event::Unsubscribed
        | Event::SubscriptionKept
        | Event::RegistrationAllowed
        | Event::Edited(_) => acts::hear(facts, state, event),
        Event::AccessRevoked { .. }
        | Event::AccountReviewed { .. }
        | Event::NameReviewed { .. }
        | Event::BusinessVerified { .. }
        | Event::PinFree { .. } => told_by_meta::hear(facts, state, event, now),
        Event::DeliveryEnded(_) | Event::PartnerTold { .. } => told(facts, state, &event, now),
        Event::ConnectionTold(standing) => connected::hear(facts, state, *standing),
        other => answers::from_meta(facts, state, other, now),
    }
}

/// Whether a signup is what is waited for.
fn wants_code(state: State) -> bool {
    matches!(
        state,
        State::LinkIssued | State::NeedsSignup | State::NeedsAsset
    )
}

/// Whether a token is asked for without a code.
fn is_minting(facts: &Facts, state: State) -> bool {
    state == State::EsCompleted && facts.code.is_none()
}

/// The same word of the popup again within moments: a page that reloads, or one that floods.
fn is_repeat(facts: &Facts, journey: &Journey, now: Timestamp) -> bool {
    facts.journey.as_ref().is_some_and(|known| {
        let same = Journey {
            at: known.at,
            ..journey.clone()
        };
        *known == same && now.since(known.at) < JOURNEY_PAUSE
    })
}

fn opened(facts: &Facts, browser: String, now: Timestamp) -> HeardHere {
    let what = if facts.browser.is_some() {
        "opened_elsewhere"
    } else {
        "opened"
    };
    learned(facts, Note::plain(what, Actor::Client), |facts| {
        facts.opened_at = facts.opened_at.or(Some(now));
        facts.browser = Some(browser);
    })
}

fn signed_up(
    facts: &Facts,
    state: State,
    code: Option<(Secret, String)>,
    claim: Option<Claim>,
    now: Timestamp,
) -> HeardHere {
    let fresh = code.filter(|(_, digest)| !facts.codes_heard.contains(digest));
    let known = |held: &Claim, new: &Claim| {
        Claim {
            at: held.at,
            ..new.clone()
        } == *held
    };
    let claim = claim.filter(|new| facts.claim.as_ref().is_none_or(|held| !known(held, new)));
    let mut next = facts.clone();
    let claimed = claim.is_some();
    if let Some(claim) = claim {
        next.claim = Some(claim);
    }
    match fresh {
        // While Meta is asked for a token without a code, a code is the shorter way.
        Some((code, digest)) if wants_code(state) || is_minting(facts, state) => {
            let is_stale = |held: &Claim| now.since(held.at) > CLAIM_FRESH;
            if !claimed && next.claim.as_ref().is_some_and(is_stale) {
                // It belongs to a popup whose code never came.
                next.claim = None;
            }
            next.code = Some(code);
            next.code_at = Some(now);
            // A signup opens Meta's windows anew.
            next.syncs = Syncs::default();
            next.adding = None;
            next.matched = None;
            next.sought = None;
            next.codes_heard.push(digest);
            if next.codes_heard.len() > CODES_KEPT {
                next.codes_heard.remove(0);
            }
            next.es_completed_at = Some(now);
            next.trouble = None;
            Heard::moved(
                next,
                Input::CodeReceived,
                Note::plain("code_received", Actor::Client),
            )
        }
        _ if claimed => claim_arrived(next, state, now),
        // A second code while the first is at work, or a repeat: nothing to do.
        _ => Heard::ignored(),
    }
}

fn claim_arrived(mut next: Facts, state: State, now: Timestamp) -> HeardHere {
    let note = Note::plain("claim_received", Actor::Client);
    let claimed = next.claim.as_ref().and_then(|claim| claim.waba.clone());
    match state {
        State::TokenExchanged => Heard::moved(next, Input::ClaimArrived, note),
        State::WabaSubscribed | State::NumberRegistered | State::PartnerNotified => {
            if claimed.is_some_and(|waba| !next.granted.contains(&waba)) {
                next.trouble = Some(not_granted(now));
                let why = Reason::new(
                    "waba_not_granted",
                    "the browser named an account that Meta did not grant",
                );
                let note = Note::because("claim_refused", Actor::Client, why);
                return Heard::noted(Some(next), note);
            }
            Heard::noted(Some(next), note)
        }
        _ => Heard::noted(Some(next), note),
    }
}

/// The browser named an account that the token does not grant: never bound, always told.
pub(super) fn not_granted(now: Timestamp) -> Trouble {
    Trouble {
        code: "waba_not_granted".to_owned(),
        text: "The browser named a WhatsApp account that Meta did not grant to this app. Nothing was connected."
            .to_owned(),
        mover: Actor::Operator,
        at: now,
    }
}

fn told(facts: &Facts, state: State, event: &Event, now: Timestamp) -> HeardHere {
    match event {
        Event::DeliveryEnded(_) if state == State::NumberRegistered => {
            let note = Note::plain("delivery_ended", Actor::System);
            moved(facts, Input::DeliveryEnded, note, |_| {})
        }
        Event::PartnerTold { how } => {
            let note = Note::because(
                "partner_told",
                Actor::System,
                Reason::new(*how, describe_telling(how)),
            );
            moved(facts, Input::PartnerTold, note, |facts| {
                facts.completed_at = Some(now);
            })
        }
        _ => Heard::ignored(),
    }
}

fn describe_telling(how: &str) -> &'static str {
    match how {
        "delivered" => "an endpoint of the partner took the notice",
        "exhausted" => "no endpoint of the partner took the notice in all its tries",
        _ => "the partner has no endpoint for this notice",
    }
}

/// What is known of a signup that has to be made again.
pub(super) fn restart(facts: &mut Facts) {
    facts.token = None;
    facts.token_expires_at = None;
    facts.subscribed_at = None;
    facts.es_completed_at = None;
    facts.claim = None;
}

pub(super) fn troubled(
    facts: &Facts,
    input: Input,
    what: &str,
    trouble: Trouble,
    learn: impl FnOnce(&mut Facts),
) -> HeardHere {
    let reason = Reason::new(trouble.code.clone(), trouble.text.clone());
    let note = Note::because(what, Actor::System, reason);
    moved(facts, input, note, |facts| {
        learn(facts);
        facts.trouble = Some(trouble);
    })
}

pub(super) fn moved(
    facts: &Facts,
    input: Input,
    note: Note,
    learn: impl FnOnce(&mut Facts),
) -> HeardHere {
    let mut next = facts.clone();
    learn(&mut next);
    Heard::moved(next, input, note)
}

pub(super) fn learned(facts: &Facts, note: Note, learn: impl FnOnce(&mut Facts)) -> HeardHere {
    let mut next = facts.clone();
    learn(&mut next);
    Heard::noted(Some(next), note)
}
