//! Whom a connection at rest waits for: Meta, unless how the number stands asks for somebody else.

use engine::{Actor, Awaited, Reason};

use super::facts::Facts;
use super::machine::State;

/// Who is waited for, for what, and until when; nobody where work or the end is at hand.
pub(super) fn awaits(state: State, facts: &Facts) -> Option<Awaited> {
    let (code, text) = match state {
        State::Settling => (
            "not_ready",
            "Meta does not say yet that the number can send",
        ),
        State::Live => (
            "watched",
            "the number can send; it is looked at now and then",
        ),
        State::Blocked => ("appeal", "Meta has banned the account; the client appeals"),
        State::Disconnected => (
            "reconnect",
            "the number has to be connected anew by a link in reconnect mode",
        ),
        State::Closing | State::Closed => return None,
    };
    let until = match state {
        State::Disconnected => None,
        _ => Some(facts.next_look.min(facts.next_tending)),
    };
    let asked = facts.asks();
    // What waits for nobody but Meta is in order.
    let cause = match (&facts.disconnected, &asked) {
        (Some(gone), _) => Some(gone.reason.clone()),
        (None, Some(asked)) => Some(asked.code.clone()),
        (None, None) => None,
    };
    Some(match asked {
        Some(asked) => Awaited {
            mover: asked.mover,
            reason: Reason::new(asked.code, asked.text),
            until,
            cause,
        },
        None => Awaited {
            mover: match state {
                State::Disconnected => Actor::Partner,
                State::Blocked => Actor::Client,
                _ => Actor::Outside,
            },
            reason: Reason::new(code, text),
            until,
            cause,
        },
    })
}
