//! Things that happen at Meta after a signup, by name: told in Meta's shapes and true in the world.

mod order;
mod shapes;
mod truth;

pub(crate) use order::{happen, happen_together, partner_added};
