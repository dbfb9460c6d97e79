//! The handle through which everything outside touches instances.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use rust_fsm::StateMachineImpl;
use tokio::sync::{Notify, broadcast, mpsc};

use crate::allowance::Allowance;
use crate::archive;
use crate::attempts::{self, Attempt};
use crate::builder::EngineBuilder;
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::decide::{Verdict, decide};
use crate::definitions::Definitions;
use crate::diagram::Diagram;
use crate::documents::Documents;
use crate::draft::{Draft, Instance, NewInstance};
use crate::executor::Executor;
use crate::express::Express;
use crate::instance::{Entry, InstanceId, Owner, Record};
use crate::lanes::LaneView;
use crate::ledger::{EngineError, Ledger, Written};
use crate::passage::Crossing;
use crate::plain_cipher::PlainCipher;
use crate::registry::{Registry, Running};
use crate::seal::{Cipher, Keyring};
use crate::store::{PutDocument, Store, TallyKey};
use crate::task::{Settled, Task};
use crate::workflow::Workflow;

/// How long a claim holds without renewal: longer than any single try may last.
pub(crate) const LEASE: Duration = Duration::from_mins(1);

/// How often an event is decided anew because others wrote first.
const REDECISIONS_MAX: usize = 32;

/// Runs registered workflows over a store. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(crate) parts: Arc<Parts>,
}

/// What every clone of the handle shares.
pub(crate) struct Parts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) owner: Owner,
    pub(crate) poke: Notify,
    pub(crate) express: mpsc::UnboundedSender<Express>,
    pub(crate) express_queue: tokio::sync::Mutex<mpsc::UnboundedReceiver<Express>>,
    pub(crate) last_turn: AtomicI64,
    pub(crate) crossing: Crossing,
    pub(crate) timetable: Notify,
}

/// The engine for those whom the engine itself holds, such as executors: it does not keep it from
/// ending. What a command achieved is told by its outcome alone; this is for speaking to *other*
/// instances, which hear a thing again if the process dies before the outcome is kept.
#[derive(Clone, Default)]
pub struct EngineHandle(pub(crate) Arc<OnceLock<Weak<Parts>>>);

impl EngineHandle {
    /// The engine; `None` before it is built and once nobody else holds it.
    pub fn engine(&self) -> Option<Engine> {
        Some(Engine {
            parts: self.0.get()?.upgrade()?,
        })
    }
}

impl Engine {
    /// Starts collecting; `owner` names this process among those that share the store.
    pub fn builder(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        cipher: Arc<dyn Cipher>,
        owner: Owner,
    ) -> EngineBuilder {
        EngineBuilder::new(store, clock, cipher, owner)
    }

    /// Starts collecting on the machine's clock, with facts kept in the clear: for data that is
    /// nobody's secret.
    pub fn unsealed(store: Arc<dyn Store>) -> EngineBuilder {
        let owner = Owner::of_this_process();
        let clock = Arc::new(SystemClock::default());
        Self::builder(store, clock, Arc::new(PlainCipher), owner)
    }

    /// Gives birth to an instance, with documents that shall exist with it or not at all.
    pub async fn create<W: Workflow>(
        &self,
        new: NewInstance<W>,
        documents: Vec<PutDocument>,
    ) -> Result<Instance<W>, EngineError> {
        let id = new.id.clone();
        if !new.subject.takes(&id) {
            return Err(EngineError::NotErasable(new.subject));
        }
        let mut draft = Draft::of_birth(new, W::Machine::INITIAL_STATE, self.now());
        draft.change.documents = documents;
        match self
            .write(self.parts.registry.executor::<W>()?, draft)
            .await
        {
            Ok(written) => Ok(written.instance),
            Err(EngineError::Contended(_)) => Err(EngineError::Exists(id)),
            Err(other) => Err(other),
        }
    }

    /// Hears an event; answers the instance as it stands afterwards.
    pub async fn submit<W: Workflow>(
        &self,
        id: &InstanceId,
        event: W::Event,
    ) -> Result<Instance<W>, EngineError> {
        self.submit_with::<W>(id, event, Vec::new()).await
    }

    /// Hears an event and writes documents in the same change; they are left out if it is ignored.
    pub async fn submit_with<W: Workflow>(
        &self,
        id: &InstanceId,
        event: W::Event,
        documents: Vec<PutDocument>,
    ) -> Result<Instance<W>, EngineError> {
        for _ in 0..REDECISIONS_MAX {
            let instance = self.read::<W>(id).await?;
            let now = self.now();
            let draft = match decide::<W>(&instance.facts, instance.state, event.clone(), now) {
                Verdict::Ignored => return Ok(instance),
                Verdict::Refused(refusal) => return Err(refusal.into()),
                Verdict::Decided(decision) => {
                    let mut draft = Draft::of_decision(instance, decision, now);
                    draft.change.documents.clone_from(&documents);
                    draft.change.claim = self.express_claim(&draft);
                    draft
                }
            };
            // Boxed, so that the futures of callers stay small.
            match Box::pin(self.write_heard(draft)).await {
                Err(EngineError::Contended(_)) => {}
                done => return done,
            }
        }
        Err(EngineError::Contended(id.clone()))
    }

    async fn write_heard<W: Workflow>(&self, draft: Draft<W>) -> Result<Instance<W>, EngineError> {
        if draft.change.claim.is_some() {
            let written = self.write_express(draft).await;
            self.poke();
            return written;
        }
        let executor = self.parts.registry.executor::<W>()?;
        Ok(self.write(executor, draft).await?.instance)
    }

    /// The instance as it stands.
    pub async fn read<W: Workflow>(&self, id: &InstanceId) -> Result<Instance<W>, EngineError> {
        self.parts
            .ledger
            .load::<W>(id)
            .await?
            .ok_or_else(|| EngineError::NotFound(id.clone()))
    }

    /// Opens an instance from a record that was found.
    pub async fn open<W: Workflow>(&self, record: Record) -> Result<Instance<W>, EngineError> {
        self.parts.ledger.open::<W>(record).await
    }

    /// The bare record of any workflow.
    pub async fn record(&self, id: &InstanceId) -> Result<Option<Record>, EngineError> {
        Ok(self.parts.store.load(id).await?)
    }

    /// A record opened for people: its facts without secrets.
    pub async fn inspect(&self, record: Record) -> Result<serde_json::Value, EngineError> {
        if let Some(at) = record.erased_at {
            return Ok(serde_json::json!({ "erased_at": at.to_rfc3339() }));
        }
        let running = self.running(&record)?;
        running.inspect(&self.parts.ledger, record).await
    }

    /// History after a sequence number, oldest first.
    pub async fn journal(
        &self,
        id: &InstanceId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, EngineError> {
        let store = self.store();
        Ok(match store.load(id).await? {
            Some(record) => archive::history(store, &record, after, limit).await?,
            None => store.journal(id, after, limit).await?,
        })
    }

    /// The newest tries at an instance's commands that did not succeed at once, oldest first.
    pub async fn attempts(&self, record: &Record) -> Result<Vec<Attempt>, EngineError> {
        attempts::of(self.store(), &self.parts.keyring, record).await
    }

    /// What is owed to an instance, earliest first.
    pub async fn tasks(&self, id: &InstanceId) -> Result<Vec<Task>, EngineError> {
        Ok(self.parts.store.tasks(id).await?)
    }

    /// How many instances stand in each cell; exact.
    pub async fn tally(&self) -> Result<Vec<(TallyKey, u64)>, EngineError> {
        Ok(self.parts.store.tally().await?)
    }

    /// The table of a workflow in this process.
    pub fn diagram(&self, workflow: &str) -> Option<Diagram> {
        let running = self.parts.registry.get(workflow)?;
        Some(running.diagram())
    }

    /// The definitions that this process understands.
    pub fn definitions(&self) -> &Arc<Definitions> {
        self.parts.registry.definitions()
    }

    /// The names of the workflows in this process.
    pub fn workflows(&self) -> Vec<&'static str> {
        self.parts.registry.names().collect()
    }

    /// The sealed documents beside the instances.
    pub fn documents(&self) -> Documents {
        Documents::new(
            Arc::clone(&self.parts.store),
            Arc::clone(&self.parts.keyring),
            Arc::clone(&self.parts.ledger),
        )
    }

    /// A keyed digest of a sensitive value, for labels and look-ups.
    pub fn digest(&self, purpose: &str, value: &str) -> String {
        self.parts.keyring.digest(purpose, value)
    }

    /// Ids of instances as they change. Whoever lags reads again.
    pub fn watch(&self) -> broadcast::Receiver<InstanceId> {
        self.parts.ledger.watch()
    }

    /// The engine's time.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.parts.clock
    }

    /// The present moment by the engine's time.
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// How late the earliest due task is; zero when nothing is overdue.
    pub async fn lag(&self) -> Result<Duration, EngineError> {
        let known = self.parts.registry.definitions();
        let everything = Allowance::default();
        let due = self.parts.store.next_due(&everything, known).await?;
        Ok(due.map(|due| self.now().since(due)).unwrap_or_default())
    }

    /// What is under way in each lane of this process, and which of them are held.
    pub fn lanes(&self) -> Vec<LaneView> {
        self.parts.crossing.lanes().views()
    }

    /// When the runner last looked for work.
    pub fn last_turn(&self) -> Timestamp {
        Timestamp::from_millis(self.parts.last_turn.load(Ordering::Relaxed))
    }

    pub(crate) fn mark_turn(&self) {
        let now = self.now().millis();
        self.parts.last_turn.store(now, Ordering::Relaxed);
    }

    pub(crate) async fn write<W: Workflow>(
        &self,
        executor: &dyn Executor<W>,
        draft: Draft<W>,
    ) -> Result<Written<W>, EngineError> {
        let parts = &self.parts;
        // Boxed, so that the futures of callers stay small.
        let written = Box::pin(parts.ledger.write(&parts.registry, executor, draft));
        let written = written.await?;
        self.poke();
        Ok(written)
    }

    /// Wakes whoever keeps the schedules.
    pub(crate) fn change_timetable(&self) {
        self.parts.timetable.notify_one();
    }

    pub(crate) async fn timetable_changed(&self) {
        self.parts.timetable.notified().await;
    }

    pub(crate) fn crossing(&self) -> &Crossing {
        &self.parts.crossing
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.parts.registry
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.parts.ledger
    }

    pub(crate) fn keyring(&self) -> &Keyring {
        &self.parts.keyring
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.parts.store.as_ref()
    }

    pub(crate) fn owner(&self) -> &Owner {
        &self.parts.owner
    }

    pub(crate) async fn release(&self, claims: &[Settled]) -> Result<(), EngineError> {
        self.parts.store.release(claims).await?;
        self.poke();
        Ok(())
    }

    pub(crate) fn poke(&self) {
        self.parts.poke.notify_one();
    }

    pub(crate) fn poked(&self) -> tokio::sync::futures::Notified<'_> {
        self.parts.poke.notified()
    }

    pub(crate) fn express_queue(&self) -> &tokio::sync::Mutex<mpsc::UnboundedReceiver<Express>> {
        &self.parts.express_queue
    }

    pub(crate) fn running(&self, record: &Record) -> Result<&Arc<dyn Running>, EngineError> {
        let known = self.definitions().version(&record.workflow);
        if known.is_some_and(|known| record.definition > known) {
            return Err(EngineError::newer(record));
        }
        let running = self.parts.registry.get(&record.workflow);
        running.ok_or_else(|| EngineError::UnknownWorkflow(record.workflow.clone()))
    }
}
