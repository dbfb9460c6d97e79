//! A walk over all instances beside what the last root lists, from the highest id to the lowest.

use std::collections::VecDeque;

use crate::chain::Chain;
use crate::instance::{InstanceId, Record};
use crate::roots::{self, BUCKET_MAX, BucketRef, Index, Leaf};
use crate::store::{Filter, PageOrder, Store, StoreError};

/// Records read at once.
const PAGE: usize = 200;

/// An instance as it stands, as the last root lists it, or both.
pub(crate) type Pair = (Option<Leaf>, Option<Record>);

/// A stretch of the walk.
pub(crate) struct Stretch {
    pub(crate) pairs: Vec<Pair>,
    /// The bucket that ends with this stretch.
    pub(crate) bucket: Option<BucketRef>,
    /// Whether the bucket's leaves are all in this one stretch.
    pub(crate) whole: bool,
    /// The bucket could not be read, so that what it listed is not known.
    pub(crate) unreadable: bool,
}

/// Where the walk has come to.
pub(crate) struct Walk {
    buckets: VecDeque<BucketRef>,
    bucket: Option<BucketRef>,
    leaves: VecDeque<Leaf>,
    unreadable: bool,
    split: bool,
    records: VecDeque<Record>,
    after: Option<String>,
    exhausted: bool,
}

impl Walk {
    pub(crate) fn over(index: Index) -> Self {
        Self {
            buckets: index.into(),
            bucket: None,
            leaves: VecDeque::new(),
            unreadable: false,
            split: false,
            records: VecDeque::new(),
            after: None,
            exhausted: false,
        }
    }

    /// The next stretch; nothing at the end.
    pub(crate) async fn next(
        &mut self,
        store: &dyn Store,
        chain: &Chain,
    ) -> Result<Option<Stretch>, StoreError> {
        if self.bucket.is_none() {
            self.enter_bucket(store, chain).await?;
        }
        let mut pairs = Vec::new();
        while pairs.len() < BUCKET_MAX {
            match self.pair(store).await? {
                Some(pair) => pairs.push(pair),
                None => return Ok(self.leave_bucket(pairs)),
            }
        }
        self.split = true;
        Ok(Some(Stretch {
            pairs,
            bucket: None,
            whole: false,
            unreadable: false,
        }))
    }

    async fn enter_bucket(&mut self, store: &dyn Store, chain: &Chain) -> Result<(), StoreError> {
        self.split = false;
        self.unreadable = false;
        self.bucket = self.buckets.pop_front();
        if let Some(bucket) = &self.bucket {
            match roots::leaves(store, chain, bucket).await? {
                Some(leaves) => self.leaves = leaves.into(),
                None => self.unreadable = true,
            }
        }
        Ok(())
    }

    fn leave_bucket(&mut self, pairs: Vec<Pair>) -> Option<Stretch> {
        let bucket = self.bucket.take();
        if pairs.is_empty() && bucket.is_none() {
            return None;
        }
        Some(Stretch {
            pairs,
            bucket,
            whole: !self.split,
            unreadable: self.unreadable,
        })
    }

    /// The next instance within the bucket.
    async fn pair(&mut self, store: &dyn Store) -> Result<Option<Pair>, StoreError> {
        self.read_ahead(store).await?;
        let low = self.bucket.as_ref().map(|bucket| &bucket.low);
        let within = |id: &&InstanceId| low.is_none_or(|low| *id >= low);
        let record = self.records.front().map(|record| &record.id).filter(within);
        let leaf = self.leaves.front().map(|leaf| &leaf.id);
        let (takes_leaf, takes_record) = match (leaf, record) {
            (None, None) => return Ok(None),
            (Some(leaf), Some(record)) => (leaf >= record, record >= leaf),
            (leaf, record) => (leaf.is_some(), record.is_some()),
        };
        let leaf = takes_leaf.then(|| self.leaves.pop_front()).flatten();
        let record = takes_record.then(|| self.records.pop_front()).flatten();
        Ok(Some((leaf, record)))
    }

    async fn read_ahead(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        if !self.records.is_empty() || self.exhausted {
            return Ok(());
        }
        let order = PageOrder {
            limit: PAGE,
            after: self.after.take(),
        };
        let found = store.find(&Filter::default(), &order).await?;
        self.records = found.items.into();
        self.exhausted = found.next.is_none();
        self.after = found.next;
        Ok(())
    }
}
