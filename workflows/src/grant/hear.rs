//! What events mean to a grant.

use engine::{Actor, Heard, InstanceId, Note, Reason, Timestamp};

use super::Grant;
use super::facts::{AccountNumber, Facts, Offer, Sighting};
use super::machine::{Input, State};

/// What a grant can hear.
#[derive(Clone, Debug)]
pub enum Event {
    /// Meta tells of it anew.
    SeenAgain(Sighting),
    /// The browser has had its chance.
    ChanceOver,
    /// An onboarding has the account.
    FoundBound(InstanceId),
    /// One onboarding waits for this very account.
    FoundPinned {
        /// Which.
        onboarding: InstanceId,
        /// The account's numbers.
        numbers: Vec<AccountNumber>,
    },
    /// Nobody can be told by itself whose it is.
    FoundNobody {
        /// Why.
        why: Reason,
        /// Who came into question.
        candidates: Vec<InstanceId>,
        /// The account's numbers, as far as Meta showed them.
        numbers: Vec<AccountNumber>,
    },
    /// An operator says whose it is.
    Assigned(InstanceId),
    /// The onboarding goes on with it.
    Taken(InstanceId),
    /// The onboarding cannot have it.
    Refused {
        /// Which.
        onboarding: InstanceId,
        /// Why.
        why: Reason,
    },
    /// It is to be looked at once more.
    LookAgain(Actor),
    /// The account is no longer shared.
    Removed {
        /// Of when Meta's word is.
        at: Timestamp,
    },
    /// An operator leaves it alone.
    Dismissed {
        /// Why.
        reason: String,
    },
}

pub(super) fn hear(facts: &Facts, state: State, event: Event, now: Timestamp) -> Heard<Grant> {
    let by_system = |what: &str| Note::plain(what, Actor::System);
    match event {
        Event::SeenAgain(sighting) => seen_again(facts, state, sighting, now),
        Event::ChanceOver => moved(facts, Input::ChanceOver, by_system("chance_over"), |_| {}),
        Event::FoundBound(onboarding) => taken(facts, Input::FoundBound, "found_bound", onboarding),
        Event::FoundPinned {
            onboarding,
            numbers,
        } => {
            let text = format!("the order of {onboarding} names this account");
            let why = Reason::new("pinned", text);
            let note = Note::because("found_pinned", Actor::System, why);
            moved(facts, Input::FoundPinned, note, |facts| {
                facts.numbers = numbers;
                facts.offer = Some(offer(onboarding, Actor::System, now));
            })
        }
        Event::FoundNobody {
            why,
            candidates,
            numbers,
        } => {
            let note = Note::because("found_nobody", Actor::System, why.clone());
            moved(facts, Input::FoundNobody, note, |facts| {
                facts.why = Some(why);
                facts.candidates = candidates;
                facts.numbers = numbers;
            })
        }
        Event::Assigned(onboarding) => assigned(facts, onboarding, now),
        Event::Taken(onboarding) => taken(facts, Input::Taken, "taken", onboarding),
        Event::Refused { onboarding, .. } if !is_its(facts, &onboarding) => Heard::ignored(),
        Event::Refused { why, .. } => {
            let note = Note::because("refused", Actor::System, why.clone());
            moved(facts, Input::Refused, note, |facts| {
                facts.why = Some(why);
                facts.offer = None;
                facts.onboarding = None;
            })
        }
        Event::LookAgain(by) => moved(
            facts,
            Input::LookAgain,
            Note::plain("look_again", by),
            |_| {},
        ),
        // An older word never undoes a newer one.
        Event::Removed { at } if state == State::Gone || at < facts.granted_at => Heard::ignored(),
        Event::Removed { .. } => {
            let note = Note::plain("removed", Actor::Outside);
            moved(facts, Input::Removed, note, Facts::forget_client)
        }
        Event::Dismissed { reason } => {
            let why = Reason::new("dismissed", reason);
            let note = Note::because("dismissed", Actor::Operator, why);
            moved(facts, Input::Dismissed, note, Facts::forget_client)
        }
    }
}

fn seen_again(facts: &Facts, state: State, sighting: Sighting, now: Timestamp) -> Heard<Grant> {
    let at_work = matches!(state, State::Seen | State::Matching | State::Assigning);
    // Meta repeats its webhooks for days.
    if at_work || sighting.at <= facts.granted_at {
        return Heard::ignored();
    }
    let note = Note::plain("seen_again", Actor::Outside);
    moved(facts, Input::SeenAgain, note, |facts| {
        let former = facts.clone();
        *facts = Facts::new(sighting, now);
        facts.business = facts.business.take().or(former.business);
        facts.solution = facts.solution.take().or(former.solution);
    })
}

fn assigned(facts: &Facts, onboarding: InstanceId, now: Timestamp) -> Heard<Grant> {
    let why = Reason::new("assigned", format!("to {onboarding}"));
    let note = Note::because("assigned", Actor::Operator, why);
    moved(facts, Input::Assigned, note, |facts| {
        facts.offer = Some(offer(onboarding, Actor::Operator, now));
    })
}

/// Whether it is this onboarding's, or being given to it.
fn is_its(facts: &Facts, onboarding: &InstanceId) -> bool {
    let offered = facts.offer.as_ref().map(|offer| &offer.onboarding);
    facts.onboarding.as_ref().or(offered) == Some(onboarding)
}

fn taken(facts: &Facts, input: Input, what: &str, onboarding: InstanceId) -> Heard<Grant> {
    let why = Reason::new("bound", format!("by {onboarding}"));
    let note = Note::because(what, Actor::System, why);
    moved(facts, input, note, |facts| {
        facts.forget_client();
        facts.onboarding = Some(onboarding);
    })
}

fn offer(onboarding: InstanceId, by: Actor, at: Timestamp) -> Offer {
    Offer { onboarding, by, at }
}

fn moved(facts: &Facts, input: Input, note: Note, learn: impl FnOnce(&mut Facts)) -> Heard<Grant> {
    let mut next = facts.clone();
    learn(&mut next);
    Heard::moved(next, input, note)
}
