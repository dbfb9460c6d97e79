//! What a schedule does at a moment: whether a run begins, waits, or is let go. Nothing here reads,
//! writes or runs anything.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::instance::Owner;
use crate::schedule::{Missed, Run, RunOutcome, Schedule, ScheduleState};

/// Runs that are remembered.
const HISTORY_MAX: usize = 20;

/// A run this late was missed.
const LATE: Duration = Duration::from_mins(2);

/// How often a process says that its run goes on.
pub(crate) const BEAT: Duration = Duration::from_mins(1);

/// A run that has said nothing for so long ended with its process.
const SILENT: Duration = Duration::from_mins(3);

impl Schedule {
    /// How the schedule stands: what is remembered of it, under the times that it has now.
    pub(crate) fn state(&self, known: Option<&ScheduleState>, now: Timestamp) -> ScheduleState {
        let fresh = ScheduleState {
            name: self.name.to_owned(),
            line: self.times.line().to_owned(),
            zone: self.times.zone().to_owned(),
            missed: self.times.missed(),
            next_run: self.times.next_after(now),
            paused: None,
            asked: None,
            running: None,
            history: Vec::new(),
        };
        match known.cloned() {
            None => fresh,
            Some(known) => ScheduleState {
                next_run: if are_the_same(&known, &fresh)
                    && !self.times.are_far_from(known.next_run, now)
                {
                    known.next_run
                } else {
                    fresh.next_run
                },
                paused: known.paused,
                asked: known.asked,
                running: known.running,
                history: known.history,
                ..fresh
            },
        }
    }

    /// Moves the state on if something is due; answers the run that begins in this process, if one
    /// does.
    pub(crate) fn advance(
        &self,
        state: &mut ScheduleState,
        now: Timestamp,
        process: &Owner,
    ) -> Option<Run> {
        let fresh = |planned, asked_by| Run {
            planned,
            began: now,
            seen: Some(now),
            took: None,
            outcome: RunOutcome::UnderWay,
            result: String::new(),
            process: process.to_string(),
            asked_by,
        };
        if state.is_running(now) {
            return None;
        }
        let asked = state.asked.take();
        let planned = state.next_run;
        if asked.is_none() {
            let missed = self.times.missed();
            if planned > now {
                return None;
            }
            state.next_run = self.times.next_after(match missed {
                Missed::CatchUp if state.paused.is_none() => planned,
                _ => now,
            });
            if state.paused.is_some() {
                return None;
            }
            if missed == Missed::Skip && now.since(planned) > LATE {
                let why = state.why_missed(planned).to_owned();
                let run = fresh(planned, None);
                state.record(run.ended(RunOutcome::Skipped, why, Duration::ZERO));
                return None;
            }
        }
        if let Some(left) = state.running.take() {
            let text = "its process ended before it did".to_owned();
            state.record(left.ended(RunOutcome::Lost, text, Duration::ZERO));
        }
        let planned = asked.as_ref().map_or(planned, |wish| wish.at);
        let run = fresh(planned, asked.map(|wish| wish.by));
        state.running = Some(run.clone());
        Some(run)
    }
}

impl Run {
    pub(crate) fn ended(self, outcome: RunOutcome, result: String, took: Duration) -> Self {
        Self {
            outcome,
            result,
            took: (outcome != RunOutcome::Lost).then_some(took),
            ..self
        }
    }
}

impl ScheduleState {
    /// Writes down how a run ended.
    pub(crate) fn conclude(&mut self, ended: Run) {
        let is_this = |known: &Run| (known.began, &known.process) == (ended.began, &ended.process);
        self.running.take_if(|running| is_this(running));
        // It was silent for so long that it was given up for lost.
        self.history
            .retain(|known| known.outcome != RunOutcome::Lost || !is_this(known));
        self.record(ended);
    }

    /// Its process says that this run goes on.
    pub(crate) fn go_on(&mut self, run: &Run, now: Timestamp) {
        let running = self.running.as_mut();
        let same = running.filter(|one| (one.began, &one.process) == (run.began, &run.process));
        if let Some(running) = same {
            running.seen = Some(now);
        }
    }

    /// Whether a run is under way, as far as is known: one that has long been silent has ended, and
    /// so has one that began under a clock that was ahead.
    fn is_running(&self, now: Timestamp) -> bool {
        let running = self.running.as_ref();
        running.is_some_and(|run| {
            let seen = run.seen.unwrap_or(run.began);
            now.since(seen).max(seen.since(now)) < SILENT
        })
    }

    fn why_missed(&self, planned: Timestamp) -> &'static str {
        let before = self.history.first();
        let end = before.and_then(|run| run.took.map(|took| run.began + took));
        if end.is_some_and(|end| end > planned) {
            "the run before it had not ended at its time"
        } else {
            "no process was there at its time"
        }
    }

    fn record(&mut self, run: Run) {
        self.history.insert(0, run);
        self.history.truncate(HISTORY_MAX);
    }
}

fn are_the_same(known: &ScheduleState, fresh: &ScheduleState) -> bool {
    let times = |state: &ScheduleState| (state.line.clone(), state.zone.clone(), state.missed);
    times(known) == times(fresh)
}
