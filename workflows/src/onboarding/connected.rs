//! What a live number's connection tells its onboarding, and what partner and client see of it. Nothing is
//! found out here: the connection is the one source.

use engine::{Actor, Heard, Note, Reason};

use super::facts::Facts;
use super::hear::{HeardHere, learned};
use super::machine::State;
use crate::app::ProblemView;
use crate::connection::{Asked, Standing};

/// Hears how the number stands; what is known already, or concerns a number that is being set up anew,
/// means nothing.
pub(super) fn hear(facts: &Facts, state: State, standing: Standing) -> HeardHere {
    let live = matches!(state, State::NumberRegistered | State::PartnerNotified);
    if !live || facts.connection.as_ref() == Some(&standing) {
        return Heard::ignored();
    }
    let note = Note::because("connection_told", Actor::System, in_words(&standing));
    learned(facts, note, |facts| {
        facts.can_send = standing.can_send;
        if let Some(bound) = &mut facts.bound {
            bound.name_status = standing.name_status.clone().or(bound.name_status.take());
        }
        facts.connection = Some(standing);
    })
}

fn in_words(standing: &Standing) -> Reason {
    let problem = standing.problems.first();
    match (&standing.disconnected, standing.can_send) {
        _ if standing.moved => Reason::new("moved", "another onboarding has the number now"),
        (Some(gone), _) => Reason::new(gone.reason.clone(), gone.text.clone()),
        (None, Some(true)) => Reason::new("can_send", "the number can send"),
        (None, Some(false)) => {
            let text = problem.map_or("the number cannot send", |problem| problem.text.as_str());
            Reason::new("cannot_send", text)
        }
        (None, None) => Reason::new("not_known", "Meta does not say whether the number can send"),
    }
}

/// The notices that a change of how the number stands gives rise to.
pub(super) fn notices(before: &Facts, after: &Facts) -> Vec<&'static str> {
    let Some(now) = &after.connection else {
        return Vec::new();
    };
    let before = before.connection.as_ref();
    let was_gone = before.is_some_and(|before| before.disconnected.is_some());
    let was_restored = before.and_then(|before| before.restored_at);
    let mut types = Vec::new();
    if now.disconnected.is_some() && !was_gone {
        types.push("connection.disconnected");
    }
    if now.disconnected.is_none() && now.restored_at.is_some() && now.restored_at != was_restored {
        types.push("connection.restored");
    }
    types
}

/// Whom it takes to go on with a number that is live.
pub(super) fn asked(state: State, facts: &Facts) -> Option<&Asked> {
    let told = matches!(state, State::NumberRegistered | State::PartnerNotified);
    facts.connection.as_ref().filter(|_| told)?.asks.as_ref()
}

/// What the partner is shown as the reason behind `completed`.
pub(super) fn status_reason(facts: &Facts) -> Option<&str> {
    let standing = facts.connection.as_ref()?;
    if standing.moved {
        return Some("moved");
    }
    standing.disconnected.as_ref().map(|_| "disconnected")
}

/// What stands in the way of sending, as the partner is shown it.
pub(super) fn problems(facts: &Facts) -> Vec<ProblemView> {
    let problems = facts.connection.iter().flat_map(|told| &told.problems);
    problems
        .map(|problem| ProblemView {
            code: problem.code,
            message: problem.text.clone(),
        })
        .collect()
}
