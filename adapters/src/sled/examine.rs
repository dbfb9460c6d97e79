//! A folder looked at key by key: what is damaged is told, and every index is held against what it
//! follows from. Nothing is changed.

use std::collections::BTreeMap;
use std::path::Path;

use ::sled::{Db, IVec};
use engine::{Document, Entry, HoldKind, Label, Record, StoreError, TallyKey, Task, Timestamp};
use serde::de::DeserializeOwned;

use super::open::{OpenError, open_to_examine};
use super::view::{broken, decode, get};
use super::{keys, values};

/// Findings told one by one; the rest are counted.
const TOLD_MAX: usize = 100;

/// What a look at a folder came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// Keys looked at.
    pub keys: u64,
    /// Instances among them.
    pub records: u64,
    /// Values that cannot be read, and indexes that do not agree, by key; the first of them.
    pub damaged: Vec<String>,
    /// How many there are in all.
    pub damages: u64,
    /// When anything was last written, by the instances.
    pub newest: Option<Timestamp>,
}

/// The look under way.
struct Look<'a> {
    db: &'a Db,
    found: Examined,
    tally: BTreeMap<TallyKey, u64>,
}

/// Looks at every key of a folder that no process runs over.
pub fn examine(folder: &Path, cache_bytes: u64) -> Result<Examined, OpenError> {
    let (db, _owner_lock) = open_to_examine(folder, cache_bytes)?;
    let mut look = Look {
        db: &db,
        found: Examined::default(),
        tally: BTreeMap::new(),
    };
    for found in db.iter() {
        let (key, value) = found.map_err(|error| broken(&error))?;
        look.found.keys += 1;
        if let Err(error) = look.at(&key, &value) {
            look.note(&key, &error.to_string());
        }
    }
    look.compare_tally()?;
    Ok(look.found)
}

impl Look<'_> {
    fn note(&mut self, key: &[u8], what: &str) {
        self.found.damages += 1;
        if self.found.damaged.len() < TOLD_MAX {
            let name = key.escape_ascii();
            self.found.damaged.push(format!("{name}: {what}"));
        }
    }

    fn at(&mut self, key: &IVec, value: &IVec) -> Result<(), StoreError> {
        match key.first() {
            Some(&keys::RECORD) => self.record(key, value),
            Some(&keys::ENTRY) => self.whole::<Entry>(key, value).map(drop),
            Some(&keys::TASK) => self.whole::<Task>(key, value).map(drop),
            Some(&keys::DOCUMENT) => self.whole::<Document>(key, value).map(drop),
            Some(&keys::UNIQUE_LABEL) => {
                let label = label(key, 1, true)?;
                self.pointer(key, value, |record| record.labels.contains(&label))
            }
            Some(&keys::SHARED_LABEL) => {
                let label = label(key, 2, false)?;
                let (_, id) = keys::parts(key, 2).ok_or_else(|| cut(key))?;
                self.pointer(key, id, |record| record.labels.contains(&label))
            }
            Some(&keys::PARKED) => self.pointer(key, &key[1..], is_parked),
            Some(&keys::LIVE) => self.pointer(key, &key[1..], |record| !record.ended),
            Some(&keys::OVERFLOW) => self.overflow(key),
            Some(&(keys::META | keys::TALLY)) => Ok(()),
            _ => Err(StoreError::Corrupt("nothing of ours lies here".to_owned())),
        }
    }

    fn whole<T: DeserializeOwned>(&self, key: &[u8], head: &[u8]) -> Result<T, StoreError> {
        let bytes = values::join(key, head, |key| get(self.db, key))?;
        decode(key, &bytes)
    }

    fn record(&mut self, key: &[u8], head: &[u8]) -> Result<(), StoreError> {
        let record: Record = self.whole(key, head)?;
        self.found.records += 1;
        self.found.newest = self.found.newest.max(Some(record.updated_at));
        *self.tally.entry(TallyKey::of(&record)).or_insert(0) += 1;
        if keys::record(record.id.as_str()) != key {
            self.note(key, "it holds an instance of another name");
        }
        for label in &record.labels {
            let standing = get(self.db, &keys::label(label, &record.id))?;
            let holder = record.id.as_str().as_bytes();
            if standing.is_none_or(|standing| label.unique && *standing != *holder) {
                let name = &label.name;
                self.note(key, &format!("it is not found by its label `{name}`"));
            }
        }
        let marked = get(self.db, &keys::parked(&record.id))?.is_some();
        if is_parked(&record) && !marked {
            self.note(
                key,
                "it needs a person and is not found among those that do",
            );
        }
        if !record.ended && get(self.db, &keys::live(&record.id))?.is_none() {
            self.note(key, "it is live and is not found among those that are");
        }
        Ok(())
    }

    /// An index entry must point to a record that agrees with it.
    fn pointer(
        &self,
        key: &[u8],
        id: &[u8],
        agrees: impl FnOnce(&Record) -> bool,
    ) -> Result<(), StoreError> {
        let id = std::str::from_utf8(id).map_err(|_| cut(key))?;
        let place = keys::record(id);
        let head = get(self.db, &place)?.ok_or_else(|| {
            StoreError::Corrupt(format!("it names the instance {id}, which is not there"))
        })?;
        // A record that cannot be read is told at its own key.
        let Ok(record) = self.whole::<Record>(&place, &head) else {
            return Ok(());
        };
        if agrees(&record) {
            return Ok(());
        }
        Err(StoreError::Corrupt(format!(
            "it names the instance {id}, which says otherwise"
        )))
    }

    fn overflow(&self, key: &[u8]) -> Result<(), StoreError> {
        let (found, _) = keys::parts(key, 1).ok_or_else(|| cut(key))?;
        if let Some(head) = get(self.db, found[0])? {
            let further = values::further_chunks(found[0], &head)?;
            if values::overflow_keys(found[0], further).any(|place| place == key) {
                return Ok(());
            }
        }
        Err(StoreError::Corrupt(
            "the value it belongs to is gone".to_owned(),
        ))
    }

    fn compare_tally(&mut self) -> Result<(), OpenError> {
        let mut stored = BTreeMap::new();
        for found in self.db.scan_prefix([keys::TALLY]) {
            let (key, value) = found.map_err(|error| broken(&error))?;
            let cell = decode::<TallyKey>(&key, &key[1..]);
            let total = <[u8; 8]>::try_from(&*value).map(u64::from_be_bytes);
            match (cell, total) {
                (Ok(cell), Ok(total)) => drop(stored.insert(cell, total)),
                _ => self.note(&key, "the count cannot be read"),
            }
        }
        if stored != self.tally {
            let (kept, counted) = (stored.values().sum::<u64>(), self.found.records);
            let text = format!(
                "the counts say {kept} instances, and there are {counted}, or they stand in other cells"
            );
            self.note(&[keys::TALLY], &text);
        }
        Ok(())
    }
}

/// The label that an index key stands for.
fn label(key: &[u8], parts: usize, unique: bool) -> Result<Label, StoreError> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| cut(key));
    let (found, rest) = keys::parts(key, parts).ok_or_else(|| cut(key))?;
    let value = found.get(1).copied().unwrap_or(rest);
    Ok(Label {
        name: text(found[0])?,
        value: text(value)?,
        unique,
    })
}

fn is_parked(record: &Record) -> bool {
    let hold = record.hold.as_ref();
    hold.is_some_and(|hold| hold.kind == HoldKind::Parked)
}

fn cut(key: &[u8]) -> StoreError {
    StoreError::Corrupt(format!("{}: its key is damaged", keys::family(key)))
}
