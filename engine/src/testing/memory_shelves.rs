//! What the reference store keeps, as plain maps, and what a change does to them once it is let in.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::contract::Stored;
use crate::clock::Timestamp;
use crate::image::Item;
use crate::instance::{Entry, InstanceId, Record};
use crate::store::{Change, Committed, Document, PutDocument, StoreError};
use crate::task::{Claimed, Task, TaskId};

/// Everything that is kept.
#[derive(Debug, Default)]
pub(super) struct Shelves {
    pub(super) records: BTreeMap<InstanceId, Record>,
    pub(super) unique_labels: BTreeMap<(String, String), InstanceId>,
    pub(super) journal: BTreeMap<(InstanceId, u64), Entry>,
    pub(super) tasks: BTreeMap<TaskId, Standing>,
    pub(super) documents: BTreeMap<(String, String), Document>,
    pub(super) due: BTreeSet<(Timestamp, TaskId)>,
    last_fence: u64,
    pub(super) damaged: BTreeSet<Stored>,
}

/// A task and who has it in hand.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) task: Task,
    pub(super) claim: Option<Claim>,
}

#[derive(Debug)]
pub(super) struct Claim {
    pub(super) fence: u64,
    pub(super) lease_until: Timestamp,
}

impl Standing {
    pub(super) fn is_held_under(&self, fence: u64) -> bool {
        self.claim
            .as_ref()
            .is_some_and(|claim| claim.fence == fence)
    }

    pub(super) fn is_free_at(&self, now: Timestamp) -> bool {
        self.claim
            .as_ref()
            .is_none_or(|claim| claim.lease_until <= now)
    }

    pub(super) fn claimable_from(&self) -> Timestamp {
        let lease = self.claim.as_ref().map(|claim| claim.lease_until);
        // A clock that jumped back may end a lease before its task is due.
        lease.map_or(self.task.due, |until| until.max(self.task.due))
    }
}

impl Shelves {
    pub(super) fn apply(&mut self, change: Change) -> Committed {
        for put in change.records {
            self.put_record(put.record);
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
                committed.claimed.extend(self.take(&id, within.lease_until));
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

    pub(super) fn items(&self) -> VecDeque<Item> {
        let documents = self.documents.iter().map(|((space, _), document)| {
            let (space, document) = (space.clone(), document.clone());
            Item::Document { space, document }
        });
        let records = self.records.values().cloned().map(Item::Record);
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

    pub(super) fn take_in(&mut self, item: Item) {
        match item {
            Item::Document { space, document } => {
                let place = (space, document.key.clone());
                self.documents.insert(place, document);
            }
            Item::Record(record) => self.put_record(record),
            Item::Entry { instance, entry } => {
                self.journal.insert((instance, entry.sequence), entry);
            }
            Item::Task(task) => self.arm(task),
        }
    }

    fn arm(&mut self, task: Task) {
        self.remove_task(&task.id());
        self.due.insert((task.due, task.id()));
        self.tasks.insert(task.id(), Standing { task, claim: None });
    }

    fn remove_task(&mut self, id: &TaskId) {
        if let Some(standing) = self.tasks.remove(id) {
            self.due.remove(&(standing.task.due, id.clone()));
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
        let fence = self.last_fence;
        standing.claim = Some(Claim { fence, lease_until });
        let task = standing.task.clone();
        Some(Claimed { task, fence })
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
