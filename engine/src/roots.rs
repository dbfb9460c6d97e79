//! Roots: sealed statements, at intervals, of how far every history has come.
//!
//! A chain shows that no line was changed; a root shows that none was cut off and no instance taken
//! away. A root never accepts what contradicts the one before it: evidence is not overwritten.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::chain::{Chain, Mac};
use crate::clock::Timestamp;
use crate::codec::{decode, encode};
use crate::instance::InstanceId;
use crate::ledger::EngineError;
use crate::seal::SealError;
use crate::store::{Document, Expected, PageOrder, PutDocument, Store, StoreError};

/// The space of roots, newest first.
const ROOTS: &str = "journal_roots";
/// The space of what each root lists.
const INDEXES: &str = "journal_root_index";
/// The space of heads, in buckets that roots share as long as nothing in them moves.
const HEADS: &str = "journal_heads";
/// Roots are counted down from here in their keys, so that the newest comes first.
const LAST_ROOT: u64 = 999_999_999_999;

/// A bucket is rewritten whole when one of its instances moves, and must fit into one document.
pub(crate) const BUCKET_MAX: usize = 1_000;

/// How far one history has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Leaf {
    pub(crate) id: InstanceId,
    pub(crate) sequence: u64,
    pub(crate) head: Option<Mac>,
}

/// Where a bucket is, what it holds, and the lowest id in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BucketRef {
    pub(crate) key: String,
    pub(crate) digest: Mac,
    pub(crate) low: InstanceId,
}

/// The buckets of a root, from the highest ids to the lowest.
pub(crate) type Index = Vec<BucketRef>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stored {
    number: u64,
    at: Timestamp,
    previous: Option<Mac>,
    index: Mac,
    instances: u64,
    lines: u64,
}

/// A root as people are told of it. Written down elsewhere, its number and its mark prove that
/// the store was never put back to before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// Counts roots from 1.
    pub number: u64,
    /// When it was made.
    pub at: Timestamp,
    /// Binds it to what it lists and to the root before it.
    pub mark: Mac,
    /// The mark of the root before it.
    pub previous: Option<Mac>,
    /// Instances it lists.
    pub instances: u64,
    /// Lines of history that it covers.
    pub lines: u64,
    pub(crate) index: Mac,
}

/// What a new root says.
pub(crate) struct NewRoot {
    pub(crate) at: Timestamp,
    pub(crate) index: Index,
    pub(crate) instances: u64,
    pub(crate) lines: u64,
}

impl Chain {
    /// A value as it is stored in a space of roots: it opens at its place only.
    fn put<T: Serialize>(&self, space: &str, key: String, value: &T) -> PutDocument {
        let body = self.seal(&format!("{space}/{key}"), &encode(value));
        PutDocument {
            space: space.to_owned(),
            key,
            expected: Expected::Any,
            body: Some(body),
            expires_at: None,
        }
    }

    fn read<T: DeserializeOwned>(&self, space: &str, found: &Document) -> Result<T, SealError> {
        let plain = self.open(&format!("{space}/{}", found.key), &found.body)?;
        decode(&plain).map_err(|_| SealError::Altered)
    }

    fn mark<T: Serialize>(&self, value: &T) -> Mac {
        self.digest("journal root v1", &encode(value))
    }

    fn root(&self, found: &Document) -> Result<Root, SealError> {
        let stored: Stored = self.read(ROOTS, found)?;
        Ok(Root {
            mark: self.mark(&stored),
            number: stored.number,
            at: stored.at,
            previous: stored.previous,
            instances: stored.instances,
            lines: stored.lines,
            index: stored.index,
        })
    }

    /// A bucket of heads to be written, and how an index names it.
    pub(crate) fn bucket(&self, key: String, leaves: &[Leaf]) -> Option<(PutDocument, BucketRef)> {
        let named = BucketRef {
            key: key.clone(),
            digest: self.mark(&leaves),
            low: leaves.last()?.id.clone(),
        };
        Some((self.put(HEADS, key, &leaves), named))
    }

    /// The documents of a new root, in the order in which they must be written.
    pub(crate) fn next_root(
        &self,
        previous: Option<&Root>,
        new: &NewRoot,
    ) -> (Root, [PutDocument; 2]) {
        let number = previous.map_or(1, |root| root.number + 1);
        let stored = Stored {
            number,
            at: new.at,
            previous: previous.map(|root| root.mark),
            index: self.mark(&new.index),
            instances: new.instances,
            lines: new.lines,
        };
        let index = self.put(INDEXES, key_of(number), &new.index);
        let put = PutDocument {
            // Of two processes that make the same root, one is too late.
            expected: Expected::Absent,
            ..self.put(ROOTS, key_of(number), &stored)
        };
        let root = Root {
            number,
            at: new.at,
            mark: self.mark(&stored),
            previous: stored.previous,
            instances: new.instances,
            lines: new.lines,
            index: stored.index,
        };
        (root, [index, put])
    }
}

/// A removal of a bucket that no root lists any more.
pub(crate) fn without_bucket(key: &str) -> PutDocument {
    removal(HEADS, key.to_owned())
}

/// A removal of what an older root listed.
pub(crate) fn without_index(number: u64) -> PutDocument {
    removal(INDEXES, key_of(number))
}

fn removal(space: &str, key: String) -> PutDocument {
    PutDocument {
        space: space.to_owned(),
        key,
        expected: Expected::Any,
        body: None,
        expires_at: None,
    }
}

fn key_of(number: u64) -> String {
    format!("{:012}", LAST_ROOT.saturating_sub(number))
}

/// The newest root, if there is one.
pub(crate) async fn newest(store: &dyn Store, chain: &Chain) -> Result<Option<Root>, EngineError> {
    let page = PageOrder {
        limit: 1,
        after: None,
    };
    let found = store.scan(ROOTS, "", &page).await?.items;
    let root = found.first().map(|found| chain.root(found)).transpose();
    Ok(root?)
}

/// A page of roots, newest first; one that does not open is told as such.
pub(crate) async fn page(
    store: &dyn Store,
    chain: &Chain,
    order: &PageOrder,
) -> Result<(Vec<Result<Root, SealError>>, Option<String>), StoreError> {
    let found = store.scan(ROOTS, "", order).await?;
    let roots = found.items.iter().map(|found| chain.root(found)).collect();
    Ok((roots, found.next))
}

/// What a root lists; nothing if it is missing or is not what the root was made over.
pub(crate) async fn index(
    store: &dyn Store,
    chain: &Chain,
    root: &Root,
) -> Result<Option<Index>, StoreError> {
    let found = store.document(INDEXES, &key_of(root.number)).await?;
    let index = found.and_then(|found| chain.read::<Index>(INDEXES, &found).ok());
    Ok(index.filter(|index| chain.mark(index) == root.index))
}

/// The heads in a bucket; nothing if it is missing or is not what the index was made over.
pub(crate) async fn leaves(
    store: &dyn Store,
    chain: &Chain,
    bucket: &BucketRef,
) -> Result<Option<Vec<Leaf>>, StoreError> {
    let found = store.document(HEADS, &bucket.key).await?;
    let leaves = found.and_then(|found| chain.read::<Vec<Leaf>>(HEADS, &found).ok());
    Ok(leaves.filter(|leaves| chain.mark(&leaves.as_slice()) == bucket.digest))
}

/// A removal of an old root.
pub(crate) fn without_root(number: u64) -> PutDocument {
    removal(ROOTS, key_of(number))
}
