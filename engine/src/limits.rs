//! How much one change may hold; the same for every store, so that none accepts what another refuses.

use crate::instance::{Entry, Label, Reason, Record};
use crate::store::{Change, CommitError, PutDocument};
use crate::task::Task;

/// Facts and document bodies: far above any honest one, and a store may keep it in memory whole.
pub const VALUE_LIMIT: usize = 256 * 1024;

/// Ids, keys, labels, lanes: they become index keys, which every comparison reads.
pub const KEY_LIMIT: usize = 512;

/// Ids of instances: what is owed to a parent, or kept beside an instance, is keyed by its id and a
/// little more, and whatever can be born must be able to end.
pub const ID_LIMIT: usize = KEY_LIMIT - 32;

/// Names of workflows, states and commands, and codes of reasons: four of them make a label.
pub const NAME_LIMIT: usize = (KEY_LIMIT - 3) / 4;

/// Sentences for people in reasons.
pub const TEXT_LIMIT: usize = 16 * 1024;

/// All facts and bodies of one change: it is applied in one piece while others wait.
pub const CHANGE_LIMIT: usize = 8 * 1024 * 1024;

impl Change {
    /// Refuses what no store takes; every store calls this before it looks at anything else.
    pub fn check_limits(&self) -> Result<(), CommitError> {
        let mut total = 0;
        for put in &self.records {
            check_record(&put.record)?;
            total += put.record.facts.len();
        }
        for put in &self.documents {
            check_document(put)?;
            total += put.body.as_ref().map_or(0, Vec::len);
        }
        for put in &self.journal {
            check(KEY_LIMIT, "an instance id", put.instance.as_str())?;
            check_entry(&put.entry)?;
        }
        self.tasks.iter().try_for_each(check_task)?;
        if total > CHANGE_LIMIT {
            return Err(too_large("the change as a whole", total, CHANGE_LIMIT));
        }
        Ok(())
    }
}

fn check_record(record: &Record) -> Result<(), CommitError> {
    check(ID_LIMIT, "an instance id", record.id.as_str())?;
    check(KEY_LIMIT, "a workflow", &record.workflow)?;
    check(KEY_LIMIT, "a state", &record.state)?;
    check(VALUE_LIMIT, "facts", &record.facts)?;
    record.labels.iter().try_for_each(check_label)?;
    record
        .hold
        .iter()
        .try_for_each(|hold| check_reason(&hold.reason))
}

fn check_label(label: &Label) -> Result<(), CommitError> {
    check(KEY_LIMIT, "a label", &label.name)?;
    check(KEY_LIMIT, "a label", &label.value)
}

fn check_reason(reason: &Reason) -> Result<(), CommitError> {
    check(KEY_LIMIT, "a reason's code", &reason.code)?;
    check(TEXT_LIMIT, "a reason's text", &reason.text)
}

fn check_document(put: &PutDocument) -> Result<(), CommitError> {
    check(KEY_LIMIT, "a document's space", &put.space)?;
    check(KEY_LIMIT, "a document's key", &put.key)?;
    put.body
        .iter()
        .try_for_each(|body| check(VALUE_LIMIT, "a document", body))
}

fn check_entry(entry: &Entry) -> Result<(), CommitError> {
    check(KEY_LIMIT, "a journal entry", &entry.what)?;
    entry.detail.iter().try_for_each(check_reason)
}

fn check_task(task: &Task) -> Result<(), CommitError> {
    check(KEY_LIMIT, "an instance id", task.instance.as_str())?;
    check(KEY_LIMIT, "a task's work", task.work.key())?;
    check(KEY_LIMIT, "a lane", &task.lane)?;
    check(KEY_LIMIT, "a tenant", &task.tenant)
}

/// The text as far as it fits, cut between letters.
pub(crate) fn clip(text: &mut String, limit: usize) {
    text.truncate(text.floor_char_boundary(limit));
}

fn check(limit: usize, what: &str, bytes: impl AsRef<[u8]>) -> Result<(), CommitError> {
    let size = bytes.as_ref().len();
    if size > limit {
        return Err(too_large(what, size, limit));
    }
    Ok(())
}

fn too_large(what: &str, size: usize, limit: usize) -> CommitError {
    CommitError::TooLarge(format!("{what} has {size} bytes, more than {limit}"))
}
