//! What events mean to a connection: facts learned, and the letter for the table.

use engine::{Actor, Heard, InstanceId, Note, Reason, Timestamp};

use super::event::{Event, Look};
use super::facts::{Facts, LOOK_AGAIN, TEND_AGAIN, Warning};
use super::machine::{Input, State};
use super::standing::{Disconnection, Standing};
use super::{Connection, words};
use crate::values::Secret;

pub(super) type HeardHere = Heard<Connection>;

/// The kind of warning about a token that will end.
const TOKEN_WARNING: &str = "token";

/// Hears one event.
pub(super) fn hear(facts: &Facts, state: State, event: Event, now: Timestamp) -> HeardHere {
    match event {
        Event::TookOver { was_gone } => took_over(facts, was_gone, now),
        Event::Superseded { by } => superseded(facts, state, by),
        Event::LookDue => look(facts, state, Actor::System, now),
        Event::LookWanted { actor } if state == State::Disconnected => {
            seek_token(facts, Note::plain("look_wanted", actor), now)
        }
        Event::LookWanted { actor } => look(facts, state, actor, now),
        Event::Looked(look) => looked(facts, state, look, now),
        Event::LookFailed(why) => {
            let mut next = facts.clone();
            next.looks = next.looks.saturating_add(1);
            next.next_look = next.look_after(now);
            let note = Note::because("look_failed", Actor::Outside, why);
            known(next, Input::Looked, note)
        }
        Event::TokenDue => seek_token(facts, Note::plain("token_due", Actor::System), now),
        Event::TokenRefused(why) => seek_token(
            facts,
            Note::because("token_refused", Actor::Outside, why),
            now,
        ),
        Event::TokenKept {
            token,
            expires_at,
            failing,
        } => token_kept(facts, state, (token, expires_at, failing), now),
        Event::TendFailed(why) => {
            let mut next = facts.clone();
            next.next_tending = now + TEND_AGAIN;
            let note = Note::because("tending_failed", Actor::Outside, why);
            known(next, unmoved(state), note)
        }
        Event::TokenLost(gone) => lost(facts, state, gone),
        Event::Told(standing) => told(facts, state, *standing),
        Event::Said { said, at } => words::hear(facts, state, (&said, at), now),
        Event::AppDoubted => words::doubted(facts, state, now),
    }
}

/// The letter of something that moves nothing, where no other is called for.
pub(super) fn unmoved(state: State) -> Input {
    match state {
        State::Disconnected => Input::Looked,
        _ => Input::TokenKept,
    }
}

/// This letter if the onboarding knows how the number stands, and word to it otherwise. Whatever was on
/// its way to it is told with the rest.
pub(super) fn known(next: Facts, letter: Input, note: Note) -> HeardHere {
    let is_known = next.told.as_ref() == Some(&next.standing());
    Heard::moved(next, if is_known { letter } else { Input::Changed }, note)
}

fn took_over(facts: &Facts, was_gone: bool, now: Timestamp) -> HeardHere {
    let mut next = facts.clone();
    next.took_over_at = Some(now);
    let note = Note::plain("took_over", Actor::System);
    let can_send = next.can_send == Some(true);
    if can_send {
        next.next_look = next.look_after(now);
    }
    next.restored_at = was_gone.then_some(now);
    match (can_send, was_gone) {
        // The onboarding knows that it can, and not that it could not.
        (true, true) => Heard::moved(next, Input::CanSend, note),
        (true, false) => known(next, Input::TookOverReady, note),
        (false, _) => known(next, Input::TookOver, note),
    }
}

fn superseded(facts: &Facts, state: State, by: InstanceId) -> HeardHere {
    if state == State::Closing {
        return Heard::ignored();
    }
    let text = format!("the number is looked after by {by}");
    let why = Reason::new("superseded", text);
    let next = Facts {
        superseded_by: Some(by),
        ..facts.clone()
    };
    let note = Note::because("superseded", Actor::System, why);
    Heard::moved(next, Input::Superseded, note)
}

fn look(facts: &Facts, state: State, actor: Actor, now: Timestamp) -> HeardHere {
    if !matches!(state, State::Settling | State::Live | State::Blocked) {
        return Heard::ignored();
    }
    let next = Facts {
        next_look: now + LOOK_AGAIN,
        ..facts.clone()
    };
    let what = match actor {
        Actor::System => "look_due",
        _ => "look_wanted",
    };
    Heard::moved(next, Input::LookDue, Note::plain(what, actor))
}

fn looked(facts: &Facts, state: State, look: Look, now: Timestamp) -> HeardHere {
    let mut next = facts.clone();
    next.can_send = look.can_send.or(facts.can_send);
    next.looks = if next.can_send == facts.can_send {
        facts.looks.saturating_add(1)
    } else {
        0
    };
    next.name_status = look.name_status.or(next.name_status);
    next.problems = look.problems;
    next.looked_at = Some(now);
    let found = match next.can_send {
        Some(true) => "can_send",
        Some(false) => "cannot_send",
        None => "not_known",
    };
    let text = match next.problems.first() {
        Some(problem) => problem.text.clone(),
        None => "Meta names no problem".to_owned(),
    };
    let note = Note::because("looked", Actor::Outside, Reason::new(found, text));
    if state == State::Blocked && next.can_send == Some(true) {
        return restored(next, note, now);
    }
    next.next_look = next.look_after(now);
    match (state, next.can_send) {
        (State::Settling, Some(true)) => Heard::moved(next, Input::CanSend, note),
        (State::Live, Some(false)) => Heard::moved(next, Input::CannotSend, note),
        _ => known(next, Input::Looked, note),
    }
}

/// What was gone is back; how the number stands is looked at next.
pub(super) fn restored(mut next: Facts, note: Note, now: Timestamp) -> HeardHere {
    next.banned = None;
    next.disconnected = None;
    next.restored_at = Some(now);
    next.looks = 0;
    next.next_look = now + LOOK_AGAIN;
    Heard::moved(next, Input::Restored, note)
}

fn seek_token(facts: &Facts, note: Note, now: Timestamp) -> HeardHere {
    let next = Facts {
        next_tending: now + TEND_AGAIN,
        ..facts.clone()
    };
    Heard::moved(next, Input::TokenDue, note)
}

fn token_kept(
    facts: &Facts,
    state: State,
    (token, expires_at, failing): (Option<Secret>, Option<Timestamp>, Option<Reason>),
    now: Timestamp,
) -> HeardHere {
    let mut next = facts.clone();
    let what = match &token {
        Some(_) => "token_renewed",
        None => "token_kept",
    };
    next.token = token.unwrap_or(next.token);
    next.token_expires_at = expires_at;
    next.token_seen_at = Some(now);
    next.next_tending = next.tending_after(now);
    let note = if let Some(why) = failing {
        let warning = Warning {
            text: why.text.clone(),
            at: now,
        };
        next.warnings.insert(TOKEN_WARNING.to_owned(), warning);
        Note::because(what, Actor::Outside, why)
    } else {
        next.warnings.remove(TOKEN_WARNING);
        Note::plain(what, Actor::System)
    };
    if state == State::Disconnected {
        return restored(next, note, now);
    }
    known(next, unmoved(state), note)
}

/// The client's grant is gone, for this reason.
pub(super) fn lost(facts: &Facts, state: State, gone: Disconnection) -> HeardHere {
    let why = Reason::new(gone.reason.clone(), gone.text.clone());
    let note = Note::because("disconnected", Actor::Outside, why);
    let mut next = facts.clone();
    if state == State::Disconnected {
        let since = facts
            .disconnected
            .as_ref()
            .map_or(gone.at, |known| known.at);
        next.disconnected = Some(Disconnection { at: since, ..gone });
        return known(next, Input::Looked, note);
    }
    next.disconnected = Some(gone);
    Heard::moved(next, Input::Disconnected, note)
}

fn told(facts: &Facts, state: State, standing: Standing) -> HeardHere {
    let next = Facts {
        told: Some(standing),
        ..facts.clone()
    };
    let note = Note::plain("told", Actor::System);
    if state == State::Closing {
        return Heard::moved(next, Input::Told, note);
    }
    known(next, Input::Told, note)
}

#[cfg(test)]
#[path = "hear_tests.rs"]
mod tests;
