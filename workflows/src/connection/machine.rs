//! The connection's table: from the hand-over of a live number to its end, through whatever Meta does to it.

use engine::letters;
use rust_fsm::state_machine;

letters! {
    /// Where a connection stands.
    pub enum State {
        /// The number is live, and whether it can send is not known or not so.
        Settling,
        /// The number can send.
        Live,
        /// We cannot work for the number any more; the client has to connect it anew.
        Disconnected,
        /// Meta has banned the account; the client appeals.
        Blocked,
        /// Another onboarding took the number over, and the former one is still to hear of it.
        Closing,
        /// The number is looked after elsewhere.
        Closed,
    }

    /// What the table can hear.
    pub enum Input {
        /// Older connections of the number have ended.
        TookOver,
        /// They have, and the number could send already.
        TookOverReady,
        /// It is time to look at the number.
        LookDue,
        /// It is time to see to the token.
        TokenDue,
        /// The number was looked at, and the onboarding knows all of it.
        Looked,
        /// Something is known that the onboarding is to hear.
        Changed,
        /// The number can send.
        CanSend,
        /// The number can no longer send.
        CannotSend,
        /// The token works.
        TokenKept,
        /// The client's grant is gone.
        Disconnected,
        /// Meta has banned the account.
        Banned,
        /// What was gone is back.
        Restored,
        /// The onboarding knows.
        Told,
        /// Another onboarding has the number now.
        Superseded,
    }

    /// What the table gives out to be done.
    pub enum Command {
        /// End the older connections of the number.
        TakeOver,
        /// See whether the number can send.
        LookAtNumber,
        /// See that the token works and goes on working.
        TendToken,
        /// Let the onboarding hear how the number stands.
        TellOnboarding,
    }
}

state_machine! {
    #[state_machine(state(super::State), input(super::Input), output(super::Command))]
    /// The table of a connection.
    pub connection(Settling)

    Settling => {
        TookOver => Settling,
        TookOverReady => Live,
        LookDue => Settling [LookAtNumber],
        TokenDue => Settling [TendToken],
        Looked => Settling,
        Changed => Settling [TellOnboarding],
        CanSend => Live [TellOnboarding],
        TokenKept => Settling,
        Told => Settling,
        Disconnected => Disconnected [TellOnboarding],
        Banned => Blocked [TellOnboarding],
        Superseded => Closing [TellOnboarding],
    },
    Live => {
        LookDue => Live [LookAtNumber],
        TokenDue => Live [TendToken],
        Looked => Live,
        Changed => Live [TellOnboarding],
        CannotSend => Settling [TellOnboarding],
        TokenKept => Live,
        Told => Live,
        Disconnected => Disconnected [TellOnboarding],
        Banned => Blocked [TellOnboarding],
        Superseded => Closing [TellOnboarding],
    },
    Blocked => {
        LookDue => Blocked [LookAtNumber],
        TokenDue => Blocked [TendToken],
        Looked => Blocked,
        Changed => Blocked [TellOnboarding],
        TokenKept => Blocked,
        Told => Blocked,
        Restored => Settling [LookAtNumber],
        Disconnected => Disconnected [TellOnboarding],
        Superseded => Closing [TellOnboarding],
    },
    Disconnected => {
        TokenDue => Disconnected [TendToken],
        Looked => Disconnected,
        Changed => Disconnected [TellOnboarding],
        Told => Disconnected,
        Restored => Settling [LookAtNumber],
        Superseded => Closing [TellOnboarding],
    },
    Closing => {
        Told => Closed,
    },
}

/// The table as `rust-fsm` runs it.
pub type Machine = connection::Impl;
