//! The table of a bulk job: its set is listed first and never grows, then acted on page by page.

use rust_fsm::state_machine;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// Where a bulk job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum State {
    /// What matched when it was ordered is written down.
    Listing,
    /// What was written down is acted on.
    Acting,
    /// Every item has its result.
    Finished,
    /// Somebody called it off; what was done stays done.
    Canceled,
}

/// What the table can hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Input {
    /// Some items were written down and there may be more.
    SomeListed,
    /// All items are written down.
    AllListed,
    /// Nothing matched.
    NoneListed,
    /// Some items have their results and there are more.
    SomeActed,
    /// The last item has its result.
    AllActed,
    /// Somebody calls it off.
    Canceled,
    /// Somebody wants what failed to be tried again.
    FailedRetried,
}

/// What the table gives out to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Command {
    /// Write down the next items.
    ListItems,
    /// Act on the next items.
    ActOnItems,
}

state_machine! {
    #[state_machine(state(super::State), input(super::Input), output(super::Command))]
    /// The table of a bulk job.
    pub bulk(Listing)

    Listing => {
        SomeListed => Listing [ListItems],
        AllListed => Acting [ActOnItems],
        NoneListed => Finished,
        Canceled => Canceled,
    },
    Acting => {
        SomeActed => Acting [ActOnItems],
        AllActed => Finished,
        Canceled => Canceled,
    },
    Finished => {
        FailedRetried => Acting [ActOnItems],
    },
}

/// The table as `rust-fsm` runs it.
pub(super) type Machine = bulk::Impl;
