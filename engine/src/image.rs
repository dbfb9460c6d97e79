//! Everything that a store keeps, as whole items in one order, whatever store it is.
//!
//! Claims, indexes and counts are no items: they follow from these.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::codec::encode;
use crate::instance::{Entry, InstanceId, Record};
use crate::store::{Document, Store, StoreError};
use crate::task::Task;

/// Something that a store keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// A sealed document.
    Document {
        /// The space it is in.
        space: String,
        /// The document, with its version.
        document: Document,
    },
    /// An instance.
    Record(Box<Record>),
    /// A line of an instance's history.
    Entry {
        /// Whose history.
        instance: InstanceId,
        /// The line.
        entry: Entry,
    },
    /// Something owed.
    Task(Task),
}

/// What a store held at one moment, to be read while others go on writing.
///
/// Documents come first, then records, history and tasks, so that whoever reads knows the keys
/// before what they seal.
#[async_trait]
pub trait Image: Send {
    /// The next items, at most so many; none once all have been read.
    async fn next(&mut self, limit: usize) -> Result<Vec<Item>, StoreError>;
}

/// How many items there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Documents.
    pub documents: u64,
    /// Instances.
    pub records: u64,
    /// Lines of history.
    pub entries: u64,
    /// What is owed.
    pub tasks: u64,
}

impl Counts {
    /// All kinds together.
    pub fn total(&self) -> u64 {
        self.documents + self.records + self.entries + self.tasks
    }
}

/// What a set of items comes to, in whatever order they are added: two stores with equal contents
/// hold the same, byte for byte.
///
/// The digests of the items are added up modulo 2^256: that tells loss and damage, and is no proof
/// against somebody who makes up items for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    counts: Counts,
    sum: [u8; 32],
}

impl Contents {
    /// Adds an item.
    pub fn add(&mut self, item: &Item) {
        let count = match item {
            Item::Document { .. } => &mut self.counts.documents,
            Item::Record(_) => &mut self.counts.records,
            Item::Entry { .. } => &mut self.counts.entries,
            Item::Task(_) => &mut self.counts.tasks,
        };
        *count += 1;
        let mut carry = 0;
        for (sum, added) in self.sum.iter_mut().zip(Sha256::digest(encode(item))) {
            let total = u16::from(*sum) + u16::from(added) + carry;
            carry = total >> 8;
            *sum = total.to_le_bytes()[0];
        }
    }

    /// Adds items.
    pub fn add_all(&mut self, items: &[Item]) {
        for item in items {
            self.add(item);
        }
    }

    /// How many items were added.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The digest of the items added, in hex.
    pub fn digest(&self) -> String {
        hex::encode(self.sum)
    }
}

/// Items read at a time.
const PAGE: usize = 500;

/// Everything that the store holds at this moment, counted and digested.
pub async fn contents(store: &dyn Store) -> Result<Contents, StoreError> {
    let mut image = store.image().await?;
    let mut contents = Contents::default();
    loop {
        let items = image.next(PAGE).await?;
        if items.is_empty() {
            return Ok(contents);
        }
        contents.add_all(&items);
    }
}
