//! What single steps of an onboarding leave behind: a number that was added, a credit line, what was synced.

use engine::Timestamp;
use serde::{Deserialize, Serialize};

use crate::values::WabaId;

/// A number on its way into an account, because the client's signup ended without one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adding {
    /// The account.
    pub waba: WabaId,
    /// When Meta took it.
    pub added_at: Option<Timestamp>,
}

/// Meta's word that it decided about a display name; the number itself may show it some moments later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameWord {
    /// When it decided.
    pub at: Timestamp,
    /// When that was heard here.
    pub heard_at: Timestamp,
    /// Why it declined the name, in Meta's word.
    pub reason: Option<String>,
}

/// Meta's word of how its verification of the client's business stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerificationWord {
    /// Meta's word, e.g. `APPROVED` or `FAILED`.
    pub status: String,
    /// When that was so.
    pub at: Timestamp,
}

/// A share of the provider's credit line, as Meta gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// The account it pays for.
    pub waba: WabaId,
    /// Meta's id of the share.
    pub allocation: String,
    /// When the account was seen to be paid for by it.
    pub verified_at: Option<Timestamp>,
    /// When it takes over from another provider's line, if that is not at once.
    #[serde(default)]
    pub pays_from: Option<Timestamp>,
}

impl Credit {
    /// Whether nothing is left to do for it.
    pub fn is_settled(&self) -> bool {
        self.verified_at.is_some() || self.pays_from.is_some()
    }
}

/// What was asked for of the WhatsApp Business app; each is given once for a signup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Syncs {
    /// The contacts.
    pub contacts: Option<Sync>,
    /// The history of chats.
    pub history: Option<Sync>,
    /// When Meta told that the client does not share the history.
    pub history_refused_at: Option<Timestamp>,
}

/// One request for what the app holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sync {
    /// When Meta took it.
    pub at: Timestamp,
    /// Meta's id of it, for their support; none where it had been asked for before.
    pub request_id: Option<String>,
}

impl Syncs {
    /// Whether nothing is left to ask for.
    pub fn are_requested(&self) -> bool {
        self.contacts.is_some() && self.history.is_some()
    }
}
