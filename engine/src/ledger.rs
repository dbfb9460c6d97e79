//! The write path: the only room that calls `Store::commit`.
//!
//! It seals facts, asks for the children of a change, and writes all of it at once. It decides nothing.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::sync::{OnceCell, broadcast};

use crate::attempts;
use crate::births::Births;
use crate::chain::Chain;
use crate::codec::misfit;
use crate::draft::{Draft, Instance};
use crate::erase::subject_label;
pub(crate) use crate::error::EngineError;
use crate::executor::{Birth, Executor, Moved};
use crate::instance::{InstanceId, Label, Record, SubjectId};
use crate::migrate::{Former, doubts, mend, migrate};
use crate::registry::Registry;
use crate::seal::{DataKey, Ground, KEYS, Keyring, SealError};
use crate::store::{Change, CommitError, Committed, PutDocument, PutRecord, Store};
use crate::task::{Claimed, FAR_AWAY};
use crate::workflow::{Awaited, CommandOf, Workflow};

/// Instances whose changes wait for a listener; a slower one reads again.
const WATCHED_MAX: usize = 4_096;

/// How often a birth is written anew because its subject's key stood otherwise than was thought.
const GROUNDS_MAX: usize = 4;

/// Writes changes and tells whoever watches.
pub(crate) struct Ledger {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keyring: Arc<Keyring>,
    changed: broadcast::Sender<InstanceId>,
    pub(crate) chain: OnceCell<Chain>,
    pub(crate) newest_root: AtomicU64,
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
        if record.erased_at.is_some() {
            return Err(SealError::Erased.into());
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
            .map_err(|error| unreadable(format!("facts: {}", misfit(&error))))?;
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
        let tasks = self.store.tasks(&record.id).await?;
        for task in &tasks {
            record.learn_from(task);
        }
        let in_doubt = record.doubts.iter().map(|doubt| doubt.command.clone());
        let former = Former {
            state: record.state.clone(),
            owes: record.owes.clone(),
            in_doubt: in_doubt.collect(),
            facts: serde_json::from_slice(plain)
                .map_err(|error| unreadable(format!("facts: {}", misfit(&error))))?,
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
        let doubts = doubts::<W>(&record, &now)
            .map_err(|error| unreadable(format!("migration: {error}")))?;
        let facts = serde_json::from_value(now.facts)
            .map_err(|error| unreadable(format!("migrated facts: {}", misfit(&error))))?;
        let migrated = mend(&record, now.owes.as_ref(), tasks);
        record.definition = W::VERSION;
        record.state = now.state;
        record.owes = now.owes;
        record.doubts = doubts;
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
    ) -> Result<Written<W>, EngineError> {
        if draft.record.archived_at.is_some() {
            return Err(EngineError::Archived(draft.record.id));
        }
        if draft.before.is_none() {
            // Boxed, so that what is written later does not carry the size of a birth.
            return Box::pin(self.write_birth(registry, executor, draft)).await;
        }
        let key = self.keyring.key(&draft.record.subject).await?;
        let ground = Ground {
            key,
            fresh: None,
            // Whoever destroys it writes this very record too.
            standing: None,
        };
        self.write_under(registry, executor, draft, ground).await
    }

    async fn write_birth<W: Workflow>(
        &self,
        registry: &Registry,
        executor: &dyn Executor<W>,
        draft: Draft<W>,
    ) -> Result<Written<W>, EngineError> {
        let subject = draft.record.subject.clone();
        let mut ground = self.keyring.ground(&subject).await?;
        let mut failed = None;
        for _ in 0..GROUNDS_MAX {
            let birth = draft.birth_again();
            match self.write_under(registry, executor, birth, ground).await {
                Err(error) if is_key(&error, &subject) => {
                    ground = self.keyring.ground_anew(&subject).await?;
                    failed = Some(error);
                }
                other => return other,
            }
        }
        Err(failed.unwrap_or(EngineError::Contended(draft.record.id)))
    }

    async fn write_under<W: Workflow>(
        &self,
        registry: &Registry,
        executor: &dyn Executor<W>,
        draft: Draft<W>,
        ground: Ground,
    ) -> Result<Written<W>, EngineError> {
        let Ground {
            key,
            fresh,
            standing,
        } = ground;
        let id = draft.record.id.clone();
        let first_use = fresh.is_some();
        let finished = self.finish(executor, draft, &key).await?;
        let mut change = finished.change;
        change.documents.extend(fresh);
        change.rests_on.extend(standing);
        let births = Births {
            parent: &id,
            key: &key,
        };
        let change = self
            .with_children(registry, change, finished.children, &births)
            .await?;
        let committed = self.put(change).await?;
        let instance = finished.instance;
        if first_use {
            self.keyring.keep(&instance.record.subject, &key);
        }
        Ok(Written {
            instance,
            claimed: committed.claimed,
        })
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

    /// A draft as a change that only has to be written.
    pub(crate) async fn finish<W: Workflow>(
        &self,
        executor: &dyn Executor<W>,
        mut draft: Draft<W>,
        key: &DataKey,
    ) -> Result<Finished<W>, EngineError> {
        let now = draft.now();
        W::seal_off(
            &mut draft.facts,
            draft.state,
            draft.record.hold.as_ref(),
            now,
        );
        draft.keep_deadline();
        draft.record.version += 1;
        draft.record.definition = W::VERSION;
        draft.record.updated_at = now;
        draft.record.labels = labels_of(&draft);
        // What was put by for a person's retry is no deadline.
        let awaited = W::awaits(draft.state, &draft.facts).map(|awaited| Awaited {
            until: awaited
                .until
                .or(draft.record.deadline.filter(|due| *due < FAR_AWAY)),
            ..awaited
        });
        let before = draft.before.as_ref().map(|before| &before.record);
        draft.record.index_wait(awaited, before);
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
        let plain = serde_json::to_vec(&draft.facts).map(zeroize::Zeroizing::new);
        let plain =
            plain.map_err(|error| unreadable(&draft.record.id, format!("facts: {error}")))?;
        draft.record.facts = self.keyring.seal(key, &place_of(&draft.record), &plain);
        let chain = self.chain().await?;
        for put in &mut draft.change.journal {
            self.link(chain, &mut draft.record, put);
        }
        let expected = draft.expected();
        let mut change = draft.change;
        if let Some(attempt) = &draft.attempt {
            let kept = attempts::put(&self.keyring, key, &draft.record, attempt);
            change.documents.push(kept);
        }
        change.records.push(PutRecord {
            expected,
            record: draft.record.clone(),
        });
        Ok(Finished {
            change,
            children,
            instance: Instance {
                record: draft.record,
                state: draft.state,
                facts: draft.facts,
                migrated: None,
            },
        })
    }
}

/// An instance as it was written, and what its writer claimed along with it.
pub(crate) struct Written<W: Workflow> {
    pub(crate) instance: Instance<W>,
    pub(crate) claimed: Vec<Claimed>,
}

/// A draft that only has to be written.
pub(crate) struct Finished<W: Workflow> {
    pub(crate) change: Change,
    children: Vec<Birth>,
    /// As it will stand.
    instance: Instance<W>,
}

/// Whether the key of this subject stood otherwise than was thought.
fn is_key(error: &EngineError, subject: &SubjectId) -> bool {
    matches!(
        error,
        EngineError::DocumentMoved { space, key } if space == KEYS && key == subject.as_str()
    )
}

fn unreadable(id: &InstanceId, why: String) -> EngineError {
    let id = id.clone();
    EngineError::Unreadable { id, why }
}

/// The workflow's labels, and the subject where the id does not name it: found again when it is erased.
fn labels_of<W: Workflow>(draft: &Draft<W>) -> Vec<Label> {
    let record = &draft.record;
    let mut labels = W::labels(draft.state, &draft.facts, record.hold.as_ref());
    let own = subject_label(record).filter(|own| !labels.contains(own));
    labels.extend(own);
    labels
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
