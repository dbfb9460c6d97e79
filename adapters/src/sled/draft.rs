//! One change as writes: everything is checked here, and nothing reaches the tree.
//!
//! A draft that is refused is dropped whole, so a bad change cannot touch its group.

use std::collections::HashSet;
use std::sync::Arc;

use ::sled::{Db, IVec};
use engine::{
    Change, CommitError, Document, Expected, Footing, InstanceId, Item, Label, PutDocument,
    PutRecord, Record, StoreError, TallyKey, Task, Timestamp,
};

use super::due::{Slot, TaskKey};
use super::standing::{Latest, Standing};
use super::view::{self, Writes};
use super::{keys, values};

/// Keys that a step writes, its labels and its deadline among them.
const USUAL_WRITES: usize = 8;

/// What a change would do.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) writes: Writes,
    /// Cells of the tally that lose or gain one.
    pub(super) counts: Vec<(TallyKey, i64)>,
    pub(super) withdrawn: Vec<(TaskKey, Option<Slot>)>,
    pub(super) armed: Vec<Armed>,
    /// As they shall be loaded once they are durable.
    pub(super) records: Vec<Record>,
    /// As the next change will find them.
    pub(super) standing: Vec<(InstanceId, Standing)>,
}

/// A task to enter into the due index once it is durable.
pub(super) struct Armed {
    pub(super) key: TaskKey,
    pub(super) task: Task,
    /// Claimed along with the change, until then.
    pub(super) claim_until: Option<Timestamp>,
}

/// The tree as this change finds it: what is on disk, what its group wrote, what it wrote.
pub(super) struct Desk<'a> {
    db: &'a Db,
    group: &'a Writes,
    latest: &'a Latest,
    draft: Draft,
}

/// Checks a change against what stands, and works out its writes.
pub(super) fn draft(mut desk: Desk<'_>, change: &Change) -> Result<Draft, CommitError> {
    desk.check_ground(&change.rests_on)?;
    desk.put_records(&change.records)?;
    for trim in &change.trim {
        for sequence in 1..=trim.upto {
            let key = keys::entry(&trim.instance, sequence);
            let head = desk.head(&key)?;
            desk.remove(&key, head.as_ref())?;
        }
    }
    for put in &change.journal {
        let key = keys::entry(&put.instance, put.entry.sequence);
        if desk.head(&key)?.is_some() {
            return Err(CommitError::VersionMoved);
        }
        desk.put(&key, None, &engine::encode(&put.entry))?;
    }
    desk.put_documents(&change.documents)?;
    desk.move_tasks(change)?;
    Ok(desk.draft)
}

/// Works out the writes of items that are put as they are, with every index that follows from them.
pub(super) fn take_in(mut desk: Desk<'_>, items: Vec<Item>) -> Result<Draft, CommitError> {
    for item in items {
        match item {
            Item::Document { space, document } => {
                let key = keys::document(&space, &document.key);
                desk.put_whole(&key, &engine::encode(&document))?;
            }
            Item::Record(record) => {
                let expected = Expected::Any;
                let record = *record;
                desk.put_records(&[PutRecord { expected, record }])?;
            }
            Item::Entry { instance, entry } => {
                let key = keys::entry(&instance, entry.sequence);
                desk.put_whole(&key, &engine::encode(&entry))?;
            }
            Item::Task(task) => desk.move_tasks(&Change {
                tasks: vec![task],
                ..Change::default()
            })?,
        }
    }
    Ok(desk.draft)
}

impl<'a> Desk<'a> {
    pub(super) fn new(db: &'a Db, group: &'a Writes, latest: &'a Latest) -> Self {
        Self {
            db,
            group,
            latest,
            draft: Draft {
                writes: Writes::with_capacity(USUAL_WRITES),
                ..Draft::default()
            },
        }
    }

    fn put_records(&mut self, records: &[PutRecord]) -> Result<(), CommitError> {
        let mut seen = HashSet::new();
        let mut new_labels = Vec::new();
        for put in records {
            let id = &put.record.id;
            let key = keys::record(id.as_str());
            let read;
            let before = if let Some(latest) = self.latest.get(id) {
                Some(latest)
            } else {
                read = self.standing(&key)?;
                read.as_ref()
            };
            let version = before.map(|before| before.version);
            if !put.expected.holds(version) || !seen.insert(id) {
                return Err(CommitError::VersionMoved);
            }
            let further = before.map_or(0, |before| before.chunks);
            self.remove_overflow(&key, further);
            let chunks = self.write(&key, &engine::encode(&put.record));
            let after = Standing::of(&put.record, chunks);
            self.count(before, &after);
            let was = before.is_some_and(|before| before.parked);
            self.index(keys::parked, id, (was, after.parked));
            let was = before.is_some_and(|before| before.live);
            self.index(keys::live, id, (was, after.live));
            let old = before.map_or(&[][..], |before| &before.labels);
            let new = &put.record.labels;
            self.drop_labels(id, old.iter().filter(|label| !new.contains(label)));
            let new = new.iter().filter(|label| !old.contains(label));
            new_labels.extend(new.map(|label| (id, label)));
            self.draft.standing.push((id.clone(), after));
        }
        // Labels are given up before any is taken, so that one can pass between two instances.
        let mut new_labels = new_labels.into_iter();
        new_labels.try_for_each(|(id, label)| self.take_label(id, label))
    }

    /// The record under the key, as it is found.
    fn standing(&self, key: &[u8]) -> Result<Option<Standing>, StoreError> {
        let Some(head) = self.head(key)? else {
            return Ok(None);
        };
        let record: Option<Record> = self.decode(key, Some(&head))?;
        let standing = record.map(|record| Standing::read(&record, key, &head));
        standing.transpose()
    }

    fn count(&mut self, before: Option<&Standing>, after: &Standing) {
        let old_cell = before.map(|before| &before.cell);
        if old_cell == Some(&after.cell) {
            return;
        }
        let counts = &mut self.draft.counts;
        counts.extend(old_cell.map(|old_cell| (old_cell.clone(), -1)));
        counts.push((after.cell.clone(), 1));
    }

    /// Keeps an index of those instances of which something is true.
    fn index(&mut self, key: fn(&InstanceId) -> Vec<u8>, id: &InstanceId, (was, is): (bool, bool)) {
        if was != is {
            let marker = is.then(IVec::default);
            self.draft.writes.insert(key(id), marker);
        }
    }

    fn drop_labels<'l>(&mut self, id: &InstanceId, labels: impl Iterator<Item = &'l Label>) {
        let keys = labels.map(|label| (keys::label(label, id), None));
        self.draft.writes.extend(keys);
    }

    fn take_label(&mut self, id: &InstanceId, label: &Label) -> Result<(), CommitError> {
        let key = keys::label(label, id);
        let id = id.as_str().as_bytes();
        let holder = if label.unique { id } else { &[] };
        if label.unique && self.head(&key)?.is_some_and(|standing| *standing != *id) {
            return Err(CommitError::LabelTaken(label.clone()));
        }
        self.draft.writes.insert(key, Some(IVec::from(holder)));
        Ok(())
    }

    fn check_ground(&self, rests_on: &[Footing]) -> Result<(), CommitError> {
        for ground in rests_on {
            let key = keys::document(&ground.space, &ground.key);
            let standing: Option<Document> = self.decode(&key, self.head(&key)?.as_ref())?;
            if standing.is_none_or(|standing| standing.version != ground.version) {
                return Err(CommitError::DocumentMoved {
                    space: ground.space.clone(),
                    key: ground.key.clone(),
                });
            }
        }
        Ok(())
    }

    fn put_documents(&mut self, documents: &[PutDocument]) -> Result<(), CommitError> {
        let mut seen = HashSet::new();
        for put in documents {
            let key = keys::document(&put.space, &put.key);
            let head = self.head(&key)?;
            let standing: Option<Document> = self.decode(&key, head.as_ref())?;
            let version = standing.map(|document| document.version);
            if !put.expected.holds(version) || !seen.insert((&put.space, &put.key)) {
                return Err(CommitError::DocumentMoved {
                    space: put.space.clone(),
                    key: put.key.clone(),
                });
            }
            match &put.body {
                Some(body) => {
                    let document = Document {
                        key: put.key.clone(),
                        version: version.unwrap_or(0) + 1,
                        body: body.clone(),
                        expires_at: put.expires_at,
                    };
                    self.put(&key, head.as_ref(), &engine::encode(&document))?;
                }
                None => self.remove(&key, head.as_ref())?,
            }
        }
        Ok(())
    }

    fn move_tasks(&mut self, change: &Change) -> Result<(), CommitError> {
        for settled in &change.settle {
            let key = keys::task(&settled.task);
            let head = self.head(&key)?;
            self.remove(&key, head.as_ref())?;
            self.draft.withdrawn.push((key.into(), None));
        }
        for id in &change.drop_tasks {
            let key = keys::task(id);
            let head = self.head(&key)?;
            self.withdraw(&key, head.as_ref())?;
            self.remove(&key, head.as_ref())?;
        }
        for task in &change.tasks {
            let key = keys::task(&task.id());
            let head = self.head(&key)?;
            self.withdraw(&key, head.as_ref())?;
            self.put(&key, head.as_ref(), &engine::encode(task))?;
            let key: TaskKey = key.into();
            // Arming one task twice in a change is arming it once, the last way.
            self.draft.armed.retain(|armed| armed.key != key);
            let within = change.claim.as_ref().filter(|within| within.covers(task));
            self.draft.armed.push(Armed {
                key,
                task: task.clone(),
                claim_until: within.map(|within| within.lease_until),
            });
        }
        Ok(())
    }

    /// Marks a standing task for removal from the due index.
    fn withdraw(&mut self, key: &[u8], head: Option<&IVec>) -> Result<(), StoreError> {
        if let Some(task) = self.decode::<Task>(key, head)? {
            let slot = Some(Slot::of(&task));
            self.draft.withdrawn.push((Arc::from(key), slot));
        }
        Ok(())
    }

    /// The value whose head stands under the key.
    fn decode<T: serde::de::DeserializeOwned>(
        &self,
        key: &[u8],
        head: Option<&IVec>,
    ) -> Result<Option<T>, StoreError> {
        let Some(head) = head else {
            return Ok(None);
        };
        let bytes = values::join(key, head, |key| self.head(key))?;
        view::decode(key, &bytes).map(Some)
    }

    /// What stands under the key: each look at the tree costs as much as a write into it, so
    /// callers look once.
    fn head(&self, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        let written = self.draft.writes.get(key).or_else(|| self.group.get(key));
        match written {
            Some(value) => Ok(value.clone()),
            None => view::get(self.db, key),
        }
    }

    /// Puts a value over whatever stands there.
    fn put_whole(&mut self, key: &[u8], bytes: &[u8]) -> Result<(), StoreError> {
        let head = self.head(key)?;
        self.put(key, head.as_ref(), bytes)
    }

    /// Puts a value in place of the one whose head stands there.
    fn put(&mut self, key: &[u8], head: Option<&IVec>, bytes: &[u8]) -> Result<(), StoreError> {
        if let Some(head) = head {
            self.remove_overflow(key, values::further_chunks(key, head)?);
        }
        self.write(key, bytes);
        Ok(())
    }

    /// Writes a value; answers how many keys beside its first it takes.
    fn write(&mut self, key: &[u8], bytes: &[u8]) -> u16 {
        let parts = values::split(key, bytes);
        let further = u16::try_from(parts.len() - 1).expect("it was split into a counted number");
        let parts = parts.into_iter().map(|(key, part)| (key, Some(part)));
        self.draft.writes.extend(parts);
        further
    }

    fn remove(&mut self, key: &[u8], head: Option<&IVec>) -> Result<(), StoreError> {
        if let Some(head) = head {
            self.remove_overflow(key, values::further_chunks(key, head)?);
            self.draft.writes.insert(key.to_vec(), None);
        }
        Ok(())
    }

    /// Removes the further chunks of a value that had so many.
    fn remove_overflow(&mut self, key: &[u8], further: u16) {
        let removed = values::overflow_keys(key, further).map(|key| (key, None));
        self.draft.writes.extend(removed);
    }
}
