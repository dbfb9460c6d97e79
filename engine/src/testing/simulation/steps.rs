//! The steps of a life's outsiders: open, under way, or taken, until each has an answer.

use std::sync::{Arc, Mutex};

use super::hub::Hub;
use super::process::Process;
use super::scenario::Scenario;
use crate::ledger::EngineError;
use crate::seal::SealError;
use crate::store::StoreError;

/// So often a step is taken that meets nothing to act on; then it has come for nothing.
const IN_VAIN_MAX: u32 = 30;

/// How far ahead of its turn a step may be taken.
const AHEAD_MAX: usize = 4;

/// How one taking of a step ended.
enum Answer {
    Taken,
    /// Refused in words that asking again would not change.
    Refused,
    /// Ask again.
    Failed,
    /// There is nothing of that name, perhaps not yet.
    NotThere,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    Open,
    UnderWay { process: usize },
    Taken,
    Refused,
}

struct Step<T> {
    deed: T,
    stand: Stand,
    in_vain: u32,
}

/// All steps of one life.
pub(super) struct Steps<S: Scenario> {
    scenario: Arc<S>,
    hub: Arc<Hub>,
    script: Vec<Step<S::Step>>,
    answers: Arc<Mutex<Vec<(usize, Answer)>>>,
}

impl<S: Scenario> Steps<S> {
    pub(super) fn new(scenario: &Arc<S>, hub: &Arc<Hub>) -> Self {
        let script = hub.draw(|chance| scenario.script(chance));
        let steps = script.into_iter().map(|deed| Step {
            deed,
            stand: Stand::Open,
            in_vain: 0,
        });
        Self {
            scenario: Arc::clone(scenario),
            hub: Arc::clone(hub),
            script: steps.collect(),
            answers: Arc::default(),
        }
    }

    /// Whether a step waits to be taken.
    pub(super) fn is_open(&self) -> bool {
        self.script.iter().any(|step| step.stand == Stand::Open)
    }

    /// Whether every step has its answer.
    pub(super) fn are_answered(&self) -> bool {
        let mut steps = self.script.iter();
        steps.all(|step| matches!(step.stand, Stand::Taken | Stand::Refused))
    }

    /// Has a process take the next step, or one a little ahead of its turn; perhaps a second time.
    pub(super) fn take_next(&mut self, process: &mut Process) {
        let open = self.script.iter().enumerate();
        let open = open.filter(|(_, step)| step.stand == Stand::Open);
        let open: Vec<usize> = open.map(|(at, _)| at).take(AHEAD_MAX).collect();
        let ahead = if self
            .hub
            .strikes("a step before its turn", |faults| faults.reordered_steps)
        {
            self.hub.draw(|chance| chance.usize(..open.len()))
        } else {
            0
        };
        let Some(at) = open.get(ahead).copied() else {
            return;
        };
        self.script[at].stand = Stand::UnderWay {
            process: process.number,
        };
        self.hub
            .note(format_args!("step {:?}", self.script[at].deed));
        self.spawn(at, process, true);
        if self
            .hub
            .strikes("a step twice", |faults| faults.repeated_steps)
        {
            self.spawn(at, process, false);
        }
    }

    /// A step that was taken or refused is taken once more, late.
    pub(super) fn repeat_one(&mut self, process: &mut Process) {
        let past = self.script.iter().enumerate();
        let past = past.filter(|(_, step)| matches!(step.stand, Stand::Taken | Stand::Refused));
        let past: Vec<usize> = past.map(|(at, _)| at).collect();
        if !past.is_empty() {
            let at = past[self.hub.draw(|chance| chance.usize(..past.len()))];
            self.hub
                .note(format_args!("repeat {:?}", self.script[at].deed));
            self.spawn(at, process, false);
        }
    }

    fn spawn(&self, at: usize, process: &mut Process, counts: bool) {
        let scenario = Arc::clone(&self.scenario);
        let (engine, step) = (process.engine.clone(), self.script[at].deed.clone());
        let answers = Arc::clone(&self.answers);
        process.under_way.spawn(async move {
            let outcome = scenario.take(&engine, &step).await;
            if counts {
                let mut answers = answers.lock().expect("nothing panics over answers");
                answers.push((at, answer_of(&outcome)));
            }
        });
    }

    /// Takes note of the answers that have come.
    pub(super) fn hear(&mut self) {
        let answers = {
            let mut answers = self.answers.lock().expect("nothing panics over answers");
            std::mem::take(&mut *answers)
        };
        for (at, answer) in answers {
            let step = &mut self.script[at];
            step.stand = match answer {
                Answer::Taken => Stand::Taken,
                Answer::Refused => Stand::Refused,
                Answer::Failed => Stand::Open,
                Answer::NotThere if step.in_vain >= IN_VAIN_MAX => Stand::Refused,
                Answer::NotThere => {
                    step.in_vain += 1;
                    Stand::Open
                }
            };
        }
    }

    /// Whoever asked a process that died asks again.
    pub(super) fn asked_in_vain(&mut self, process: usize) {
        for step in &mut self.script {
            if step.stand == (Stand::UnderWay { process }) {
                step.stand = Stand::Open;
            }
        }
    }

    /// What was acknowledged.
    pub(super) fn taken(self) -> Vec<S::Step> {
        let steps = self.script.into_iter();
        let taken = steps.filter(|step| step.stand == Stand::Taken);
        taken.map(|step| step.deed).collect()
    }
}

fn answer_of(outcome: &Result<(), EngineError>) -> Answer {
    match outcome {
        Ok(()) => Answer::Taken,
        Err(EngineError::NotFound(_)) => Answer::NotThere,
        Err(EngineError::Contended(_) | EngineError::Store(StoreError::Unavailable(_))) => {
            Answer::Failed
        }
        Err(EngineError::Seal(SealError::Store(cause)))
            if matches!(**cause, StoreError::Unavailable(_)) =>
        {
            Answer::Failed
        }
        Err(_) => Answer::Refused,
    }
}
