//! The table of a grant: Meta says that an account was shared with an app, and somebody's it must be.

use engine::letters;
use rust_fsm::state_machine;

letters! {
    /// Where a grant stands.
    pub enum State {
        /// Meta told of it; the browser still has its chance to bring a code.
        Seen,
        /// It is being found out whose it is.
        Matching,
        /// An onboarding is told of it.
        Assigning,
        /// Nobody's by itself: an operator says whose it is.
        Unclaimed,
        /// An onboarding has the account, or asks Meta to confirm that it may.
        Claimed,
        /// The client took it back, or an operator leaves it alone.
        Gone,
    }

    /// What the table can hear.
    pub enum Input {
        /// Meta tells of the same account anew.
        SeenAgain,
        /// The browser has had its chance.
        ChanceOver,
        /// An onboarding has the account already.
        FoundBound,
        /// One onboarding waits for this very account.
        FoundPinned,
        /// None does, or more than one.
        FoundNobody,
        /// An operator says whose it is.
        Assigned,
        /// The onboarding goes on with it.
        Taken,
        /// The onboarding cannot have it.
        Refused,
        /// It is to be looked at once more.
        LookAgain,
        /// The account is no longer shared.
        Removed,
        /// An operator leaves it alone.
        Dismissed,
    }

    /// What the table gives out to be done.
    pub enum Command {
        /// Find out whose it is.
        MatchGrant,
        /// Tell the onboarding, and see what comes of it.
        AssignGrant,
    }
}

state_machine! {
    #[state_machine(state(super::State), input(super::Input), output(super::Command))]
    /// The table of a grant.
    pub grant(Seen)

    Seen => {
        ChanceOver => Matching [MatchGrant],
        Removed => Gone,
    },
    Matching => {
        FoundBound => Claimed,
        FoundPinned => Assigning [AssignGrant],
        FoundNobody => Unclaimed,
        Removed => Gone,
    },
    Assigning => {
        Taken => Claimed,
        Refused => Unclaimed,
        LookAgain => Matching [MatchGrant],
        Removed => Gone,
    },
    Unclaimed => {
        Assigned => Assigning [AssignGrant],
        LookAgain => Matching [MatchGrant],
        SeenAgain => Seen,
        Removed => Gone,
        Dismissed => Gone,
    },
    Claimed => {
        Refused => Unclaimed,
        SeenAgain => Seen,
        Removed => Gone,
    },
    Gone => {
        SeenAgain => Seen,
    },
}

/// The table as `rust-fsm` runs it.
pub type Machine = grant::Impl;
