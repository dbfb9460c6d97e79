//! What a use case answers when it cannot do what was asked: sorted by what the caller does next.
//!
//! No HTTP here; the web adapter gives each kind its status.

use std::time::Duration;

use engine::{SealError, StoreError};
use thiserror::Error;

/// The sort of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be read at all: mend its syntax.
    Malformed,
    /// No key, or one we do not know: present a valid one.
    Unauthenticated,
    /// The key is known and not allowed this.
    Forbidden,
    /// There is no such thing, or it is somebody else's.
    NotFound,
    /// Not possible in the present state: read it again.
    Conflict,
    /// It existed and is over: ask for a new one.
    Gone,
    /// Readable but wrong: mend the named fields.
    Invalid,
    /// Too much: come back after the wait.
    Limited,
    /// We cannot take it now: come back after the wait.
    Unavailable,
    /// Our fault: report it with the request id.
    Fault,
}

/// One wrong field of a request.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// The field's path, e.g. `link.expires_in`.
    pub param: String,
    /// A stable code, e.g. `unknown_field`, `out_of_range`, `wrong_type`.
    pub code: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Why a use case refused.
#[derive(Clone, Debug, Error)]
#[error("{code}: {detail}")]
pub struct Problem {
    /// The sort of refusal.
    pub kind: Kind,
    /// A stable code that callers may switch on.
    pub code: &'static str,
    /// What happened and what to do, for people. Never a secret, never an inner cause.
    pub detail: String,
    /// The wrong fields, if fields are wrong.
    pub errors: Vec<FieldError>,
    /// When to come back, where coming back helps.
    pub retry_after: Option<Duration>,
}

impl Problem {
    /// A refusal of this kind.
    pub fn new(kind: Kind, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
        }
    }

    /// Nothing of that id exists for this caller.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            Kind::NotFound,
            "not_found",
            format!(
                "There is no {what} of that id for this key. Check the id and which key you use."
            ),
        )
    }

    /// Fields are wrong; each is named with its remedy.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = errors
            .iter()
            .map(|error| format!("{}: {}", error.param, error.message))
            .collect::<Vec<_>>()
            .join("; ");
        Self {
            errors,
            ..Self::new(Kind::Invalid, "invalid_request", detail)
        }
    }

    /// One field is wrong.
    pub fn field(param: &str, code: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError {
            param: param.to_owned(),
            code: code.to_owned(),
            message: message.into(),
        }])
    }

    /// The store cannot take it now; nothing is known to be lost.
    pub fn unavailable() -> Self {
        Self {
            retry_after: Some(Duration::from_secs(2)),
            ..Self::new(
                Kind::Unavailable,
                "unavailable",
                "Gangway cannot store anything at the moment. Send the same request again shortly.",
            )
        }
    }

    /// A fault of ours; the cause is in the log, not in the answer.
    pub fn fault() -> Self {
        Self::new(
            Kind::Fault,
            "internal_error",
            "Gangway failed on this request. Send it again; if it fails again, report the request id.",
        )
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store did not answer a use case");
        match error {
            StoreError::Unavailable(_) => Self::unavailable(),
            StoreError::Corrupt(_) => Self::fault(),
        }
    }
}

impl From<SealError> for Problem {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Store(_) => Self::unavailable(),
            SealError::Erased => Self::new(
                Kind::Gone,
                "erased",
                "The data of this client was erased on request; nothing of it is left to show.",
            ),
            other => {
                tracing::error!(error = %other, "sealed data did not open");
                Self::fault()
            }
        }
    }
}
