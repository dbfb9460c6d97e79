//! Where releases of a small workflow follow each other: one store, one clock, and hands that remember
//! what they were asked.

use std::sync::{Arc, Mutex};

use adapters::vault::{MasterKey, Vault};
use async_trait::async_trait;
use engine::testing::{ManualClock, MemoryStore};
use engine::{
    Actor, CommandOf, Engine, Executor, Finding, InstanceId, Job, NewInstance, Outcome, Owner,
    Reason, Record, Store, SubjectId, Task, Work, Workflow,
};
use serde_json::{Value, json};

use super::parcel::{Heard, first, note};

/// One store, one clock, and hands that remember what they were asked.
pub(super) struct Depot {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) vault: Arc<Vault>,
    pub(super) asked: Arc<Mutex<Vec<String>>>,
}

pub(super) struct Hands {
    pub(super) asked: Arc<Mutex<Vec<String>>>,
    pub(super) mood: Mood,
}

/// How it goes for whoever does what is owed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    Works,
    /// Dies in the middle of its work.
    Falls,
    Asks,
    Fails,
}

#[async_trait]
impl<W: Workflow<Event = Heard>> Executor<W> for Hands {
    async fn perform(&self, command: CommandOf<W>, _job: &Job<W>) -> Outcome<Heard> {
        let name: &'static str = command.into();
        self.asked.lock().unwrap().push(name.to_owned());
        let why = Reason::new("so_planned", "the test planned it so");
        match self.mood {
            Mood::Works => Outcome::Done(Heard::Done),
            Mood::Falls => std::future::pending().await,
            Mood::Asks => Outcome::Ask {
                whom: Actor::Partner,
                why,
            },
            Mood::Fails => Outcome::Retry {
                why,
                after: None,
                otherwise: None,
            },
        }
    }

    async fn check(&self, command: CommandOf<W>, _job: &Job<W>) -> Finding<Heard> {
        let name: &'static str = command.into();
        self.asked.lock().unwrap().push(format!("check {name}"));
        Finding::Happened(Heard::Done)
    }
}

impl Depot {
    pub(super) fn new() -> Self {
        Self {
            store: Arc::new(MemoryStore::default()),
            clock: Arc::default(),
            vault: Arc::new(Vault::new(MasterKey::random(), Vec::new())),
            asked: Arc::default(),
        }
    }

    /// A process of this release.
    pub(super) fn process<W: Workflow<Event = Heard>>(&self) -> Engine {
        self.process_that::<W>(Mood::Works)
    }

    pub(super) fn process_that<W: Workflow<Event = Heard>>(&self, mood: Mood) -> Engine {
        let hands = Hands {
            asked: self.asked.clone(),
            mood,
        };
        let owner = Owner::new("depot");
        let (store, clock) = (self.store.clone(), self.clock.clone());
        Engine::builder(store, clock, self.vault.clone(), owner)
            .workflow::<W>(Arc::new(hands))
            .build()
    }

    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// A parcel as the first release leaves it.
    pub(super) async fn first_release_leaves(&self, name: &str, ordered: bool) -> InstanceId {
        let engine = self.process::<first::Parcel>();
        let id = born::<first::Parcel>(&engine, name, json!({ "note": "fragile" })).await;
        if ordered {
            hears::<first::Parcel>(&engine, &id, Heard::Ordered).await;
        }
        id
    }

    pub(super) async fn stored(&self, id: &InstanceId) -> Record {
        self.store.load(id).await.unwrap().unwrap()
    }

    /// The commands that stand for an instance, with the definition that armed each.
    pub(super) async fn owed(&self, id: &InstanceId) -> Vec<(String, u32)> {
        let tasks = self.store.tasks(id).await.unwrap().into_iter();
        let named = |task: Task| match task.work {
            Work::Command(name) => (name, task.definition),
            other => (other.key(), task.definition),
        };
        tasks.map(named).collect()
    }

    pub(super) async fn history(&self, id: &InstanceId) -> Vec<String> {
        let entries = self.store.journal(id, 0, 100).await.unwrap();
        entries.into_iter().map(|entry| entry.what).collect()
    }
}

pub(super) async fn born<W: Workflow<Facts = Value>>(
    engine: &Engine,
    name: &str,
    facts: Value,
) -> InstanceId {
    let id = InstanceId::new(name);
    let new = NewInstance::<W> {
        id: id.clone(),
        subject: SubjectId::new("client_1"),
        facts,
        parent: None,
        note: note("born"),
    };
    engine.create(new, Vec::new()).await.unwrap();
    id
}

pub(super) async fn hears<W: Workflow<Event = Heard>>(
    engine: &Engine,
    id: &InstanceId,
    event: Heard,
) {
    engine.submit::<W>(id, event).await.unwrap();
}
