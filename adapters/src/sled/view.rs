//! What everyone in this room shares: the open database, what is not yet durable, and whether it failed.
//!
//! Readers see a moment between two groups, and hear nothing of a group before it is durable.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, RwLock};

use ::sled::{Db, IVec};
use engine::{InstanceId, Record, StoreError, TallyKey, Task};
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use super::due::{DueIndex, Taken, TaskKey};
use super::image::Spared;
use super::open::FailHook;
use super::recent::Recent;
use super::{keys, values};

/// New values by key; `None` removes.
pub(super) type Writes = HashMap<Vec<u8>, Option<IVec>>;

/// The database and the groups that are applied but not yet durable.
#[derive(Debug)]
pub(super) struct View {
    /// Gone once the store is closed.
    pub(super) db: Option<Db>,
    /// Counts groups; the last that was applied.
    pub(super) group: u64,
    /// Groups that are not durable yet, oldest first.
    pub(super) in_flight: VecDeque<Arc<Writes>>,
}

/// How far the committer has come; `closed` or failed stores move no further.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    pub(super) durable_group: u64,
    pub(super) failed: bool,
}

/// Shared by the committer and by all readers.
pub(super) struct Shared {
    pub(super) view: RwLock<View>,
    pub(super) due: Mutex<DueIndex>,
    pub(super) tally: Mutex<BTreeMap<TallyKey, u64>>,
    pub(super) records: Mutex<Recent<InstanceId, Arc<Record>>>,
    pub(super) tasks: Mutex<Recent<TaskKey, Arc<Task>>>,
    pub(super) progress: watch::Sender<Progress>,
    /// The image that is being read, if one is.
    pub(super) image: Mutex<Option<Spared>>,
    pub(super) failure: OnceLock<String>,
    pub(super) on_fail: FailHook,
    pub(super) commits: AtomicU64,
    pub(super) groups: AtomicU64,
    pub(super) syncs: AtomicU64,
}

/// One consistent look at the tree.
pub(super) struct Snapshot<'a> {
    pub(super) db: &'a Db,
    in_flight: &'a VecDeque<Arc<Writes>>,
    met_in_flight: Cell<bool>,
}

impl Shared {
    pub(super) fn due(&self) -> Result<MutexGuard<'_, DueIndex>, StoreError> {
        self.due.lock().map_err(|_| panicked())
    }

    /// Stops everything for good: nobody can know what of the last writes is on disk.
    pub(super) fn fail(&self, reason: &str) {
        if self.failure.set(reason.to_owned()).is_ok() {
            tracing::error!(reason, "the store has failed and stops");
            self.progress.send_modify(|progress| progress.failed = true);
            self.end_knowingly();
            (self.on_fail)(reason);
        }
    }

    /// The process ends by the store's own will: no task is to blame.
    pub(super) fn end_knowingly(&self) {
        if let Ok(mut due) = self.due.lock() {
            due.end_knowingly();
        }
    }

    pub(super) fn check_alive(&self) -> Result<(), StoreError> {
        match self.failure.get() {
            Some(reason) => Err(StoreError::Unavailable(reason.clone())),
            None => Ok(()),
        }
    }

    /// The record, if it was acknowledged a short while ago.
    pub(super) fn recent_record(&self, id: &InstanceId) -> Result<Option<Record>, StoreError> {
        self.check_alive()?;
        let records = self.records.lock().map_err(|_| panicked())?;
        let found = records.get(id).cloned();
        drop(records);
        Ok(found.map(Arc::unwrap_or_clone))
    }

    /// The tasks under these keys, if all were acknowledged a short while ago.
    pub(super) fn recent_tasks(&self, taken: &[Taken]) -> Result<Option<Vec<Task>>, StoreError> {
        let tasks = self.tasks.lock().map_err(|_| panicked())?;
        let found = taken.iter().map(|taken| tasks.get(&taken.key).cloned());
        let found: Option<Vec<Arc<Task>>> = found.collect();
        drop(tasks);
        Ok(found.map(|tasks| tasks.into_iter().map(Arc::unwrap_or_clone).collect()))
    }

    /// Forgets what was answered without a look at the disk.
    pub(super) fn forget_recent(&self) -> Result<(), StoreError> {
        *self.records.lock().map_err(|_| panicked())? = Recent::default();
        *self.tasks.lock().map_err(|_| panicked())? = Recent::default();
        Ok(())
    }

    /// Reads off the async threads, then waits until what was read is durable.
    pub(super) async fn read<T, F>(self: &Arc<Self>, look: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Snapshot<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let shared = Arc::clone(self);
        let looked = tokio::task::spawn_blocking(move || shared.look(look));
        let (found, group) = looked.await.map_err(|_| panicked())??;
        if let Some(group) = group {
            self.wait_until_durable(group).await?;
        }
        Ok(found)
    }

    /// One look, and the group that must be durable before anyone acts on it.
    pub(super) fn look<T>(
        &self,
        look: impl FnOnce(&Snapshot<'_>) -> Result<T, StoreError>,
    ) -> Result<(T, Option<u64>), StoreError> {
        self.check_alive()?;
        let view = self.view.read().map_err(|_| panicked())?;
        let snapshot = Snapshot {
            db: view.db.as_ref().ok_or_else(closed)?,
            in_flight: &view.in_flight,
            met_in_flight: Cell::new(false),
        };
        let found = look(&snapshot)?;
        let group = snapshot.met_in_flight.get().then_some(view.group);
        Ok((found, group))
    }

    pub(super) async fn wait_until_durable(&self, group: u64) -> Result<(), StoreError> {
        let mut progress = self.progress.subscribe();
        let reached = progress
            .wait_for(|progress| progress.failed || progress.durable_group >= group)
            .await;
        reached.map_err(|_| closed())?;
        self.check_alive()
    }
}

impl Snapshot<'_> {
    /// What is stored under a key.
    pub(super) fn decoded<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, StoreError> {
        let bytes = self.value(key)?;
        bytes.map(|bytes| decode(key, &bytes)).transpose()
    }

    /// The whole value under a key.
    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.note_key(key);
        let Some(head) = get(self.db, key)? else {
            return Ok(None);
        };
        self.join(key, &head).map(Some)
    }

    /// A short value that is never split.
    pub(super) fn raw(&self, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        self.note_key(key);
        get(self.db, key)
    }

    /// The rest of a value whose head a range has answered.
    pub(super) fn join(&self, key: &[u8], head: &[u8]) -> Result<Vec<u8>, StoreError> {
        values::join(key, head, |key| get(self.db, key))
    }

    /// Ranges cannot tell what a group in flight added or removed, so they wait for any.
    pub(super) fn note_range(&self) {
        self.note(!self.in_flight.is_empty());
    }

    fn note_key(&self, key: &[u8]) {
        let mut groups = self.in_flight.iter();
        self.note(groups.any(|writes| writes.contains_key(key)));
    }

    fn note(&self, met: bool) {
        if met {
            self.met_in_flight.set(true);
        }
    }
}

pub(super) fn get(db: &Db, key: &[u8]) -> Result<Option<IVec>, StoreError> {
    db.get(key).map_err(|error| broken(&error))
}

/// A value of the family its key says; what cannot be decoded is never told as absence.
pub(super) fn decode<T: DeserializeOwned>(key: &[u8], bytes: &[u8]) -> Result<T, StoreError> {
    engine::decode(bytes)
        .map_err(|error| StoreError::Corrupt(format!("{}: {error}", keys::family(key))))
}

/// What an error of sled's means to whoever reads.
pub(super) fn broken(error: &::sled::Error) -> StoreError {
    match error {
        ::sled::Error::Corruption { .. } | ::sled::Error::ReportableBug(_) => {
            StoreError::Corrupt(error.to_string())
        }
        _ => StoreError::Unavailable(error.to_string()),
    }
}

pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}

pub(super) fn panicked() -> StoreError {
    StoreError::Unavailable("a part of the store panicked".to_owned())
}
