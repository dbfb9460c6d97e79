//! The store under test, restarted between every two steps, and sample data in short words.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::allowance::Allowance;
use crate::clock::Timestamp;
use crate::definitions::Definitions;
use crate::instance::{
    Actor, Entry, Hold, HoldKind, InstanceId, Label, Owner, Reason, Record, SubjectId,
};
use crate::store::{
    Change, ClaimOrder, CommitError, Committed, Expected, PageOrder, PutDocument, PutEntry,
    PutRecord, Store,
};
use crate::task::{Claimed, Settled, Task, Work};

/// A value that lies in a store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stored {
    /// The record of this instance.
    Record(InstanceId),
    /// A line of an instance's history, by its sequence.
    Entry(InstanceId, u64),
    /// A document.
    Document {
        /// The space it is in.
        space: String,
        /// Its key.
        key: String,
    },
}

/// How the contract gets at a store.
#[async_trait]
pub trait StoreUnderTest: Send + Sync {
    /// A new, empty store.
    async fn open(&self) -> Arc<dyn Store>;

    /// The same store after a restart of whatever runs it; one without a process answers it as it is.
    async fn reopen(&self, store: Arc<dyn Store>) -> Arc<dyn Store>;

    /// The same store after whatever runs it was killed with its claims in hand.
    async fn kill(&self, store: Arc<dyn Store>) -> Arc<dyn Store>;

    /// The same store with one value damaged behind its back, as a bad disk does: its bytes are still
    /// there, and none of them can be read.
    async fn damage(&self, store: Arc<dyn Store>, what: &Stored) -> Arc<dyn Store>;
}

/// One check's store.
pub(super) struct Trial<'a> {
    subject: &'a dyn StoreUnderTest,
    store: Option<Arc<dyn Store>>,
    restarts: bool,
}

impl<'a> Trial<'a> {
    /// An empty store that is restarted before each step.
    pub(super) async fn start(subject: &'a dyn StoreUnderTest) -> Self {
        Self {
            subject,
            store: Some(subject.open().await),
            restarts: true,
        }
    }

    /// An empty store that keeps running: a restart may end claims.
    pub(super) async fn without_restarts(subject: &'a dyn StoreUnderTest) -> Self {
        Self {
            restarts: false,
            ..Self::start(subject).await
        }
    }

    /// The store, for one call.
    pub(super) async fn step(&mut self) -> Arc<dyn Store> {
        if self.restarts {
            self.restart().await;
        }
        self.running()
    }

    pub(super) async fn restart(&mut self) {
        let store = self.store.take().expect("a trial has its store");
        self.store = Some(self.subject.reopen(store).await);
    }

    pub(super) async fn kill(&mut self) {
        let store = self.store.take().expect("a trial has its store");
        self.store = Some(self.subject.kill(store).await);
    }

    pub(super) async fn damage(&mut self, what: &Stored) {
        let store = self.store.take().expect("a trial has its store");
        self.store = Some(self.subject.damage(store, what).await);
    }

    pub(super) fn running(&self) -> Arc<dyn Store> {
        Arc::clone(self.store.as_ref().expect("a trial has its store"))
    }

    pub(super) async fn commit(&mut self, change: Change) -> Result<Committed, CommitError> {
        self.step().await.commit(change).await
    }

    /// A change that must be accepted.
    pub(super) async fn write(&mut self, change: Change) -> Committed {
        let outcome = self.commit(change).await;
        outcome.expect("a change without fault is accepted")
    }

    pub(super) async fn load(&mut self, id: &InstanceId) -> Option<Record> {
        let found = self.step().await.load(id).await;
        found.expect("the store answers")
    }

    /// What is handed out at `now`, for a lease of one minute.
    pub(super) async fn claim(&mut self, now: i64) -> Vec<Claimed> {
        let claimed = self.step().await.claim(order(now)).await;
        claimed.expect("the store answers")
    }
}

/// Claims everything due at `now` for a minute.
pub(super) fn order(now: i64) -> ClaimOrder {
    ClaimOrder {
        owner: Owner::new("node-a"),
        now: Timestamp::from_millis(now),
        lease: Duration::from_mins(1),
        limit: 100,
        allowance: Allowance::default(),
        definitions: Arc::new(known()),
    }
}

/// What the process of the trial understands.
pub(super) fn known() -> Definitions {
    Definitions::default().with("errand", 2)
}

pub(super) fn id(number: u32) -> InstanceId {
    InstanceId::new(format!("ins_{number:04}"))
}

/// An instance at rest in state `Begun`.
pub(super) fn record(number: u32) -> Record {
    let now = Timestamp::from_millis(i64::from(number) * 1000);
    Record {
        id: id(number),
        workflow: "errand".to_owned(),
        definition: 1,
        version: 1,
        state: "Begun".to_owned(),
        entered_at: now,
        visit: 1,
        owes: None,
        due: None,
        awaits: None,
        doubts: Vec::new(),
        deadline: None,
        heard: Vec::new(),
        ended: false,
        subject: SubjectId::new("sub_1"),
        facts: format!("facts of {number}").into_bytes(),
        labels: Vec::new(),
        hold: None,
        journal: 1,
        head: None,
        tried: 0,
        tries_told: 0,
        archived_at: None,
        erased_at: None,
        parent: None,
        created_at: now,
        updated_at: now,
    }
}

pub(super) fn labeled(number: u32, labels: &[Label]) -> Record {
    Record {
        labels: labels.to_vec(),
        ..record(number)
    }
}

pub(super) fn parked(record: Record, code: &str) -> Record {
    let hold = Hold {
        kind: HoldKind::Parked,
        reason: Reason::new(code, "someone must look"),
        since: record.updated_at,
        until: None,
        mover: Actor::Operator,
        attempt: 1,
        retry_denies: false,
        beneath: None,
    };
    Record {
        hold: Some(hold),
        ..record
    }
}

/// The same record one version on.
pub(super) fn next(record: &Record) -> Record {
    Record {
        version: record.version + 1,
        ..record.clone()
    }
}

pub(super) fn born(record: &Record) -> Change {
    put(Expected::Absent, record)
}

/// Replaces the version before the record's own.
pub(super) fn moved(record: &Record) -> Change {
    put(Expected::Version(record.version - 1), record)
}

pub(super) fn put(expected: Expected, record: &Record) -> Change {
    let record = record.clone();
    Change {
        records: vec![PutRecord { expected, record }],
        ..Change::default()
    }
}

pub(super) fn entry(instance: &InstanceId, sequence: u64) -> PutEntry {
    let entry = Entry {
        sequence,
        at: Timestamp::from_millis(1),
        what: format!("line {sequence}"),
        actor: Actor::System,
        from: None,
        to: Some("Begun".to_owned()),
        detail: None,
        root: None,
        mac: None,
    };
    PutEntry {
        instance: instance.clone(),
        entry,
    }
}

/// Word that instance `number` shall hear at `due` of a child of that name, in lane `graph`: of those
/// it may be owed as many as there are children.
pub(super) fn task(number: u32, child: &str, due: i64) -> Task {
    let work = Work::Told {
        child: InstanceId::new(child),
        workflow: "child".to_owned(),
        state: "Done".to_owned(),
    };
    Task {
        instance: id(number),
        work,
        due: Timestamp::from_millis(due),
        visit: 1,
        lane: "graph".to_owned(),
        tenant: "acme".to_owned(),
        attempt: 0,
        first_tried: None,
        intent: false,
        lost: 0,
        workflow: "errand".to_owned(),
        definition: 1,
    }
}

pub(super) fn arming(tasks: &[Task]) -> Change {
    Change {
        tasks: tasks.to_vec(),
        ..Change::default()
    }
}

pub(super) fn settling(claimed: &[Claimed]) -> Change {
    Change {
        settle: claimed.iter().map(settled).collect(),
        ..Change::default()
    }
}

pub(super) fn settled(claimed: &Claimed) -> Settled {
    Settled {
        task: claimed.task.id(),
        fence: claimed.fence,
    }
}

pub(super) fn document(key: &str, expected: Expected, body: &[u8]) -> PutDocument {
    PutDocument {
        space: "papers".to_owned(),
        key: key.to_owned(),
        expected,
        body: Some(body.to_vec()),
        expires_at: Some(Timestamp::from_millis(7)),
    }
}

pub(super) fn filing(documents: &[PutDocument]) -> Change {
    Change {
        documents: documents.to_vec(),
        ..Change::default()
    }
}

pub(super) fn first(limit: usize) -> PageOrder {
    PageOrder { limit, after: None }
}
