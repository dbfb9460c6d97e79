//! Works a job off: lists what matches, then hands each item to its act, by the same road as an act
//! on one instance. It decides nothing about the job.

use std::time::Duration;

use async_trait::async_trait;

use super::items::{BulkItem, BulkResult, ItemPage, PAGE};
use super::machine::Command;
use super::{Bulk, BulkCounts, BulkEvent};
use crate::acts::{ActError, Intervention};
use crate::clock::Timestamp;
use crate::engine::{Engine, EngineHandle};
use crate::executor::{Executor, Job, Outcome};
use crate::instance::{InstanceId, Reason};
use crate::ledger::EngineError;
use crate::seal::SealError;
use crate::store::{Expected, Filter, PageOrder, PutDocument, StoreError};

/// Items written down in one turn.
const LISTED_IN_A_TURN: usize = 10 * PAGE;

/// A turn of slow acts ends after this long, so that its job can be paused.
const TURN_ENDS: Duration = Duration::from_secs(10);

/// Pages looked at in one turn when only what failed is owed.
const PAGES_IN_A_TURN: u32 = 50;

/// Performs the commands of bulk jobs. Every engine brings its own; it is named only by who puts
/// something between the two, as simulations do.
pub struct BulkExecutor {
    engine: EngineHandle,
}

impl BulkExecutor {
    /// An executor whose acts go through this engine.
    pub fn of(engine: EngineHandle) -> Self {
        Self { engine }
    }
}

#[async_trait]
impl Executor<Bulk> for BulkExecutor {
    async fn perform(&self, command: Command, job: &Job<Bulk>) -> Outcome<BulkEvent> {
        let Some(engine) = self.engine.engine() else {
            return try_later(&"the engine is being taken down");
        };
        let turn = Turn { engine, job };
        let done = match command {
            Command::ListItems => turn.list().await,
            Command::ActOnItems => turn.act().await,
        };
        match done {
            Ok((event, documents)) => Outcome::DoneWith { event, documents },
            Err(error) => try_later(&error),
        }
    }
}

fn try_later(why: &dyn std::fmt::Display) -> Outcome<BulkEvent> {
    Outcome::Retry {
        why: Reason::new("bulk_interrupted", why.to_string()),
        after: None,
        otherwise: None,
    }
}

/// One turn of one job.
struct Turn<'a> {
    engine: Engine,
    job: &'a Job<Bulk>,
}

/// What a turn brings: word to its job, and pages to be written with it.
type Brought = Result<(BulkEvent, Vec<PutDocument>), EngineError>;

impl Turn<'_> {
    async fn list(&self) -> Brought {
        let facts = &self.job.facts;
        let filter = Filter {
            created_before: Some(earlier(facts.order.filter.created_before, facts.ordered_at)),
            ..facts.order.filter.clone()
        };
        let mut page = PageOrder {
            limit: PAGE,
            after: facts.listed_to.clone(),
        };
        let mut items = Vec::new();
        loop {
            let found = self.engine.find(&filter, &page).await?;
            let matching = found.items.into_iter();
            let matching = matching.filter(|one| facts.order.matched_at(one, facts.ordered_at));
            items.extend(matching.map(|record| BulkItem::fresh(record.id)));
            page.after = found.next;
            if page.after.is_none() || items.len() >= LISTED_IN_A_TURN || self.is_long() {
                break;
            }
        }
        let documents = self.engine.documents();
        let mut written = Vec::new();
        let mut number = facts.pages;
        for chunk in items.chunks(PAGE) {
            let fresh = self.page(number);
            let place = (Expected::Absent, self.job.now);
            written.extend(fresh.draft(&documents, place, chunk).await?);
            number += 1;
        }
        let event = BulkEvent::Listed {
            items: items.len() as u64,
            pages: number - facts.pages,
            cursor: page.after,
        };
        Ok((event, written))
    }

    async fn act(&self) -> Brought {
        let facts = &self.job.facts;
        let documents = self.engine.documents();
        let mut worked = Worked {
            acted: 0,
            counts: facts.counts,
        };
        let mut written = Vec::new();
        let mut number = facts.page;
        let last = facts.pages.min(facts.page.saturating_add(PAGES_IN_A_TURN));
        while number < last {
            // A page that is gone was forgotten in time; nothing is owed to it.
            let page = self.page(number);
            if let Some(mut opened) = page.read(&documents).await? {
                let before = worked.acted;
                let through = self.work_off(&mut opened.body, &mut worked).await?;
                if worked.acted > before {
                    let place = (Expected::Version(opened.version), self.job.now);
                    written.extend(page.draft(&documents, place, &opened.body).await?);
                }
                if !through {
                    break;
                }
            }
            number += 1;
        }
        let event = BulkEvent::Acted {
            turns: facts.turns,
            began: self.job.now,
            acted: worked.acted,
            counts: worked.counts,
            page: (number < facts.pages).then_some(number),
        };
        Ok((event, written))
    }

    /// Acts on the items of a page whose turn has come; says whether it came to the page's end.
    async fn work_off(
        &self,
        items: &mut [BulkItem],
        worked: &mut Worked,
    ) -> Result<bool, EngineError> {
        let round = self.job.facts.round;
        let most = self.job.facts.order.acts_in_a_turn();
        for item in items.iter_mut().filter(|item| item.is_owed(round)) {
            if worked.acted == most || (worked.acted > 0 && self.is_long()) {
                return Ok(false);
            }
            let (result, why) = self.one(&item.id).await?;
            worked.counts.count(item.result, result);
            worked.acted += 1;
            item.settle(result, why);
            item.round = round;
            item.at = Some(self.engine.now());
        }
        Ok(true)
    }

    async fn one(&self, id: &InstanceId) -> Result<(BulkResult, Option<Reason>), EngineError> {
        let by = self.job.facts.order.on_behalf_of(&self.job.id);
        // First of all: an instance that was acted on before a crash need not match any more.
        if self.engine.was_carried_out(id, &by).await? {
            return Ok((BulkResult::Done, None));
        }
        let (result, why) = self.try_one(id, &by).await?;
        // Nor need one that another process acted on since, which lost this job only afterwards.
        if result != BulkResult::Done && self.engine.was_carried_out(id, &by).await? {
            return Ok((BulkResult::Done, None));
        }
        Ok((result, why))
    }

    async fn try_one(
        &self,
        id: &InstanceId,
        by: &Intervention,
    ) -> Result<(BulkResult, Option<Reason>), EngineError> {
        let Some(record) = self.engine.record(id).await? else {
            let why = Reason::new("gone", "it is not there any more");
            return Ok((BulkResult::Skipped, Some(why)));
        };
        if !self.job.facts.order.filter.admits(&record) {
            let text = format!("it no longer matches: it is in {}", record.state);
            let why = Reason::new("no_longer_matches", text);
            return Ok((BulkResult::Skipped, Some(why)));
        }
        match self.engine.intervene(id, by).await {
            Ok(_) => Ok((BulkResult::Done, None)),
            Err(error) => Ok((BulkResult::Failed, Some(reason_of(error)?))),
        }
    }

    fn page(&self, number: u32) -> ItemPage<'_> {
        ItemPage {
            job: &self.job.id,
            subject: &self.job.record.subject,
            number,
        }
    }

    fn is_long(&self) -> bool {
        self.engine.now().since(self.job.now) >= TURN_ENDS
    }
}

/// How far a turn has come.
struct Worked {
    acted: u32,
    counts: BulkCounts,
}

/// Born at the moment of the order is still in time.
fn earlier(bound: Option<Timestamp>, ordered_at: Timestamp) -> Timestamp {
    let own = ordered_at + Duration::from_millis(1);
    bound.map_or(own, |bound| bound.min(own))
}

/// Why an act did not come about; trouble that has nothing to do with the item ends the whole turn,
/// which comes again.
pub(super) fn reason_of(error: ActError) -> Result<Reason, EngineError> {
    let (code, text) = match error {
        ActError::NotPossible(why) => return Ok(why),
        ActError::Engine(
            error @ (EngineError::Store(StoreError::Unavailable(_))
            | EngineError::Seal(SealError::Store(_))),
        ) => return Err(error),
        ActError::Engine(error) => (code_of(&error), error.to_string()),
        other => ("not_possible", other.to_string()),
    };
    Ok(Reason::new(code, text))
}

fn code_of(error: &EngineError) -> &'static str {
    match error {
        EngineError::Contended(_) | EngineError::LeaseLost => "contended",
        EngineError::LabelTaken(_) => "label_taken",
        EngineError::TooLarge(_) => "too_large",
        EngineError::Seal(SealError::Erased) => "erased",
        _ => "unreadable",
    }
}
