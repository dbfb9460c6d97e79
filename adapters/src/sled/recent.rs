//! What was just acknowledged, as whoever takes the next step will ask for it.
//!
//! sled lets nobody read while a group is applied, and under load a group is nearly always being
//! applied. Only what is durable may be put here.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// A generation ends at this many values or bytes, whichever comes first.
///
/// Few enough to stay in the processor's cache and to be forgotten without a pause, and more than
/// ever are on their way at once.
const GENERATION_VALUES: usize = 2_048;
const GENERATION_BYTES: usize = 16 * 1024 * 1024;

/// Two generations: when the younger is full, the older is forgotten.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    younger: HashMap<K, V>,
    older: HashMap<K, V>,
    younger_bytes: usize,
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self {
            younger: HashMap::new(),
            older: HashMap::new(),
            younger_bytes: 0,
        }
    }
}

impl<K: Hash + Eq, V> Recent<K, V> {
    pub(super) fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.younger.get(key).or_else(|| self.older.get(key))
    }

    /// Puts a value of about so many bytes.
    pub(super) fn put(&mut self, key: K, value: V, bytes: usize) {
        self.younger_bytes += bytes;
        self.younger.insert(key, value);
        let full = self.younger.len() >= GENERATION_VALUES;
        if full || self.younger_bytes >= GENERATION_BYTES {
            self.older = std::mem::take(&mut self.younger);
            self.younger_bytes = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{GENERATION_BYTES, Recent};

    #[test]
    fn the_newest_value_is_answered_and_memory_is_bounded() {
        let mut recent: Recent<u32, Vec<u8>> = Recent::default();
        let large = GENERATION_BYTES / 4;
        for number in 0..100 {
            recent.put(0, vec![number], 1);
            recent.put(1 + u32::from(number), vec![0; large], large);
            assert_eq!(recent.get(&0), Some(&vec![number]));
        }
        let kept = recent.younger.values().chain(recent.older.values());
        let bytes: usize = kept.map(Vec::len).sum();
        assert!(bytes <= 2 * GENERATION_BYTES);
        assert_eq!(recent.get(&1), None);
    }
}
