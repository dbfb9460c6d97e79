//! The sweep that keeps the promise "nothing is silently stuck": every live instance has a task,
//! a deadline or a named person, or is given one.

use std::sync::Arc;

use async_trait::async_trait;

use crate::acts::{Act, ActError, Intervention};
use crate::draft::Draft;
use crate::engine::Engine;
use crate::executor::Executor;
use crate::instance::{Actor, Hold, Reason, Record};
use crate::ledger::EngineError;
use crate::schedule::Chore;
use crate::store::{Filter, PageOrder};
use crate::task::{FAR_AWAY, Task, Work};
use crate::workflow::Workflow;

/// Records looked at between two pauses for other work.
const PAGE: usize = 200;

/// Arms again what live instances owe and nobody runs.
pub struct ResumeStalled;

#[async_trait]
impl Chore for ResumeStalled {
    async fn run(&self, engine: &Engine) -> Result<String, EngineError> {
        let (seen, helped) = sweep(engine, Lost::Commands).await?;
        Ok(format!("{seen} live instances seen, {helped} resumed"))
    }
}

/// Arms the deadlines again that live instances have and nobody keeps.
pub struct RemindDeadlines;

#[async_trait]
impl Chore for RemindDeadlines {
    async fn run(&self, engine: &Engine) -> Result<String, EngineError> {
        let (seen, helped) = sweep(engine, Lost::Deadlines).await?;
        Ok(format!("{seen} live instances seen, {helped} reminded"))
    }
}

/// What a sweep looks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lost {
    Commands,
    Deadlines,
}

/// Looks after every live instance; answers how many there are, and how many were helped.
async fn sweep(engine: &Engine, lost: Lost) -> Result<(usize, usize), EngineError> {
    let (mut seen, mut helped) = (0_usize, 0_usize);
    let filter = Filter {
        live: true,
        ..Filter::default()
    };
    let mut page = PageOrder {
        limit: PAGE,
        after: None,
    };
    loop {
        let found = engine.find(&filter, &page).await?;
        for record in found.items {
            if engine.registry().get(&record.workflow).is_none() {
                // A process that runs its workflow looks after it.
                continue;
            }
            seen += 1;
            let id = record.id.clone();
            match look_after(engine, record, lost).await {
                Ok(did) => helped += usize::from(did),
                // One that cannot be read must not hide the others.
                Err(error) => {
                    let cause: &dyn std::error::Error = &error;
                    tracing::error!(instance.id = %id, error = cause, "an instance could not be looked after");
                }
            }
        }
        tokio::task::yield_now().await;
        match found.next {
            Some(next) => page.after = Some(next),
            None => return Ok((seen, helped)),
        }
    }
}

async fn look_after(engine: &Engine, record: Record, lost: Lost) -> Result<bool, EngineError> {
    let helped = match lost {
        Lost::Commands if is_stalled(engine, &record).await? => resume(engine, record).await,
        Lost::Commands => Ok(false),
        Lost::Deadlines => {
            let tasks = engine.tasks(&record.id).await?;
            let running = Arc::clone(engine.running(&record)?);
            running.remind(engine, record, &tasks).await
        }
    };
    match helped {
        // It moved meanwhile: not stalled after all.
        Err(EngineError::Contended(_) | EngineError::Refused(_)) => Ok(false),
        other => other,
    }
}

/// Whether a live instance owes a command that no task will run and nobody was asked about.
pub async fn is_stalled(engine: &Engine, record: &Record) -> Result<bool, EngineError> {
    if record.ended || record.owes.is_none() {
        return Ok(false);
    }
    if record.hold.as_ref().is_some_and(Hold::is_open_ended) {
        return Ok(false);
    }
    Ok(engine.tasks(&record.id).await?.iter().all(|task| {
        let Work::Command(name) = &task.work else {
            return true;
        };
        Some(name) != record.owes.as_ref() || task.due == FAR_AWAY
    }))
}

/// Arms the owed command of the record as it was read: whoever wrote since has looked after it.
async fn resume(engine: &Engine, record: Record) -> Result<bool, EngineError> {
    tracing::warn!(instance.id = %record.id, state = record.state, "a stalled instance was resumed");
    let running = Arc::clone(engine.running(&record)?);
    let why = Reason::new("stalled", "owed a command that no task would have run");
    let retry = Intervention::new(Act::RetryNow, Actor::System, why);
    match running.intervene(engine, record, &retry).await {
        Ok(_) => Ok(true),
        Err(ActError::Engine(error)) => Err(error),
        // It moved meanwhile: not stalled after all.
        Err(_) => Ok(false),
    }
}

/// Arms the deadline of an instance that has one and no task for it; says whether it did.
pub(crate) async fn remind<W: Workflow>(
    engine: &Engine,
    executor: &dyn Executor<W>,
    record: Record,
    tasks: &[Task],
) -> Result<bool, EngineError> {
    if tasks.iter().any(|task| task.work == Work::Deadline) {
        return Ok(false);
    }
    let instance = engine.ledger().open::<W>(record).await?;
    let mut draft = Draft::of(instance, "reminded", engine.now());
    let Some(due) = draft.next_moment() else {
        return Ok(false);
    };
    tracing::warn!(instance.id = %draft.record.id, "a deadline that nobody kept was armed again");
    draft.move_deadline(Some(due));
    engine.write(executor, draft).await?;
    Ok(true)
}
