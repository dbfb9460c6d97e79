//! How Graph's refusals are sorted: by what the caller does next, never by Meta's wording.

use std::time::Duration;

use thiserror::Error;

/// What to do about a call that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Not one byte was sent: even a call that must happen once may be made again.
    NotSent,
    /// No answer came: Meta may have acted. Check before repeating.
    Unanswered,
    /// Meta did not act and asks to try again.
    Transient,
    /// A limit was met; calling before the wait is over prolongs it.
    Limited {
        /// How long to stay away.
        wait: Duration,
    },
    /// The token no longer works: mint it again or ask the client.
    TokenDead,
    /// The code was used or is older than 30 s: the client signs up again.
    CodeSpent,
    /// App id, secret or redirect address are wrong: the operator mends the setup.
    Misconfigured,
    /// A permission or a role is missing: operator, or a new consent.
    Denied,
    /// Not visible to this token (yet): sharing lags for some seconds after a signup.
    NotVisible,
    /// The number has another two-step PIN: the client knows it.
    PinMismatch,
    /// PINs were guessed too often or too fast.
    PinGuessing {
        /// How long to stay away.
        wait: Duration,
    },
    /// The number must be verified with a one-time password first.
    NumberUnverified,
    /// The display name is not processed yet; registering works once it is.
    NameNotProcessed,
    /// Too many registrations of this number: blocked for 72 hours.
    RegisterLimit,
    /// The number was deleted moments ago; the deletion is not finished.
    RecentlyDeleted,
    /// An earlier deregistration is incomplete: deregister, then register.
    DeregisterFirst,
    /// The number lives in the WhatsApp Business app: there is nothing to register.
    CoexistenceNumber,
    /// This sync was asked for before: it is done.
    SyncUsedUp,
    /// The 24 hours for a sync are over: the client disconnects in the app and signs up again.
    SyncTooLate,
    /// The app must be subscribed before its callback can be overridden.
    SubscribeFirst,
    /// Meta locked or restricted the account: the client appeals.
    Locked,
    /// Meta refuses the request as it is: an operator must look.
    Refused,
}

/// A Graph call that did not succeed.
#[derive(Clone, Debug, Error)]
#[error("{call}: {message}")]
pub struct GraphError {
    /// Which conversation failed, e.g. `register`.
    pub call: &'static str,
    /// What to do about it.
    pub reaction: Reaction,
    /// Meta's code, if an answer came.
    pub code: Option<i64>,
    /// Meta's subcode.
    pub subcode: Option<i64>,
    /// What happened, free of secrets.
    pub message: String,
    /// Meta's trace id, for their support.
    pub trace: Option<String>,
}

impl GraphError {
    /// The code to group by: `graph_133005`, `graph_100_36009`, or the kind of silence.
    pub fn fingerprint(&self) -> String {
        match (self.code, self.subcode) {
            (Some(code), Some(subcode)) => format!("graph_{code}_{subcode}"),
            (Some(code), None) => format!("graph_{code}"),
            (None, _) if self.reaction == Reaction::NotSent => "graph_unreachable".to_owned(),
            (None, _) if self.reaction == Reaction::Unanswered => "graph_unanswered".to_owned(),
            (None, _) => "graph_unreadable".to_owned(),
        }
    }
}
