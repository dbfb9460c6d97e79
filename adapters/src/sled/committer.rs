//! The one writer: gathers waiting changes into a group, checks each against what stands, and applies
//! them together.
//!
//! It runs on its own thread, one group ahead of whoever makes them durable: nothing that it has
//! applied is answered before.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use ::sled::{Batch, Db, IVec};
use engine::{Change, CommitError, Committed, Item, StoreError, TallyKey};
use tokio::sync::{mpsc, oneshot};

use super::draft::{Desk, Draft, draft, take_in};
use super::due::DueIndex;
use super::standing::Latest;
use super::syncer::{Applied, Deadman, refuse, unwritten};
use super::view::{Shared, Writes, closed, panicked};
use super::{image, keys};

/// What the committer is asked to do.
pub(super) enum Job {
    Commit {
        change: Box<Change>,
        answer: Answer,
    },
    TakeIn {
        items: Vec<Item>,
        answer: Answer,
    },
    /// Finish what came before, then end.
    Close,
}

pub(super) type Answer = oneshot::Sender<Result<Committed, CommitError>>;

/// The committer's own things; it lives on its thread.
pub(super) struct Committer {
    pub(super) shared: Arc<Shared>,
    pub(super) db: Db,
    pub(super) tally: BTreeMap<TallyKey, u64>,
    pub(super) latest: Latest,
    pub(super) to_sync: SyncSender<Applied>,
    pub(super) group_limit: usize,
}

/// Changes that become durable together.
#[derive(Default)]
struct Group {
    writes: Writes,
    counts: BTreeMap<TallyKey, i64>,
    accepted: Vec<(Draft, Answer)>,
}

impl Group {
    fn accept(&mut self, mut draft: Draft, answer: Answer) {
        self.writes.extend(draft.writes.drain());
        for (cell, delta) in draft.counts.drain(..) {
            *self.counts.entry(cell).or_insert(0) += delta;
        }
        self.accepted.push((draft, answer));
    }
}

impl Committer {
    /// Works until it is closed, nobody can ask any more, or the disk fails.
    pub(super) fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let _deadman = Deadman::over(&self.shared, "the committer panicked");
        let mut open = true;
        let mut usual_writes = 0;
        while open && let Some(first) = jobs.blocking_recv() {
            let mut group = Group {
                writes: Writes::with_capacity(usual_writes),
                ..Group::default()
            };
            let mut next = Some(first);
            while let Some(job) = next {
                match job {
                    Job::Commit { change, answer } => self.admit(&mut group, *change, answer),
                    Job::TakeIn { items, answer } => self.admit_items(&mut group, items, answer),
                    Job::Close => open = false,
                }
                let room = open && group.accepted.len() < self.group_limit;
                next = room.then(|| jobs.try_recv().ok()).flatten();
            }
            usual_writes = group.writes.len();
            if !group.accepted.is_empty() && !self.finish(group) {
                return;
            }
        }
    }

    /// Adds a change to the group or refuses it alone.
    fn admit(&mut self, group: &mut Group, change: Change, answer: Answer) {
        match self.prepare(group, &change) {
            Ok(mut draft) => {
                let records = change.records.into_iter();
                draft.records = records.map(|put| put.record).collect();
                self.accept(group, draft, answer);
            }
            // Whoever asked may have stopped waiting.
            Err(error) => drop(answer.send(Err(error))),
        }
    }

    /// Adds items as they are.
    fn admit_items(&mut self, group: &mut Group, items: Vec<Item>, answer: Answer) {
        let desk = Desk::new(&self.db, &group.writes, &self.latest);
        let taken = take_in(desk, items).and_then(|draft| {
            withdraw(&mut *self.shared.due()?, &draft);
            Ok(draft)
        });
        match taken {
            Ok(draft) => self.accept(group, draft, answer),
            Err(error) => drop(answer.send(Err(error))),
        }
    }

    fn accept(&mut self, group: &mut Group, mut draft: Draft, answer: Answer) {
        for (id, standing) in draft.standing.drain(..) {
            let bytes = standing.bytes();
            self.latest.put(id, standing, bytes);
        }
        group.accept(draft, answer);
    }

    fn prepare(&self, group: &Group, change: &Change) -> Result<Draft, CommitError> {
        change.check_limits()?;
        check_claims(&*self.shared.due()?, change)?;
        let desk = Desk::new(&self.db, &group.writes, &self.latest);
        let draft = draft(desk, change)?;
        // A lease may have passed to another owner meanwhile; from here on none can.
        let mut due = self.shared.due()?;
        check_claims(&due, change)?;
        withdraw(&mut due, &draft);
        Ok(draft)
    }

    /// Applies a group and hands it on to be synced; false when the store has failed.
    fn finish(&mut self, mut group: Group) -> bool {
        let counted = std::mem::take(&mut group.counts);
        let moved = self.count(counted, &mut group.writes);
        match self.apply(group.writes) {
            Ok(number) => {
                let accepted = group.accepted;
                let applied = Applied {
                    number,
                    moved,
                    accepted,
                };
                let handed_on = self.to_sync.send(applied);
                handed_on
                    .map_err(|unsent| unsent.0.refuse(&gone(&self.shared)))
                    .is_ok()
            }
            Err(error) => {
                self.shared.fail(&error.to_string());
                refuse(group.accepted, &error);
                false
            }
        }
    }

    /// Turns the group's deltas into new totals, one write per cell that moved.
    fn count(
        &mut self,
        deltas: BTreeMap<TallyKey, i64>,
        writes: &mut Writes,
    ) -> Vec<(TallyKey, u64)> {
        let mut moved = Vec::new();
        for (cell, delta) in deltas.into_iter().filter(|(_, delta)| *delta != 0) {
            let total = self.tally.entry(cell.clone()).or_insert(0);
            *total = total.saturating_add_signed(delta);
            let value = (*total > 0).then(|| IVec::from(&total.to_be_bytes()));
            writes.insert(keys::tally(&cell), value);
            moved.push((cell, *total));
        }
        self.tally.retain(|_, total| *total > 0);
        moved
    }

    /// Writes a group to the tree, where nobody hears of it yet; answers its number.
    fn apply(&self, writes: Writes) -> Result<u64, StoreError> {
        let mut batch = Batch::default();
        for (key, value) in &writes {
            match value {
                Some(value) => batch.insert(key.as_slice(), value.clone()),
                None => batch.remove(key.as_slice()),
            }
        }
        let mut view = self.shared.view.write().map_err(|_| panicked())?;
        image::spare(&self.shared, &self.db, &writes)?;
        view.group += 1;
        view.in_flight.push_back(Arc::new(writes));
        self.db
            .apply_batch(batch)
            .map_err(|error| unwritten(&error))?;
        Ok(view.group)
    }
}

fn check_claims(due: &DueIndex, change: &Change) -> Result<(), CommitError> {
    let mut settled = change.settle.iter();
    if settled.all(|settled| due.is_held(&keys::task(&settled.task), settled.fence)) {
        Ok(())
    } else {
        Err(CommitError::LeaseLost)
    }
}

pub(super) fn withdraw(due: &mut DueIndex, draft: &Draft) {
    for (key, slot) in &draft.withdrawn {
        due.withdraw(key, slot.as_ref());
    }
}

/// What a caller hears when the committer is gone.
pub(super) fn gone(shared: &Shared) -> StoreError {
    shared.check_alive().err().unwrap_or_else(closed)
}
