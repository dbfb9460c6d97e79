//! What an engine is made of, collected before it runs.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use tokio::sync::{Notify, mpsc};

use crate::bulk::BulkExecutor;
use crate::clock::Clock;
use crate::documents::Documents;
use crate::engine::{Engine, EngineHandle, Parts};
use crate::executor::Executor;
use crate::instance::Owner;
use crate::ledger::Ledger;
use crate::passage::Crossing;
use crate::registry::Registry;
use crate::seal::{Cipher, Keyring};
use crate::store::Store;
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
        }
    }

    /// Adds a workflow with the executor of its commands.
    #[must_use]
    pub fn workflow<W: Workflow>(mut self, executor: Arc<dyn Executor<W>>) -> Self {
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

    /// The engine, ready to be asked and to be run.
    pub fn build(mut self) -> Engine {
        let (express, queue) = mpsc::unbounded_channel();
        let last_turn = AtomicI64::new(self.clock.now().millis());
        let crossing = Crossing::new(Arc::clone(&self.clock));
        Engine {
            parts: Arc::new_cyclic(|weak| {
                let engine = EngineHandle(weak.clone());
                self.registry.add(Arc::new(BulkExecutor { engine }));
                Parts {
                    store: self.store,
                    clock: self.clock,
                    keyring: self.keyring,
                    ledger: self.ledger,
                    registry: self.registry,
                    owner: self.owner,
                    poke: Notify::new(),
                    express,
                    express_queue: tokio::sync::Mutex::new(queue),
                    last_turn,
                    crossing,
                    timetable: Notify::new(),
                }
            }),
        }
    }
}
