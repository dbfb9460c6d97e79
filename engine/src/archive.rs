//! The archive.

use crate::instance::{Entry, Record};
use crate::store::{Store, StoreError};

/// A record's history behind a line, oldest first, wherever it is kept.
pub(crate) async fn history(
    store: &dyn Store,
    record: &Record,
    after: u64,
    limit: usize,
) -> Result<Vec<Entry>, StoreError> {
    store.journal(&record.id, after, limit).await
}
