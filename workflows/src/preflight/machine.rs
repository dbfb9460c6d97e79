//! The table of a preflight: it looks at a Meta app once and ends with what it found.

use engine::letters;
use rust_fsm::state_machine;

letters! {
    /// Where a preflight stands.
    pub enum State {
        /// Meta is asked.
        Examining,
        /// Nothing that can be seen is wrong.
        Ready,
        /// Something is wrong; the facts say what and where to mend it.
        NotReady,
    }

    /// What the table can hear.
    pub enum Input {
        /// Nothing is wrong.
        FoundReady,
        /// Something is.
        FoundWanting,
    }

    /// What the table gives out to be done.
    pub enum Command {
        /// Ask Meta about the app.
        ExamineApp,
    }
}

state_machine! {
    #[state_machine(state(super::State), input(super::Input), output(super::Command))]
    /// The table of a preflight.
    pub preflight(Examining)

    Examining => {
        FoundReady => Ready,
        FoundWanting => NotReady,
    },
}

/// The table as `rust-fsm` runs it.
pub type Machine = preflight::Impl;
