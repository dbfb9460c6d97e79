//! Meta's error envelope, read leniently: its parts come as numbers, texts, lists or not at all.

use serde_json::Value;

use super::reading::{number, text};

/// A trace id longer than this is not one.
const TRACE_LEN_MAX: usize = 64;

/// What the envelope says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) code: i64,
    pub(super) subcode: Option<i64>,
    /// Meta's message, then its details where they add something.
    pub(super) message: String,
    pub(super) transient: bool,
    pub(super) trace: Option<String>,
}

/// The envelope in a body; nothing if the body is no refusal.
pub(super) fn find(body: &[u8]) -> Option<Envelope> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let error = body.get("error").filter(|error| error.is_object())?;
    Some(Envelope {
        code: error.get("code").and_then(number)?,
        subcode: error.get("error_subcode").and_then(number),
        message: message(error),
        transient: error.get("is_transient").and_then(Value::as_bool) == Some(true),
        trace: error
            .get("fbtrace_id")
            .and_then(text)
            .filter(|trace| trace.len() <= TRACE_LEN_MAX),
    })
}

/// Message, details and the text for users, each once.
fn message(error: &Value) -> String {
    let mut parts: Vec<String> = Vec::new();
    let details = error.get("error_data").and_then(|data| match data {
        Value::Object(fields) => fields.get("details").and_then(text),
        other => text(other),
    });
    let all = [
        error.get("message").and_then(text),
        details,
        error.get("error_user_msg").and_then(text),
    ];
    for part in all.into_iter().flatten() {
        if !part.is_empty() && !parts.iter().any(|known| known.contains(&part)) {
            parts.push(part);
        }
    }
    parts.join(" · ")
}
