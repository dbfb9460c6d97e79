//! Tries at commands that did not succeed at once: the newest of them, kept beside the instance.
//!
//! The history tells that something is tried again; how often is told here, in a ring that never
//! grows. A try that succeeds at once is not written apart.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::codec::{decode, encode};
use crate::instance::{Reason, Record};
use crate::ledger::EngineError;
use crate::seal::{DataKey, Keyring, SealError};
use crate::store::{Expected, PutDocument, Store, StoreError};

/// Tries kept of each instance; older ones make room.
pub const ATTEMPTS_KEPT: u64 = 50;

/// Lines that a history tells of tries while one state lasts; beyond, they are told here alone.
pub(crate) const TRIES_TOLD_MAX: u64 = 20;

const SPACE: &str = "attempts";

/// One try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Counts the tries of its instance, from 1.
    pub number: u64,
    /// What was tried.
    pub command: String,
    /// When.
    pub started_at: Timestamp,
    /// How long it took, by the engine's time.
    pub took_ms: u64,
    /// What it came to: `try_failed`, `waits`, `still_unknown`, `parked`, `tries_exhausted`, `done`.
    pub outcome: String,
    /// Why it did not succeed, with whatever the other side gave to name the request by.
    pub reason: Option<Reason>,
}

/// The try as a document, in the place of one that is too old.
pub(crate) fn put(
    keyring: &Keyring,
    key: &DataKey,
    record: &Record,
    attempt: &Attempt,
) -> PutDocument {
    let slot = slot_of(record, attempt.number);
    let body = keyring.seal(key, &place_of(&slot), &encode(attempt));
    PutDocument {
        space: SPACE.to_owned(),
        key: slot,
        expected: Expected::Any,
        body: Some(body),
        expires_at: None,
    }
}

/// The newest tries of an instance, oldest first; none once its subject is erased.
pub(crate) async fn of(
    store: &dyn Store,
    keyring: &Keyring,
    record: &Record,
) -> Result<Vec<Attempt>, EngineError> {
    let mut tries = Vec::new();
    for slot in slots(record) {
        let Some(kept) = store.document(SPACE, &slot).await? else {
            continue;
        };
        let place = place_of(&slot);
        let plain = match keyring.open(&record.subject, &place, &kept.body).await {
            Err(SealError::Erased) => return Ok(Vec::new()),
            opened => opened?,
        };
        let read = decode::<Attempt>(&plain)
            .map_err(|error| StoreError::Corrupt(format!("a try of {}: {error}", record.id)))?;
        tries.push(read);
    }
    tries.sort_by_key(|read| read.number);
    Ok(tries)
}

/// Removals of all that is kept.
pub(crate) fn removals(record: &Record) -> impl Iterator<Item = PutDocument> {
    slots(record).map(|slot| PutDocument {
        space: SPACE.to_owned(),
        key: slot,
        expected: Expected::Any,
        body: None,
        expires_at: None,
    })
}

/// The keys of what is kept, each by itself: other ids may begin like this one.
fn slots(record: &Record) -> impl Iterator<Item = String> {
    let numbers = 1..=record.tried.min(ATTEMPTS_KEPT);
    numbers.map(|number| slot_of(record, number))
}

fn slot_of(record: &Record, number: u64) -> String {
    format!("{}/{:02}", record.id, number % ATTEMPTS_KEPT)
}

fn place_of(slot: &str) -> String {
    format!("{SPACE}/{slot}")
}
