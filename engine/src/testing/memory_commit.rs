//! What must hold before the reference store applies a change; nothing is written here.

use std::collections::{BTreeMap, BTreeSet};

use super::contract::Stored;
use super::memory_store::{Shelves, paper, unique_labels};
use crate::instance::{InstanceId, Label, Record};
use crate::store::{Change, CommitError};

/// Says why a change cannot be applied, if it cannot.
pub(super) fn check(shelves: &Shelves, change: &Change) -> Result<(), CommitError> {
    change.check_limits()?;
    check_claims(shelves, change)?;
    check_versions(shelves, change)?;
    check_journal(shelves, change)?;
    check_labels(shelves, change)?;
    check_documents(shelves, change)
}

fn check_claims(shelves: &Shelves, change: &Change) -> Result<(), CommitError> {
    for settled in &change.settle {
        let standing = shelves.tasks.get(&settled.task);
        if !standing.is_some_and(|standing| standing.is_held_under(settled.fence)) {
            return Err(CommitError::LeaseLost);
        }
    }
    Ok(())
}

fn check_versions(shelves: &Shelves, change: &Change) -> Result<(), CommitError> {
    let mut written = BTreeSet::new();
    for put in &change.records {
        shelves.readable(&Stored::Record(put.record.id.clone()))?;
        let standing = shelves.records.get(&put.record.id);
        let version = standing.map(|record| record.version);
        if !put.expected.holds(version) || !written.insert(&put.record.id) {
            return Err(CommitError::VersionMoved);
        }
    }
    Ok(())
}

/// History is only ever extended: a line that stands was written by someone who came first.
fn check_journal(shelves: &Shelves, change: &Change) -> Result<(), CommitError> {
    let mut written = BTreeSet::new();
    for put in &change.journal {
        let place = (put.instance.clone(), put.entry.sequence);
        if shelves.journal.contains_key(&place) || !written.insert(place) {
            return Err(CommitError::VersionMoved);
        }
    }
    Ok(())
}

fn check_labels(shelves: &Shelves, change: &Change) -> Result<(), CommitError> {
    let records = change.records.iter().map(|put| &put.record);
    let written: BTreeMap<&InstanceId, &Record> = records.map(|r| (&r.id, r)).collect();
    let mut wanted: BTreeMap<(String, String), &InstanceId> = BTreeMap::new();
    for (id, record) in &written {
        for key in unique_labels(record) {
            let standing = shelves.unique_labels.get(&key);
            // A holder that this change writes too has its say through what is wanted.
            let holder = standing.filter(|holder| !written.contains_key(holder));
            let holder = holder.or(wanted.insert(key.clone(), id));
            if holder.is_some_and(|holder| holder != *id) {
                return Err(CommitError::LabelTaken(Label::unique(&key.0, key.1)));
            }
        }
    }
    Ok(())
}

fn check_documents(shelves: &Shelves, change: &Change) -> Result<(), CommitError> {
    let version = |place: &(String, String)| {
        shelves.readable(&paper(&place.0, &place.1))?;
        let known = shelves.documents.get(place);
        Ok::<_, CommitError>(known.map(|known| known.version))
    };
    for ground in &change.rests_on {
        let place = (ground.space.clone(), ground.key.clone());
        if version(&place)? != Some(ground.version) {
            return Err(moved(place));
        }
    }
    let mut written = BTreeSet::new();
    for put in &change.documents {
        let place = (put.space.clone(), put.key.clone());
        if !put.expected.holds(version(&place)?) || !written.insert(place.clone()) {
            return Err(moved(place));
        }
    }
    Ok(())
}

fn moved((space, key): (String, String)) -> CommitError {
    CommitError::DocumentMoved { space, key }
}
