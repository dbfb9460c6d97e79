//! The store as one process reaches it: every call waits its turn, may be refused, may be carried
//! out without an answer; what is carried out is accounted for.

use std::sync::Arc;

use async_trait::async_trait;

use super::audit::Audit;
use super::faults::Side;
use super::hub::{Hub, Wish};
use crate::allowance::Allowance;
use crate::clock::Timestamp;
use crate::definitions::Definitions;
use crate::image::{Image, Item};
use crate::instance::{Entry, InstanceId, Owner, Record};
use crate::store::{
    Change, ClaimOrder, CommitError, Committed, Document, Filter, Page, PageOrder, Store,
    StoreError, TallyKey,
};
use crate::task::{Claimed, Settled, Task};

/// One process's way to the store that all share.
pub(super) struct ProcessStore {
    pub(super) inner: Arc<dyn Store>,
    pub(super) audit: Arc<Audit>,
    pub(super) hub: Arc<Hub>,
    pub(super) process: usize,
    pub(super) owner: Owner,
}

fn unavailable() -> StoreError {
    StoreError::Unavailable("a fault of the simulation".to_owned())
}

impl ProcessStore {
    /// Before a call is carried out.
    async fn call(&self, what: String) -> Result<(), StoreError> {
        self.hub.take(self.process, Wish::Turn, what).await;
        if self.hub.strikes("a refused call", |faults| faults.refusals) {
            return Err(unavailable());
        }
        Ok(())
    }

    /// After a call was carried out. The caller may look at its answer much later, or never.
    async fn answer(&self) -> Result<(), StoreError> {
        if self.hub.strikes("a lost acknowledgment", |faults| {
            faults.lost_acknowledgments
        }) {
            return Err(unavailable());
        }
        if self.hub.strikes("slowness", |faults| faults.slowness) {
            let slow = String::from("a slow answer");
            self.hub.take(self.process, Wish::Turn, slow).await;
        }
        Ok(())
    }
}

#[async_trait]
impl Store for ProcessStore {
    async fn load(&self, id: &InstanceId) -> Result<Option<Record>, StoreError> {
        self.call(format!("load {id}")).await?;
        let found = self.inner.load(id).await?;
        self.answer().await?;
        Ok(found)
    }

    async fn commit(&self, change: Change) -> Result<Committed, CommitError> {
        self.call(format!("commit {}", in_words(&change))).await?;
        let dies = self.hub.commit_begins();
        if dies == Some(Side::Before) {
            self.hub.die(self.process).await;
        }
        let asked = change.clone();
        let outcome = self.inner.commit(change).await;
        self.hub.note(format_args!("{}", answer_in_words(&outcome)));
        if let Ok(committed) = &outcome {
            self.audit
                .applied(&self.owner, &asked, committed, self.inner.as_ref())
                .await;
        }
        if dies == Some(Side::After) {
            self.hub.die(self.process).await;
        }
        let committed = outcome?;
        self.answer().await?;
        self.audit.acknowledged(&asked);
        Ok(committed)
    }

    async fn claim(&self, order: ClaimOrder) -> Result<Vec<Claimed>, StoreError> {
        self.call("claim".to_owned()).await?;
        let found = self.inner.claim(order.clone()).await?;
        for claimed in &found {
            let (id, fence) = (claimed.task.id(), claimed.fence);
            self.hub
                .note(format_args!("has {} {} #{fence}", id.instance, id.key));
        }
        self.audit.claimed(&order, &found);
        self.answer().await?;
        Ok(found)
    }

    async fn renew(
        &self,
        claims: &[Settled],
        lease_until: Timestamp,
    ) -> Result<Vec<Settled>, StoreError> {
        self.call("renew".to_owned()).await?;
        let lost = self.inner.renew(claims, lease_until).await?;
        self.audit.renewed(claims, &lost, lease_until);
        self.answer().await?;
        Ok(lost)
    }

    async fn release(&self, claims: &[Settled]) -> Result<(), StoreError> {
        self.call("release".to_owned()).await?;
        self.inner.release(claims).await?;
        self.audit.released(claims);
        self.answer().await
    }

    async fn next_due(
        &self,
        allowance: &Allowance,
        definitions: &Definitions,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.call("next due".to_owned()).await?;
        self.inner.next_due(allowance, definitions).await
    }

    async fn tasks(&self, id: &InstanceId) -> Result<Vec<Task>, StoreError> {
        self.call(format!("tasks of {id}")).await?;
        self.inner.tasks(id).await
    }

    async fn journal(
        &self,
        id: &InstanceId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.call(format!("journal of {id}")).await?;
        self.inner.journal(id, after, limit).await
    }

    async fn find(&self, filter: &Filter, page: &PageOrder) -> Result<Page<Record>, StoreError> {
        self.call("find".to_owned()).await?;
        self.inner.find(filter, page).await
    }

    async fn tally(&self) -> Result<Vec<(TallyKey, u64)>, StoreError> {
        self.call("tally".to_owned()).await?;
        self.inner.tally().await
    }

    async fn document(&self, space: &str, key: &str) -> Result<Option<Document>, StoreError> {
        self.call(format!("document {space}/{key}")).await?;
        self.inner.document(space, key).await
    }

    async fn scan(
        &self,
        space: &str,
        prefix: &str,
        page: &PageOrder,
    ) -> Result<Page<Document>, StoreError> {
        self.call(format!("scan {space}/{prefix}")).await?;
        self.inner.scan(space, prefix, page).await
    }

    async fn image(&self) -> Result<Box<dyn Image>, StoreError> {
        self.call("image".to_owned()).await?;
        self.inner.image().await
    }

    async fn take_in(&self, items: Vec<Item>) -> Result<(), StoreError> {
        self.call("take in".to_owned()).await?;
        self.inner.take_in(items).await
    }
}

fn in_words(change: &Change) -> String {
    use std::fmt::Write as _;
    let mut words = String::new();
    for put in &change.records {
        let record = &put.record;
        let owes = record.owes.as_deref().unwrap_or("nothing");
        // Text takes whatever is written to it.
        let _ = write!(
            words,
            "{} v{} {} owes {owes}; ",
            record.id, record.version, record.state
        );
    }
    for put in &change.journal {
        let _ = write!(words, "says {}; ", put.entry.what);
    }
    for task in &change.tasks {
        let _ = write!(words, "arms {} at {}; ", task.work.key(), task.due.millis());
    }
    for settled in &change.settle {
        let _ = write!(words, "settles {} #{}; ", settled.task.key, settled.fence);
    }
    words
}

fn answer_in_words(outcome: &Result<Committed, CommitError>) -> &'static str {
    match outcome {
        Ok(_) => "applied",
        Err(CommitError::VersionMoved) => "version moved",
        Err(CommitError::LeaseLost) => "lease lost",
        Err(CommitError::LabelTaken(_)) => "label taken",
        Err(CommitError::DocumentMoved { .. }) => "document moved",
        Err(CommitError::TooLarge(_)) => "too large",
        Err(CommitError::Store(_)) => "the store failed",
    }
}
