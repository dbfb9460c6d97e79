//! The table of a check: it runs until everything was read.

use rust_fsm::state_machine;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// Where a check stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum State {
    /// Histories are read.
    Checking,
    /// All of them are as they were written.
    Sound,
    /// Some are not; the facts name them.
    Broken,
}

/// What the table can hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Input {
    /// Nothing was found.
    FoundSound,
    /// Something was.
    FoundBroken,
}

/// What the table gives out to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Command {
    /// Read every history.
    ReadHistories,
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
