//! Carrying an operator's act out: foreseen, then written in one change with its journal line, its
//! operation and whatever the caller keeps of it.

use std::sync::Arc;

use crate::acts::{ActError, Intervened, Intervention};
use crate::engine::Engine;
use crate::executor::Executor;
use crate::instance::{InstanceId, Record};
use crate::ledger::EngineError;
use crate::operation::Operation;
use crate::plan::{Scene, plan};
use crate::possible::Possible;
use crate::preview::Preview;
use crate::workflow::Workflow;

/// How often an act is planned anew because others wrote first.
const REPLANS_MAX: usize = 32;

impl Engine {
    /// Carries an operator's act out. A repeat of one operation is answered and not repeated.
    pub async fn intervene(
        &self,
        id: &InstanceId,
        by: &Intervention,
    ) -> Result<Intervened, ActError> {
        let operation = Operation::of(self, id, by);
        for _ in 0..REPLANS_MAX {
            if let Some(operation) = &operation
                && operation.is_done(self).await?
            {
                return Ok(Intervened::Repeated);
            }
            let record = self.record(id).await?;
            let record = record.ok_or_else(|| EngineError::NotFound(id.clone()))?;
            let running = Arc::clone(self.running(&record)?);
            let mut by = by.clone();
            by.documents
                .extend(operation.as_ref().map(|operation| operation.put(self)));
            match running.intervene(self, record, &by).await {
                Ok(preview) => return Ok(Intervened::Done(preview)),
                Err(ActError::Engine(EngineError::Contended(_))) => {}
                // The other click of a double click was quicker.
                Err(ActError::Engine(EngineError::DocumentMoved { space, .. }))
                    if Operation::is_space(&space) => {}
                Err(other) => return Err(other),
            }
        }
        Err(EngineError::Contended(id.clone()).into())
    }

    /// Whether the operation that an act names was carried out on the instance before.
    pub(crate) async fn was_carried_out(
        &self,
        id: &InstanceId,
        by: &Intervention,
    ) -> Result<bool, EngineError> {
        match Operation::of(self, id, by) {
            Some(operation) => operation.is_known(self).await,
            None => Ok(false),
        }
    }

    /// What an act would come to. Nothing is written.
    pub async fn preview(&self, id: &InstanceId, by: &Intervention) -> Result<Preview, ActError> {
        let record = self.record(id).await?;
        let record = record.ok_or_else(|| EngineError::NotFound(id.clone()))?;
        let running = Arc::clone(self.running(&record)?);
        running.preview(self, record, by).await
    }

    /// The acts that can be done now, with what each needs.
    pub async fn possible(&self, record: Record) -> Result<Vec<Possible>, EngineError> {
        if record.is_put_away() {
            return Ok(Vec::new());
        }
        let running = Arc::clone(self.running(&record)?);
        running.possible(self, record).await
    }
}

/// Plans an act and writes it; answers what it came to.
pub(crate) async fn intervene<W: Workflow>(
    engine: &Engine,
    executor: &dyn Executor<W>,
    record: Record,
    by: &Intervention,
) -> Result<Preview, ActError> {
    let scene = Scene::<W>::for_act(engine, record, &by.act).await?;
    let mut plan = plan(engine, &scene, by)?;
    let preview = plan.preview(by);
    plan.draft
        .change
        .documents
        .extend(by.documents.iter().cloned());
    engine.write(executor, plan.draft).await?;
    Ok(preview)
}

/// Plans an act and writes nothing.
pub(crate) async fn preview<W: Workflow>(
    engine: &Engine,
    record: Record,
    by: &Intervention,
) -> Result<Preview, ActError> {
    let scene = Scene::<W>::for_act(engine, record, &by.act).await?;
    Ok(plan(engine, &scene, by)?.preview(by))
}
