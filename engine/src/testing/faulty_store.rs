//! A store that falls over at a chosen commit, as a process or its disk would.
//!
//! What it held before stays: whoever opens it again finds all that was applied.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use tokio::sync::watch;

use crate::allowance::Allowance;
use crate::clock::Timestamp;
use crate::definitions::Definitions;
use crate::image::{Image, Item};
use crate::instance::{Entry, InstanceId, Record};
use crate::store::{
    Change, ClaimOrder, CommitError, Committed, Document, Filter, Page, PageOrder, Store,
    StoreError, TallyKey,
};
use crate::task::{Claimed, Settled, Task};

/// On which side of its commit the store fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing of the change is kept.
    BeforeApplying,
    /// The whole change is kept, and the writer is not told.
    AfterApplying,
    /// The whole change is kept, and the writer hears nothing until the store rises.
    Unanswered,
}

#[derive(Default)]
struct Plan {
    commits: usize,
    fault: Option<(usize, Fault)>,
    stays_down: bool,
    meanwhile: Option<(usize, BoxFuture)>,
}

type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A store whose next failure is planned by the test.
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    plan: Mutex<Plan>,
    down: watch::Sender<bool>,
}

impl FaultyStore {
    /// A store over `inner` that does not fail until it is told to.
    pub fn over(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            plan: Mutex::default(),
            down: watch::Sender::new(false),
        }
    }

    /// Falls over at the `nth` commit from here, counted from one, and answers nothing until it rises.
    pub fn fall_at(&self, nth: usize, fault: Fault) {
        let mut plan = self.plan();
        plan.fault = Some((plan.commits + nth, fault));
        plan.stays_down = true;
    }

    /// Fails the `nth` commit from here, counted from one, and goes on as if nothing had been.
    pub fn stumble_at(&self, nth: usize, fault: Fault) {
        let mut plan = self.plan();
        plan.fault = Some((plan.commits + nth, fault));
        plan.stays_down = false;
    }

    /// Lets somebody else act right before the `nth` commit from here, counted from one, is applied.
    pub fn meanwhile_at(&self, nth: usize, act: impl Future<Output = ()> + Send + 'static) {
        let mut plan = self.plan();
        plan.meanwhile = Some((plan.commits + nth, Box::pin(act)));
    }

    /// Answers again.
    pub fn rise(&self) {
        self.down.send_replace(false);
    }

    /// Resolves once it has fallen over.
    pub async fn fallen(&self) {
        let mut down = self.down.subscribe();
        // The sender lives as long as this store.
        let _ = down.wait_for(|down| *down).await;
    }

    /// Commits that were asked for so far.
    pub fn commits(&self) -> usize {
        self.plan().commits
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().expect("nothing panics while it plans")
    }

    fn up(&self) -> Result<&dyn Store, StoreError> {
        if *self.down.borrow() {
            return Err(failed());
        }
        Ok(self.inner.as_ref())
    }

    /// What somebody else does before the next commit.
    fn meanwhile(&self) -> Option<BoxFuture> {
        let mut plan = self.plan();
        let next = plan.commits + 1;
        let planned = plan.meanwhile.take_if(|(at, _)| *at == next);
        planned.map(|(_, act)| act)
    }

    /// Counts one commit; answers the fault that is planned for it.
    fn fault_of_next(&self) -> Option<Fault> {
        let mut plan = self.plan();
        plan.commits += 1;
        let (at, fault) = plan.fault?;
        if at != plan.commits {
            return None;
        }
        plan.fault = None;
        if plan.stays_down {
            self.down.send_replace(true);
        }
        Some(fault)
    }
}

fn failed() -> StoreError {
    StoreError::Unavailable("the test let it fail".to_owned())
}

#[async_trait]
impl Store for FaultyStore {
    async fn load(&self, id: &InstanceId) -> Result<Option<Record>, StoreError> {
        self.up()?.load(id).await
    }

    async fn commit(&self, change: Change) -> Result<Committed, CommitError> {
        let store = self.up()?;
        if let Some(act) = self.meanwhile() {
            act.await;
        }
        match self.fault_of_next() {
            None => store.commit(change).await,
            Some(Fault::BeforeApplying) => Err(failed().into()),
            Some(Fault::AfterApplying) => {
                store.commit(change).await?;
                Err(failed().into())
            }
            Some(Fault::Unanswered) => {
                let committed = store.commit(change).await?;
                // The sender lives as long as this store.
                let _ = self.down.subscribe().wait_for(|down| !*down).await;
                Ok(committed)
            }
        }
    }

    async fn claim(&self, order: ClaimOrder) -> Result<Vec<Claimed>, StoreError> {
        self.up()?.claim(order).await
    }

    async fn renew(
        &self,
        claims: &[Settled],
        lease_until: Timestamp,
    ) -> Result<Vec<Settled>, StoreError> {
        self.up()?.renew(claims, lease_until).await
    }

    async fn release(&self, claims: &[Settled]) -> Result<(), StoreError> {
        self.up()?.release(claims).await
    }

    async fn next_due(
        &self,
        allowance: &Allowance,
        definitions: &Definitions,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.up()?.next_due(allowance, definitions).await
    }

    async fn tasks(&self, id: &InstanceId) -> Result<Vec<Task>, StoreError> {
        self.up()?.tasks(id).await
    }

    async fn journal(
        &self,
        id: &InstanceId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.up()?.journal(id, after, limit).await
    }

    async fn find(&self, filter: &Filter, page: &PageOrder) -> Result<Page<Record>, StoreError> {
        self.up()?.find(filter, page).await
    }

    async fn tally(&self) -> Result<Vec<(TallyKey, u64)>, StoreError> {
        self.up()?.tally().await
    }

    async fn document(&self, space: &str, key: &str) -> Result<Option<Document>, StoreError> {
        self.up()?.document(space, key).await
    }

    async fn scan(
        &self,
        space: &str,
        prefix: &str,
        page: &PageOrder,
    ) -> Result<Page<Document>, StoreError> {
        self.up()?.scan(space, prefix, page).await
    }

    async fn image(&self) -> Result<Box<dyn Image>, StoreError> {
        self.up()?.image().await
    }

    async fn take_in(&self, items: Vec<Item>) -> Result<(), StoreError> {
        self.up()?.take_in(items).await
    }
}
