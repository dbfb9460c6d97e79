//! Meta's Graph API over HTTPS: builds requests, has them sent, reads the answers.
//!
//! It repeats nothing and decides nothing; whoever calls learns what to do from the reaction.

mod client;
mod envelope;
mod errors;
mod provider;
#[cfg(test)]
pub(crate) mod raw_server;
mod reading;
mod reading_provider;
mod scrub;
mod transport;
mod usage;
mod wire;

pub use client::{GraphClient, GraphSettings};
pub use transport::GraphSetupError;
