//! What operators see of bulk jobs.

use serde::Serialize;
use serde_json::Value;

use super::operator::{HoldView, InstanceRow};

/// A bulk job and how far it has come.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BulkView {
    /// Always `bulk_job`.
    pub object: &'static str,
    /// `blk_…`
    pub id: String,
    /// `listing`, `acting`, `finished` or `canceled`.
    pub state: String,
    /// One sentence: what it does, how far it is, when it goes on.
    pub headline: String,
    /// What is done to each item.
    pub act: &'static str,
    /// The milestone that a rewind leads to.
    pub to: Option<String>,
    /// Why.
    pub reason: String,
    /// Who ordered it.
    pub operator: String,
    /// What it is done to.
    pub filter: Value,
    /// Acts a minute at most.
    pub rate: u32,
    /// How many, and what came of them.
    pub counts: BulkCountsView,
    /// What holds the job itself up, if anything does.
    pub hold: Option<HoldView>,
    /// What may be done to the job now.
    pub acts: Vec<&'static str>,
    /// RFC 3339; what came to match later is not part of it.
    pub ordered_at: String,
    /// RFC 3339; when it goes on.
    pub next_at: Option<String>,
    /// RFC 3339; when it will have come to its end at its rate.
    pub expected_end: Option<String>,
    /// RFC 3339.
    pub ended_at: Option<String>,
}

/// How many items a job has and what came of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BulkCountsView {
    /// All of them.
    pub items: u64,
    /// Acted on.
    pub done: u64,
    /// Left alone, because they no longer matched when their turn came.
    pub skipped: u64,
    /// Refused the act, or could not take it.
    pub failed: u64,
    /// Their turn has yet to come.
    pub left: u64,
}

/// What a bulk job would do, before it is ordered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BulkPreviewView {
    /// Always `bulk_preview`.
    pub object: &'static str,
    /// What would be done to each item.
    pub act: &'static str,
    /// The milestone that a rewind would lead to.
    pub to: Option<String>,
    /// What it would be done to.
    pub filter: Value,
    /// How many match.
    pub count: u64,
    /// Whether that is all of them, or counting was given up.
    pub count_is_exact: bool,
    /// Of these, how many would take the act.
    pub possible: u64,
    /// Of these, how many would refuse it, and why.
    pub refused: Vec<BulkRefusalView>,
    /// Some of them, newest first.
    pub sample: Vec<BulkSampleView>,
    /// How long it would take at the rate asked for, in seconds.
    pub takes_seconds: u64,
}

/// A reason for which instances would refuse an act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BulkRefusalView {
    /// Groups like with like.
    pub code: String,
    /// One sentence.
    pub text: String,
    /// How many.
    pub count: u64,
}

/// One instance that a job would reach.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BulkSampleView {
    /// The instance.
    #[serde(flatten)]
    pub row: InstanceRow,
    /// Why it would refuse the act, if it would.
    pub refusal: Option<String>,
}

/// One item of a job with its result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BulkItemView {
    /// Always `bulk_item`.
    pub object: &'static str,
    /// The instance.
    pub id: String,
    /// `done`, `skipped` or `failed`; nothing until its turn has come.
    pub result: Option<&'static str>,
    /// Why it was skipped or failed: groups like with like.
    pub code: Option<String>,
    /// The same as a sentence.
    pub text: Option<String>,
    /// RFC 3339; when its turn came.
    pub at: Option<String>,
}
