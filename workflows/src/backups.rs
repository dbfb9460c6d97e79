//! When the last backup was made: remembered in the store, for metrics and for the doctor.

use engine::{DocumentDraft, Documents, EngineError, Expected, Timestamp};

use crate::directory::house_subject;

/// What is remembered of the installation itself.
const SPACE: &str = "installation";
const KEY: &str = "last_backup";

/// The moment of the last backup that was read to its end.
pub async fn last_backup(documents: &Documents) -> Result<Option<Timestamp>, EngineError> {
    let found = documents.get::<Timestamp>(SPACE, KEY).await?;
    Ok(found.map(|found| found.body))
}

/// Remembers that a backup of this moment was read to its end.
pub(crate) async fn remember_backup(
    documents: &Documents,
    at: Timestamp,
) -> Result<(), EngineError> {
    let puts = documents
        .seal(DocumentDraft {
            space: SPACE,
            key: KEY,
            subject: &house_subject(),
            expected: Expected::Any,
            body: &at,
            expires_at: None,
        })
        .await?;
    documents.write(puts).await
}
