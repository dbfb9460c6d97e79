//! One process of a life: it runs an engine, stands still, dies, and is started again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::audit::Audit;
use super::clock::ProcessClock;
use super::hub::Hub;
use super::scenario::Scenario;
use super::site::Site;
use super::store::ProcessStore;
use super::world::World;
use crate::clock::Timestamp;
use crate::engine::Engine;
use crate::instance::Owner;
use crate::lanes::Limits;
use crate::plain_cipher::PlainCipher;
use crate::rate::Rate;
use crate::runner::RunnerOptions;
use crate::store::Store;

/// As a process runs by default, but for looking around rarely: it is woken by what is due.
const OPTIONS: RunnerOptions = RunnerOptions {
    limits: Limits {
        concurrency: 96,
        per_lane: 32,
        per_tenant: 64,
        rates: BTreeMap::new(),
        tenant_rate: None,
        overdue: Rate {
            per_second: 200,
            burst: 200,
        },
    },
    grace: Duration::from_secs(20),
    poll: Duration::from_mins(1),
};

/// What all processes of a life share.
#[derive(Clone)]
pub(super) struct Common {
    pub(super) hub: Arc<Hub>,
    pub(super) audit: Arc<Audit>,
    pub(super) world: Arc<World>,
    pub(super) store: Arc<dyn Store>,
}

/// What a process does at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Runs,
    /// Nothing of it moves until then.
    Suspended(Timestamp),
    /// It is started again then.
    Dead(Timestamp),
}

/// A process.
pub(super) struct Process {
    pub(super) number: usize,
    pub(super) condition: Condition,
    pub(super) engine: Engine,
    /// The runner and the calls from outside; all of them end with the process.
    pub(super) under_way: JoinSet<()>,
    starts: u32,
}

impl Process {
    pub(super) fn start<S: Scenario>(number: usize, scenario: &S, common: &Common) -> Self {
        let mut process = Self {
            number,
            condition: Condition::Runs,
            engine: engine(number, 0, scenario, common),
            under_way: JoinSet::new(),
            starts: 0,
        };
        process.run();
        process
    }

    fn run(&mut self) {
        let engine = self.engine.clone();
        self.under_way.spawn(async move {
            engine.run(OPTIONS, std::future::pending::<()>()).await;
        });
    }

    /// Everything of it stops where it is, for good.
    pub(super) fn die(&mut self, until: Timestamp) {
        self.under_way.abort_all();
        self.condition = Condition::Dead(until);
    }

    pub(super) fn start_again<S: Scenario>(&mut self, scenario: &S, common: &Common) {
        self.starts += 1;
        self.engine = engine(self.number, self.starts, scenario, common);
        self.under_way = JoinSet::new();
        self.condition = Condition::Runs;
        self.run();
    }

    pub(super) fn runs(&self) -> bool {
        self.condition == Condition::Runs
    }

    /// When it comes back by itself.
    pub(super) fn back_at(&self) -> Option<Timestamp> {
        match self.condition {
            Condition::Runs => None,
            Condition::Suspended(until) | Condition::Dead(until) => Some(until),
        }
    }
}

fn engine<S: Scenario>(number: usize, starts: u32, scenario: &S, common: &Common) -> Engine {
    let owner = Owner::new(format!("p{number}.{starts}"));
    let store = Arc::new(ProcessStore {
        inner: Arc::clone(&common.store),
        audit: Arc::clone(&common.audit),
        hub: Arc::clone(&common.hub),
        process: number,
        owner: owner.clone(),
    });
    over(store, owner, number, scenario, common)
}

/// An engine that nothing happens to: for what stands before a life, and for looking at its end.
pub(super) fn undisturbed<S: Scenario>(scenario: &S, common: &Common) -> Engine {
    let store = Arc::clone(&common.store);
    over(
        store,
        Owner::new("undisturbed"),
        usize::MAX,
        scenario,
        common,
    )
}

fn over<S: Scenario>(
    store: Arc<dyn Store>,
    owner: Owner,
    process: usize,
    scenario: &S,
    common: &Common,
) -> Engine {
    let clock = Arc::new(ProcessClock {
        hub: Arc::clone(&common.hub),
        process,
    });
    let site = Site {
        hub: Arc::clone(&common.hub),
        audit: Arc::clone(&common.audit),
        world: Arc::clone(&common.world),
        process,
    };
    let builder = Engine::builder(store, clock, Arc::new(PlainCipher), owner);
    scenario.assemble(builder, &site).build()
}
