//! Erasure: a subject's key is destroyed, and with it whatever was sealed for it. That something
//! happened stays: records, histories and counts hold, and say that they are erased.

use std::collections::HashSet;

use crate::attempts;
use crate::clock::Timestamp;
use crate::engine::Engine;
use crate::instance::{Actor, InstanceId, Label, Reason, Record, SubjectId};
use crate::ledger::EngineError;
use crate::store::{Change, Expected, Filter, PageOrder, PutRecord};
use crate::workflow::Note;

/// The label under which the instances of a subject are found that are not named for it. A workflow
/// may have one of that name too: what is found is believed to be the subject's only if its record
/// says so.
const SUBJECT_LABEL: &str = "subject";

/// Instances changed at once.
const AT_ONCE: usize = 50;

/// How often an erasure begins anew because something moved meanwhile.
const ATTEMPTS_MAX: usize = 16;

/// What an erasure comes to, or came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Whose data it is.
    pub subject: SubjectId,
    /// Every instance of the subject, the one that is named for it first.
    pub instances: Vec<InstanceId>,
    /// Those among them that were still under way on its behalf and end with it.
    pub ended: Vec<InstanceId>,
    /// When the key was destroyed, if it is.
    pub erased_at: Option<Timestamp>,
}

/// Why, and on whose word.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) actor: Actor,
    pub(crate) reason: Reason,
}

impl Engine {
    /// What erasing a subject would come to; refused while an instance of its own is live.
    pub async fn foresee_erasure(&self, subject: &SubjectId) -> Result<Erasure, EngineError> {
        let records = self.records_of(subject).await?;
        judge(subject, &records)?;
        let destroyed = self.keyring().is_destroyed(subject).await?;
        let erased_at = records.iter().find_map(|record| record.erased_at);
        Ok(outcome(subject, &records, erased_at.filter(|_| destroyed)))
    }

    /// Destroys a subject's key and takes its labels, tries and tasks away. Doing it again is
    /// harmless and finishes what a crash left undone.
    ///
    /// Copies of what was sealed stay in the store's own files and in backups until those expire;
    /// without the key they cannot be opened.
    pub async fn erase(
        &self,
        subject: &SubjectId,
        actor: Actor,
        reason: Reason,
    ) -> Result<Erasure, EngineError> {
        let order = Order { actor, reason };
        for _ in 0..ATTEMPTS_MAX {
            let records = self.records_of(subject).await?;
            judge(subject, &records)?;
            match self.erase_all(subject, &records, &order).await {
                Ok(at) => return Ok(outcome(subject, &records, Some(at))),
                Err(EngineError::Contended(_) | EngineError::DocumentMoved { .. }) => {}
                Err(other) => return Err(other),
            }
        }
        let id = InstanceId::new(subject.as_str());
        Err(EngineError::Contended(id))
    }

    async fn erase_all(
        &self,
        subject: &SubjectId,
        records: &[Record],
        order: &Order,
    ) -> Result<Timestamp, EngineError> {
        let now = self.now();
        // The key goes with the last of them: a crash before leaves an act that can be repeated.
        let left: Vec<&Record> = records
            .iter()
            .filter(|record| record.erased_at.is_none())
            .collect();
        let mut parts = left.rchunks(AT_ONCE).peekable();
        while let Some(part) = parts.next() {
            let mut change = self.without_facts(part, order, now).await?;
            if parts.peek().is_none() {
                change
                    .documents
                    .extend(self.keyring().destruction(subject).await?);
            }
            self.ledger().put(change).await?;
        }
        if left.is_empty() {
            let destruction = self.keyring().destruction(subject).await?;
            let documents = destruction.into_iter().collect();
            self.ledger().write_documents(documents).await?;
        }
        self.keyring().forget(subject);
        Ok(now)
    }

    async fn without_facts(
        &self,
        records: &[&Record],
        order: &Order,
        now: Timestamp,
    ) -> Result<Change, EngineError> {
        let mut change = Change::default();
        for before in records {
            let tasks = self.store().tasks(&before.id).await?;
            change.drop_tasks.extend(tasks.iter().map(crate::Task::id));
            change.documents.extend(attempts::removals(before));
            let mut record = Record {
                version: before.version + 1,
                ended: true,
                owes: None,
                hold: None,
                awaits: None,
                facts: Vec::new(),
                erased_at: Some(now),
                updated_at: now,
                ..(*before).clone()
            };
            record.labels = lasting_labels(before);
            let note = Note::because("erased", order.actor, order.reason.clone());
            let line = self.ledger().line(&mut record, note, now).await?;
            change.journal.push(line);
            change.records.push(PutRecord {
                expected: Expected::Version(before.version),
                record,
            });
        }
        Ok(change)
    }

    /// Every instance of a subject, the one that is named for it first.
    async fn records_of(&self, subject: &SubjectId) -> Result<Vec<Record>, EngineError> {
        let named = self
            .store()
            .load(&InstanceId::new(subject.as_str()))
            .await?;
        let mut records: Vec<Record> = named.into_iter().collect();
        let label = Label::shared(SUBJECT_LABEL, subject.as_str());
        let filter = Filter {
            labels: vec![(label.name, label.value)],
            ..Filter::default()
        };
        let mut page = PageOrder {
            limit: AT_ONCE,
            after: None,
        };
        loop {
            let found = self.store().find(&filter, &page).await?;
            records.extend(found.items);
            match found.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        records.retain(|record| record.subject == *subject);
        let mut seen = HashSet::new();
        records.retain(|record| seen.insert(record.id.clone()));
        Ok(records)
    }
}

/// The label by which a record is found when its subject is erased; its id may do for that.
pub(crate) fn subject_label(record: &Record) -> Option<Label> {
    let subject = record.subject.as_str();
    (subject != record.id.as_str()).then(|| Label::shared(SUBJECT_LABEL, subject))
}

/// The labels that outlive what the record was about: they say nothing of the subject and keep
/// counts and the search for what is the subject's together.
pub(crate) fn lasting_labels(record: &Record) -> Vec<Label> {
    let own = subject_label(record);
    let labels = record.labels.iter();
    let lasting = labels.filter(|label| label.name == "tenant" || own.as_ref() == Some(*label));
    lasting.cloned().collect()
}

/// Children end with their parent; what stands by itself must have been ended by whoever knows how.
fn judge(subject: &SubjectId, records: &[Record]) -> Result<(), EngineError> {
    if subject.is_installation() {
        return Err(EngineError::NotErasable(subject.clone()));
    }
    let live = records
        .iter()
        .find(|record| !record.ended && record.parent.is_none());
    live.map_or(Ok(()), |record| {
        Err(EngineError::StillLive(record.id.clone()))
    })
}

fn outcome(subject: &SubjectId, records: &[Record], erased_at: Option<Timestamp>) -> Erasure {
    let ids = |records: &mut dyn Iterator<Item = &Record>| {
        records.map(|record| record.id.clone()).collect()
    };
    Erasure {
        subject: subject.clone(),
        instances: ids(&mut records.iter()),
        ended: ids(&mut records.iter().filter(|record| !record.ended)),
        erased_at,
    }
}
