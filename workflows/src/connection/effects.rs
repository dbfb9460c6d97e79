//! What each command does outside, told to an operator before anything is gone over again.

use engine::{Again, Effect, Undo};

use super::facts::Facts;
use super::machine::Command;

/// What a command does at Meta or to other instances, and how that bears being gone over again.
pub(super) fn effect(command: Command, facts: &Facts) -> Effect {
    let (does, happened, again) = match command {
        Command::TakeOver => (
            "ends the older connections of the number",
            true,
            Again::Idempotent,
        ),
        Command::LookAtNumber => (
            "looks whether the number can send",
            facts.looked_at.is_some(),
            Again::Looks,
        ),
        Command::TendToken => (
            "sees that the token works, and asks Meta for another where it does not or soon will not",
            facts.token_seen_at.is_some(),
            Again::Idempotent,
        ),
        Command::TellOnboarding => (
            "lets the onboarding hear how the number stands",
            true,
            Again::Idempotent,
        ),
    };
    Effect {
        does,
        happened,
        again,
        undo: Undo::Nothing,
    }
}
