//! What an engine is made of, collected before it runs.

use std::any::TypeId;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use tokio::sync::{Notify, mpsc};

use crate::bulk::{Bulk, BulkExecutor};
use crate::clock::Clock;
use crate::documents::Documents;
use crate::engine::{Engine, EngineHandle, Parts};
use crate::executor::Executor;
use crate::instance::Owner;
use crate::ledger::Ledger;
use crate::limits::NAME_LIMIT;
use crate::passage::Crossing;
use crate::registry::Registry;
use crate::seal::{Cipher, Keyring};
use crate::store::Store;
use crate::survey::Alphabet;
use crate::verify::Verifier;
use crate::workflow::Workflow;

/// Collects what an engine needs before it can run.
pub struct EngineBuilder {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    keyring: Arc<Keyring>,
    ledger: Arc<Ledger>,
    registry: Registry,
    owner: Owner,
    engine: EngineHandle,
}

impl EngineBuilder {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        cipher: Arc<dyn Cipher>,
        owner: Owner,
    ) -> Self {
        let keyring = Arc::new(Keyring::new(cipher, Arc::clone(&store)));
        let ledger = Arc::new(Ledger::new(Arc::clone(&store), Arc::clone(&keyring)));
        Self {
            store,
            clock,
            keyring,
            ledger,
            registry: Registry::default(),
            owner,
            engine: EngineHandle::default(),
        }
    }

    /// Adds a workflow with the executor of its commands.
    ///
    /// # Panics
    /// Of two workflows of one name the second would take over what belongs to the first, as would
    /// one named like the engine's own [`Bulk`]; names that are too long could not be stored.
    #[must_use]
    #[track_caller]
    pub fn workflow<W: Workflow>(mut self, executor: Arc<dyn Executor<W>>) -> Self {
        assert!(
            self.registry.get(W::NAME).is_none() && is_free::<W>(),
            "two workflows are named {}",
            W::NAME
        );
        let longest = Alphabet::of::<W>().longest_name().max(W::NAME.len());
        assert!(
            longest <= NAME_LIMIT,
            "a name of the workflow {} is longer than {NAME_LIMIT}",
            W::NAME
        );
        self.registry.add(executor);
        self
    }

    /// The sealed documents of the same store, for executors that need them before the engine stands.
    pub fn documents(&self) -> Documents {
        Documents::new(
            Arc::clone(&self.store),
            Arc::clone(&self.keyring),
            Arc::clone(&self.ledger),
        )
    }

    /// The engine's time, for executors that sign by it.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// The check of all histories, for an executor that carries it out.
    pub fn verifier(&self) -> Verifier {
        Verifier::over(Arc::clone(&self.store), Arc::clone(&self.keyring))
    }

    /// The store, for executors that look instances up.
    pub fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    /// The engine to be, for executors that speak to instances other than their own.
    pub fn handle(&self) -> EngineHandle {
        self.engine.clone()
    }

    /// The engine, ready to be asked and to be run.
    pub fn build(mut self) -> Engine {
        let (express, queue) = mpsc::unbounded_channel();
        let last_turn = AtomicI64::new(self.clock.now().millis());
        let crossing = Crossing::new(Arc::clone(&self.clock));
        if self.registry.get(Bulk::NAME).is_none() {
            let executor = BulkExecutor::of(self.engine.clone());
            self.registry.add(Arc::new(executor));
        }
        let parts = Arc::new(Parts {
            store: self.store,
            clock: self.clock,
            keyring: self.keyring,
            ledger: self.ledger,
            registry: Arc::new(self.registry),
            owner: self.owner,
            poke: Notify::new(),
            express,
            express_queue: tokio::sync::Mutex::new(queue),
            last_turn,
            crossing,
            timetable: Notify::new(),
        });
        // Nobody else sets it: `build` takes the builder with it.
        let _ = self.engine.0.set(Arc::downgrade(&parts));
        Engine { parts }
    }
}

/// Whether no workflow of the engine's own bears the name.
fn is_free<W: Workflow>() -> bool {
    W::NAME != Bulk::NAME || TypeId::of::<W>() == TypeId::of::<Bulk>()
}
