//! What a workflow tells of itself to be simulated: who acts on it from outside, and what must be
//! true at the end.

use std::fmt::{Debug, Write as _};

use async_trait::async_trait;
use fastrand::Rng;

use super::site::Site;
use super::world::World;
use crate::builder::EngineBuilder;
use crate::engine::Engine;
use crate::instance::Record;
use crate::ledger::EngineError;

/// A life to be lived many times: workflows, a world they act on, and outsiders who act on them.
///
/// Nothing in it may ask the machine for time, chance or threads. What must outlive a process is
/// kept in the [`World`] or in the store.
#[async_trait]
pub trait Scenario: Send + Sync + 'static {
    /// Something an outsider does.
    type Step: Clone + Debug + Send + Sync + 'static;

    /// Its name in the command that replays a life.
    fn name(&self) -> &'static str;

    /// Registers the workflows, each with its executor [`watched`](Site::watched) over the site's world.
    fn assemble(&self, builder: EngineBuilder, site: &Site) -> EngineBuilder;

    /// What stands in the store before the life begins. Nothing goes wrong here.
    async fn furnish(&self, _engine: &Engine) -> Result<(), EngineError> {
        Ok(())
    }

    /// What outsiders do, in its natural order; of the same draws, the same steps.
    fn script(&self, chance: &mut Rng) -> Vec<Self::Step>;

    /// Takes one step. It is taken again after an error that may pass, and some are repeated anyhow.
    async fn take(&self, engine: &Engine, step: &Self::Step) -> Result<(), EngineError>;

    /// Once nothing goes wrong any more: does for a resting instance what whoever it waits for would
    /// do. Pauses and parked commands are seen to already.
    async fn help(&self, _engine: &Engine, _record: &Record) -> Result<(), EngineError> {
        Ok(())
    }

    /// Whether it is right that this instance never ends by itself.
    fn may_rest(&self, _record: &Record) -> bool {
        false
    }

    /// What is wrong with the end, each in a sentence.
    async fn judge(&self, _ending: &Ending<'_, Self::Step>) -> Vec<String> {
        Vec::new()
    }

    /// The end in words: the same for every life without chance, whatever went wrong once.
    async fn tell(&self, ending: &Ending<'_, Self::Step>) -> String {
        let mut told = String::new();
        for record in &ending.records {
            let (id, workflow, state) = (&record.id, &record.workflow, &record.state);
            // Text takes whatever is written to it.
            let _ = writeln!(told, "{id} {workflow} {state}");
        }
        told
    }
}

/// How a life ended.
pub struct Ending<'a, S> {
    /// Reads the store as it stands.
    pub engine: &'a Engine,
    /// All that was done outside.
    pub world: &'a World,
    /// Every instance, in the order of their ids.
    pub records: Vec<Record>,
    /// The steps whose takers were told that they are taken.
    pub acknowledged: Vec<S>,
}
