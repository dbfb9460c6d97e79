//! Bulk acts: one act on every instance that a filter matches, as a durable job that the engine
//! itself runs. What an act means to an instance is the instance's own business.

mod executor;
mod items;
mod machine;
mod preview;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

pub use self::executor::BulkExecutor;
pub use self::items::{BULK_ITEMS, BulkCursor, BulkItem, BulkResult, bulk_items};
use self::machine::{Command, Input, Machine, State};
pub use self::machine::{Command as BulkCommand, State as BulkState};
pub use self::preview::BulkPreview;

use crate::acts::{Act, Intervention};
use crate::clock::Timestamp;
use crate::executor::{Care, Conduct, Tries};
use crate::instance::{Actor, Hold, InstanceId, Label, Reason, Record};
use crate::store::Filter;
use crate::workflow::{Awaited, Heard, Note, Workflow};

/// Acts in one turn of a job: two seconds' worth of its rate, so that a pause takes hold soon.
const TURN: Duration = Duration::from_secs(2);

/// Acts in one turn at most, however fast the job may go.
const TURN_MAX: u32 = 100;

/// What is to be done, to what, and by whose order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkOrder {
    /// Which act.
    pub act: Act,
    /// What it is done to: instances that match when the job is ordered.
    pub filter: Filter,
    /// Why; it stands in the history of each instance.
    pub reason: String,
    /// Who ordered it, by name.
    pub by: String,
    /// Acts a minute at most.
    pub rate_per_minute: u32,
}

/// How many items a job has, and what came of them so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkCounts {
    /// Written down.
    pub items: u64,
    /// Acted on.
    pub done: u64,
    /// Left alone, because they no longer matched when their turn came.
    pub skipped: u64,
    /// Refused the act, or could not take it.
    pub failed: u64,
}

/// What a bulk job knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkFacts {
    /// What it was ordered to do.
    pub order: BulkOrder,
    /// The moment that fixes its set: what comes to match later is none of its business.
    pub ordered_at: Timestamp,
    /// How far it has come.
    pub counts: BulkCounts,
    /// Pages of items written down.
    pub pages: u32,
    /// Where the listing goes on.
    pub listed_to: Option<String>,
    /// The page it is at.
    pub page: u32,
    /// Rises each time that what failed is tried again.
    pub round: u32,
    /// Turns of acts that are accounted for.
    #[serde(default)]
    pub turns: u64,
    /// When its next acts are due.
    pub next_at: Timestamp,
    /// When the last item had its result.
    pub ended_at: Option<Timestamp>,
}

/// What a bulk job can hear.
#[derive(Clone, Debug)]
pub enum BulkEvent {
    /// Items were written down.
    Listed {
        /// How many.
        items: u64,
        /// On how many pages.
        pages: u32,
        /// Where to go on, if there may be more.
        cursor: Option<String>,
    },
    /// Items have their results.
    Acted {
        /// The turns that were accounted for when it began. What a turn counted is right only on top
        /// of what it read: another process may have had the job since.
        turns: u64,
        /// When the turn began, from which its rate is reckoned.
        began: Timestamp,
        /// How many were acted on.
        acted: u32,
        /// All counts as they stand now.
        counts: BulkCounts,
        /// The page to go on with; none is left without it.
        page: Option<u32>,
    },
    /// Somebody calls it off.
    Canceled {
        /// Why.
        reason: Reason,
    },
    /// Somebody wants what failed to be tried again.
    FailedRetried {
        /// Why.
        reason: Reason,
    },
}

/// The workflow of one bulk job, which every engine runs.
#[derive(Clone, Copy, Debug)]
pub struct Bulk;

/// The label under which every bulk job is found.
pub const BULK_LABEL: (&str, &str) = ("kind", "bulk");

impl Workflow for Bulk {
    const NAME: &'static str = "bulk";
    const VERSION: u32 = 1;

    type Machine = Machine;
    type Facts = BulkFacts;
    type Event = BulkEvent;

    fn first(_facts: &BulkFacts) -> Option<Command> {
        Some(Command::ListItems)
    }

    fn hear(facts: &BulkFacts, state: State, event: BulkEvent, now: Timestamp) -> Heard<Self> {
        let mut next = facts.clone();
        match event {
            BulkEvent::Listed {
                items,
                pages,
                cursor,
            } if state == State::Listing => {
                next.counts.items += items;
                next.pages += pages;
                next.listed_to = cursor;
                next.listed(now)
            }
            BulkEvent::Acted {
                turns,
                began,
                acted,
                counts,
                page,
            } if turns == facts.turns => {
                next.turns += 1;
                next.counts = counts;
                next.page = page.unwrap_or(next.pages);
                next.next_at = began + next.order.span_of(acted);
                next.acted(state, page.is_none(), now)
            }
            BulkEvent::Canceled { reason } => {
                next.ended_at = Some(now);
                let note = Note::because("canceled", Actor::Operator, reason);
                Heard::moved(next, Input::Canceled, note)
            }
            BulkEvent::FailedRetried { reason } => {
                next.round += 1;
                next.page = 0;
                next.next_at = now;
                next.ended_at = None;
                let note = Note::because("failed_retried", Actor::Operator, reason);
                Heard::moved(next, Input::FailedRetried, note)
            }
            // It was called off while they were written down, and nobody will look at them; or
            // whoever has the job now finds each of these acts done, and counts it.
            BulkEvent::Listed { .. } | BulkEvent::Acted { .. } => Heard::ignored(),
        }
    }

    fn labels(_state: State, _facts: &BulkFacts, _hold: Option<&Hold>) -> Vec<Label> {
        vec![Label::shared(BULK_LABEL.0, BULK_LABEL.1)]
    }

    fn conduct(_command: Command, _facts: &BulkFacts) -> Conduct {
        Conduct {
            lane: "bulk".to_owned(),
            care: Care::Repeatable,
            tries: Tries {
                within: None,
                attempts: 20,
                first: Duration::from_secs(1),
                longest: Duration::from_mins(1),
            },
            limit: Duration::from_mins(1),
            express: false,
        }
    }

    fn due(_command: Command, facts: &BulkFacts, now: Timestamp) -> Timestamp {
        facts.next_at.max(now)
    }

    fn awaits(_state: State, _facts: &BulkFacts) -> Option<Awaited> {
        None
    }

    /// Acts have happened, whatever became of the job meanwhile. A turn without any brings nothing
    /// that a later one does not.
    fn must_keep(event: &BulkEvent) -> bool {
        matches!(event, BulkEvent::Acted { acted: 1.., .. })
    }

    fn ends(state: State) -> bool {
        matches!(state, State::Finished | State::Canceled)
    }

    fn redacted(facts: &BulkFacts) -> serde_json::Value {
        json!({
            "act": facts.order.act.name(), "filter": facts.order.filter, "reason": facts.order.reason,
            "by": facts.order.by, "rate_per_minute": facts.order.rate_per_minute,
            "ordered_at": facts.ordered_at.to_rfc3339(), "counts": facts.counts,
            "round": facts.round,
        })
    }
}

impl BulkOrder {
    /// The act of this order under a job: an item and a job together name one operation.
    fn on_behalf_of(&self, job: &InstanceId) -> Intervention {
        let reason = Reason::new("operator", format!("{} ({job})", self.reason));
        Intervention {
            operation: Some(job.to_string()),
            ..Intervention::new(self.act.clone(), Actor::Operator, reason)
        }
    }

    /// How long so many acts take at the rate of the order.
    pub fn span_of(&self, acts: u32) -> Duration {
        Duration::from_mins(1).mul_f64(f64::from(acts)) / self.rate_per_minute.max(1)
    }

    /// How many acts one turn may make.
    fn acts_in_a_turn(&self) -> u32 {
        let turns_a_minute = u32::try_from(60 / TURN.as_secs().max(1)).unwrap_or(60);
        (self.rate_per_minute / turns_a_minute).clamp(1, TURN_MAX)
    }

    /// Whether the record matched at that moment, as far as the record itself can tell.
    fn matched_at(&self, record: &Record, moment: Timestamp) -> bool {
        let hold = record.hold.as_ref();
        let waits_since = hold.map_or(record.entered_at, |hold| hold.since);
        let asks_for_waits = self.filter.parked || self.filter.asks_for_waits();
        // A job that acted on jobs could act on itself.
        record.workflow != Bulk::NAME
            && self.filter.admits(record)
            && record.created_at <= moment
            && (self.filter.states.is_empty() || record.entered_at <= moment)
            && (!asks_for_waits || waits_since <= moment)
    }
}

impl BulkFacts {
    /// What a job starts from.
    pub fn ordered(order: BulkOrder, now: Timestamp) -> Self {
        Self {
            order,
            ordered_at: now,
            counts: BulkCounts::default(),
            pages: 0,
            listed_to: None,
            page: 0,
            round: 1,
            turns: 0,
            next_at: now,
            ended_at: None,
        }
    }

    fn listed(mut self, now: Timestamp) -> Heard<Bulk> {
        let text = format!("{} written down", self.counts.items);
        let note = Note::because("listed", Actor::System, Reason::new("listed", text));
        let input = match (&self.listed_to, self.counts.items) {
            (Some(_), _) => Input::SomeListed,
            (None, 0) => Input::NoneListed,
            (None, _) => Input::AllListed,
        };
        if input == Input::NoneListed {
            self.ended_at = Some(now);
        }
        Heard::moved(self, input, note)
    }

    fn acted(mut self, state: State, all: bool, now: Timestamp) -> Heard<Bulk> {
        let counts = self.counts;
        let text = format!(
            "{} of {} done, {} skipped, {} failed",
            counts.done, counts.items, counts.skipped, counts.failed
        );
        let note = Note::because("acted", Actor::System, Reason::new("acted", text));
        if state == State::Canceled {
            // It was called off in the middle of a turn, whose acts have happened and count.
            return Heard::noted(Some(self), note);
        }
        let input = if all {
            self.ended_at = Some(now);
            Input::AllActed
        } else {
            Input::SomeActed
        };
        Heard::moved(self, input, note)
    }
}

impl BulkCounts {
    /// Items that have no result yet.
    pub fn left(&self) -> u64 {
        self.items
            .saturating_sub(self.done + self.skipped + self.failed)
    }

    /// Counts an item's result in the place of the one before.
    fn count(&mut self, before: Option<BulkResult>, after: BulkResult) {
        if let Some(before) = before {
            let cell = self.cell(before);
            *cell = cell.saturating_sub(1);
        }
        *self.cell(after) += 1;
    }

    fn cell(&mut self, result: BulkResult) -> &mut u64 {
        match result {
            BulkResult::Done => &mut self.done,
            BulkResult::Skipped => &mut self.skipped,
            BulkResult::Failed => &mut self.failed,
        }
    }
}
