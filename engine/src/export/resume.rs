//! Going on with an export that broke off, where the store still holds what was written.
//!
//! What was written is held against the store item by item: an export is of one moment, and nothing but
//! the contents themselves proves that the moment has not passed.

use std::io::Read;

use super::{CHUNK_ITEMS, ExportError, ExportReader, Exporter};
use crate::store::{Store, StoreError};

/// An export that goes on.
pub struct Resumed {
    /// What is left of it.
    pub exporter: Exporter,
    /// How much of the file is whole; what follows there is to be cut off.
    pub whole: u64,
    /// The chunks in that part.
    pub chunks: u64,
}

impl Exporter {
    /// Goes on with what was begun. Nothing if the store no longer holds the same: then only a new
    /// export is of one moment.
    pub async fn resume<R: Read>(
        store: &dyn Store,
        mut begun: ExportReader<R>,
    ) -> Result<Option<Resumed>, StoreError> {
        let mut image = store.image().await?;
        loop {
            match begun.next_chunk() {
                Ok(Some(written)) => {
                    if image.next(CHUNK_ITEMS).await? != written {
                        return Ok(None);
                    }
                }
                Ok(None) => {
                    if !image.next(1).await?.is_empty() {
                        return Ok(None);
                    }
                    break;
                }
                // The last frame was under way when it broke off.
                Err(ExportError::Torn { .. } | ExportError::Damaged { .. }) => break,
                Err(ExportError::NotAnExport | ExportError::Format(_) | ExportError::Io(_)) => {
                    return Ok(None);
                }
            }
        }
        Ok(Some(Resumed {
            whole: begun.whole,
            chunks: begun.chunks,
            exporter: Exporter {
                image,
                header: None,
                frames: begun.frames,
                contents: begun.contents,
                chunks: begun.chunks,
                trailer: begun.trailer,
            },
        }))
    }
}
