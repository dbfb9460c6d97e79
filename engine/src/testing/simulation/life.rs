//! One life: a storm in which everything that can go wrong does, then a calm in which everything
//! must come to its end. One seed decides all of it.

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
use crate::acts::{Act, Intervention};
use crate::clock::{Clock, Timestamp};
use crate::engine::Engine;
use crate::instance::{Actor, HoldKind, Reason, Record};
use crate::store::Store;
use crate::task::{FAR_AWAY, Work};
use crate::testing::ManualClock;

/// A life that takes more turns than this comes to no end.
const MOVES_MAX: usize = 20_000;

/// The longest that a process stands still or stays dead: three leases.
const ABSENCE_MAX: u64 = 180_000;

/// How far one process's clock is off at most, either way. Two that share a store may differ by twice
/// that, which is less than the half of a lease that the engine keeps in hand.
const SKEW_MAX: i64 = 10_000;

/// How far all clocks jump at most, either way.
const JUMP_MAX: i64 = 3_600_000;

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
    pub(crate) told: String,
    pub(crate) struck: u32,
    pub(crate) commands: std::collections::BTreeMap<&'static str, Vec<&'static str>>,
}

/// A life while it is lived.
pub(super) struct Life<S: Scenario> {
    scenario: Arc<S>,
    common: Common,
    /// Looks at everything and disturbs nothing.
    engine: Engine,
    processes: Vec<Process>,
    steps: Steps<S>,
    moves: usize,
    helped_at: Option<usize>,
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
        life.to_the_end(plan).await
    }

    async fn to_the_end(mut self, plan: Plan) -> Lived {
        if plan.faults != Faults::NONE {
            self.storm().await;
        }
        self.calm().await;
        let commands = self.common.audit.commands();
        let commits = self.common.hub.commits();
        let struck = self.common.hub.struck();
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
            told,
            struck,
            commands,
        }
    }

    /// Everything that can go on by itself has; what has been answered is noted.
    async fn settle_down(&mut self) -> bool {
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

    async fn storm(&mut self) {
        let hub = Arc::clone(&self.common.hub);
        let moves = hub.draw(|chance| chance.usize(20..400));
        for _ in 0..moves {
            if !self.settle_down().await {
                return;
            }
            self.something_goes_wrong();
            drain().await;
            self.move_on(&hub);
        }
    }

    /// Lets one of all that could happen next happen.
    fn move_on(&mut self, hub: &Hub) {
        let turns = self.turns();
        let runs = self.processes.iter().any(Process::runs);
        let open = runs && self.steps.is_open();
        let passes = hub.strikes(|faults| faults.slowness);
        if !turns.is_empty() && !passes {
            if open && hub.draw(|chance| chance.u8(..8)) == 0 {
                self.take_step();
            } else {
                let at = hub.draw(|chance| chance.usize(..turns.len()));
                hub.pass(turns[at].number);
            }
        } else if open && hub.draw(fastrand::Rng::bool) {
            self.take_step();
        } else if let Some(next) = self.next_moment() {
            self.advance(next);
        }
    }

    fn something_goes_wrong(&mut self) {
        let hub = Arc::clone(&self.common.hub);
        let now = hub.now();
        let absence = || now + Duration::from_millis(hub.draw(|chance| chance.u64(..ABSENCE_MAX)));
        if hub.strikes(|faults| faults.deaths)
            && let Some(at) = self.some_running()
        {
            self.die(at, absence());
        }
        if hub.strikes(|faults| faults.suspensions)
            && let Some(at) = self.some_running()
        {
            hub.note(format_args!("p{at} stands still"));
            self.processes[at].condition = Condition::Suspended(absence());
        }
        if hub.strikes(|faults| faults.clock_jumps) {
            let jump = if hub.draw(fastrand::Rng::bool) {
                hub.draw(|chance| chance.i64(-JUMP_MAX..=JUMP_MAX))
            } else {
                0
            };
            for at in 0..self.processes.len() {
                let skew = jump + hub.draw(|chance| chance.i64(-SKEW_MAX..=SKEW_MAX));
                hub.note(format_args!("p{at} is {skew} ms off"));
                hub.set_skew(at, skew);
            }
        }
        if hub.strikes(|faults| faults.operators)
            && let Some(at) = self.some_running()
        {
            self.operate(at);
        }
        if hub.strikes(|faults| faults.repeated_steps / 20)
            && let Some(at) = self.some_running()
        {
            self.steps.repeat_one(&mut self.processes[at]);
        }
    }

    fn some_running(&self) -> Option<usize> {
        let running: Vec<usize> = self.running().collect();
        let any = !running.is_empty();
        any.then(|| {
            let hub = &self.common.hub;
            running[hub.draw(|chance| chance.usize(..running.len()))]
        })
    }

    fn running(&self) -> impl Iterator<Item = usize> + '_ {
        let running = self.processes.iter().filter(|process| process.runs());
        running.map(|process| process.number)
    }

    fn die(&mut self, at: usize, until: Timestamp) {
        self.common.hub.note(format_args!("p{at} dies"));
        self.processes[at].die(until);
        self.steps.asked_in_vain(at);
    }

    /// An operator's hand falls on some instance.
    fn operate(&mut self, at: usize) {
        let hub = &self.common.hub;
        let known = self.common.audit.instances();
        if known.is_empty() {
            return;
        }
        let id = known[hub.draw(|chance| chance.usize(..known.len()))].clone();
        let acts = [Act::RetryNow, Act::RetryNow, Act::Pause, Act::Resume];
        let act = acts[hub.draw(|chance| chance.usize(..acts.len()))].clone();
        hub.note(format_args!("an operator: {act:?} {id}"));
        let engine = self.processes[at].engine.clone();
        self.processes[at].under_way.spawn(async move {
            let reason = Reason::new("simulated", "an operator of the simulation");
            let by = Intervention::new(act, Actor::Operator, reason);
            // Refused or failed: operators live with it.
            let _ = engine.intervene(&id, &by).await;
        });
    }

    fn take_step(&mut self) {
        if let Some(at) = self.some_running() {
            self.steps.take_next(&mut self.processes[at]);
        }
    }

    /// Everyone who waits for a turn in a process that runs.
    fn turns(&self) -> Vec<Seen> {
        let mut waiting = self.common.hub.waiting();
        waiting.retain(|seen| seen.wish == Wish::Turn && self.processes[seen.process].runs());
        waiting
    }

    /// The true time at which a timer goes off or a process comes back.
    fn next_moment(&self) -> Option<Timestamp> {
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
    fn advance(&mut self, next: Timestamp) {
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

    async fn calm(&mut self) {
        let hub = Arc::clone(&self.common.hub);
        hub.set_faults(Faults::NONE);
        for process in &mut self.processes {
            hub.set_skew(process.number, 0);
            bring_back(process, &*self.scenario, &self.common);
        }
        while self.settle_down().await {
            let turns = self.turns();
            if !turns.is_empty() {
                for turn in turns {
                    hub.pass(turn.number);
                }
            } else if self.steps.is_open() && self.running().next().is_some() {
                self.take_step();
            } else {
                match self.what_is_left().await {
                    Some(Left::Time(moment)) => self.advance(moment),
                    Some(Left::Help(records)) => self.help(records),
                    None => return,
                }
            }
        }
    }

    /// What a life at rest still needs to come to its end.
    async fn what_is_left(&mut self) -> Option<Left> {
        let hub = &self.common.hub;
        let timer = self.next_moment();
        if !self.steps.are_answered() || self.processes.iter().any(|process| !process.runs()) {
            return timer.map(Left::Time);
        }
        let engine = &self.engine;
        let mut live = oracles::records(engine).await.ok()?;
        live.retain(|record| !record.ended);
        let (mut works, mut deadline) = (false, None);
        for id in self.common.audit.instances() {
            for task in engine.tasks(&id).await.ok()? {
                match task.work {
                    Work::Deadline => deadline = deadline.max(Some(task.due)),
                    _ => works = works || task.due < FAR_AWAY,
                }
            }
        }
        if !works && self.helped_at != Some(hub.commits()) {
            self.helped_at = Some(hub.commits());
            if !live.is_empty() {
                return Some(Left::Help(live));
            }
        }
        let rests = live.iter().all(|record| self.scenario.may_rest(record));
        let waits = works || (!rests && deadline.is_some());
        // Only the runners sleep: nothing happens before the next task is due.
        let idle = hub.waiting().len() == self.processes.len();
        let due = self
            .common
            .store
            .next_due(&[], engine.definitions())
            .await
            .ok()?;
        let jump = due.filter(|due| idle && *due < FAR_AWAY);
        timer
            .filter(|_| waits)
            .map(|timer| Left::Time(jump.map_or(timer, |due| due.max(timer))))
    }

    /// Whoever is waited for does what is asked of them.
    fn help(&mut self, records: Vec<Record>) {
        // A person who is asked mends what was wrong.
        let parked =
            |record: &Record| record.hold.as_ref().map(|hold| hold.kind) == Some(HoldKind::Parked);
        if records.iter().any(parked) {
            self.common.hub.set_trouble(Trouble::None);
        }
        for record in records {
            let scenario = Arc::clone(&self.scenario);
            let engine = self.processes[0].engine.clone();
            self.processes[0].under_way.spawn(async move {
                let act = match record.hold.as_ref().map(|hold| hold.kind) {
                    Some(HoldKind::Paused) => Act::Resume,
                    Some(HoldKind::Parked) => Act::RetryNow,
                    _ => {
                        // What helps nothing now is tried again at the next rest.
                        let _ = scenario.help(&engine, &record).await;
                        return;
                    }
                };
                let reason = Reason::new("simulated", "a person of the simulation");
                let by = Intervention::new(act, Actor::Operator, reason);
                let _ = engine.intervene(&record.id, &by).await;
            });
        }
    }
}

enum Left {
    Time(Timestamp),
    Help(Vec<Record>),
}

fn bring_back<S: Scenario>(process: &mut Process, scenario: &S, common: &Common) {
    match process.condition {
        Condition::Runs => {}
        Condition::Suspended(_) => process.condition = Condition::Runs,
        Condition::Dead(_) => process.start_again(scenario, common),
    }
}

/// Lets everything run that waits for nothing; twice, for what yields in between.
async fn drain() {
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
}
