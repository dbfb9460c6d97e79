//! The table of an intake: its changes are told page by page, and once more when an operator asks.

use engine::letters;
use rust_fsm::state_machine;

letters! {
    /// Where an intake stands.
    pub enum State {
        /// A webhook was kept, and whom it concerns is being told.
        Received,
        /// Everybody whom it concerns was told.
        Heard,
    }

    /// What the table can hear.
    pub enum Input {
        /// A page of its changes was told.
        PageHeard,
        /// All of them were.
        AllHeard,
        /// An operator has it heard again.
        Replayed,
    }

    /// What the table gives out to be done.
    pub enum Command {
        /// Tell whom the next changes concern.
        TellChanges,
    }
}

state_machine! {
    #[state_machine(state(super::State), input(super::Input), output(super::Command))]
    /// The table of an intake.
    pub intake(Received)

    Received => {
        PageHeard => Received [TellChanges],
        AllHeard => Heard,
    },
    Heard => {
        Replayed => Received [TellChanges],
    },
}

/// The table as `rust-fsm` runs it.
pub type Machine = intake::Impl;
