//! The write path: the only room that calls `Store::commit`.
//!
//! It seals facts, asks for the children of a change, and writes all of it at once. It decides nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rust_fsm::StateMachineImpl;
use tokio::sync::{OnceCell, broadcast};

use crate::chain::{Chain, journal_subject};
use crate::draft::{Draft, Instance, NewInstance};
pub(crate) use crate::error::EngineError;
use crate::executor::{Birth, Executor, Moved};
use crate::instance::{Actor, InstanceId, Record};
use crate::migrate::{Former, mend, migrate};
use crate::registry::Registry;
use crate::roots;
use crate::seal::{DataKey, Keyring, SealError};
use crate::store::{Change, CommitError, Committed, PutDocument, PutRecord, Store};
use crate::workflow::{CommandOf, Note, Workflow};

/// Instances whose changes wait for a listener; a slower one reads again.
const WATCHED_MAX: usize = 4_096;

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

    /// Opens the facts of a record that was read, and migrates what an older definition wrote.
    pub(crate) async fn open<W: Workflow>(
        &self,
        record: Record,
    ) -> Result<Instance<W>, EngineError> {
        if record.definition > W::VERSION {
            return Err(EngineError::newer(&record));
        }
        let plain = self
            .keyring
            .open(&record.subject, &place_of(&record), &record.facts)
            .await?;
        if record.definition < W::VERSION {
            // Boxed, because it is rare and would weigh on every future that reads an instance.
            return Box::pin(self.take_over::<W>(record, &plain)).await;
        }
        let unreadable = |why: String| unreadable(&record.id, why);
        let state = record
            .state
            .parse()
            .map_err(|_| unreadable(format!("unknown state {}", record.state)))?;
        let facts = serde_json::from_slice(&plain)
            .map_err(|error| unreadable(format!("facts: {error}")))?;
        Ok(Instance {
            record,
            state,
            facts,
            migrated: None,
        })
    }

    /// An older definition's record as this definition reads it; its next write makes it so.
    async fn take_over<W: Workflow>(
        &self,
        mut record: Record,
        plain: &[u8],
    ) -> Result<Instance<W>, EngineError> {
        let id = record.id.clone();
        let unreadable = |why: String| unreadable(&id, why);
        let former = Former {
            state: record.state.clone(),
            owes: record.owes.clone(),
            facts: serde_json::from_slice(plain)
                .map_err(|error| unreadable(format!("facts: {error}")))?,
        };
        let now = migrate::<W>(record.definition, former)
            .map_err(|error| unreadable(format!("migration: {error}")))?;
        let state = now
            .state
            .parse()
            .map_err(|_| unreadable(format!("migrated to the unknown state {}", now.state)))?;
        if let Some(name) = &now.owes
            && name.parse::<CommandOf<W>>().is_err()
        {
            return Err(unreadable(format!("migrated to owe the unknown {name}")));
        }
        let facts = serde_json::from_value(now.facts)
            .map_err(|error| unreadable(format!("migrated facts: {error}")))?;
        let tasks = self.store.tasks(&record.id).await?;
        let migrated = mend(&record, now.owes.as_ref(), tasks);
        record.definition = W::VERSION;
        record.state = now.state;
        record.owes = now.owes;
        record.ended = W::ends(state);
        Ok(Instance {
            record,
            state,
            facts,
            migrated: Some(Box::new(migrated)),
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
        let chain = self.chain().await?;
        let root = self.newest_root.load(Ordering::Relaxed);
        for put in &mut draft.change.journal {
            put.entry.root = (root > 0).then_some(root);
            let mac = chain.link(&put.instance, draft.record.head.as_ref(), &put.entry);
            put.entry.mac = Some(mac);
            draft.record.head = Some(mac);
        }
        let expected = draft.expected();
        let mut change = draft.change;
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

fn unreadable(id: &InstanceId, why: String) -> EngineError {
    let id = id.clone();
    EngineError::Unreadable { id, why }
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
