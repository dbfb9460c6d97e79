//! What a connection can hear. Events are never stored, so they may carry secrets.

use engine::{Actor, InstanceId, Reason, Timestamp};

use super::standing::{Disconnection, Standing};
use crate::ports::graph::HealthProblem;
use crate::values::Secret;
use crate::words::Said;

/// What a connection can hear.
#[derive(Clone, Debug)]
pub enum Event {
    /// Older connections of the number have ended.
    TookOver {
        /// The number had been gone in one of them.
        was_gone: bool,
    },
    /// Another connection has the number now.
    Superseded {
        /// Which.
        by: InstanceId,
    },
    /// It is time to look at the number.
    LookDue,
    /// Somebody asks to look at the number now.
    LookWanted {
        /// Who.
        actor: Actor,
    },
    /// The number was looked at.
    Looked(Look),
    /// The number could not be looked at.
    LookFailed(Reason),
    /// It is time to see to the token.
    TokenDue,
    /// Meta did not take the token.
    TokenRefused(Reason),
    /// The token works.
    TokenKept {
        /// The one that stands in for it, if it is another now.
        token: Option<Secret>,
        /// When it ends, if it does.
        expires_at: Option<Timestamp>,
        /// Why it could not be made to live on, where it should have been.
        failing: Option<Reason>,
    },
    /// Nobody could be asked about the token.
    TendFailed(Reason),
    /// No token can be had.
    TokenLost(Disconnection),
    /// A word of Meta's about the number, its account or its portfolio.
    Said {
        /// What it says.
        said: Said,
        /// When Meta says that it happened.
        at: Timestamp,
    },
    /// The app may have been taken from this client: Meta does not say from whom it was.
    AppDoubted,
    /// The onboarding knows this.
    Told(Box<Standing>),
}

/// What a look at a number found.
#[derive(Clone, Debug)]
pub struct Look {
    /// Whether messages can be sent, if Meta says.
    pub can_send: Option<bool>,
    /// Meta's verdict on the display name, if it says.
    pub name_status: Option<String>,
    /// What stands in the way.
    pub problems: Vec<HealthProblem>,
}
