//! What operators see of an instance.

use serde::Serialize;
use serde_json::Value;

use super::notices::DeliveryView;
use super::partner::EventView;
use crate::app::OfferView;

/// One instance on the operators' console.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InstanceView {
    /// Its id; an onboarding's is the onboarding's.
    pub id: String,
    /// Its workflow.
    pub workflow: String,
    /// The record's version.
    pub version: u64,
    /// The state in its table.
    pub state: String,
    /// RFC 3339; since when.
    pub entered_at: String,
    /// One sentence: what it waits for, since when, when next, who can move it.
    pub headline: String,
    /// What holds it up or whom it awaits; nothing once it has ended.
    pub hold: Option<HoldView>,
    /// What it knows, without secrets.
    pub facts: Value,
    /// Its history, oldest first.
    pub journal: Vec<EventView>,
    /// What is owed to it.
    pub tasks: Vec<TaskView>,
    /// Tries at its steps that did not get through at once, over its whole life.
    pub tried: u64,
    /// The newest of them, oldest first.
    pub attempts: Vec<TryView>,
    /// Its notices with their tries.
    pub deliveries: Vec<DeliveryView>,
    /// RFC 3339; when the client's data was destroyed.
    pub erased_at: Option<String>,
    /// RFC 3339; when it was put away. It can be read, and hears nothing any more.
    pub archived_at: Option<String>,
    /// What an operator may do now, by name.
    pub acts: Vec<&'static str>,
    /// The same with what each needs.
    pub offers: Vec<OfferView>,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub updated_at: String,
}

/// A row of the console's list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InstanceRow {
    /// Its id.
    pub id: String,
    /// Its workflow.
    pub workflow: String,
    /// Its state.
    pub state: String,
    /// Whom it runs for.
    pub tenant: String,
    /// The partner's own name for it.
    pub external_id: Option<String>,
    /// One sentence on what it waits for.
    pub headline: String,
    /// What holds it up or whom it awaits.
    pub hold: Option<HoldView>,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub updated_at: String,
}

/// What an instance waits for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HoldView {
    /// `working`, `retrying`, `waiting`, `parked`, `paused` or `awaiting`.
    pub kind: String,
    /// Groups like with like.
    pub code: String,
    /// One sentence.
    pub text: String,
    /// What to check, where the error catalogue knows it.
    pub advice: Option<&'static str>,
    /// RFC 3339.
    pub since: String,
    /// RFC 3339; when time moves it.
    pub until: Option<String>,
    /// Who can move it.
    pub mover: String,
    /// Tries made so far.
    pub attempt: u32,
    /// Groups like with like: workflow, state, step and what went wrong.
    pub fingerprint: String,
}

/// A dependency that is left alone because it fails.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeldLane {
    /// Its lane.
    pub lane: String,
    /// What people call it.
    pub dependency: String,
    /// Groups like with like.
    pub code: String,
    /// What it fails with.
    pub text: String,
    /// RFC 3339; since when.
    pub since: String,
    /// RFC 3339; when it is probed next. Nothing while a probe is under way.
    pub next_probe: Option<String>,
    /// Probes that failed.
    pub probes: u32,
}

/// One try at a step that did not get through at once.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TryView {
    /// Counts all tries of the instance, from 1; only the newest are kept.
    pub number: u64,
    /// What was tried.
    pub command: String,
    /// RFC 3339; when it began.
    pub at: String,
    /// How long it took.
    pub duration_ms: u64,
    /// `try_failed`, `tries_exhausted`, `still_unknown`, `waits`, `parked` or `done`.
    pub outcome: String,
    /// A stable code of why.
    pub code: Option<String>,
    /// One sentence of why.
    pub message: Option<String>,
}

/// One thing owed to an instance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TaskView {
    /// `command:…`, `deadline`, `told:…`.
    pub key: String,
    /// RFC 3339.
    pub due_at: String,
    /// Tries made so far.
    pub attempt: u32,
}

/// One group of the console's home page.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttentionGroup {
    /// The code they share.
    pub code: String,
    /// The state they are in.
    pub state: String,
    /// The workflow they run.
    pub workflow: String,
    /// How many; exact.
    pub count: u64,
    /// What they have in common: workflow, state, step and what went wrong.
    pub fingerprint: String,
    /// The step that is held up, where one is.
    pub command: Option<String>,
    /// `retrying`, `waiting`, `parked`, `paused` or `awaiting`.
    pub kind: String,
    /// Who can move them.
    pub mover: String,
    /// RFC 3339; since when the oldest of those looked at waits.
    pub oldest_since: Option<String>,
    /// The same in seconds until now.
    pub oldest_age_s: Option<u64>,
    /// RFC 3339; when the next of them is tried or its time runs out.
    pub next_due: Option<String>,
    /// How many of those looked at have waited for less than a day.
    pub since_yesterday: u64,
    /// How many were looked at for the ages; all of them in any group that a person could work off.
    pub looked_at: u64,
    /// Some of them, the longest waiting first.
    pub sample_ids: Vec<String>,
}
