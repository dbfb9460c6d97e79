//! What the page told of Meta's window: explained to the client, kept for Meta's support, believed by nobody.

use engine::Timestamp;
use serde::{Deserialize, Serialize};

/// What the page told about the popup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journey {
    /// `sdk_loaded`, `popup_blocked`, `canceled` …
    pub kind: String,
    /// Meta's name of the step the client was at.
    pub step: Option<String>,
    /// Meta's code of an error inside the popup.
    pub error_code: Option<String>,
    /// What the window said of it, without anything that names a person.
    #[serde(default)]
    pub error_message: Option<String>,
    /// Meta's session id, for their support.
    pub session_id: Option<String>,
    /// When it happened by Meta's clock, for their support.
    #[serde(default)]
    pub timestamp: Option<String>,
    /// When it was told.
    pub at: Timestamp,
}
