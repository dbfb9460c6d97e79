//! The store port: one write verb, one due index, and the reads that people and runners need.
//!
//! A store never looks inside facts or documents. It may be shared by many processes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::allowance::Allowance;
use crate::clock::Timestamp;
use crate::definitions::Definitions;
use crate::image::{Image, Item};
use crate::instance::{Actor, Entry, HoldKind, InstanceId, Label, Owner, Record};
use crate::task::{Claimed, Settled, Task, TaskId};
use crate::waiting::WaitCell;

/// What must be true of a record or a document for a write to be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Nothing of that id exists.
    Absent,
    /// It exists with exactly this version.
    Version(u64),
    /// Whatever is there is replaced.
    Any,
}

impl Expected {
    /// Whether what stands, if anything does, is what was expected.
    pub fn holds(self, standing: Option<u64>) -> bool {
        match self {
            Self::Absent => standing.is_none(),
            Self::Version(version) => standing == Some(version),
            Self::Any => true,
        }
    }
}

/// A record to write, with what must hold beforehand.
#[derive(Clone, Debug)]
pub struct PutRecord {
    /// What the writer read.
    pub expected: Expected,
    /// The whole record as it shall stand.
    pub record: Record,
}

/// Bytes under a key, sealed by whoever put them there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its key within its space.
    pub key: String,
    /// Moves by one with each write, from 1.
    pub version: u64,
    /// The sealed content.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
    /// When it may be forgotten.
    pub expires_at: Option<Timestamp>,
}

/// A document to write or, without a body, to remove.
#[derive(Clone, Debug)]
pub struct PutDocument {
    /// Which family of documents, e.g. `partners`.
    pub space: String,
    /// The key within the space.
    pub key: String,
    /// What must hold beforehand.
    pub expected: Expected,
    /// The sealed content; `None` removes the document.
    pub body: Option<Vec<u8>>,
    /// When it may be forgotten.
    pub expires_at: Option<Timestamp>,
}

/// A document as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footing {
    /// Which family of documents.
    pub space: String,
    /// Its key within the space.
    pub key: String,
    /// Its version.
    pub version: u64,
}

/// A journal line for an instance.
#[derive(Clone, Debug)]
pub struct PutEntry {
    /// Whose history it extends.
    pub instance: InstanceId,
    /// The line; its sequence is the writer's next one.
    pub entry: Entry,
}

/// Lines to take away from the beginning of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trim {
    /// Whose history.
    pub instance: InstanceId,
    /// The last line that goes.
    pub upto: u64,
}

/// Everything one decision writes: all of it or none of it, durable when the commit resolves.
///
/// It names each record, each document and each journal line at most once; a second mention is
/// refused as if someone else had written first.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Records to write; the first one's `VersionMoved` is the usual conflict.
    pub records: Vec<PutRecord>,
    /// History to append; a line whose place is taken is refused with `VersionMoved`.
    pub journal: Vec<PutEntry>,
    /// History to take away; whoever does so has put it elsewhere.
    pub trim: Vec<Trim>,
    /// Tasks to arm; one with the id of a standing task replaces it.
    pub tasks: Vec<Task>,
    /// Tasks to take away whoever holds them (a state was left).
    pub drop_tasks: Vec<TaskId>,
    /// Claims this change disposes of; each must still be the newest of its task.
    pub settle: Vec<Settled>,
    /// Documents to write.
    pub documents: Vec<PutDocument>,
    /// Documents that the change rests on without writing them; one that is not as it was read
    /// refuses the change with `DocumentMoved`.
    pub rests_on: Vec<Footing>,
    /// Claims one of the armed tasks in the same instant.
    pub claim: Option<ClaimWithin>,
}

/// Lets the writer of a change run what it armed at once, ahead of every queue.
#[derive(Clone, Debug)]
pub struct ClaimWithin {
    /// The writer.
    pub owner: Owner,
    /// This task and no other, whenever it is due.
    pub task: TaskId,
    /// How long the claim holds.
    pub lease_until: Timestamp,
}

impl ClaimWithin {
    /// Whether a task that the change arms is claimed along with it.
    pub fn covers(&self, task: &Task) -> bool {
        self.task == task.id()
    }
}

/// What a commit answers once everything is durable.
#[derive(Clone, Debug, Default)]
pub struct Committed {
    /// Tasks claimed within the commit.
    pub claimed: Vec<Claimed>,
}

/// Why a change was not applied. Nothing of it was.
#[derive(Debug, Error)]
pub enum CommitError {
    /// Someone else wrote first: load again and decide again.
    #[error("the instance has moved since it was read")]
    VersionMoved,
    /// The claim is no longer ours: drop the outcome.
    #[error("the lease on the task was lost")]
    LeaseLost,
    /// Another instance holds this unique label: tell whoever asked.
    #[error("the label {}={} is taken by another instance", .0.name, .0.value)]
    LabelTaken(Label),
    /// The document was written by someone else first: read it again.
    #[error("the document {space}/{key} has moved since it was read")]
    DocumentMoved {
        /// The space it is in.
        space: String,
        /// Its key.
        key: String,
    },
    /// The change can never be stored: the caller sent too much.
    #[error("the change is too large to store: {0}")]
    TooLarge(String),
    /// The store itself failed; whether the change will be found is not known.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why the store could not answer.
#[derive(Debug, Error)]
pub enum StoreError {
    /// It cannot answer now; the same call may succeed later, perhaps in another process.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// What it holds cannot be read: an operator must look. Never told as absence.
    #[error("stored data cannot be read: {0}")]
    Corrupt(String),
}

/// What to claim.
#[derive(Clone, Debug)]
pub struct ClaimOrder {
    /// Who claims.
    pub owner: Owner,
    /// Tasks due at or before this moment.
    pub now: Timestamp,
    /// How long the claims hold.
    pub lease: Duration,
    /// At most this many.
    pub limit: usize,
    /// What may be handed out, and what is passed over.
    pub allowance: Allowance,
    /// What this process understands; tasks of other workflows and of newer definitions are left
    /// to whoever does.
    pub definitions: Arc<Definitions>,
}

/// Which instances to find; every part that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Of this workflow.
    pub workflow: Option<String>,
    /// Carrying these labels, name and value.
    pub labels: Vec<(String, String)>,
    /// In one of these states; none given means any.
    pub states: Vec<String>,
    /// Waiting for this: the code of what is awaited, or of what went wrong.
    pub waiting_for: Option<String>,
    /// Waiting for whoever this is to move them.
    pub mover: Option<Actor>,
    /// With this fingerprint of what they wait for.
    pub fingerprint: Option<String>,
    /// Only those that need a person.
    pub parked: bool,
    /// Only those that have not ended.
    pub live: bool,
    /// Born at or after.
    pub created_after: Option<Timestamp>,
    /// Born before.
    pub created_before: Option<Timestamp>,
}

impl Filter {
    /// Whether every part that is given holds for the record.
    pub fn admits(&self, record: &Record) -> bool {
        let carries = |(name, value): &(String, String)| {
            let mut labels = record.labels.iter();
            labels.any(|label| label.name == *name && label.value == *value)
        };
        let workflow = self.workflow.as_ref();
        let kind = record.hold.as_ref().map(|hold| hold.kind);
        workflow.is_none_or(|workflow| *workflow == record.workflow)
            && self.labels.iter().all(carries)
            && (self.states.is_empty() || self.states.contains(&record.state))
            && (!self.asks_for_waits() || self.admits_wait(WaitCell::of(record).as_ref()))
            && (!self.parked || kind == Some(HoldKind::Parked))
            && !(self.live && record.ended)
            && self.created_after.is_none_or(|t| record.created_at >= t)
            && self.created_before.is_none_or(|t| record.created_at < t)
    }
}

/// Which part of a list to answer, newest first.
#[derive(Clone, Debug)]
pub struct PageOrder {
    /// At most this many.
    pub limit: usize,
    /// Continue behind this cursor of an earlier page.
    pub after: Option<String>,
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// What was found, newest first.
    pub items: Vec<T>,
    /// Where the next page starts, if there is more.
    pub next: Option<String>,
}

/// One cell of the exact count over all instances.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TallyKey {
    /// The workflow.
    pub workflow: String,
    /// The state.
    pub state: String,
    /// The code of what holds it up, or empty.
    pub hold: String,
    /// The tenant label's value, or empty.
    pub tenant: String,
    /// What it waits for, if it is at rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<WaitCell>,
}

impl TallyKey {
    /// The cell in which a record is counted.
    pub fn of(record: &Record) -> Self {
        let hold = record.hold.as_ref().map(|hold| hold.reason.code.clone());
        Self {
            workflow: record.workflow.clone(),
            state: record.state.clone(),
            hold: hold.unwrap_or_default(),
            tenant: record.label("tenant").unwrap_or_default().to_owned(),
            wait: WaitCell::of(record),
        }
    }
}

/// Keeps instances, their history, what is owed, and documents.
///
/// After a write resolves it is found again whatever happens to the process or the power.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The record of that id, or nothing if there never was one.
    async fn load(&self, id: &InstanceId) -> Result<Option<Record>, StoreError>;

    /// Applies the whole change or none of it; durable when this resolves.
    async fn commit(&self, change: Change) -> Result<Committed, CommitError>;

    /// Takes tasks that are due, unclaimed and allowed, for the length of a lease: fresh ones before
    /// overdue ones, in turn between tenants, a tenant's earliest first.
    async fn claim(&self, order: ClaimOrder) -> Result<Vec<Claimed>, StoreError>;

    /// Extends claims; answers those that are no longer the owner's.
    async fn renew(
        &self,
        claims: &[Settled],
        lease_until: Timestamp,
    ) -> Result<Vec<Settled>, StoreError>;

    /// Gives claims back undone, due as they were.
    async fn release(&self, claims: &[Settled]) -> Result<(), StoreError>;

    /// When the earliest allowed task that these definitions cover can be claimed: an unclaimed one
    /// when it is due, a claimed one when its lease ends.
    async fn next_due(
        &self,
        allowance: &Allowance,
        definitions: &Definitions,
    ) -> Result<Option<Timestamp>, StoreError>;

    /// The tasks of one instance, earliest first.
    async fn tasks(&self, id: &InstanceId) -> Result<Vec<Task>, StoreError>;

    /// History after a sequence number, oldest first.
    async fn journal(
        &self,
        id: &InstanceId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError>;

    /// Instances that match, newest first.
    async fn find(&self, filter: &Filter, page: &PageOrder) -> Result<Page<Record>, StoreError>;

    /// How many instances stand in each cell; exact.
    async fn tally(&self) -> Result<Vec<(TallyKey, u64)>, StoreError>;

    /// The document under that key.
    async fn document(&self, space: &str, key: &str) -> Result<Option<Document>, StoreError>;

    /// Documents whose keys begin with `prefix`, in key order (the page's cursor is the last key).
    async fn scan(
        &self,
        space: &str,
        prefix: &str,
        page: &PageOrder,
    ) -> Result<Page<Document>, StoreError>;

    /// Everything that is kept at this moment, whatever is written while it is read.
    async fn image(&self) -> Result<Box<dyn Image>, StoreError>;

    /// Puts items as they are, over whatever stands in their places; durable when this resolves.
    /// For filling an empty store alone: no version, claim or label is asked.
    async fn take_in(&self, items: Vec<Item>) -> Result<(), StoreError>;
}
