//! How a live number stands, as its onboarding is told: the one source of what partner and client then see.

use engine::{Actor, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ports::graph::HealthProblem;

/// How a live number stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Whether messages can be sent, once known.
    pub can_send: Option<bool>,
    /// Meta's verdict on the display name.
    pub name_status: Option<String>,
    /// What stands in the way of sending, or will.
    pub problems: Vec<HealthProblem>,
    /// Whom it takes to go on, and what for.
    pub asks: Option<Asked>,
    /// Since when and why we cannot work for the number any more.
    pub disconnected: Option<Disconnection>,
    /// When the number was last connected again after it had been gone.
    pub restored_at: Option<Timestamp>,
    /// Another onboarding has taken the number over.
    pub moved: bool,
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

/// Whether a payment method is what is missing.
pub(super) fn is_payment(problem: &HealthProblem) -> bool {
    let told = problem
        .code
        .is_some_and(|code| PAYMENT_CODES.contains(&code));
    told || (problem.code.is_none() && problem.text.to_lowercase().contains("payment method"))
}
