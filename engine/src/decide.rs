//! The pure centre: facts + state + event + time → facts, state, and what is owed next.
//!
//! No clock, no random, no I/O. Everything that can be proved of a workflow is proved here.

use rust_fsm::StateMachineImpl;
use thiserror::Error;

use crate::clock::Timestamp;
use crate::workflow::{CommandOf, Letter, Note, StateOf, Workflow};

/// What an event comes to.
#[derive(Clone, Debug)]
pub enum Verdict<W: Workflow> {
    /// It means nothing here: a repeat, or too late to matter.
    Ignored,
    /// The table has no such move from here. Nothing was learned.
    Refused(Refusal),
    /// Something was learned, and perhaps the table moved.
    Decided(Decision<W>),
}

/// The table has no move for this input in this state.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{workflow} does not take {input} in {state}")]
pub struct Refusal {
    /// The workflow.
    pub workflow: &'static str,
    /// The state it is in.
    pub state: &'static str,
    /// The input it does not take there.
    pub input: &'static str,
}

/// What is to be written of an event.
#[derive(Clone, Debug)]
pub struct Decision<W: Workflow> {
    /// The facts with what was learned.
    pub facts: W::Facts,
    /// The state before.
    pub from: StateOf<W>,
    /// The state after.
    pub state: StateOf<W>,
    /// Whether the table took a letter, be it back into the same state.
    pub moved: bool,
    /// The command that the move gives out.
    pub command: Option<CommandOf<W>>,
    /// The line for the journal.
    pub note: Note,
}

/// Decides what an event comes to.
pub fn decide<W: Workflow>(
    facts: &W::Facts,
    state: StateOf<W>,
    event: W::Event,
    now: Timestamp,
) -> Verdict<W> {
    let heard = W::hear(facts, state, event, now);
    let Some(note) = heard.note else {
        return Verdict::Ignored;
    };
    let facts = heard.facts.unwrap_or_else(|| facts.clone());
    let Some(input) = heard.letter else {
        return Verdict::Decided(Decision {
            facts,
            from: state,
            state,
            moved: false,
            command: None,
            note,
        });
    };
    match W::Machine::transition(&state, &input) {
        None => Verdict::Refused(Refusal {
            workflow: W::NAME,
            state: state.name(),
            input: input.name(),
        }),
        Some(next) => Verdict::Decided(Decision {
            facts,
            from: state,
            state: next,
            moved: true,
            command: W::Machine::output(&state, &input),
            note,
        }),
    }
}
