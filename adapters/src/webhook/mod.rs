//! Signed notices to partners' endpoints, and the guard that keeps them off private networks.
//!
//! One call is one try; when to try again is decided elsewhere.

mod answer;
mod guard;
mod resolver;
mod sender;
mod signature;

pub use sender::{WebhookSender, WebhookSettings, WebhookSetupError};
