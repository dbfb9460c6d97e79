//! Values that sled may hold safely: none above 4 KiB, longer ones split over several keys.
//!
//! A leaf that grows beyond 128 KiB becomes a file of its own which sled never syncs; small values
//! keep every leaf far below that. This room knows bytes only.

use ::sled::IVec;
use engine::StoreError;

use super::keys;

/// With its key and the head's count this stays within 4 KiB of value.
const CHUNK_BYTES: usize = 4_000;

/// The count of further chunks that stands before the first.
const COUNT_BYTES: usize = 2;

/// The keys and values that together hold `bytes`; the head comes first.
pub(super) fn split(key: &[u8], bytes: &[u8]) -> Vec<(Vec<u8>, IVec)> {
    let first = bytes.len().min(CHUNK_BYTES);
    let rest: Vec<&[u8]> = bytes[first..].chunks(CHUNK_BYTES).collect();
    let count = u16::try_from(rest.len()).expect("the limits of a change keep values far smaller");
    let mut head = Vec::with_capacity(COUNT_BYTES + first);
    head.extend_from_slice(&count.to_be_bytes());
    head.extend_from_slice(&bytes[..first]);
    let mut parts = vec![(key.to_vec(), IVec::from(head))];
    let numbered = (0..count).zip(rest);
    parts.extend(numbered.map(|(n, chunk)| (keys::overflow(key, n), IVec::from(chunk))));
    parts
}

/// How many keys beside the head hold the rest of a value.
pub(super) fn further_chunks(key: &[u8], head: &[u8]) -> Result<u16, StoreError> {
    let count = head.first_chunk::<COUNT_BYTES>().ok_or_else(|| cut(key))?;
    Ok(u16::from_be_bytes(*count))
}

/// The keys beside the head that hold the rest of a value of so many chunks.
pub(super) fn overflow_keys(key: &[u8], count: u16) -> impl Iterator<Item = Vec<u8>> {
    (0..count).map(|n| keys::overflow(key, n))
}

/// Puts together what was split; `get` answers the further keys.
pub(super) fn join(
    key: &[u8],
    head: &[u8],
    get: impl Fn(&[u8]) -> Result<Option<IVec>, StoreError>,
) -> Result<Vec<u8>, StoreError> {
    let further = further_chunks(key, head)?;
    let mut bytes = head[COUNT_BYTES..].to_vec();
    for place in overflow_keys(key, further) {
        let chunk = get(&place)?.ok_or_else(|| cut(key))?;
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn cut(key: &[u8]) -> StoreError {
    StoreError::Corrupt(format!("{}: a part of it is missing", keys::family(key)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{join, split};

    #[test]
    fn values_of_every_length_come_back_and_stay_small() {
        for length in [0, 1, 3_999, 4_000, 4_001, 8_000, 8_001, 300_000] {
            let bytes: Vec<u8> = (0..length).map(|n: u32| n.to_le_bytes()[0]).collect();
            let parts: BTreeMap<_, _> = split(b"rx", &bytes).into_iter().collect();
            assert!(parts.values().all(|part| part.len() <= 4_096));
            let joined = join(b"rx", &parts[&b"rx"[..]], |key| Ok(parts.get(key).cloned()));
            assert_eq!(joined.unwrap(), bytes);
        }
    }

    #[test]
    fn a_missing_part_is_corruption_and_not_a_shorter_value() {
        let parts = split(b"rx", &[7; 9_000]);
        assert!(join(b"rx", &parts[0].1, |_| Ok(None)).is_err());
        assert!(join(b"rx", b"", |_| Ok(None)).is_err());
    }
}
