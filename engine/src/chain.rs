//! The chain: each line of a history is bound to all the lines before it by a keyed digest.
//!
//! Whoever can write the store but has no master key can neither change a line nor put one in
//! between. That the end is not cut off is the roots' to see (`roots.rs`).

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::instance::{Entry, InstanceId};
use crate::seal::{DataKey, Keyring, SealError};

/// Bytes of a link: as many as nobody can guess, half of what the digest gives.
const MAC_LEN: usize = 16;

/// Keeps links apart from everything else that the key digests.
const LINK: &str = "journal link v1";

/// A keyed digest that binds a line to its history, or a root to what it covers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mac(#[serde(with = "serde_bytes")] [u8; MAC_LEN]);

impl Mac {
    fn shortened(digest: &[u8; 32]) -> Self {
        let (first, _) = digest
            .split_first_chunk()
            .expect("a digest is longer than a link");
        Self(*first)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mac({self})")
    }
}

/// Makes links under the key of histories.
#[derive(Clone)]
pub(crate) struct Chain {
    keyring: Arc<Keyring>,
    key: Arc<DataKey>,
}

impl Chain {
    pub(crate) fn new(keyring: Arc<Keyring>, key: Arc<DataKey>) -> Self {
        Self { keyring, key }
    }

    /// The link of a line behind `previous`, or of an instance's first line.
    pub(crate) fn link(&self, instance: &InstanceId, previous: Option<&Mac>, entry: &Entry) -> Mac {
        let mut bytes = Parts::default();
        bytes.part(0, instance.as_str().as_bytes());
        if let Some(previous) = previous {
            bytes.part(1, previous.as_bytes());
        }
        spell(entry, &mut bytes);
        self.digest(LINK, &bytes.0)
    }

    pub(crate) fn seal(&self, place: &str, plain: &[u8]) -> Vec<u8> {
        self.keyring.seal(&self.key, place, plain)
    }

    pub(crate) fn open(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.keyring.open_with(&self.key, place, sealed)
    }

    pub(crate) fn digest(&self, purpose: &str, bytes: &[u8]) -> Mac {
        Mac::shortened(&self.keyring.mac(&self.key, purpose, bytes))
    }
}

/// Bytes in which every part stands behind its tag and its length, so that no two lines spell the
/// same. What a line does not have is left out: a later version may add parts without touching
/// the links of earlier lines.
#[derive(Default)]
struct Parts(Vec<u8>);

impl Parts {
    fn part(&mut self, tag: u8, bytes: &[u8]) {
        self.0.push(tag);
        self.0
            .extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, tag: u8, text: Option<&str>) {
        if let Some(text) = text {
            self.part(tag, text.as_bytes());
        }
    }
}

fn spell(entry: &Entry, into: &mut Parts) {
    // Named one by one: a part of a line that is added and not spelled would be open to change.
    let Entry {
        sequence,
        at,
        what,
        actor,
        from,
        to,
        detail,
        root,
        mac: _,
    } = entry;
    into.part(2, &sequence.to_be_bytes());
    into.part(3, &Timestamp::millis(*at).to_be_bytes());
    into.text(4, Some(what));
    into.text(5, Some(actor.as_str()));
    into.text(6, from.as_deref());
    into.text(7, to.as_deref());
    into.text(8, detail.as_ref().map(|detail| detail.code.as_str()));
    into.text(9, detail.as_ref().map(|detail| detail.text.as_str()));
    if let Some(root) = root {
        into.part(10, &root.to_be_bytes());
    }
}
