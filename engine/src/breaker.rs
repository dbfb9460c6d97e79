//! The breaker of one dependency: holds its lane while it fails, probes it with one task at a time.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::instance::{InstanceId, Reason};
use crate::lanes::Held;
use crate::task::{Task, TaskId};

/// So many tries in a row that the dependency failed hold the lane.
const FAILURES: u32 = 5;

/// And they are of at least so many instances: one alone may be what is ill.
const WITNESSES: usize = 3;

const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// A probe that ended without a word about the dependency is followed by another this soon.
const AFTER_SILENCE: Duration = Duration::from_secs(1);

/// Failures that nobody added to for this long are forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(1);

/// What a try tells of the dependency, apart from what it means to its instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// It did what it is for.
    Works,
    /// It is failing.
    Fails(Reason),
    /// Nothing.
    Silent,
}

#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failures: u32,
    witnesses: BTreeSet<InstanceId>,
    last_failure: Timestamp,
    open: Option<Open>,
    recovered_at: Option<Timestamp>,
}

#[derive(Debug)]
struct Open {
    why: Reason,
    since: Timestamp,
    probe_at: Timestamp,
    /// Probes that failed.
    probes: u32,
    probing: Option<TaskId>,
}

impl Breaker {
    /// How many more turns it lets begin now.
    pub(crate) fn allowed(&mut self, now: Timestamp) -> usize {
        let Some(open) = &mut self.open else {
            return usize::MAX;
        };
        // A longer wait than the longest means that time was set back.
        open.probe_at = open.probe_at.min(now + LONGEST_PAUSE);
        usize::from(open.probing.is_none() && open.probe_at <= now)
    }

    /// A turn begins; in a held lane it is the probe.
    pub(crate) fn started(&mut self, task: &TaskId) {
        if let Some(open) = &mut self.open {
            open.probing.get_or_insert_with(|| task.clone());
        }
    }

    /// A turn has ended; a probe that said nothing makes room for the next.
    pub(crate) fn ended(&mut self, task: &TaskId, now: Timestamp) {
        if let Some(open) = &mut self.open
            && open.probing.as_ref() == Some(task)
        {
            open.probing = None;
            open.probe_at = now + AFTER_SILENCE;
        }
    }

    pub(crate) fn heard(&mut self, task: &Task, word: Word, now: Timestamp) {
        match word {
            Word::Silent => {}
            Word::Works => self.close(task, now),
            Word::Fails(why) => self.failed(task, why, now),
        }
    }

    fn close(&mut self, task: &Task, now: Timestamp) {
        self.failures = 0;
        self.witnesses.clear();
        if let Some(open) = self.open.take() {
            let held_secs = now.since(open.since).as_secs();
            tracing::info!(lane = task.lane, held_secs, "a dependency answers again");
            self.recovered_at = Some(now);
        }
    }

    fn failed(&mut self, task: &Task, why: Reason, now: Timestamp) {
        self.last_failure = now;
        if let Some(open) = &mut self.open {
            // Those that began before it was held say nothing new.
            if open.probing.as_ref() == Some(&task.id()) {
                open.probing = None;
                open.probes += 1;
                open.probe_at = now + pause(open.probes);
                open.why = why;
            }
            return;
        }
        self.failures += 1;
        if self.witnesses.len() < WITNESSES {
            self.witnesses.insert(task.instance.clone());
        }
        if self.failures >= FAILURES && self.witnesses.len() >= WITNESSES {
            tracing::warn!(
                lane = task.lane,
                code = why.code,
                "a dependency fails; its lane is held"
            );
            self.open = Some(Open {
                why,
                since: now,
                probe_at: now + pause(0),
                probes: 0,
                probing: None,
            });
        }
    }

    pub(crate) fn held(&self) -> Option<Held> {
        self.open.as_ref().map(|open| Held {
            why: open.why.clone(),
            since: open.since,
            next_probe: open.probing.is_none().then_some(open.probe_at),
            probes: open.probes,
        })
    }

    pub(crate) fn next_probe(&self) -> Option<Timestamp> {
        self.held().and_then(|held| held.next_probe)
    }

    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// When it last began to answer again.
    pub(crate) fn recovered_at(&self) -> Option<Timestamp> {
        self.recovered_at
    }

    /// Whether there is nothing to remember.
    pub(crate) fn is_untroubled(&self, now: Timestamp) -> bool {
        let quiet = now.since(self.last_failure) >= FORGOTTEN_AFTER;
        self.open.is_none() && (quiet || self.failures == 0 && self.recovered_at.is_none())
    }
}

/// Doubling, and jittered so that processes do not probe in step.
fn pause(probes: u32) -> Duration {
    let span = FIRST_PAUSE.saturating_mul(1 << probes.min(10));
    let span = span.min(LONGEST_PAUSE);
    span.mul_f64(0.5 + fastrand::f64() / 2.0)
}
