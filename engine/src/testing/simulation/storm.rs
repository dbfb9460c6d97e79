//! The storm: chance decides who goes on, what goes wrong, and when time passes.

use std::sync::Arc;
use std::time::Duration;

use super::hub::Hub;
use super::life::{Life, drain};
use super::process::{Condition, Process};
use super::scenario::Scenario;
use crate::acts::{Act, Intervention};
use crate::instance::{Actor, Reason};

/// The longest that a process stands still or stays dead: three leases.
const ABSENCE_MAX: u64 = 180_000;

/// How far one process's clock is off at most, either way. Two that share a store may differ by twice
/// that, which is less than the half of a lease that the engine keeps in hand.
const SKEW_MAX: i64 = 10_000;

/// How far all clocks jump at most, either way.
const JUMP_MAX: i64 = 3_600_000;

impl<S: Scenario> Life<S> {
    pub(super) async fn storm(&mut self) {
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
        let passes = hub.strikes("slowness", |faults| faults.slowness);
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
        if hub.strikes("a death", |faults| faults.deaths)
            && let Some(at) = self.some_running()
        {
            self.die(at, absence());
        }
        if hub.strikes("a standstill", |faults| faults.suspensions)
            && let Some(at) = self.some_running()
        {
            hub.note(format_args!("p{at} stands still"));
            self.processes[at].condition = Condition::Suspended(absence());
        }
        if hub.strikes("a clock that jumps", |faults| faults.clock_jumps) {
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
        if hub.strikes("an operator", |faults| faults.operators)
            && let Some(at) = self.some_running()
        {
            self.operate(at);
        }
        if hub.strikes("a late repeat", |faults| faults.repeated_steps / 20)
            && let Some(at) = self.some_running()
        {
            self.steps.repeat_one(&mut self.processes[at]);
        }
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
}
