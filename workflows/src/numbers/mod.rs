//! What is known of a phone number beyond any one onboarding: what was asked of Meta for it, and whose it is here.

mod holders;
mod ledger;

use sha2::{Digest, Sha256};

pub(crate) use holders::{Claimant, Claimed, Holders};
pub use ledger::Standing;
pub(crate) use ledger::{Announced, Counted, Leave, Ledger};

use crate::values::PhoneNumberId;

/// Where a number's document is kept: its id is nobody's to read.
fn key(phone: &PhoneNumberId) -> String {
    hex::encode(Sha256::digest(format!("number/{phone}")))
}
