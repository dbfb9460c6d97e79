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
use crate::store::{Expected, PageOrder, PutDocument, Store, StoreError};

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
    let slot = format!("{}/{:02}", record.id, attempt.number % ATTEMPTS_KEPT);
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
    for (slot, body) in slots(store, record).await? {
        let plain = match keyring.open(&record.subject, &place_of(&slot), &body).await {
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
pub(crate) async fn removals(
    store: &dyn Store,
    record: &Record,
) -> Result<Vec<PutDocument>, StoreError> {
    let slots = slots(store, record).await?.into_iter();
    let removal = |(slot, _)| PutDocument {
        space: SPACE.to_owned(),
        key: slot,
        expected: Expected::Any,
        body: None,
        expires_at: None,
    };
    Ok(slots.map(removal).collect())
}

async fn slots(store: &dyn Store, record: &Record) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    if record.tried == 0 {
        return Ok(Vec::new());
    }
    let page = PageOrder {
        limit: usize::try_from(ATTEMPTS_KEPT).unwrap_or(usize::MAX),
        after: None,
    };
    let found = store.scan(SPACE, &format!("{}/", record.id), &page).await?;
    let slots = found.items.into_iter();
    Ok(slots.map(|found| (found.key, found.body)).collect())
}

fn place_of(slot: &str) -> String {
    format!("{SPACE}/{slot}")
}
