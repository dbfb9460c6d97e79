//! The table of a check: it runs until everything was read.

use engine::letters;
use rust_fsm::state_machine;

letters! {
    /// Where a check stands.
    pub enum State {
        /// Histories are read.
        Checking,
        /// All of them are as they were written.
        Sound,
        /// Some are not; the facts name them.
        Broken,
    }

    /// What the table can hear.
    pub enum Input {
        /// Nothing was found.
        FoundSound,
        /// Something was.
        FoundBroken,
    }

    /// What the table gives out to be done.
    pub enum Command {
        /// Read every history.
        ReadHistories,
    }
}

state_machine! {
    #[state_machine(state(super::State), input(super::Input), output(super::Command))]
    /// The table of a check.
    pub check(Checking)

    Checking => {
        FoundSound => Sound,
        FoundBroken => Broken,
    },
}

/// The table as `rust-fsm` runs it.
pub type Machine = check::Impl;
