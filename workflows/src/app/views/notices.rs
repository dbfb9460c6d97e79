//! Endpoints and deliveries as partners and operators see them.

use serde::{Deserialize, Serialize};

/// One notice to one endpoint.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeliveryView {
    /// Always `webhook_delivery`.
    pub object: &'static str,
    /// `whd_…`.
    pub id: String,
    /// The notice's type, e.g. `onboarding.completed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The endpoint it goes to.
    pub endpoint_id: String,
    /// Where that is.
    pub url: String,
    /// `pending`, `delivered` or `failed`.
    pub status: String,
    /// The onboarding it tells of.
    pub onboarding_id: Option<String>,
    /// The tries, oldest first.
    pub attempts: Vec<AttemptView>,
    /// RFC 3339; the next try.
    pub next_attempt_at: Option<String>,
    /// RFC 3339.
    pub created_at: String,
}

/// One try at a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptView {
    /// RFC 3339.
    pub at: String,
    /// The HTTP status, if an answer came.
    pub status: Option<u16>,
    /// Milliseconds until the answer.
    pub duration_ms: u64,
    /// The first part of the answer, or why none came.
    pub answer: String,
}

/// A registered webhook endpoint.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EndpointView {
    /// Always `webhook_endpoint`.
    pub object: &'static str,
    /// `whe_…`.
    pub id: String,
    /// Where notices go.
    pub url: String,
    /// Which notices; empty means all.
    pub events: Vec<String>,
    /// `enabled` or `disabled`.
    pub status: String,
    /// `whsec_…`; only where it was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// RFC 3339.
    pub created_at: String,
}
