//! Durable state machines: tables, tasks, time, retries, and a store port.
//!
//! This crate knows no web, no database, no vendor. Its nouns: a [`Workflow`] is a table with
//! meaning; an instance is one run of it; a [`Task`] is something owed at a moment; a [`Change`]
//! is everything one decision writes.

mod clock;
mod codec;
mod instance;
mod limits;
mod store;
mod task;
pub mod testing;

pub use clock::{Clock, SystemClock, Timestamp};
pub use codec::{Undecodable, decode, encode};
pub use instance::{
    Actor, Entry, Hold, HoldKind, InstanceId, Label, Owner, Reason, Record, SubjectId,
};
pub use limits::{CHANGE_LIMIT, KEY_LIMIT, TEXT_LIMIT, VALUE_LIMIT};
pub use store::{
    Change, ClaimOrder, ClaimWithin, CommitError, Committed, Document, Expected, Filter, Page,
    PageOrder, PutDocument, PutEntry, PutRecord, Store, StoreError, TallyKey,
};
pub use task::{Claimed, Settled, Task, TaskId, Work};
