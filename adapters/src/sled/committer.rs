//! The one writer: gathers waiting changes into a group, makes it durable, then acknowledges all.
//!
//! It runs on its own thread and never retries a failed sync: what the disk holds then is unknown.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ::sled::{Batch, Db, IVec};
use engine::{
    Change, Claimed, CommitError, Committed, Item, StoreError, TallyKey, Task, Timestamp,
};
use tokio::sync::{mpsc, oneshot};

use super::draft::{Armed, Desk, Draft, draft, take_in};
use super::due::{DueIndex, TaskKey};
use super::recent::Recent;
use super::standing::Latest;
use super::view::{Shared, Writes, closed, panicked};
use super::{image, keys};

/// About what a record weighs in memory beside its facts, and a task.
const RECORD_BYTES: usize = 1_024;
const TASK_BYTES: usize = 512;

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

/// A group's answers on their way to those who wait.
pub(super) type Answers = mpsc::UnboundedSender<Vec<(Answer, Committed)>>;

/// Tells a group's members that it is durable, from within the runtime: from another thread each of
/// them would be woken by a call to the kernel.
pub(super) async fn tell(mut durable: mpsc::UnboundedReceiver<Vec<(Answer, Committed)>>) {
    while let Some(answers) = durable.recv().await {
        for (answer, committed) in answers {
            drop(answer.send(Ok(committed)));
        }
    }
}

/// The committer's own things; it lives on its thread.
pub(super) struct Committer {
    pub(super) shared: Arc<Shared>,
    pub(super) db: Db,
    /// Our own descriptor of sled's log: sled's flush stops short of the disk's own cache.
    pub(super) log: File,
    pub(super) tally: BTreeMap<TallyKey, u64>,
    pub(super) latest: Latest,
    pub(super) answers: Answers,
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
        let _deadman = Deadman(Arc::clone(&self.shared));
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

    /// Applies, syncs and acknowledges a group; false when the store has failed.
    fn finish(&mut self, mut group: Group) -> bool {
        let counted = std::mem::take(&mut group.counts);
        let moved = self.count(counted, &mut group.writes);
        if let Err(error) = self.make_durable(group.writes) {
            self.shared.fail(&error.to_string());
            for (_, answer) in group.accepted {
                let error = StoreError::Unavailable(error.to_string());
                drop(answer.send(Err(error.into())));
            }
            return false;
        }
        match self.acknowledge(moved, group.accepted) {
            Ok(()) => true,
            Err(error) => {
                self.shared.fail(&error.to_string());
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

    fn make_durable(&self, writes: Writes) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        for (key, value) in &writes {
            match value {
                Some(value) => batch.insert(key.as_slice(), value.clone()),
                None => batch.remove(key.as_slice()),
            }
        }
        {
            let mut view = self.shared.view.write().map_err(|_| panicked())?;
            image::spare(&self.shared, &self.db, &writes)?;
            view.group += 1;
            view.in_flight = Arc::new(writes);
            self.db
                .apply_batch(batch)
                .map_err(|error| unwritten(&error))?;
        }
        sync(&self.db, &self.log)?;
        self.shared.syncs.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn acknowledge(
        &self,
        moved: Vec<(TallyKey, u64)>,
        accepted: Vec<(Draft, Answer)>,
    ) -> Result<(), StoreError> {
        {
            let mut tally = self.shared.tally.lock().map_err(|_| panicked())?;
            tally.extend(moved);
            tally.retain(|_, total| *total > 0);
        }
        let count = u64::try_from(accepted.len()).unwrap_or(u64::MAX);
        let mut records = self.shared.records.lock().map_err(|_| panicked())?;
        let mut tasks = self.shared.tasks.lock().map_err(|_| panicked())?;
        let mut due = self.shared.due()?;
        let mut answers = Vec::with_capacity(accepted.len());
        for (draft, answer) in accepted {
            withdraw(&mut due, &draft);
            for record in draft.records {
                let bytes = RECORD_BYTES + record.facts.len();
                records.put(record.id.clone(), Arc::new(record), bytes);
            }
            let mut claimed = Vec::new();
            for armed in draft.armed {
                match armed.claim_until {
                    Some(until) => claimed.push(take(&mut due, &mut tasks, armed, until)),
                    None => arm(&mut due, &mut tasks, armed),
                }
            }
            answers.push((answer, Committed { claimed }));
        }
        due.hand_over_marks();
        drop((due, records, tasks));
        let mut view = self.shared.view.write().map_err(|_| panicked())?;
        view.in_flight = Arc::default();
        let durable_group = view.group;
        drop(view);
        self.shared
            .progress
            .send_modify(|progress| progress.durable_group = durable_group);
        self.shared.commits.fetch_add(count, Ordering::Relaxed);
        self.shared.groups.fetch_add(1, Ordering::Relaxed);
        // Whoever would have been told has gone with the runtime.
        drop(self.answers.send(answers));
        Ok(())
    }
}

/// Puts everything written so far beyond the reach of a power cut.
///
/// sled's `flush` hands its pages to the kernel and asks for write-out of that range, which leaves
/// the file's length and the disk's cache unsynced. `flush_async` is not used anywhere: several
/// callers of it can wait for each other for good.
pub(super) fn sync(db: &Db, log: &File) -> Result<(), StoreError> {
    db.flush().map_err(|error| unwritten(&error))?;
    log.sync_data()
        .map_err(|error| StoreError::Unavailable(format!("the log could not be synced: {error}")))
}

fn unwritten(error: &::sled::Error) -> StoreError {
    StoreError::Unavailable(format!("a group could not be written: {error}"))
}

fn check_claims(due: &DueIndex, change: &Change) -> Result<(), CommitError> {
    let mut settled = change.settle.iter();
    if settled.all(|settled| due.is_held(&keys::task(&settled.task), settled.fence)) {
        Ok(())
    } else {
        Err(CommitError::LeaseLost)
    }
}

fn withdraw(due: &mut DueIndex, draft: &Draft) {
    for (key, slot) in &draft.withdrawn {
        due.withdraw(key, slot.as_ref());
    }
}

fn arm(due: &mut DueIndex, tasks: &mut Recent<TaskKey, Arc<Task>>, armed: Armed) {
    due.arm(armed.key.clone(), &armed.task);
    tasks.put(armed.key, Arc::new(armed.task), TASK_BYTES);
}

fn take(
    due: &mut DueIndex,
    tasks: &mut Recent<TaskKey, Arc<Task>>,
    armed: Armed,
    until: Timestamp,
) -> Claimed {
    // Its lease may run out: then it is handed out as it was armed here, not as it was before.
    tasks.put(armed.key.clone(), Arc::new(armed.task.clone()), TASK_BYTES);
    let taken = due.take_armed(armed.key, &armed.task, until);
    Claimed {
        task: armed.task,
        fence: taken.fence,
        lost: taken.lost,
    }
}

/// Tells everyone when the committer's thread ends by a panic.
struct Deadman(Arc<Shared>);

impl Drop for Deadman {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail("the committer panicked");
        }
    }
}

/// What a caller hears when the committer is gone.
pub(super) fn gone(shared: &Shared) -> StoreError {
    shared.check_alive().err().unwrap_or_else(closed)
}
