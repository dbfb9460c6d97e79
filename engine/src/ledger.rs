//! The write path: the only room that calls `Store::commit`.
//!
//! It seals facts, asks for the children of a change, and writes all of it at once. It decides nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rust_fsm::StateMachineImpl;
use thiserror::Error;
use tokio::sync::{OnceCell, broadcast};

use crate::attempts;
use crate::chain::{Chain, journal_subject};
use crate::clock::Timestamp;
use crate::decide::Refusal;
use crate::draft::{Draft, Instance, NewInstance};
use crate::erase::SUBJECT_LABEL;
use crate::executor::{Birth, Executor, Moved};
use crate::instance::{Actor, Entry, InstanceId, Label, Record, SubjectId};
use crate::registry::Registry;
use crate::roots;
use crate::seal::{DataKey, Keyring, SealError};
use crate::store::{
    Change, CommitError, Committed, PutDocument, PutEntry, PutRecord, Store, StoreError,
};
use crate::workflow::{Note, Workflow};

/// Instances whose changes wait for a listener; a slower one reads again.
const WATCHED_MAX: usize = 4_096;

/// Why the engine could not do what it was asked.
#[derive(Debug, Error)]
pub enum EngineError {
    /// There is no such instance.
    #[error("no instance {0}")]
    NotFound(InstanceId),
    /// It exists already: whatever asked for it was done before.
    #[error("instance {0} exists already")]
    Exists(InstanceId),
    /// The table has no such move: tell whoever asked which state it is in.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It was put away and hears nothing any more: it can only be read.
    #[error("instance {0} was archived")]
    Archived(InstanceId),
    /// Its subject's data cannot be erased while it is live: end it first.
    #[error("instance {0} is still live")]
    StillLive(InstanceId),
    /// What belongs to the store itself is never erased.
    #[error("{0} is no subject whose data can be erased")]
    NotErasable(SubjectId),
    /// Another instance holds a label that must be unique.
    #[error("the label {}={} is taken by another instance", .0.name, .0.value)]
    LabelTaken(Label),
    /// A document was written by someone else first: read it again.
    #[error("the document {space}/{key} has moved")]
    DocumentMoved {
        /// The space it is in.
        space: String,
        /// Its key.
        key: String,
    },
    /// More than can be stored: ask for less.
    #[error("too large to store: {0}")]
    TooLarge(String),
    /// The claim on the task is no longer ours.
    #[error("the lease on the task was lost")]
    LeaseLost,
    /// Writers kept overtaking each other: try again later.
    #[error("too many writers at once on {0}")]
    Contended(InstanceId),
    /// The definition in this process cannot read the record: an operator must look.
    #[error("the record of {id} cannot be read: {why}")]
    Unreadable {
        /// The instance.
        id: InstanceId,
        /// What is wrong with it.
        why: String,
    },
    /// The store did not answer.
    #[error("the store did not answer")]
    Store(#[from] StoreError),
    /// Sealed data could not be opened or sealed.
    #[error("sealed data")]
    Seal(#[from] SealError),
}

/// Writes changes and tells whoever watches.
pub(crate) struct Ledger {
    store: Arc<dyn Store>,
    keyring: Arc<Keyring>,
    changed: broadcast::Sender<InstanceId>,
    chain: OnceCell<Chain>,
    newest_root: AtomicU64,
}

impl Ledger {
    pub(crate) fn new(store: Arc<dyn Store>, keyring: Arc<Keyring>) -> Self {
        Self {
            store,
            keyring,
            changed: broadcast::Sender::new(WATCHED_MAX),
            chain: OnceCell::new(),
            newest_root: AtomicU64::new(0),
        }
    }

    pub(crate) fn watch(&self) -> broadcast::Receiver<InstanceId> {
        self.changed.subscribe()
    }

    /// Reads an instance and opens its facts.
    pub(crate) async fn load<W: Workflow>(
        &self,
        id: &InstanceId,
    ) -> Result<Option<Instance<W>>, EngineError> {
        let Some(record) = self.store.load(id).await? else {
            return Ok(None);
        };
        if record.workflow != W::NAME {
            return Ok(None);
        }
        self.open(record).await.map(Some)
    }

    /// Opens the facts of a record that was read.
    pub(crate) async fn open<W: Workflow>(
        &self,
        record: Record,
    ) -> Result<Instance<W>, EngineError> {
        let unreadable = |why: String| EngineError::Unreadable {
            id: record.id.clone(),
            why,
        };
        let state = record
            .state
            .parse()
            .map_err(|_| unreadable(format!("unknown state {}", record.state)))?;
        if record.erased_at.is_some() {
            return Err(SealError::Erased.into());
        }
        let place = place_of(&record);
        let plain = self
            .keyring
            .open(&record.subject, &place, &record.facts)
            .await?;
        let facts = serde_json::from_slice(&plain)
            .map_err(|error| unreadable(format!("facts: {error}")))?;
        Ok(Instance {
            record,
            state,
            facts,
        })
    }

    /// Finishes a draft and writes it with everything that belongs to it.
    pub(crate) async fn write<W: Workflow>(
        &self,
        registry: &Registry,
        executor: &dyn Executor<W>,
        draft: Draft<W>,
    ) -> Result<Committed, EngineError> {
        let id = draft.record.id.clone();
        let (key, fresh) = self.keyring.key_or_fresh(&draft.record.subject).await?;
        if fresh.is_some() && draft.before.is_some() {
            return Err(SealError::Erased.into());
        }
        let (mut change, children) = self.finish(executor, draft, &key).await?;
        change.documents.extend(fresh);
        let births = Births {
            parent: &id,
            key: &key,
        };
        let change = self
            .with_children(registry, change, children, &births)
            .await?;
        self.put(change).await
    }

    /// The next line of a record that changes outside any decision.
    pub(crate) async fn line(
        &self,
        record: &mut Record,
        note: Note,
        now: Timestamp,
    ) -> Result<PutEntry, EngineError> {
        let chain = self.chain().await?;
        record.journal += 1;
        let mut put = PutEntry {
            instance: record.id.clone(),
            entry: Entry {
                sequence: record.journal,
                at: now,
                what: note.what,
                actor: note.actor,
                from: None,
                to: None,
                detail: note.detail,
                root: None,
                mac: None,
            },
        };
        self.link(chain, record, &mut put);
        Ok(put)
    }

    /// Binds a line to those before it and makes it the record's head.
    fn link(&self, chain: &Chain, record: &mut Record, put: &mut PutEntry) {
        let root = self.newest_root.load(Ordering::Relaxed);
        put.entry.root = (root > 0).then_some(root);
        let mac = chain.link(&put.instance, record.head.as_ref(), &put.entry);
        put.entry.mac = Some(mac);
        record.head = Some(mac);
    }

    /// What links histories. Its key is made with the first line of a store.
    pub(crate) async fn chain(&self) -> Result<&Chain, EngineError> {
        let made = self.chain.get_or_try_init(|| async {
            let subject = journal_subject();
            let (key, fresh) = self.keyring.key_or_fresh(&subject).await?;
            let key = match fresh {
                None => key,
                Some(put) => match self.write_documents(vec![put]).await {
                    // Another process was first; its key serves both.
                    Ok(()) | Err(EngineError::DocumentMoved { .. }) => {
                        self.keyring.key(&subject).await?
                    }
                    Err(other) => return Err(other),
                },
            };
            let chain = Chain::new(Arc::clone(&self.keyring), key);
            let newest = roots::newest(self.store.as_ref(), &chain).await;
            // What cannot be read is for the check to tell; it must not stop the work.
            if let Ok(Some(newest)) = newest {
                self.note_root(newest.number);
            }
            Ok(chain)
        });
        made.await
    }

    /// From now on lines say that this root was there.
    pub(crate) fn note_root(&self, number: u64) {
        self.newest_root.fetch_max(number, Ordering::Relaxed);
    }

    /// Writes documents that belong to no instance.
    pub(crate) async fn write_documents(
        &self,
        documents: Vec<PutDocument>,
    ) -> Result<(), EngineError> {
        let change = Change {
            documents,
            ..Change::default()
        };
        self.put(change).await.map(drop)
    }

    /// Writes a change that is ready.
    pub(crate) async fn put(&self, change: Change) -> Result<Committed, EngineError> {
        let touched: Vec<InstanceId> = change
            .records
            .iter()
            .map(|put| put.record.id.clone())
            .collect();
        let committed = self
            .store
            .commit(change)
            .await
            .map_err(|error| match error {
                CommitError::VersionMoved => EngineError::Contended(first_of(&touched)),
                CommitError::LeaseLost => EngineError::LeaseLost,
                CommitError::LabelTaken(label) => EngineError::LabelTaken(label),
                CommitError::DocumentMoved { space, key } => {
                    EngineError::DocumentMoved { space, key }
                }
                CommitError::TooLarge(what) => EngineError::TooLarge(what),
                CommitError::Store(error) => EngineError::Store(error),
            })?;
        for id in touched {
            // Nobody may be watching; that is no failure.
            self.changed.send(id).ok();
        }
        Ok(committed)
    }

    /// A birth as parts of another change: the same subject, its parent told of its end.
    pub(crate) async fn born<W: Workflow>(
        &self,
        executor: &dyn Executor<W>,
        birth: Birth,
        births: &Births<'_>,
        cause: &Record,
    ) -> Result<Change, EngineError> {
        let facts =
            serde_json::from_value(birth.facts).map_err(|error| EngineError::Unreadable {
                id: birth.id.clone(),
                why: format!("facts of a birth: {error}"),
            })?;
        let new = NewInstance {
            id: birth.id,
            subject: cause.subject.clone(),
            facts,
            parent: Some(births.parent.clone()),
            note: Note::plain("born", Actor::System),
        };
        let draft = Draft::<W>::of_birth(new, W::Machine::INITIAL_STATE, cause.updated_at);
        let (change, _) = self.finish(executor, draft, births.key).await?;
        Ok(change)
    }

    async fn finish<W: Workflow>(
        &self,
        executor: &dyn Executor<W>,
        mut draft: Draft<W>,
        key: &DataKey,
    ) -> Result<(Change, Vec<Birth>), EngineError> {
        let now = draft.now();
        W::seal_off(
            &mut draft.facts,
            draft.state,
            draft.record.hold.as_ref(),
            now,
        );
        draft.record.version += 1;
        draft.record.definition = W::VERSION;
        draft.record.updated_at = now;
        draft.record.labels = W::labels(draft.state, &draft.facts, draft.record.hold.as_ref());
        let children = executor
            .children(&Moved {
                before: draft.before.as_ref().map(|before| &before.record),
                facts_before: draft.before.as_ref().map(|before| &before.facts),
                after: &draft.record,
                facts: &draft.facts,
                state: draft.state,
                what: &draft.what,
            })
            .await?;
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(&draft.facts).map_err(|error| {
            EngineError::Unreadable {
                id: draft.record.id.clone(),
                why: format!("facts: {error}"),
            }
        })?);
        draft.record.facts = self.keyring.seal(key, &place_of(&draft.record), &plain);
        if draft.record.subject.as_str() != draft.record.id.as_str() {
            // Found again when the subject is erased; one named for its subject is found by its id.
            let subject = Label::shared(SUBJECT_LABEL, draft.record.subject.as_str());
            draft.record.labels.push(subject);
        }
        let chain = self.chain().await?;
        for put in &mut draft.change.journal {
            self.link(chain, &mut draft.record, put);
        }
        let expected = draft.expected();
        let attempt = draft.attempt.as_ref();
        let kept = attempt.map(|kept| attempts::put(&self.keyring, key, &draft.record, kept));
        let mut change = draft.change;
        change.documents.extend(kept);
        change.records.push(PutRecord {
            expected,
            record: draft.record,
        });
        Ok((change, children))
    }

    async fn with_children(
        &self,
        registry: &Registry,
        mut change: Change,
        children: Vec<Birth>,
        births: &Births<'_>,
    ) -> Result<Change, EngineError> {
        let cause = change.records.first().map(|put| put.record.clone());
        for birth in children {
            let Some(cause) = &cause else { break };
            let part = registry.born(self, birth, births, cause).await?;
            change.records.extend(part.records);
            change.journal.extend(part.journal);
            change.tasks.extend(part.tasks);
        }
        Ok(change)
    }
}

/// What the children of one change share with their parent.
pub(crate) struct Births<'a> {
    pub(crate) parent: &'a InstanceId,
    /// The subject's key: at the parent's own birth it is not in the store yet.
    pub(crate) key: &'a DataKey,
}

fn place_of(record: &Record) -> String {
    format!("{}/{}", record.workflow, record.id)
}

fn first_of(touched: &[InstanceId]) -> InstanceId {
    touched
        .first()
        .cloned()
        .unwrap_or_else(|| InstanceId::new("(none)"))
}
