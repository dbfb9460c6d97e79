//! The calm after the storm: nothing goes wrong any more, people do what is asked of them, and
//! everything must come to its end.

use std::sync::Arc;

use super::faults::{Faults, Trouble};
use super::life::{Life, bring_back};
use super::oracles;
use super::scenario::Scenario;
use crate::acts::{Act, Intervention};
use crate::clock::Timestamp;
use crate::instance::{Actor, HoldKind, Reason, Record};
use crate::task::{FAR_AWAY, Work};

enum Left {
    Time(Timestamp),
    Help(Vec<Record>),
}

impl<S: Scenario> Life<S> {
    pub(super) async fn calm(&mut self) {
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
            .next_due(&crate::Allowance::default(), engine.definitions())
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
