//! Where errands are run: time that is moved, a world outside that remembers what was done to it,
//! a store that outlives the processes over it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adapters::vault::{MasterKey, Vault};
use async_trait::async_trait;
use engine::testing::{FaultyStore, ManualClock, MemoryStore};
use engine::{
    Act, Actor, Birth, Clock, Engine, EngineError, Executor, Finding, InstanceId, Intervention,
    Job, Moved, NewInstance, Note, Outcome, Owner, Reason, Store, SubjectId, Timestamp,
};
use tokio::sync::Notify;

use super::errand::{Command, Errand, Event, Facts, State};

pub(super) type Instance = engine::Instance<Errand>;

/// What lies outside, and what it was asked.
#[derive(Default)]
pub(super) struct World {
    outcomes: Mutex<VecDeque<Outcome<Event>>>,
    findings: Mutex<VecDeque<Finding<Event>>>,
    asked: Mutex<Vec<&'static str>>,
    /// Ids for which something was made, once each time.
    made: Mutex<Vec<String>>,
    gate: Mutex<Option<(Option<Command>, Arc<Gate>)>>,
    write_gate: Mutex<Option<(&'static str, Arc<Gate>)>>,
    panics: AtomicBool,
}

/// Holds a performer in the middle of its work.
#[derive(Default)]
pub(super) struct Gate {
    entered: Notify,
    opened: Notify,
}

impl Gate {
    pub(super) async fn entered(&self) {
        self.entered.notified().await;
    }

    pub(super) fn open(&self) {
        self.opened.notify_one();
    }
}

impl World {
    /// What the next performances come to; past these, things are made and closed.
    pub(super) fn answers(&self, outcome: Outcome<Event>) {
        self.outcomes.lock().unwrap().push_back(outcome);
    }

    /// What the next checks find; past these, the truth.
    pub(super) fn finds(&self, finding: Finding<Event>) {
        self.findings.lock().unwrap().push_back(finding);
    }

    /// Holds the next performer until the gate is opened.
    pub(super) fn holds_next(&self) -> Arc<Gate> {
        let gate = Arc::new(Gate::default());
        *self.gate.lock().unwrap() = Some((None, gate.clone()));
        gate
    }

    /// Holds the next performer of this command until the gate is opened.
    pub(super) fn holds_next_of(&self, command: Command) -> Arc<Gate> {
        let gate = Arc::new(Gate::default());
        *self.gate.lock().unwrap() = Some((Some(command), gate.clone()));
        gate
    }

    /// Holds the next write that says so in the history until the gate is opened.
    pub(super) fn holds_next_write(&self, what: &'static str) -> Arc<Gate> {
        let gate = Arc::new(Gate::default());
        *self.write_gate.lock().unwrap() = Some((what, gate.clone()));
        gate
    }

    /// Every performer without a planned outcome panics.
    pub(super) fn panics_from_now(&self) {
        self.panics.store(true, Ordering::SeqCst);
    }

    /// What it was asked since last looked at: `make`, `close`, `check`.
    pub(super) fn asked(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// How often something was made for this id.
    pub(super) fn times_made(&self, id: &InstanceId) -> usize {
        let made = self.made.lock().unwrap();
        made.iter().filter(|made| *made == id.as_str()).count()
    }
}

pub(super) struct Hands(pub(super) Arc<World>);

#[async_trait]
impl Executor<Errand> for Hands {
    async fn perform(&self, command: Command, job: &Job<Errand>) -> Outcome<Event> {
        let world = &self.0;
        world.asked.lock().unwrap().push(command.into());
        let holds = |(held, _): &mut (Option<Command>, _)| held.is_none_or(|held| held == command);
        let gate = world.gate.lock().unwrap().take_if(holds);
        if let Some((_, gate)) = gate {
            gate.entered.notify_one();
            gate.opened.notified().await;
        }
        let planned = world.outcomes.lock().unwrap().pop_front();
        let panics = planned.is_none() && world.panics.load(Ordering::SeqCst);
        assert!(!panics, "the test planned it so");
        planned.unwrap_or_else(|| match command {
            Command::Make => {
                world.made.lock().unwrap().push(job.id.to_string());
                Outcome::Done(Event::Made("made".to_owned()))
            }
            Command::Close if job.facts.sends => Outcome::Quiet {
                why: Reason::new("child_out", "a child is on its way"),
                mover: Actor::Outside,
            },
            Command::Close => Outcome::Done(Event::Closed),
        })
    }

    async fn check(&self, _command: Command, job: &Job<Errand>) -> Finding<Event> {
        let world = &self.0;
        world.asked.lock().unwrap().push("check");
        let planned = world.findings.lock().unwrap().pop_front();
        planned.unwrap_or_else(|| match world.times_made(&job.id) {
            0 => Finding::DidNotHappen(why()),
            _ => Finding::Happened(Event::Made("found".to_owned())),
        })
    }

    async fn children(&self, moved: &Moved<'_, Errand>) -> Result<Vec<Birth>, EngineError> {
        let holds = |(held, _): &mut (&str, _)| *held == moved.what;
        let gate = self.0.write_gate.lock().unwrap().take_if(holds);
        if let Some((_, gate)) = gate {
            gate.entered.notify_one();
            gate.opened.notified().await;
        }
        if !moved.facts.sends || moved.what != "made" {
            return Ok(Vec::new());
        }
        let facts = Facts {
            eager: true,
            ..Facts::default()
        };
        Ok(vec![Birth {
            workflow: "errand",
            id: InstanceId::new(format!("{}-child", moved.after.id)),
            facts: serde_json::to_value(facts).unwrap(),
        }])
    }
}

pub(super) fn unknown() -> Outcome<Event> {
    Outcome::Unknown { why: why() }
}

pub(super) fn why() -> Reason {
    Reason::new("so_planned", "the test planned it so")
}

pub(super) struct Stage {
    pub(super) clock: Arc<ManualClock>,
    pub(super) store: Arc<FaultyStore>,
    pub(super) memory: Arc<MemoryStore>,
    pub(super) world: Arc<World>,
    pub(super) vault: Arc<Vault>,
    processes: AtomicU32,
}

impl Stage {
    pub(super) fn new() -> Self {
        let memory: Arc<MemoryStore> = Arc::default();
        Self {
            memory: memory.clone(),
            ..Self::over(memory)
        }
    }

    /// A stage over a store of the test's own.
    pub(super) fn over(store: Arc<dyn Store>) -> Self {
        Self {
            clock: Arc::default(),
            store: Arc::new(FaultyStore::over(store)),
            memory: Arc::default(),
            world: Arc::default(),
            vault: Arc::new(Vault::new(MasterKey::random(), Vec::new())),
            processes: AtomicU32::new(0),
        }
    }

    /// A stage over another store with the same keys.
    pub(super) fn moved_to(&self, store: Arc<dyn Store>) -> Self {
        Self {
            vault: self.vault.clone(),
            ..Self::over(store)
        }
    }

    /// A stage over the same store with other keys.
    pub(super) fn under(&self, vault: Vault) -> Self {
        Self {
            vault: Arc::new(vault),
            ..Self::over(self.store.clone())
        }
    }

    /// A new process over the same store.
    pub(super) fn process(&self) -> Engine {
        self.process_with(Arc::new(Hands(self.world.clone())))
    }

    /// A new process whose commands are performed by others' hands.
    pub(super) fn process_with(&self, hands: Arc<dyn Executor<Errand>>) -> Engine {
        let number = self.processes.fetch_add(1, Ordering::SeqCst);
        let owner = Owner::new(format!("process_{number}"));
        Engine::builder(
            self.store.clone(),
            self.clock.clone(),
            self.vault.clone(),
            owner,
        )
        .workflow::<Errand>(hands)
        .build()
    }

    pub(super) fn in_secs(&self, secs: u64) -> Timestamp {
        self.clock.now() + Duration::from_secs(secs)
    }

    /// Lets time pass and then works off what is due.
    pub(super) async fn after_secs(&self, engine: &Engine, secs: u64) {
        self.clock.advance(Duration::from_secs(secs));
        engine.work_off().await.unwrap();
    }
}

/// An errand of this name, waiting to be started.
pub(super) async fn born(engine: &Engine, name: &str, facts: Facts) -> InstanceId {
    let id = InstanceId::new(name);
    engine.create(new(name, facts), Vec::new()).await.unwrap();
    id
}

/// An errand of this name whose making is due.
pub(super) async fn started(engine: &Engine, name: &str) -> InstanceId {
    let id = born(engine, name, Facts::default()).await;
    hears(engine, &id, Event::Start).await;
    id
}

pub(super) fn new(name: &str, facts: Facts) -> NewInstance<Errand> {
    NewInstance {
        id: InstanceId::new(name),
        subject: SubjectId::new("client_1"),
        facts,
        parent: None,
        note: Note::plain("born", Actor::Client),
    }
}

pub(super) async fn hears(engine: &Engine, id: &InstanceId, event: Event) {
    engine.submit::<Errand>(id, event).await.unwrap();
}

pub(super) async fn read(engine: &Engine, id: &InstanceId) -> Instance {
    engine.read::<Errand>(id).await.unwrap()
}

pub(super) async fn state(engine: &Engine, id: &InstanceId) -> State {
    read(engine, id).await.state
}

/// What holds it up: kind, code and who can move it.
pub(super) async fn hold(engine: &Engine, id: &InstanceId) -> String {
    match read(engine, id).await.record.hold {
        Some(hold) => format!("{:?} {} {:?}", hold.kind, hold.reason.code, hold.mover),
        None => "none".to_owned(),
    }
}

pub(super) async fn operator(engine: &Engine, id: &InstanceId, act: Act) {
    engine.intervene(id, &by_operator(act)).await.unwrap();
}

/// An operator's act, with a reason.
pub(super) fn by_operator(act: Act) -> Intervention {
    let reason = Reason::new("operator", "the test wants it");
    Intervention::new(act, Actor::Operator, reason)
}

/// The history in words.
pub(super) async fn history(engine: &Engine, id: &InstanceId) -> Vec<String> {
    let entries = engine.journal(id, 0, 100).await.unwrap();
    entries.into_iter().map(|entry| entry.what).collect()
}
