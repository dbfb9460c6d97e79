//! Taking an export in: chunk by chunk, each durable before the next, so that it can be broken off
//! and gone on with. The only room that calls `Store::take_in`.

use std::io::Read;

use thiserror::Error;

use crate::export::{ExportError, ExportReader, Trailer};
use crate::image::contents;
use crate::store::{Store, StoreError};

/// Why an import did not end well.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The file is not to be trusted, and nothing behind this point was taken in.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The store did not take it.
    #[error("the store did not take it in")]
    Store(#[from] StoreError),
    /// All was taken in, and the store does not hold the same: it held something before, or it is
    /// at fault. Begin with an empty one.
    #[error("the store holds {found} and the export {expected}")]
    Differs {
        /// The digest over the store.
        found: String,
        /// The digest in the export.
        expected: String,
    },
}

/// Takes in what follows the first `done` chunks, then holds the whole store against the export.
/// `taken` hears the number of each chunk once it is durable. Taking a chunk in twice is harmless.
pub async fn import<R: Read + Send>(
    store: &dyn Store,
    mut export: ExportReader<R>,
    done: u64,
    mut taken: impl FnMut(u64) -> std::io::Result<()> + Send,
) -> Result<Trailer, ImportError> {
    let mut chunk = 0;
    while let Some(items) = export.next_chunk()? {
        chunk += 1;
        if chunk <= done {
            continue;
        }
        store.take_in(items).await?;
        taken(chunk).map_err(ExportError::Io)?;
    }
    let found = contents(store).await?.digest();
    let trailer = export.trailer().expect("it was read to its end").clone();
    if found != trailer.digest {
        let expected = trailer.digest;
        return Err(ImportError::Differs { found, expected });
    }
    Ok(trailer)
}
