//! Durable state machines: tables, tasks, time, retries, and a store port.
//!
//! This crate knows no web, no database, no vendor. Its nouns: a [`Workflow`] is a table with
//! meaning; an instance is one run of it; a [`Task`] is something owed at a moment; a [`Change`]
//! is everything one decision writes.

mod clock;
mod executor;
mod instance;
mod seal;
mod store;
mod task;
pub mod testing;
mod workflow;

pub use clock::{Clock, SystemClock, Timestamp};
pub use executor::{Birth, Care, Conduct, Executor, Job, Moved, Outcome, Tries};
pub use instance::{
    Actor, Entry, Hold, HoldKind, InstanceId, Label, Owner, Reason, Record, SubjectId,
};
pub use seal::{Cipher, DataKey, Keyring, SealError};
pub use store::{
    Change, ClaimOrder, ClaimWithin, CommitError, Committed, Document, Expected, Filter, Page,
    PageOrder, PutDocument, PutEntry, PutRecord, Store, StoreError, TallyKey,
};
pub use task::{Claimed, Settled, Task, TaskId, Work};
pub use workflow::{Awaited, CommandOf, Heard, InputOf, Letter, Note, StateOf, Workflow};
