//! Stores that break a promise on purpose, so that it can be seen whether a simulation finds out.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;

use engine::{
    Allowance, Change, ClaimOrder, Claimed, CommitError, Committed, Definitions, Document, Entry,
    Filter, Image, InstanceId, Item, Page, PageOrder, Record, Settled, Store, StoreError, TallyKey,
    Task, TaskId, Timestamp, Work,
};

/// A promise to break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bug {
    /// A change is applied, and the claim it disposes of stays.
    DropsSettles,
    /// A change is applied although its claim was lost.
    SkipsFences,
    /// A command that is armed is armed twice: the second one is handed out beside the first.
    ArmsTwice,
    /// A change is applied and acknowledged without its lines of history.
    ForgetsLines,
}

/// A store with a bug over one without.
pub(super) struct BrokenStore {
    inner: Arc<dyn Store>,
    bug: Bug,
    copies: Mutex<Copies>,
}

#[derive(Default)]
struct Copies {
    armed: Vec<Task>,
    handed_out: BTreeSet<(TaskId, u64)>,
    next_fence: u64,
}

/// The copies' fences: higher than any of a store's own.
const COPIED: u64 = 1 << 40;

impl BrokenStore {
    /// The store `inner`, broken so.
    pub(super) fn over(inner: Arc<dyn Store>, bug: Bug) -> Self {
        Self {
            inner,
            bug,
            copies: Mutex::default(),
        }
    }

    fn copies(&self) -> MutexGuard<'_, Copies> {
        self.copies.lock().unwrap()
    }

    async fn commit_without_fences(&self, change: Change) -> Result<Committed, CommitError> {
        match self.inner.commit(change.clone()).await {
            Err(CommitError::LeaseLost) => {
                let unfenced = Change {
                    settle: Vec::new(),
                    ..change
                };
                self.inner.commit(unfenced).await
            }
            other => other,
        }
    }

    async fn commit_and_copy(&self, mut change: Change) -> Result<Committed, CommitError> {
        {
            let copies = self.copies();
            change.settle.retain(|settled| {
                let key = (settled.task.clone(), settled.fence);
                !copies.handed_out.contains(&key)
            });
        }
        let commands = change.tasks.iter();
        let commands = commands.filter(|task| matches!(task.work, Work::Command(_)));
        let armed: Vec<Task> = commands.cloned().collect();
        let committed = self.inner.commit(change).await?;
        self.copies().armed.extend(armed);
        Ok(committed)
    }

    fn hand_out_copies(&self, now: Timestamp, found: &mut Vec<Claimed>) {
        let mut copies = self.copies();
        let (due, later) = std::mem::take(&mut copies.armed)
            .into_iter()
            .partition::<Vec<_>, _>(|task| task.due <= now);
        copies.armed = later;
        for task in due {
            copies.next_fence += 1;
            let fence = COPIED + copies.next_fence;
            copies.handed_out.insert((task.id(), fence));
            found.push(Claimed {
                task,
                fence,
                lost: 0,
            });
        }
    }
}

#[async_trait]
impl Store for BrokenStore {
    async fn load(&self, id: &InstanceId) -> Result<Option<Record>, StoreError> {
        self.inner.load(id).await
    }

    async fn commit(&self, change: Change) -> Result<Committed, CommitError> {
        match self.bug {
            Bug::DropsSettles => {
                let unsettled = Change {
                    settle: Vec::new(),
                    ..change
                };
                self.inner.commit(unsettled).await
            }
            Bug::ForgetsLines => {
                let silent = Change {
                    journal: Vec::new(),
                    ..change
                };
                self.inner.commit(silent).await
            }
            Bug::SkipsFences => self.commit_without_fences(change).await,
            Bug::ArmsTwice => self.commit_and_copy(change).await,
        }
    }

    async fn claim(&self, order: ClaimOrder) -> Result<Vec<Claimed>, StoreError> {
        let now = order.now;
        let mut found = self.inner.claim(order).await?;
        if self.bug == Bug::ArmsTwice {
            self.hand_out_copies(now, &mut found);
        }
        Ok(found)
    }

    async fn renew(
        &self,
        claims: &[Settled],
        lease_until: Timestamp,
    ) -> Result<Vec<Settled>, StoreError> {
        self.inner.renew(claims, lease_until).await
    }

    async fn release(&self, claims: &[Settled]) -> Result<(), StoreError> {
        self.inner.release(claims).await
    }

    async fn next_due(
        &self,
        allowance: &Allowance,
        definitions: &Definitions,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.inner.next_due(allowance, definitions).await
    }

    async fn tasks(&self, id: &InstanceId) -> Result<Vec<Task>, StoreError> {
        self.inner.tasks(id).await
    }

    async fn journal(
        &self,
        id: &InstanceId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.inner.journal(id, after, limit).await
    }

    async fn find(&self, filter: &Filter, page: &PageOrder) -> Result<Page<Record>, StoreError> {
        self.inner.find(filter, page).await
    }

    async fn tally(&self) -> Result<Vec<(TallyKey, u64)>, StoreError> {
        self.inner.tally().await
    }

    async fn document(&self, space: &str, key: &str) -> Result<Option<Document>, StoreError> {
        self.inner.document(space, key).await
    }

    async fn scan(
        &self,
        space: &str,
        prefix: &str,
        page: &PageOrder,
    ) -> Result<Page<Document>, StoreError> {
        self.inner.scan(space, prefix, page).await
    }

    async fn image(&self) -> Result<Box<dyn Image>, StoreError> {
        self.inner.image().await
    }

    async fn take_in(&self, items: Vec<Item>) -> Result<(), StoreError> {
        self.inner.take_in(items).await
    }
}
