//! Durable state machines: tables, tasks, time, retries, and a store port.
//!
//! A [`Workflow`] is a table with meaning; an instance is one run of it; a [`Task`] is something it
//! owes at a moment; a [`Change`] is everything that one decision writes, all of it or nothing. This
//! crate knows no web, no database, no vendor.
//!
//! # Where to begin
//!
//! `engine/README.md` starts with a whole workflow of 59 lines that survives `kill -9`, then tells the
//! nouns, the promises and the limits. To write one of your own:
//!
//! 1. Name its [`letters!`] and write its table in `rust-fsm`'s notation.
//! 2. Implement [`Workflow`]: what events mean ([`Workflow::hear`]), and how each command bears being
//!    repeated ([`Workflow::conduct`], [`Care`]). What else it has to say has a default.
//! 3. Implement [`Executor`]: it performs commands, says what came of them ([`Outcome`]), and decides
//!    nothing.
//! 4. Put both over a [`Store`] with [`Engine::builder`], or with [`Engine::unsealed`] where nothing is
//!    secret. [`Engine::begin`] refuses tables that no longer know what is stored.
//! 5. [`Engine::start`] instances, [`Engine::submit`] events, and [`Engine::run`] what is due.
//!
//! Everything that an operator needs hangs on the same handle: [`Engine::find`], [`Engine::journal`],
//! [`Engine::possible`], [`Engine::intervene`], [`Engine::preview_bulk`]. Tests move time and break
//! stores with [`testing`].

mod acts;
mod ahead;
mod allowance;
mod archive;
mod attempts;
mod bare;
mod births;
mod breaker;
mod builder;
mod bulk;
mod chain;
mod claimed;
mod clock;
mod codec;
mod conclude;
mod decide;
mod definitions;
mod diagram;
mod documents;
mod doubts;
mod draft;
mod engine;
mod erase;
mod error;
mod examine;
mod executor;
mod export;
mod express;
mod flight;
mod forget;
mod hand;
mod holding;
mod house;
mod image;
mod import;
mod instance;
mod intervene;
mod lanes;
mod ledger;
mod letters;
mod lifetime;
mod limits;
mod lines;
mod migrate;
mod moments;
mod offers;
mod operation;
mod passage;
mod plain_cipher;
mod plan;
mod planning;
mod poison;
mod possible;
mod preview;
mod rate;
mod record;
mod registry;
mod rewind;
mod rewrap;
mod rooting;
mod roots;
mod runner;
mod schedule;
mod schedule_book;
mod seal;
mod steady;
mod store;
mod survey;
mod sweep;
mod task;
pub mod testing;
mod timetable;
mod turn;
mod verify;
mod waiting;
mod walk;
mod workflow;

#[doc(hidden)]
pub use strum;

pub use acts::{Act, ActError, Fields, Intervened, Intervention};
pub use allowance::Allowance;
pub use archive::ArchiveEnded;
pub use async_trait::async_trait;
pub use attempts::{ATTEMPTS_KEPT, Attempt};
pub use builder::EngineBuilder;
pub use bulk::{
    BULK_ITEMS, BULK_LABEL, Bulk, BulkCommand, BulkCounts, BulkCursor, BulkEvent, BulkExecutor,
    BulkFacts, BulkItem, BulkOrder, BulkPreview, BulkResult, BulkState, bulk_items,
};
pub use chain::Mac;
pub use clock::{Clock, SystemClock, Timestamp};
pub use codec::{Undecodable, decode, encode};
pub use decide::{Decision, Refusal, Verdict, decide};
pub use definitions::Definitions;
pub use diagram::{Diagram, Edge};
pub use documents::{Documents, Draft as DocumentDraft, Expiry, Opened};
pub use doubts::Doubt;
pub use draft::{Instance, NewInstance};
pub use engine::{Engine, EngineHandle};
pub use erase::Erasure;
pub use error::EngineError;
pub use examine::{Discrepancy, Fault};
pub use executor::{Birth, Care, Conduct, Executor, Finding, Job, Moved, Outcome, Tries};
pub use export::{ExportError, ExportReader, Exporter, Header, Resumed, Trailer};
pub use forget::ForgetExpired;
pub use image::{Contents, Counts, Image, Item, contents};
pub use import::{ImportError, import};
pub use instance::{
    Actor, Entry, Hold, HoldKind, InstanceId, Label, Owner, Reason, Record, SubjectId,
};
pub use lanes::{Held, LaneView, Limits};
pub use limits::{CHANGE_LIMIT, ID_LIMIT, KEY_LIMIT, NAME_LIMIT, TEXT_LIMIT, VALUE_LIMIT};
pub use migrate::{Former, Unmigratable};
pub use offers::{Field, FieldKind, Offer, Offered, Said, UNDO, WrongField};
pub use plain_cipher::PlainCipher;
pub use possible::Possible;
pub use preview::{Again, Difference, Effect, Foreseen, Outlook, Preview, Undo};
pub use rate::Rate;
pub use rewrap::RewrapKeys;
pub use rooting::SealJournals;
pub use roots::Root;
pub use runner::RunnerOptions;
pub use schedule::{
    Chore, CronError, Missed, Run, RunOutcome, Schedule, ScheduleState, Times, Wish,
};
pub use schedule_book::{ScheduleAct, change_schedule, schedule_states};
pub use seal::{Cipher, DataKey, Keyring, SealError};
pub use steady::{Jump, Jumps};
pub use store::{
    Change, ClaimOrder, ClaimWithin, CommitError, Committed, Document, Expected, Filter, Footing,
    Page, PageOrder, PutDocument, PutEntry, PutRecord, Store, StoreError, TallyKey, Trim,
};
pub use survey::{Affected, BeginError, Fate, Survey};
pub use sweep::{RemindDeadlines, ResumeStalled, is_stalled};
pub use task::{Claimed, Settled, Task, TaskId, Work};
pub use timetable::run_schedules;
pub use verify::{Anchor, Findings, Verification, Verifier};
pub use waiting::{Wait, WaitCell, WaitKind, Waiting};
pub use workflow::{Awaited, CommandOf, Heard, InputOf, Letter, Note, StateOf, Workflow};
