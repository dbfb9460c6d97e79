//! The reference meaning of the store port: one lock over plain maps, nothing clever.
//!
//! What another store does differently is that store's fault. It keeps nothing beyond its process.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;

use super::contract::Stored;
use super::memory_commit::check;
use super::memory_shelves::{Claim, Shelves, Standing, paper};
use crate::clock::Timestamp;
use crate::definitions::Definitions;
use crate::image::{Image, Item};
use crate::instance::{Entry, InstanceId, Record};
use crate::store::{
    Change, ClaimOrder, CommitError, Committed, Document, Filter, Page, PageOrder, Store,
    StoreError, TallyKey,
};
use crate::task::{Claimed, Settled, Task, TaskId};

/// A store in memory, for tests and as the measure of every other store.
#[derive(Debug, Default)]
pub struct MemoryStore {
    shelves: Mutex<Shelves>,
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
        let mut shelves = self.shelves();
        let is_free = |id: &TaskId| {
            let standing = &shelves.tasks[id];
            standing.is_free_at(order.now)
                && !order.closed_lanes.contains(&standing.task.lane)
                && order.definitions.cover(&standing.task)
        };
        let due = shelves.due.iter().take_while(|(due, _)| *due <= order.now);
        let free = due.map(|(_, id)| id).filter(|id| is_free(id));
        let chosen: Vec<TaskId> = free.take(order.limit).cloned().collect();
        let lease_until = order.now + order.lease;
        let taken = chosen.iter().filter_map(|id| shelves.take(id, lease_until));
        Ok(taken.collect())
    }

    async fn renew(
        &self,
        claims: &[Settled],
        lease_until: Timestamp,
    ) -> Result<Vec<TaskId>, StoreError> {
        let mut shelves = self.shelves();
        let mut lost = Vec::new();
        for held in claims {
            let standing = shelves.tasks.get_mut(&held.task);
            match standing.filter(|standing| standing.is_held_under(held.fence)) {
                Some(standing) => {
                    let fence = held.fence;
                    standing.claim = Some(Claim { fence, lease_until });
                }
                None => lost.push(held.task.clone()),
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
        closed_lanes: &[String],
        definitions: &Definitions,
    ) -> Result<Option<Timestamp>, StoreError> {
        let shelves = self.shelves();
        let open = shelves.tasks.values().filter(|standing| {
            !closed_lanes.contains(&standing.task.lane) && definitions.cover(&standing.task)
        });
        Ok(open.map(Standing::claimable_from).min())
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
