//! The reference meaning of the store port: one lock over plain maps, nothing clever.
//!
//! What another store does differently is that store's fault. It keeps nothing beyond its process.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;

use super::contract::Stored;
use super::memory_claims::{Claim, Standing, Turns};
use super::memory_commit::check;
use crate::allowance::Allowance;
use crate::clock::Timestamp;
use crate::definitions::Definitions;
use crate::image::{Image, Item};
use crate::instance::{Entry, InstanceId, Record};
use crate::store::{
    Change, ClaimOrder, CommitError, Committed, Document, Filter, Page, PageOrder, PutDocument,
    Store, StoreError, TallyKey,
};
use crate::task::{Claimed, Settled, Task, TaskId};

/// A store in memory, for tests and as the measure of every other store.
#[derive(Debug, Default)]
pub struct MemoryStore {
    shelves: Mutex<Shelves>,
}

/// Everything that is kept.
#[derive(Debug, Default)]
pub(super) struct Shelves {
    pub(super) records: BTreeMap<InstanceId, Record>,
    pub(super) unique_labels: BTreeMap<(String, String), InstanceId>,
    pub(super) journal: BTreeMap<(InstanceId, u64), Entry>,
    pub(super) tasks: BTreeMap<TaskId, Standing>,
    pub(super) documents: BTreeMap<(String, String), Document>,
    /// Tasks by tenant, in the order in which they are due.
    pub(super) lines: BTreeMap<String, BTreeSet<(Timestamp, TaskId)>>,
    pub(super) turns: Turns,
    last_fence: u64,
    damaged: BTreeSet<Stored>,
}

impl Shelves {
    fn apply(&mut self, change: Change) -> Committed {
        for put in change.records {
            self.put_record(put.record);
        }
        let kept = |place: &(InstanceId, u64)| {
            let mut trims = change.trim.iter();
            !trims.any(|trim| trim.instance == place.0 && place.1 <= trim.upto)
        };
        if !change.trim.is_empty() {
            self.journal.retain(|place, _| kept(place));
        }
        for trim in &change.trim {
            let own = |id: &InstanceId| *id == trim.instance;
            self.journal
                .retain(|(id, sequence), _| !own(id) || *sequence > trim.upto);
        }
        for put in change.journal {
            let place = (put.instance, put.entry.sequence);
            self.journal.insert(place, put.entry);
        }
        for put in change.documents {
            self.put_document(put);
        }
        let settled = change.settle.into_iter().map(|settled| settled.task);
        for id in change.drop_tasks.into_iter().chain(settled) {
            self.remove_task(&id);
        }
        let mut committed = Committed::default();
        for task in change.tasks {
            let id = task.id();
            let within = change.claim.as_ref().filter(|within| within.covers(&task));
            self.arm(task);
            if let Some(within) = within {
                let claimed = self.take(&id, within.lease_until);
                committed.claimed.extend(claimed);
            }
        }
        committed
    }

    fn put_record(&mut self, record: Record) {
        for key in unique_labels(&record) {
            self.unique_labels.insert(key, record.id.clone());
        }
        let id = record.id.clone();
        let Some(before) = self.records.insert(id.clone(), record) else {
            return;
        };
        let kept: Vec<_> = unique_labels(&self.records[&id]).collect();
        for key in unique_labels(&before).filter(|key| !kept.contains(key)) {
            if self.unique_labels.get(&key) == Some(&id) {
                self.unique_labels.remove(&key);
            }
        }
    }

    fn put_document(&mut self, put: PutDocument) {
        let place = (put.space, put.key.clone());
        let Some(body) = put.body else {
            self.documents.remove(&place);
            return;
        };
        let version = self.documents.get(&place).map_or(0, |known| known.version) + 1;
        let document = Document {
            key: put.key,
            version,
            body,
            expires_at: put.expires_at,
        };
        self.documents.insert(place, document);
    }

    fn items(&self) -> VecDeque<Item> {
        let documents = self.documents.iter().map(|((space, _), document)| {
            let (space, document) = (space.clone(), document.clone());
            Item::Document { space, document }
        });
        let records = self.records.values().cloned();
        let records = records.map(|record| Item::Record(Box::new(record)));
        let entries = self.journal.iter().map(|((instance, _), entry)| {
            let (instance, entry) = (instance.clone(), entry.clone());
            Item::Entry { instance, entry }
        });
        let tasks = self.tasks.values();
        let tasks = tasks.map(|standing| Item::Task(standing.task.clone()));
        documents
            .chain(records)
            .chain(entries)
            .chain(tasks)
            .collect()
    }

    fn take_in(&mut self, item: Item) {
        match item {
            Item::Document { space, document } => {
                let place = (space, document.key.clone());
                self.documents.insert(place, document);
            }
            Item::Record(record) => self.put_record(*record),
            Item::Entry { instance, entry } => {
                self.journal.insert((instance, entry.sequence), entry);
            }
            Item::Task(task) => self.arm(task),
        }
    }

    /// Refuses to answer for what was damaged.
    pub(super) fn readable(&self, what: &Stored) -> Result<(), StoreError> {
        if self.damaged.contains(what) {
            return Err(StoreError::Corrupt(format!("{what:?} was damaged")));
        }
        Ok(())
    }

    pub(super) fn take(&mut self, id: &TaskId, lease_until: Timestamp) -> Option<Claimed> {
        let standing = self.tasks.get_mut(id)?;
        self.last_fence += 1;
        Some(standing.hand_out(Claim {
            fence: self.last_fence,
            lease_until,
        }))
    }
}

/// What was kept at one moment.
struct Still(VecDeque<Item>);

#[async_trait]
impl Image for Still {
    async fn next(&mut self, limit: usize) -> Result<Vec<Item>, StoreError> {
        let count = limit.min(self.0.len());
        Ok(self.0.drain(..count).collect())
    }
}

/// The keys of a record's unique labels in the index.
pub(super) fn unique_labels(record: &Record) -> impl Iterator<Item = (String, String)> {
    let unique = record.labels.iter().filter(|label| label.unique);
    unique.map(|label| (label.name.clone(), label.value.clone()))
}

pub(super) fn paper(space: &str, key: &str) -> Stored {
    Stored::Document {
        space: space.to_owned(),
        key: key.to_owned(),
    }
}

/// Cuts off a page; the cursor is the last item's.
fn page<T>(found: impl Iterator<Item = T>, limit: usize, cursor: fn(&T) -> &str) -> Page<T> {
    let limit = limit.max(1);
    let mut items: Vec<T> = found.take(limit + 1).collect();
    let more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| more);
    let next = last.map(|item| cursor(item).to_owned());
    Page { items, next }
}

impl MemoryStore {
    /// How many tasks stand, whoever has them in hand.
    pub fn owed(&self) -> usize {
        self.shelves().tasks.len()
    }

    /// Does to claims what the death of every process over this store does: nobody gives them back.
    pub fn lose_claims(&self) {
        self.shelves().lose_claims();
    }

    /// Damages a value: it stands there, and can be read no more.
    pub fn damage(&self, what: &Stored) {
        self.shelves().damaged.insert(what.clone());
    }

    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.shelves
            .lock()
            .expect("nothing panics while it holds the shelves")
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn load(&self, id: &InstanceId) -> Result<Option<Record>, StoreError> {
        let shelves = self.shelves();
        shelves.readable(&Stored::Record(id.clone()))?;
        Ok(shelves.records.get(id).cloned())
    }

    async fn commit(&self, change: Change) -> Result<Committed, CommitError> {
        let mut shelves = self.shelves();
        check(&shelves, &change)?;
        Ok(shelves.apply(change))
    }

    async fn claim(&self, order: ClaimOrder) -> Result<Vec<Claimed>, StoreError> {
        Ok(self.shelves().claim(&order))
    }

    async fn renew(
        &self,
        claims: &[Settled],
        lease_until: Timestamp,
    ) -> Result<Vec<Settled>, StoreError> {
        let mut shelves = self.shelves();
        let mut lost = Vec::new();
        for held in claims {
            let standing = shelves.tasks.get_mut(&held.task);
            let standing = standing.filter(|standing| standing.is_held_under(held.fence));
            match standing.and_then(|standing| standing.claim.as_mut()) {
                Some(claim) => claim.lease_until = lease_until,
                None => lost.push(held.clone()),
            }
        }
        Ok(lost)
    }

    async fn release(&self, claims: &[Settled]) -> Result<(), StoreError> {
        let mut shelves = self.shelves();
        for held in claims {
            let standing = shelves.tasks.get_mut(&held.task);
            if let Some(standing) = standing.filter(|task| task.is_held_under(held.fence)) {
                standing.claim = None;
            }
        }
        Ok(())
    }

    async fn next_due(
        &self,
        allowance: &Allowance,
        definitions: &Definitions,
    ) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.shelves().next_due(allowance, definitions))
    }

    async fn tasks(&self, id: &InstanceId) -> Result<Vec<Task>, StoreError> {
        let shelves = self.shelves();
        let standing = shelves.tasks.values().map(|standing| &standing.task);
        let mut tasks: Vec<Task> = standing
            .filter(|task| task.instance == *id)
            .cloned()
            .collect();
        tasks.sort_by_key(|task| (task.due, task.id()));
        Ok(tasks)
    }

    async fn journal(
        &self,
        id: &InstanceId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let shelves = self.shelves();
        let first = (id.clone(), after.saturating_add(1));
        let last = (id.clone(), u64::MAX);
        let found = shelves.journal.range(first..=last).take(limit);
        let found = found.map(|((_, sequence), entry)| {
            shelves.readable(&Stored::Entry(id.clone(), *sequence))?;
            Ok(entry.clone())
        });
        found.collect()
    }

    async fn find(&self, filter: &Filter, order: &PageOrder) -> Result<Page<Record>, StoreError> {
        let shelves = self.shelves();
        let newest_first = shelves.records.values().rev();
        let behind = newest_first.filter(|record| match &order.after {
            Some(cursor) => record.id.as_str() < cursor.as_str(),
            None => true,
        });
        let found = behind.filter(|record| filter.admits(record)).cloned();
        let page = page(found, order.limit, |record| record.id.as_str());
        for record in &page.items {
            shelves.readable(&Stored::Record(record.id.clone()))?;
        }
        Ok(page)
    }

    async fn tally(&self) -> Result<Vec<(TallyKey, u64)>, StoreError> {
        let mut cells = BTreeMap::new();
        for record in self.shelves().records.values() {
            *cells.entry(TallyKey::of(record)).or_insert(0) += 1;
        }
        Ok(cells.into_iter().collect())
    }

    async fn document(&self, space: &str, key: &str) -> Result<Option<Document>, StoreError> {
        let place = (space.to_owned(), key.to_owned());
        let shelves = self.shelves();
        shelves.readable(&paper(space, key))?;
        Ok(shelves.documents.get(&place).cloned())
    }

    async fn scan(
        &self,
        space: &str,
        prefix: &str,
        order: &PageOrder,
    ) -> Result<Page<Document>, StoreError> {
        let shelves = self.shelves();
        let start = match &order.after {
            Some(cursor) if cursor.as_str() >= prefix => {
                Bound::Excluded((space.to_owned(), cursor.clone()))
            }
            _ => Bound::Included((space.to_owned(), prefix.to_owned())),
        };
        let found = shelves.documents.range((start, Bound::Unbounded));
        let within = found
            .take_while(|((in_space, key), _)| in_space == space && key.starts_with(prefix))
            .map(|(_, document)| document.clone());
        let page = page(within, order.limit, |document| &document.key);
        for document in &page.items {
            shelves.readable(&paper(space, &document.key))?;
        }
        Ok(page)
    }

    async fn image(&self) -> Result<Box<dyn Image>, StoreError> {
        Ok(Box::new(Still(self.shelves().items())))
    }

    async fn take_in(&self, items: Vec<Item>) -> Result<(), StoreError> {
        let mut shelves = self.shelves();
        for item in items {
            shelves.take_in(item);
        }
        Ok(())
    }
}
