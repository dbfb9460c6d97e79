//! Which workflows this process runs, each with the executor that performs its commands.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use crate::acts::{ActError, Intervention};
use crate::births::Births;
use crate::definitions::Definitions;
use crate::diagram::Diagram;
use crate::engine::Engine;
use crate::executor::{Birth, Executor};
use crate::hand::Hand;
use crate::instance::{Reason, Record};
use crate::intervene;
use crate::ledger::{EngineError, Ledger};
use crate::poison::DEATHS_MAX;
use crate::possible::{self, Possible};
use crate::preview::Preview;
use crate::seal::SealError;
use crate::store::Change;
use crate::survey::{self, Alphabet, Fate};
use crate::sweep;
use crate::task::Task;
use crate::turn::Turn;
use crate::workflow::Workflow;

/// A workflow as the runner and the console see it: without its types.
#[async_trait]
pub(crate) trait Running: Send + Sync + 'static {
    /// Carries out one claimed task of the instance whose record was read.
    async fn turn(&self, engine: &Engine, hand: &Hand, record: Record) -> Result<(), EngineError>;

    /// Records that the turn of a claimed task panicked.
    async fn panicked(&self, engine: &Engine, hand: &Hand) -> Result<(), EngineError>;

    /// Parks the instance of a claimed task for an operator.
    async fn give_up(&self, engine: &Engine, hand: &Hand, why: Reason) -> Result<(), EngineError>;

    /// Parts of a change that give birth to an instance.
    async fn born(
        &self,
        ledger: &Ledger,
        birth: Birth,
        births: &Births<'_>,
        cause: &Record,
    ) -> Result<Change, EngineError>;

    /// Carries an operator's act out.
    async fn intervene(
        &self,
        engine: &Engine,
        record: Record,
        by: &Intervention,
    ) -> Result<Preview, ActError>;

    /// What an operator's act would come to.
    async fn preview(
        &self,
        engine: &Engine,
        record: Record,
        by: &Intervention,
    ) -> Result<Preview, ActError>;

    /// What an operator may do now.
    async fn possible(&self, engine: &Engine, record: Record)
    -> Result<Vec<Possible>, EngineError>;

    /// Arms the deadline of a record that has one and no task for it; says whether it did.
    async fn remind(
        &self,
        engine: &Engine,
        record: Record,
        tasks: &[Task],
    ) -> Result<bool, EngineError>;

    /// Opens a record for people: its facts without secrets.
    async fn inspect(
        &self,
        ledger: &Ledger,
        record: Record,
    ) -> Result<serde_json::Value, EngineError>;

    /// What becomes of a record under this process's table.
    async fn judge(&self, ledger: &Ledger, record: Record) -> Result<Fate, EngineError>;

    /// The workflow's table.
    fn diagram(&self) -> Diagram;

    /// The names that the table knows.
    fn alphabet(&self) -> Alphabet;

    fn as_any(&self) -> &(dyn Any + Send + Sync);
}

/// A workflow with its executor.
pub(crate) struct Registered<W: Workflow> {
    pub(crate) executor: Arc<dyn Executor<W>>,
}

#[async_trait]
impl<W: Workflow> Running for Registered<W> {
    async fn turn(&self, engine: &Engine, hand: &Hand, record: Record) -> Result<(), EngineError> {
        let turn = Turn::<W>::new(engine, self.executor.as_ref(), hand);
        if hand.lost() >= DEATHS_MAX {
            return turn.poisoned().await;
        }
        match engine.ledger().open::<W>(record).await {
            Ok(instance) => turn.take(instance).await,
            // Nothing is owed to one that was erased: whatever still comes is disposed of.
            Err(EngineError::Seal(SealError::Erased)) => turn.settle().await,
            Err(other) => Err(other),
        }
    }

    async fn panicked(&self, engine: &Engine, hand: &Hand) -> Result<(), EngineError> {
        let turn = Turn::<W>::new(engine, self.executor.as_ref(), hand);
        turn.panicked().await
    }

    async fn give_up(&self, engine: &Engine, hand: &Hand, why: Reason) -> Result<(), EngineError> {
        let turn = Turn::<W>::new(engine, self.executor.as_ref(), hand);
        turn.give_up("parked", why).await
    }

    async fn born(
        &self,
        ledger: &Ledger,
        birth: Birth,
        births: &Births<'_>,
        cause: &Record,
    ) -> Result<Change, EngineError> {
        ledger
            .born::<W>(self.executor.as_ref(), birth, births, cause)
            .await
    }

    async fn intervene(
        &self,
        engine: &Engine,
        record: Record,
        by: &Intervention,
    ) -> Result<Preview, ActError> {
        intervene::intervene::<W>(engine, self.executor.as_ref(), record, by).await
    }

    async fn preview(
        &self,
        engine: &Engine,
        record: Record,
        by: &Intervention,
    ) -> Result<Preview, ActError> {
        intervene::preview::<W>(engine, record, by).await
    }

    async fn possible(
        &self,
        engine: &Engine,
        record: Record,
    ) -> Result<Vec<Possible>, EngineError> {
        possible::possible::<W>(engine, record).await
    }

    async fn remind(
        &self,
        engine: &Engine,
        record: Record,
        tasks: &[Task],
    ) -> Result<bool, EngineError> {
        sweep::remind::<W>(engine, self.executor.as_ref(), record, tasks).await
    }

    async fn inspect(
        &self,
        ledger: &Ledger,
        record: Record,
    ) -> Result<serde_json::Value, EngineError> {
        let instance = ledger.open::<W>(record).await?;
        Ok(W::redacted(&instance.facts))
    }

    async fn judge(&self, ledger: &Ledger, record: Record) -> Result<Fate, EngineError> {
        survey::judge::<W>(ledger, record).await
    }

    fn diagram(&self) -> Diagram {
        Diagram::of::<W>()
    }

    fn alphabet(&self) -> Alphabet {
        Alphabet::of::<W>()
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }
}

/// The workflows of this process by name.
#[derive(Default)]
pub(crate) struct Registry {
    running: BTreeMap<&'static str, Arc<dyn Running>>,
    definitions: Arc<Definitions>,
}

impl Registry {
    pub(crate) fn add<W: Workflow>(&mut self, executor: Arc<dyn Executor<W>>) {
        self.running
            .insert(W::NAME, Arc::new(Registered::<W> { executor }));
        let known = Definitions::clone(&self.definitions);
        self.definitions = Arc::new(known.with(W::NAME, W::VERSION));
    }

    /// What this process understands.
    pub(crate) fn definitions(&self) -> &Arc<Definitions> {
        &self.definitions
    }

    pub(crate) fn get(&self, workflow: &str) -> Option<&Arc<dyn Running>> {
        self.running.get(workflow)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &Arc<dyn Running>)> + '_ {
        self.running.iter().map(|(name, running)| (*name, running))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.running.keys().copied()
    }

    /// The executor of a workflow, if it was registered.
    pub(crate) fn executor<W: Workflow>(&self) -> Result<&dyn Executor<W>, EngineError> {
        let running = self.running.get(W::NAME);
        let registered = running.and_then(|known| known.as_any().downcast_ref::<Registered<W>>());
        let registered =
            registered.ok_or_else(|| EngineError::UnknownWorkflow(W::NAME.to_owned()))?;
        Ok(registered.executor.as_ref())
    }

    pub(crate) async fn born(
        &self,
        ledger: &Ledger,
        birth: Birth,
        births: &Births<'_>,
        cause: &Record,
    ) -> Result<Change, EngineError> {
        let running = self
            .running
            .get(birth.workflow)
            .ok_or_else(|| EngineError::UnknownWorkflow(birth.workflow.to_owned()))?;
        running.born(ledger, birth, births, cause).await
    }
}
