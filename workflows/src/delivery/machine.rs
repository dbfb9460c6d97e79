//! The delivery's table: tries until the endpoint takes the notice or the tries run out.

use engine::letters;
use rust_fsm::state_machine;

letters! {
    /// Where a delivery stands.
    pub enum State {
        /// Tries are made.
        Posting,
        /// The endpoint took it.
        Delivered,
        /// The endpoint did not take it in all its tries.
        Exhausted,
        /// An operator stopped its tries.
        Canceled,
    }

    /// What the table can hear.
    pub enum Input {
        /// The endpoint answered 2xx.
        Accepted,
        /// It did not; another try is due.
        TryFailed,
        /// It did not, and no try is left.
        GaveUp,
        /// Somebody asks for it to be sent again.
        Redelivered,
        /// An operator wants no more tries.
        Canceled,
    }

    /// What the table gives out to be done.
    pub enum Command {
        /// Make one try.
        Send,
    }
}

state_machine! {
    #[state_machine(state(super::State), input(super::Input), output(super::Command))]
    /// The table of a delivery.
    pub delivery(Posting)

    Posting => {
        Accepted => Delivered,
        TryFailed => Posting [Send],
        GaveUp => Exhausted,
        Canceled => Canceled,
    },
    Delivered => {
        Redelivered => Posting [Send],
    },
    Exhausted => {
        Redelivered => Posting [Send],
    },
    Canceled => {
        Redelivered => Posting [Send],
    },
}

/// The table as `rust-fsm` runs it.
pub type Machine = delivery::Impl;
