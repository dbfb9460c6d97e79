//! One life: a storm in which everything that can go wrong does, then a calm in which everything
//! must come to its end. One seed decides all of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::audit::Audit;
use super::faults::{Faults, Trouble};
use super::hub::{Hub, Seen, Wish};
use super::oracles;
use super::process::{Common, Condition, Process, undisturbed};
use super::scenario::{Ending, Scenario};
use super::steps::Steps;
use super::trace::Trace;
use super::world::World;
use crate::clock::{Clock, Timestamp};
use crate::engine::Engine;
use crate::store::Store;
use crate::testing::ManualClock;

/// A life that takes more turns than this comes to no end.
const MOVES_MAX: usize = 20_000;

/// What is to be lived.
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) faults: Faults,
    pub(super) trouble: Trouble,
    pub(super) kept: bool,
}

/// What came of a life.
#[derive(Clone, Debug)]
pub struct Lived {
    /// The seed that decides it.
    pub seed: u64,
    /// Which promises were broken, each in a sentence.
    pub complaints: Vec<String>,
    /// What happened.
    pub trace: Trace,
    /// Commits that were asked for.
    pub commits: usize,
    /// Instances that were born.
    pub instances: usize,
    /// Which faults struck, and how often.
    pub faults: BTreeMap<&'static str, u64>,
    pub(crate) told: String,
    pub(crate) struck: u32,
    pub(crate) commands: BTreeMap<&'static str, Vec<&'static str>>,
}

/// A life while it is lived.
pub(super) struct Life<S: Scenario> {
    pub(super) scenario: Arc<S>,
    pub(super) common: Common,
    /// Looks at everything and disturbs nothing.
    pub(super) engine: Engine,
    pub(super) processes: Vec<Process>,
    pub(super) steps: Steps<S>,
    moves: usize,
    pub(super) helped_at: Option<usize>,
}

impl<S: Scenario> Life<S> {
    pub(super) async fn live(scenario: Arc<S>, store: Arc<dyn Store>, mut plan: Plan) -> Lived {
        let chance = fastrand::Rng::with_seed(plan.seed);
        // The engine draws its pauses from the generator of this thread.
        fastrand::seed(plan.seed);
        let start = ManualClock::default().now();
        let hub = Arc::new(Hub::new(start, chance, plan.faults, plan.kept));
        let common = Common {
            audit: Arc::new(Audit::new(Arc::clone(&hub))),
            world: Arc::new(World::new(Arc::clone(&hub))),
            hub,
            store,
        };
        let engine = undisturbed(&*scenario, &common);
        if let Err(error) = scenario.furnish(&engine).await {
            common.hub.complain(format!("it could not begin: {error}"));
        }
        common
            .hub
            .set_trouble(std::mem::replace(&mut plan.trouble, Trouble::None));
        let processes = match plan.faults {
            Faults::NONE => 1,
            _ => common.hub.draw(|chance| chance.usize(1..=3)),
        };
        let steps = Steps::new(&scenario, &common.hub);
        let start = |number| Process::start(number, &*scenario, &common);
        let life = Self {
            processes: (0..processes).map(start).collect(),
            scenario: Arc::clone(&scenario),
            common: common.clone(),
            engine,
            steps,
            moves: 0,
            helped_at: None,
        };
        life.lived(plan).await
    }

    async fn lived(mut self, plan: Plan) -> Lived {
        if plan.faults != Faults::NONE {
            self.storm().await;
        }
        self.calm().await;
        let commands = self.common.audit.commands();
        let commits = self.common.hub.commits();
        let struck = self.common.hub.struck();
        let faults = self.common.hub.all_strikes();
        // Nothing may move any more while the end is looked at.
        self.processes.clear();
        drain().await;
        let engine = self.engine.clone();
        let mut told = String::new();
        let mut instances = 0;
        match oracles::records(&engine).await {
            Ok(records) => {
                instances = records.len();
                let ending = Ending {
                    engine: &engine,
                    world: &self.common.world,
                    records,
                    acknowledged: self.steps.taken(),
                };
                oracles::judge(&*self.scenario, &ending, &self.common).await;
                told = self.scenario.tell(&ending).await;
            }
            Err(error) => self
                .common
                .hub
                .complain(format!("no end to look at: {error}")),
        }
        let (complaints, trace) = self.common.hub.conclude();
        Lived {
            seed: plan.seed,
            complaints,
            trace,
            commits,
            instances,
            faults,
            told,
            struck,
            commands,
        }
    }

    /// Everything that can go on by itself has; what has been answered is noted.
    pub(super) async fn settle_down(&mut self) -> bool {
        drain().await;
        self.steps.hear();
        if let Some(process) = self.common.hub.take_fallen() {
            let until = self.common.hub.now() + Duration::from_secs(1);
            self.die(process, until);
            drain().await;
        }
        self.moves += 1;
        if self.moves > MOVES_MAX {
            self.common.hub.complain("it comes to no rest".to_owned());
        }
        !self.common.hub.has_complaints()
    }

    pub(super) fn some_running(&self) -> Option<usize> {
        let running: Vec<usize> = self.running().collect();
        let any = !running.is_empty();
        any.then(|| {
            let hub = &self.common.hub;
            running[hub.draw(|chance| chance.usize(..running.len()))]
        })
    }

    pub(super) fn running(&self) -> impl Iterator<Item = usize> + '_ {
        let running = self.processes.iter().filter(|process| process.runs());
        running.map(|process| process.number)
    }

    pub(super) fn die(&mut self, at: usize, until: Timestamp) {
        self.common.hub.note(format_args!("p{at} dies"));
        self.processes[at].die(until);
        self.steps.asked_in_vain(at);
    }

    pub(super) fn take_step(&mut self) {
        if let Some(at) = self.some_running() {
            self.steps.take_next(&mut self.processes[at]);
        }
    }

    /// Everyone who waits for a turn in a process that runs.
    pub(super) fn turns(&self) -> Vec<Seen> {
        let mut waiting = self.common.hub.waiting();
        waiting.retain(|seen| seen.wish == Wish::Turn && self.processes[seen.process].runs());
        waiting
    }

    /// The true time at which a timer goes off or a process comes back.
    pub(super) fn next_moment(&self) -> Option<Timestamp> {
        let timers = self.timers().into_iter().map(|(at, _)| at);
        let back = self.processes.iter().filter_map(Process::back_at);
        timers.chain(back).min()
    }

    fn timers(&self) -> Vec<(Timestamp, u64)> {
        let hub = &self.common.hub;
        let mut timers = Vec::new();
        for seen in hub.waiting() {
            if let Wish::Moment(moment) = seen.wish
                && self.processes[seen.process].runs()
            {
                timers.push((hub.comes(seen.process, moment), seen.number));
            }
        }
        timers
    }

    /// Time passes; whoever waited for it goes on.
    pub(super) fn advance(&mut self, next: Timestamp) {
        let hub = Arc::clone(&self.common.hub);
        if next > hub.now() {
            hub.set_now(next);
        }
        let now = hub.now();
        for (at, number) in self.timers() {
            if at <= now {
                hub.pass(number);
            }
        }
        for process in &mut self.processes {
            if process.back_at().is_some_and(|until| until <= now) {
                bring_back(process, &*self.scenario, &self.common);
            }
        }
    }
}

pub(super) fn bring_back<S: Scenario>(process: &mut Process, scenario: &S, common: &Common) {
    match process.condition {
        Condition::Runs => {}
        Condition::Suspended(_) => process.condition = Condition::Runs,
        Condition::Dead(_) => process.start_again(scenario, common),
    }
}

/// Lets everything run that waits for nothing; twice, for what yields in between.
pub(super) async fn drain() {
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
}
