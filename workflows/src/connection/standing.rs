//! How a live number stands, as its onboarding is told: the one source of what partner and client then see.

use engine::{Actor, Timestamp};
use serde::{Deserialize, Serialize};

/// How a live number stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Whether messages can be sent, once known.
    pub can_send: Option<bool>,
    /// Meta's verdict on the display name.
    pub name_status: Option<String>,
    /// What stands in the way of sending, or will.
    pub problems: Vec<Problem>,
    /// Whom it takes to go on, and what for.
    pub asks: Option<Asked>,
    /// Since when and why we cannot work for the number any more.
    pub disconnected: Option<Disconnection>,
    /// When the number was last connected again after it had been gone.
    pub restored_at: Option<Timestamp>,
    /// Another onboarding has taken the number over.
    pub moved: bool,
}

/// Something that Meta says stands in the way of sending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What it lies with: `PHONE_NUMBER`, `WABA`, `BUSINESS` or `APP`.
    pub entity: String,
    /// Meta's code, where it gives one.
    pub code: Option<i64>,
    /// What it is and how it is mended, in Meta's words.
    pub text: String,
}

/// Somebody who has to do something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Who.
    pub mover: Actor,
    /// A stable code of what is to be done.
    pub code: String,
    /// The same in a sentence.
    pub text: String,
}

/// Why we cannot work for a number any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disconnection {
    /// A stable code, such as `token_dead` or `primary_inactivity`.
    pub reason: String,
    /// What happened, in a sentence.
    pub text: String,
    /// Who made it so, where Meta says: `user` or `system`.
    pub by: Option<String>,
    /// Since when.
    pub at: Timestamp,
}

/// Meta's codes for an account that nothing pays for: of a message that was refused, and of the health of
/// an account (Meta: error codes, health status).
const PAYMENT_CODES: [i64; 2] = [131_042, 141_006];

impl Problem {
    /// Whether a payment method is what is missing.
    pub(crate) fn is_payment(&self) -> bool {
        let told = self.code.is_some_and(|code| PAYMENT_CODES.contains(&code));
        told || (self.code.is_none() && self.text.to_lowercase().contains("payment method"))
    }
}
