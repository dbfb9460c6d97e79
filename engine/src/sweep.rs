//! The sweep that keeps the promise "nothing is silently stuck": every live instance has a task,
//! a deadline or a named person, or is given one.

use async_trait::async_trait;

use crate::engine::Engine;
use crate::instance::{Actor, HoldKind, Reason, Record};
use crate::ledger::EngineError;
use crate::schedule::Chore;
use crate::store::{Filter, PageOrder};
use crate::turn::Act;

/// Records looked at between two pauses for other work.
const PAGE: usize = 200;

/// Arms again what live instances owe and nobody runs.
pub struct ResumeStalled;

#[async_trait]
impl Chore for ResumeStalled {
    async fn run(&self, engine: &Engine) -> Result<String, EngineError> {
        let (mut seen, mut resumed) = (0_usize, 0_usize);
        for workflow in engine.workflows() {
            let filter = Filter {
                workflow: Some(workflow.to_owned()),
                live: true,
                ..Filter::default()
            };
            let mut page = PageOrder {
                limit: PAGE,
                after: None,
            };
            loop {
                let found = engine.find(&filter, &page).await?;
                seen += found.items.len();
                for record in found.items {
                    if is_stalled(engine, &record).await? {
                        resumed += usize::from(resume(engine, &record).await?);
                    }
                }
                tokio::task::yield_now().await;
                match found.next {
                    Some(next) => page.after = Some(next),
                    None => break,
                }
            }
        }
        Ok(format!("{seen} live instances seen, {resumed} resumed"))
    }
}

/// Whether a live instance owes a command that no task will run and nobody was asked about.
pub async fn is_stalled(engine: &Engine, record: &Record) -> Result<bool, EngineError> {
    if record.ended || record.owes.is_none() {
        return Ok(false);
    }
    let asked = matches!(
        &record.hold,
        Some(hold) if matches!(hold.kind, HoldKind::Parked | HoldKind::Paused)
            || (hold.kind == HoldKind::Waiting && hold.until.is_none())
    );
    if asked {
        return Ok(false);
    }
    Ok(engine.tasks(&record.id).await?.iter().all(|task| {
        let crate::task::Work::Command(name) = &task.work else {
            return true;
        };
        Some(name) != record.owes.as_ref()
    }))
}

async fn resume(engine: &Engine, record: &Record) -> Result<bool, EngineError> {
    let why = Reason::new("stalled", "owed a command that no task would have run");
    tracing::warn!(instance.id = %record.id, state = record.state, "a stalled instance was resumed");
    match engine
        .intervene(&record.id, Act::RetryNow, Actor::System, why)
        .await
    {
        Ok(()) => Ok(true),
        // It moved meanwhile: not stalled after all.
        Err(EngineError::Refused(_)) => Ok(false),
        Err(other) => Err(other),
    }
}
