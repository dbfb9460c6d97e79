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

/// Why, on whose word, and when.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) at: Timestamp,
    pub(crate) actor: Actor,
    pub(crate) reason: Reason,
}

impl Engine {
    /// What erasing a subject would come to; refused while an instance of its own is live.
    pub async fn foresee_erasure(&self, subject: &SubjectId) -> Result<Erasure, EngineError> {
        let records = self.records_of(subject).await?;
        let destroyed = self.judge(subject, &records).await?;
        let erased_at = records.iter().find_map(|record| record.erased_at);
        Ok(outcome(subject, &records, erased_at.filter(|_| destroyed)))
    }

    /// Destroys a subject's key and takes its labels, tries and tasks away. Doing it again is
    /// harmless and finishes what a crash left undone. What is born meanwhile ends with it.
    ///
    /// Copies of what was sealed stay in the store's own files and in backups until those expire;
    /// without the key they cannot be opened.
    pub async fn erase(
        &self,
        subject: &SubjectId,
        actor: Actor,
        reason: Reason,
    ) -> Result<Erasure, EngineError> {
        let order = Order {
            at: self.now(),
            actor,
            reason,
        };
        for _ in 0..ATTEMPTS_MAX {
            match self.erase_all(subject, &order).await {
                Err(EngineError::Contended(_) | EngineError::DocumentMoved { .. }) => {}
                other => return other,
            }
        }
        let id = InstanceId::new(subject.as_str());
        Err(EngineError::Contended(id))
    }

    async fn erase_all(&self, subject: &SubjectId, order: &Order) -> Result<Erasure, EngineError> {
        let mut records = self.records_of(subject).await?;
        self.judge(subject, &records).await?;
        self.strip(subject, &records, order).await?;
        self.keyring().forget(subject);
        // From here on nothing is born under it; what was born before is found now.
        let found = self.records_of(subject).await?.into_iter();
        let late: Vec<Record> = found.filter(|one| one.erased_at.is_none()).collect();
        self.strip(subject, &late, order).await?;
        records.extend(late);
        Ok(outcome(subject, &records, Some(order.at)))
    }

    /// Takes from these records what was sealed for their subject, and destroys its key with the last
    /// of them: a crash before leaves an act that can be repeated.
    async fn strip(
        &self,
        subject: &SubjectId,
        records: &[Record],
        order: &Order,
    ) -> Result<(), EngineError> {
        let left = records.iter().filter(|record| record.erased_at.is_none());
        let left: Vec<&Record> = left.collect();
        let mut parts: Vec<&[&Record]> = left.rchunks(AT_ONCE).collect();
        let last = parts.pop().unwrap_or_default();
        for part in parts {
            let change = self.without_facts(part, order).await?;
            self.ledger().put(change).await?;
        }
        let mut change = self.without_facts(last, order).await?;
        change
            .documents
            .extend(self.keyring().destruction(subject).await?);
        if change.records.is_empty() && change.documents.is_empty() {
            return Ok(());
        }
        self.ledger().put(change).await.map(drop)
    }

    /// Whether all that was done for a subject had ended by this moment.
    pub(crate) async fn was_over(
        &self,
        subject: &SubjectId,
        moment: Timestamp,
    ) -> Result<bool, EngineError> {
        let records = self.records_of(subject).await?;
        let mut records = records.iter();
        Ok(records.all(|record| record.ended && record.updated_at <= moment))
    }

    /// Whether what was born of this one is still under way, and may have something to tell it.
    pub(crate) async fn has_live_child(&self, parent: &Record) -> Result<bool, EngineError> {
        // Nobody's data has no families, and there is much of it.
        if parent.subject.is_installation() {
            return Ok(false);
        }
        let records = self.records_of(&parent.subject).await?;
        let mut records = records.iter();
        Ok(records.any(|record| !record.ended && record.parent.as_ref() == Some(&parent.id)))
    }

    async fn without_facts(
        &self,
        records: &[&Record],
        order: &Order,
    ) -> Result<Change, EngineError> {
        let (mut change, now) = (Change::default(), order.at);
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

    /// Refuses what is live and stands by itself: whoever knows how must have ended it. Children end
    /// with their parent, and nothing lives on under a destroyed key. Answers whether this one is.
    async fn judge(&self, subject: &SubjectId, records: &[Record]) -> Result<bool, EngineError> {
        if subject.is_installation() {
            return Err(EngineError::NotErasable(subject.clone()));
        }
        if self.keyring().is_destroyed(subject).await? {
            return Ok(true);
        }
        let mut records = records.iter();
        let live = records.find(|record| !record.ended && record.parent.is_none());
        live.map_or(Ok(false), |record| {
            Err(EngineError::StillLive(record.id.clone()))
        })
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
