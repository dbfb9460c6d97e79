//! How a notice reaches a partner's endpoint.

use std::time::Duration;

use async_trait::async_trait;
use engine::Timestamp;

use crate::values::Secret;

/// A notice ready to be signed and sent.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The same for every try, so that the receiver can tell a repeat: `webhook-id`.
    pub id: String,
    /// When this try is made: `webhook-timestamp`.
    pub at: Timestamp,
    /// The JSON body, byte for byte what is signed.
    pub body: String,
    /// Where to.
    pub url: String,
    /// The signing secrets `whsec_…`; two while one replaces the other.
    pub secrets: Vec<Secret>,
}

/// What the endpoint answered, whatever it was.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// How long the answer took.
    pub took: Duration,
    /// The first part of the body, for the partner's eyes.
    pub head: String,
    /// How long the endpoint asked us to stay away.
    pub retry_after: Option<Duration>,
}

/// Why no answer came.
#[derive(Clone, Debug)]
pub enum Undelivered {
    /// The address may not be called (private, not https, not an address): the partner mends it.
    Forbidden(String),
    /// No connection, no answer, or no end of it: try again later.
    Unreachable(String),
}

/// Sends signed notices.
#[async_trait]
pub trait Notifier: Send + Sync + 'static {
    /// Makes one try. Follows no redirect.
    async fn send(&self, notice: &Notice) -> Result<Answer, Undelivered>;

    /// Whether notices may ever go to this address, and if not, why.
    fn admits(&self, url: &str) -> Result<(), String>;
}
