//! What happened, counted where it happens: every step of every run, and when each was durable.
//!
//! A run whose steps did not run exactly once each fails the whole bench.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use engine::InstanceId;
use hdrhistogram::Histogram;
use tokio::sync::{Notify, broadcast, oneshot};
use tokio::time::Instant;

use crate::six::STEPS;

/// Counts for all runs, from outside the engine.
#[derive(Default)]
pub(crate) struct World {
    counts: Mutex<Counts>,
    woken: Notify,
}

#[derive(Default)]
struct Counts {
    runs: HashMap<InstanceId, Run>,
    tally: Tally,
}

/// What was counted since it was last taken.
pub(crate) struct Tally {
    /// Steps whose commit was acknowledged.
    pub(crate) steps: u64,
    /// Births whose commit was acknowledged.
    pub(crate) births: u64,
    /// From one performance of a run to its next, in microseconds.
    pub(crate) step_us: Histogram<u64>,
    /// From asking for an instance to its durable end, in microseconds.
    pub(crate) run_us: Histogram<u64>,
}

struct Run {
    asked: Instant,
    last: Instant,
    performed: [u32; STEPS],
    /// Changes that are durable, its birth included.
    changes: usize,
    ended: Option<oneshot::Sender<()>>,
}

impl Default for Tally {
    fn default() -> Self {
        let empty = || Histogram::new_with_bounds(1, 60_000_000, 3).unwrap();
        Self {
            steps: 0,
            births: 0,
            step_us: empty(),
            run_us: empty(),
        }
    }
}

impl World {
    /// A run that is about to be asked for; resolves when its last step is durable.
    pub(crate) fn expect(&self, id: InstanceId) -> oneshot::Receiver<()> {
        let (ended, end) = oneshot::channel();
        let now = Instant::now();
        let run = Run {
            asked: now,
            last: now,
            performed: [0; STEPS],
            changes: 0,
            ended: Some(ended),
        };
        self.counts().runs.insert(id, run);
        end
    }

    /// Runs that have not ended.
    pub(crate) fn waiting(&self) -> usize {
        self.counts().runs.len()
    }

    /// Resolves once a step was performed that nobody here asked for: a sleeper woke.
    pub(crate) async fn woken(&self) {
        self.woken.notified().await;
    }

    pub(crate) fn take(&self) -> Tally {
        std::mem::take(&mut self.counts().tally)
    }

    pub(crate) fn performed(&self, id: &InstanceId, step: usize) {
        let counts = &mut *self.counts();
        let Some(run) = counts.runs.get_mut(id) else {
            self.woken.notify_one();
            return;
        };
        let now = Instant::now();
        let since = now.duration_since(std::mem::replace(&mut run.last, now));
        if step > 0 {
            counts.tally.step_us.saturating_record(micros(since));
        }
        run.performed[step] += 1;
    }

    /// Listens to what becomes durable until the engine is gone.
    pub(crate) async fn listen(self: Arc<Self>, mut changes: broadcast::Receiver<InstanceId>) {
        loop {
            match changes.recv().await {
                Ok(id) => self.changed(&id),
                Err(broadcast::error::RecvError::Closed) => return,
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    panic!("the listener missed {missed} changes; the counts would be wrong")
                }
            }
        }
    }

    fn changed(&self, id: &InstanceId) {
        let counts = &mut *self.counts();
        let Some(run) = counts.runs.get_mut(id) else {
            return;
        };
        run.changes += 1;
        match run.changes {
            1 => counts.tally.births += 1,
            _ => counts.tally.steps += 1,
        }
        if run.changes <= STEPS {
            return;
        }
        assert_eq!(run.performed, [1; STEPS], "each step of {id} runs once");
        counts
            .tally
            .run_us
            .saturating_record(micros(run.asked.elapsed()));
        if let Some(ended) = counts.runs.remove(id).and_then(|run| run.ended) {
            // The client may have left at the end of the measurement.
            ended.send(()).ok();
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap()
    }
}

fn micros(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
