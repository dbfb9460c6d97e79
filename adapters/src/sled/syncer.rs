//! Makes durable what the committer has applied, then acknowledges it: several groups at once when
//! they have gathered meanwhile.
//!
//! It runs on its own thread and never retries a failed sync: what the disk holds then is unknown.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

use ::sled::Db;
use engine::{Claimed, Committed, StoreError, TallyKey, Task, Timestamp};
use tokio::sync::mpsc;

use super::committer::{Answer, withdraw};
use super::draft::{Armed, Draft};
use super::due::{DueIndex, TaskKey};
use super::recent::Recent;
use super::view::{Shared, panicked};

/// About what a record weighs in memory beside its facts, and a task.
const RECORD_BYTES: usize = 1_024;
const TASK_BYTES: usize = 512;

/// Groups that may be applied ahead of the sync.
pub(super) const GROUPS_AHEAD: usize = 2;

/// A group that stands in the tree and waits for the disk.
pub(super) struct Applied {
    /// Counts groups.
    pub(super) number: u64,
    /// Totals that it moved, as they are now.
    pub(super) moved: Vec<(TallyKey, u64)>,
    pub(super) accepted: Vec<(Draft, Answer)>,
}

impl Applied {
    pub(super) fn refuse(self, error: &StoreError) {
        refuse(self.accepted, error);
    }
}

/// Tells everyone whose change was accepted that nobody knows what has become of it.
pub(super) fn refuse(accepted: Vec<(Draft, Answer)>, error: &StoreError) {
    for (_, answer) in accepted {
        let error = StoreError::Unavailable(error.to_string());
        drop(answer.send(Err(error.into())));
    }
}

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

/// The syncer's own things; it lives on its thread.
pub(super) struct Syncer {
    pub(super) shared: Arc<Shared>,
    pub(super) db: Db,
    /// Our own descriptor of sled's log: sled's flush stops short of the disk's own cache.
    pub(super) log: File,
    pub(super) answers: Answers,
}

impl Syncer {
    /// Works until the committer has ended, or the disk fails.
    pub(super) fn run(self, applied: &Receiver<Applied>) {
        let _deadman = Deadman::over(&self.shared, "the syncer panicked");
        while let Ok(first) = applied.recv() {
            let groups: Vec<Applied> = std::iter::once(first).chain(applied.try_iter()).collect();
            if let Err(error) = sync(&self.db, &self.log) {
                self.shared.fail(&error.to_string());
                for group in groups {
                    group.refuse(&error);
                }
                return;
            }
            self.shared.syncs.fetch_add(1, Ordering::Relaxed);
            if let Err(error) = self.acknowledge(groups) {
                self.shared.fail(&error.to_string());
                return;
            }
        }
    }

    fn acknowledge(&self, applied: Vec<Applied>) -> Result<(), StoreError> {
        let groups = applied.len();
        let durable_group = applied.last().map_or(0, |last| last.number);
        let mut accepted = Vec::new();
        let mut tally = self.shared.tally.lock().map_err(|_| panicked())?;
        for group in applied {
            tally.extend(group.moved);
            accepted.extend(group.accepted);
        }
        tally.retain(|_, total| *total > 0);
        drop(tally);
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
        view.in_flight.drain(..groups);
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

pub(super) fn unwritten(error: &::sled::Error) -> StoreError {
    StoreError::Unavailable(format!("a group could not be written: {error}"))
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

/// Tells everyone when a thread that all wait for ends by a panic.
pub(super) struct Deadman {
    shared: Arc<Shared>,
    what: &'static str,
}

impl Deadman {
    pub(super) fn over(shared: &Arc<Shared>, what: &'static str) -> Self {
        let shared = Arc::clone(shared);
        Self { shared, what }
    }
}

impl Drop for Deadman {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.shared.fail(self.what);
        }
    }
}
