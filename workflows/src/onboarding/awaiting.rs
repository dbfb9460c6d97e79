//! Whom an onboarding at rest waits for: always the client, unless what went wrong names somebody else.

use engine::{Actor, Awaited, Reason};

use super::facts::Facts;
use super::machine::State;
use super::windows;

/// Who is waited for, for what, and until when; nobody where work or the end is at hand.
pub(super) fn awaits(state: State, facts: &Facts) -> Option<Awaited> {
    let (code, text) = asked(state, facts)?;
    let deadline = windows::deadline(state, facts).map(|deadline| deadline.at);
    let until = match state {
        State::LinkIssued | State::NeedsSignup => Some(facts.link.expires_at),
        _ => deadline,
    };
    // The code says what is to be done; what went wrong is told beside it.
    let trouble = facts.trouble.as_ref();
    // A fresh link is waited for as a matter of course; whatever comes later is not.
    let cause = trouble.map_or_else(|| code.to_owned(), |trouble| trouble.code.clone());
    Some(Awaited {
        mover: trouble.map_or(Actor::Client, |trouble| trouble.mover),
        reason: Reason::new(code, trouble.map_or(text, |trouble| trouble.text.as_str())),
        until,
        cause: (state != State::LinkIssued).then_some(cause),
    })
}

fn asked(state: State, facts: &Facts) -> Option<(&'static str, &'static str)> {
    Some(match state {
        State::LinkIssued if facts.claim.is_some() => (
            "code_missing",
            "the browser told of a finished signup and brought no code",
        ),
        State::LinkIssued if facts.opened_at.is_some() => (
            "finish_signup",
            "the client has opened the link and not finished Meta's signup",
        ),
        State::LinkIssued => ("open_link", "nobody has opened the link yet"),
        State::NeedsSignup => (
            "sign_up_again",
            "the client has to sign up with Meta once more",
        ),
        State::NeedsAsset => (
            "choose_account",
            "Meta granted no account or number that may be connected",
        ),
        State::NeedsOtp => (
            "enter_code",
            "the client has to enter the code that Meta sent to the number",
        ),
        State::NeedsPin => (
            "enter_pin",
            "the client has to enter the number's two-step PIN",
        ),
        _ => return None,
    })
}
