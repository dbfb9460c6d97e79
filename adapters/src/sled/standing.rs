//! What the committer needs to know of a record in order to write the next one over it.
//!
//! It alone writes records, so what it wrote last it need not read again.

use ::sled::IVec;
use engine::{HoldKind, InstanceId, Label, Record, StoreError, TallyKey};

use super::recent::Recent;
use super::values;

/// About what one weighs in memory beside its labels, and a label.
const STANDING_BYTES: usize = 256;
const LABEL_BYTES: usize = 64;

/// Records as they stand once all that was accepted is written, by instance.
pub(super) type Latest = Recent<InstanceId, Standing>;

/// A record without its contents.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) version: u64,
    /// Where it is counted.
    pub(super) cell: TallyKey,
    pub(super) parked: bool,
    pub(super) live: bool,
    pub(super) labels: Vec<Label>,
    /// Keys beside its first that hold the rest of it.
    pub(super) chunks: u16,
}

impl Standing {
    /// As it stands with so many further keys.
    pub(super) fn of(record: &Record, chunks: u16) -> Self {
        let hold = record.hold.as_ref();
        Self {
            version: record.version,
            cell: TallyKey::of(record),
            parked: hold.is_some_and(|hold| hold.kind == HoldKind::Parked),
            live: !record.ended,
            labels: record.labels.clone(),
            chunks,
        }
    }

    /// As it was read.
    pub(super) fn read(record: &Record, key: &[u8], head: &IVec) -> Result<Self, StoreError> {
        Ok(Self::of(record, values::further_chunks(key, head)?))
    }

    /// About what it weighs in memory.
    pub(super) fn bytes(&self) -> usize {
        STANDING_BYTES + self.labels.len() * LABEL_BYTES
    }
}
