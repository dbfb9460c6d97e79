//! The product's own parts put together as the process does: sled store, vault, engine, runner.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use adapters::sled::{SledOptions, SledStore};
use adapters::vault::{MasterKey, Vault};
use engine::{
    Clock as _, Engine, InstanceId, Limits, NewInstance, Note, Owner, Rate, RunnerOptions,
    SubjectId, SystemClock, Timestamp,
};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::six::{Facts, Hands, Six};
use crate::world::World;

/// A master key for nothing but this: what is sealed must open again in another process.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// As in the product, but one lane may have it all: there is only one here.
const OPTIONS: RunnerOptions = RunnerOptions {
    limits: Limits {
        concurrency: 96,
        per_lane: 96,
        per_tenant: 96,
        rates: BTreeMap::new(),
        tenant_rate: None,
        overdue: Rate {
            per_second: 100_000,
            burst: 100_000,
        },
    },
    grace: Duration::from_secs(20),
    poll: Duration::from_secs(5),
};

/// An engine over a folder, with its runner.
pub(crate) struct Stage {
    pub(crate) engine: Engine,
    pub(crate) store: Arc<SledStore>,
    pub(crate) world: Arc<World>,
    stop: Arc<Notify>,
    runner: JoinHandle<()>,
    listener: JoinHandle<()>,
}

impl Stage {
    /// Opens the folder and starts the runner.
    pub(crate) async fn open(folder: &Path) -> Self {
        let opened = SledStore::open(folder, SledOptions::default()).await;
        Self::over(opened.unwrap(), SystemClock::default().now())
    }

    /// Starts the runner over an open store; its clock stands at `at`.
    pub(crate) fn over(store: Arc<SledStore>, at: Timestamp) -> Self {
        let clock = SystemClock::shifted(at.since(SystemClock::default().now()));
        let world = Arc::<World>::default();
        let vault = Vault::new(MasterKey::from_base64(KEY).unwrap(), Vec::new());
        let engine = Engine::builder(
            store.clone(),
            Arc::new(clock),
            Arc::new(vault),
            Owner::new("bench"),
        )
        .workflow::<Six>(Arc::new(Hands(world.clone())))
        .build();
        let stop = Arc::new(Notify::new());
        let (runs, stopped) = (engine.clone(), stop.clone());
        let runner = tokio::spawn(async move { runs.run(OPTIONS, stopped.notified()).await });
        let listener = tokio::spawn(world.clone().listen(engine.watch()));
        Self {
            engine,
            store,
            world,
            stop,
            runner,
            listener,
        }
    }

    /// Asks for an instance, as whoever answers a request does.
    pub(crate) async fn create(&self, number: u64, facts: Facts) -> InstanceId {
        let id = id_of(number);
        let new = NewInstance {
            id: id.clone(),
            subject: SubjectId::new(format!("sub_{number:026}")),
            facts,
            parent: None,
            note: Note::plain("asked_for", engine::Actor::Partner),
        };
        self.engine.create::<Six>(new, Vec::new()).await.unwrap();
        id
    }

    pub(crate) async fn close(self) {
        self.stop.notify_one();
        self.runner.await.unwrap();
        self.listener.abort();
        self.store.close().await.unwrap();
    }
}

/// As long as the product's ids, and like them in the order of birth.
pub(crate) fn id_of(number: u64) -> InstanceId {
    InstanceId::new(format!("six_{number:026}"))
}
