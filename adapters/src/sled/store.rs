//! The store port on sled: writes go to the committer, reads to a snapshot, claims to memory.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::thread::JoinHandle;

use async_trait::async_trait;
use engine::{
    Allowance, Change, ClaimOrder, Claimed, CommitError, Committed, Definitions, Document, Entry,
    Filter, Image, InstanceId, Item, Page, PageOrder, Record, Settled, Store, StoreError, TallyKey,
    Task, Timestamp,
};
use tokio::sync::{mpsc, oneshot, watch};

use super::committer::{Committer, Job, gone};
use super::due::{Taken, TaskKey};
use super::image::Reading;
use super::open::{OpenError, Opened, SledOptions, open};
use super::standing::Latest;
use super::syncer::{GROUPS_AHEAD, Syncer, tell};
use super::view::{Progress, Shared, Snapshot, View, panicked};
use super::{keys, read};

/// Instances, history, tasks and documents in one folder that one process owns.
pub struct SledStore {
    shared: Arc<Shared>,
    jobs: mpsc::Sender<Job>,
    ending: Mutex<Option<Ending>>,
}

/// What must end, in this order, before another process may open the folder.
struct Ending {
    committer: JoinHandle<()>,
    syncer: JoinHandle<()>,
    log: std::fs::File,
    owner_lock: std::fs::File,
}

/// Whether the store still accepts writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It does.
    Writable,
    /// A write or a sync failed, for this reason; only a new process can go on.
    Failed(String),
}

/// What the committer has done since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Changes acknowledged.
    pub commits: u64,
    /// Groups they were gathered into.
    pub groups: u64,
    /// Times the log was synced to the disk.
    pub syncs: u64,
}

impl SledStore {
    /// Opens or creates the folder; ready once this resolves, which may take seconds after a kill.
    pub async fn open(folder: &Path, options: SledOptions) -> Result<Arc<Self>, OpenError> {
        let folder = folder.to_owned();
        let opening = tokio::task::spawn_blocking(move || {
            let opened = open(&folder, options.cache_bytes)?;
            Self::start(opened, options)
        });
        let opened = opening.await;
        opened.map_err(|_| OpenError::Corrupt("opening it panicked".to_owned()))?
    }

    fn start(opened: Opened, options: SledOptions) -> Result<Arc<Self>, OpenError> {
        let shared = Arc::new(Shared {
            view: RwLock::new(View {
                db: Some(opened.db.clone()),
                group: 0,
                in_flight: VecDeque::new(),
            }),
            due: Mutex::new(opened.due),
            tally: Mutex::new(opened.tally.clone()),
            records: Mutex::default(),
            tasks: Mutex::default(),
            progress: watch::Sender::new(Progress::default()),
            image: Mutex::default(),
            failure: OnceLock::new(),
            on_fail: options.on_fail,
            commits: AtomicU64::new(0),
            groups: AtomicU64::new(0),
            syncs: AtomicU64::new(0),
        });
        let (answers, durable) = mpsc::unbounded_channel();
        tokio::spawn(tell(durable));
        let (to_sync, applied) = sync_channel(GROUPS_AHEAD);
        let syncer = Syncer {
            shared: Arc::clone(&shared),
            db: opened.db.clone(),
            log: opened.log.try_clone()?,
            answers,
        };
        let committer = Committer {
            shared: Arc::clone(&shared),
            db: opened.db,
            tally: opened.tally,
            latest: Latest::default(),
            to_sync,
            group_limit: options.group_limit.max(1),
        };
        let (jobs, waiting) = mpsc::channel(options.queue_limit.max(1));
        let committer = std::thread::Builder::new()
            .name("committer".to_owned())
            .spawn(move || committer.run(waiting))?;
        let syncer = std::thread::Builder::new()
            .name("syncer".to_owned())
            .spawn(move || syncer.run(&applied))?;
        let ending = Ending {
            committer,
            syncer,
            log: opened.log,
            owner_lock: opened.owner_lock,
        };
        Ok(Arc::new(Self {
            shared,
            jobs,
            ending: Mutex::new(Some(ending)),
        }))
    }

    /// Finishes what was handed in and lets go of the folder; later calls find it unavailable.
    pub async fn close(&self) -> Result<(), StoreError> {
        let ending = self
            .ending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(ending) = ending else {
            return Ok(());
        };
        // The committer may have ended already, by failing.
        drop(self.jobs.send(Job::Close).await);
        let shared = Arc::clone(&self.shared);
        let closing = tokio::task::spawn_blocking(move || {
            let committed = ending.committer.join();
            let synced = ending.syncer.join();
            let ended = committed.and(synced).map_err(|_| panicked());
            shared.forget_recent()?;
            shared.end_knowingly();
            drop(shared.view.write().map_err(|_| panicked())?.db.take());
            // sled's own threads may hold its log for a moment longer.
            drop(ending.log.lock());
            drop(ending.log);
            drop(ending.owner_lock);
            ended
        });
        closing.await.map_err(|_| panicked())?
    }

    /// Whether writes are still accepted, for readiness.
    pub fn health(&self) -> Health {
        match self.shared.failure.get() {
            Some(reason) => Health::Failed(reason.clone()),
            None => Health::Writable,
        }
    }

    /// Counters for metrics.
    pub fn stats(&self) -> Stats {
        Stats {
            commits: self.shared.commits.load(Ordering::Relaxed),
            groups: self.shared.groups.load(Ordering::Relaxed),
            syncs: self.shared.syncs.load(Ordering::Relaxed),
        }
    }

    /// The bodies of what was taken, without a look at the disk if all are recent.
    async fn bodies(&self, taken: &[Taken]) -> Result<Vec<Option<Task>>, StoreError> {
        if let Some(tasks) = self.shared.recent_tasks(taken)? {
            return Ok(tasks.into_iter().map(Some).collect());
        }
        let keys: Vec<TaskKey> = taken.iter().map(|taken| taken.key.clone()).collect();
        let read = move |snapshot: &Snapshot<'_>| {
            let bodies = keys.iter().map(|key| snapshot.decoded(key));
            bodies.collect()
        };
        self.shared.read(read).await
    }
}

#[async_trait]
impl Store for SledStore {
    async fn load(&self, id: &InstanceId) -> Result<Option<Record>, StoreError> {
        if let Some(record) = self.shared.recent_record(id)? {
            return Ok(Some(record));
        }
        let key = keys::record(id.as_str());
        let load = move |snapshot: &Snapshot<'_>| snapshot.decoded(&key);
        self.shared.read(load).await
    }

    async fn commit(&self, change: Change) -> Result<Committed, CommitError> {
        let (answer, answered) = oneshot::channel();
        let change = Box::new(change);
        let sent = self.jobs.send(Job::Commit { change, answer }).await;
        sent.map_err(|_| gone(&self.shared))?;
        match answered.await {
            Ok(outcome) => outcome,
            Err(_) => Err(gone(&self.shared).into()),
        }
    }

    async fn claim(&self, order: ClaimOrder) -> Result<Vec<Claimed>, StoreError> {
        self.shared.check_alive()?;
        let taken = self.shared.due()?.claim(&order);
        let bodies = self.bodies(&taken).await?;
        let due = self.shared.due()?;
        let mut claimed = Vec::with_capacity(taken.len());
        for (Taken { key, fence, lost }, body) in taken.into_iter().zip(bodies) {
            // A change may have taken the task away while its body was read.
            if due.is_held(&key, fence) {
                let task = body.ok_or_else(|| {
                    let what = "task: the due index names one that is not there";
                    StoreError::Corrupt(what.to_owned())
                })?;
                claimed.push(Claimed { task, fence, lost });
            }
        }
        Ok(claimed)
    }

    async fn renew(
        &self,
        claims: &[Settled],
        lease_until: Timestamp,
    ) -> Result<Vec<Settled>, StoreError> {
        self.shared.check_alive()?;
        let mut due = self.shared.due()?;
        let lost = claims
            .iter()
            .filter(|held| !due.renew(&keys::task(&held.task), held.fence, lease_until));
        Ok(lost.cloned().collect())
    }

    async fn release(&self, claims: &[Settled]) -> Result<(), StoreError> {
        let mut due = self.shared.due()?;
        for held in claims {
            due.release(&keys::task(&held.task), held.fence);
        }
        due.hand_over_marks();
        Ok(())
    }

    async fn next_due(
        &self,
        allowance: &Allowance,
        definitions: &Definitions,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.shared.check_alive()?;
        Ok(self.shared.due()?.next_due(allowance, definitions))
    }

    async fn tasks(&self, id: &InstanceId) -> Result<Vec<Task>, StoreError> {
        read::tasks(&self.shared, id).await
    }

    async fn journal(
        &self,
        id: &InstanceId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        read::journal(&self.shared, id, after, limit).await
    }

    async fn find(&self, filter: &Filter, page: &PageOrder) -> Result<Page<Record>, StoreError> {
        read::find(&self.shared, filter, page).await
    }

    async fn tally(&self) -> Result<Vec<(TallyKey, u64)>, StoreError> {
        self.shared.check_alive()?;
        let tally = self.shared.tally.lock().map_err(|_| panicked())?;
        Ok(tally.clone().into_iter().collect())
    }

    async fn document(&self, space: &str, key: &str) -> Result<Option<Document>, StoreError> {
        let key = keys::document(space, key);
        let read = move |snapshot: &Snapshot<'_>| snapshot.decoded(&key);
        self.shared.read(read).await
    }

    async fn scan(
        &self,
        space: &str,
        prefix: &str,
        page: &PageOrder,
    ) -> Result<Page<Document>, StoreError> {
        read::scan(&self.shared, space, prefix, page).await
    }

    async fn image(&self) -> Result<Box<dyn Image>, StoreError> {
        Ok(Box::new(Reading::begin(&self.shared).await?))
    }

    async fn take_in(&self, items: Vec<Item>) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        let sent = self.jobs.send(Job::TakeIn { items, answer }).await;
        sent.map_err(|_| gone(&self.shared))?;
        match answered.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(CommitError::Store(error))) => Err(error),
            Ok(Err(error)) => Err(StoreError::Corrupt(format!(
                "an item does not fit: {error}"
            ))),
            Err(_) => Err(gone(&self.shared)),
        }
    }
}
