//! Operations: an act that is sent twice is carried out once.
//!
//! What is kept names the act and nothing of its content; it is written with the act or not at all.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::acts::{Act, ActError, Intervention};
use crate::codec::{decode, encode};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::instance::InstanceId;
use crate::store::{Expected, PutDocument, StoreError};

/// The space of documents that remembers operations.
pub(crate) const SPACE: &str = "operations";

/// A repeat is known as one for this long.
const KNOWN: Duration = Duration::from_hours(7 * 24);

/// One operation on one instance.
pub(crate) struct Operation {
    key: String,
    kept: Kept,
}

#[derive(Serialize, Deserialize, PartialEq, Eq)]
struct Kept {
    act: String,
    /// Tells the same act with other values from a repeat.
    digest: String,
}

impl Operation {
    /// The operation of an act that names one.
    pub(crate) fn of(engine: &Engine, id: &InstanceId, by: &Intervention) -> Option<Self> {
        let operation = by.operation.as_ref()?;
        let values = match &by.act {
            Act::RetryNow | Act::Pause | Act::Resume => String::new(),
            Act::Cancel { undo } => undo.to_string(),
            Act::Rewind { to } => to.clone(),
            Act::Submit { event, fields } => serde_json::json!([event, fields]).to_string(),
            Act::Edit { fields } => serde_json::json!(fields).to_string(),
        };
        Some(Self {
            key: key_of(id, operation),
            kept: Kept {
                act: by.act.name().to_owned(),
                digest: engine.digest("operation", &values),
            },
        })
    }

    pub(crate) fn is_space(space: &str) -> bool {
        space == SPACE
    }

    /// Whether it was carried out before; another act under its id is refused.
    pub(crate) async fn is_done(&self, engine: &Engine) -> Result<bool, ActError> {
        let known = engine.store().document(SPACE, &self.key).await;
        let Some(known) = known.map_err(crate::ledger::EngineError::from)? else {
            return Ok(false);
        };
        let kept: Kept = decode(&known.body).map_err(|error| {
            let what = format!("document {SPACE}/{}: {error}", self.key);
            crate::ledger::EngineError::from(StoreError::Corrupt(what))
        })?;
        if kept == self.kept {
            Ok(true)
        } else {
            Err(ActError::OperationReused(kept.act))
        }
    }

    /// Whether it was carried out before, by whatever act.
    pub(crate) async fn is_known(&self, engine: &Engine) -> Result<bool, EngineError> {
        Ok(engine.store().document(SPACE, &self.key).await?.is_some())
    }

    /// What is written with the act.
    pub(crate) fn put(&self, engine: &Engine) -> PutDocument {
        PutDocument {
            space: SPACE.to_owned(),
            key: self.key.clone(),
            expected: Expected::Absent,
            body: Some(encode(&self.kept)),
            expires_at: Some(engine.now() + KNOWN),
        }
    }
}

/// Of two texts with a slash between them either may hold one: in the id it is written otherwise, so
/// that no two operations share a key.
fn key_of(id: &InstanceId, operation: &str) -> String {
    let id = id.as_str().replace('%', "%25").replace('/', "%2F");
    format!("{id}/{operation}")
}
