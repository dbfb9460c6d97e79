//! A closed loop of clients: each asks for a run, waits for its durable end, and asks again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::machine;
use crate::six::{Facts, STEPS};
use crate::stage::{Stage, id_of};

/// Before anything is counted: caches fill, the group finds its size.
const WARM_UP: Duration = Duration::from_secs(1);

/// What a run knows from birth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bare,
    Labeled,
}

impl Kind {
    pub(crate) fn facts(self, number: u64) -> Facts {
        match self {
            Self::Bare => Facts::bare(),
            Self::Labeled => Facts::labeled(number),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Labeled => "labels",
        }
    }
}

/// What one measurement came to.
pub(crate) struct Figures {
    pub(crate) steps_per_s: f64,
    pub(crate) step_us: Histogram<u64>,
    pub(crate) run_us: Histogram<u64>,
    pub(crate) cpu_ms_per_run: f64,
    /// Changes, births among them, per group that was synced.
    pub(crate) group: f64,
    /// Births are not counted.
    pub(crate) commits_per_step: f64,
    pub(crate) syncs_per_step: f64,
}

impl Figures {
    pub(crate) fn cpu_us_per_step(&self) -> f64 {
        self.cpu_ms_per_run * 1_000.0 / float(STEPS as u64)
    }
}

/// Numbers that no run of this process had before.
pub(crate) struct Numbers(AtomicU64);

impl Numbers {
    pub(crate) fn from(first: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(first)))
    }

    pub(crate) fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }

    /// The next number, unless all below the end are given out.
    pub(crate) fn next_below(&self, end: u64) -> Option<u64> {
        let next = |number| (number < end).then_some(number + 1);
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        taken.ok()
    }
}

/// Drives so many clients for so long and counts what was durable meanwhile.
pub(crate) async fn drive(
    stage: &Arc<Stage>,
    numbers: &Arc<Numbers>,
    kind: Kind,
    clients: usize,
    span: Duration,
) -> Figures {
    let (stop, stopped) = watch::channel(false);
    let mut under_way = JoinSet::new();
    for _ in 0..clients {
        let (stage, numbers, stopped) = (stage.clone(), numbers.clone(), stopped.clone());
        under_way.spawn(async move {
            while !*stopped.borrow() {
                let number = numbers.next();
                let end = stage.world.expect(id_of(number));
                stage.create(number, kind.facts(number)).await;
                end.await.unwrap();
            }
        });
    }
    tokio::time::sleep(WARM_UP).await;
    drop(stage.world.take());
    let (began, cpu, stats) = (Instant::now(), machine::cpu(), stage.store.stats());
    tokio::time::sleep(span).await;
    let counted = stage.world.take();
    let (took, cpu_after, stats_after) = (began.elapsed(), machine::cpu(), stage.store.stats());
    stop.send_replace(true);
    while let Some(ended) = under_way.join_next().await {
        ended.unwrap();
    }
    let cpu_ms = cpu_after.saturating_sub(cpu).as_secs_f64() * 1_000.0;
    let commits = float(stats_after.commits - stats.commits);
    let steps = float(counted.steps);
    let runs = steps / float(STEPS as u64);
    Figures {
        steps_per_s: steps / took.as_secs_f64(),
        step_us: counted.step_us,
        run_us: counted.run_us,
        cpu_ms_per_run: cpu_ms / runs,
        group: commits / float(stats_after.groups - stats.groups).max(1.0),
        commits_per_step: (commits - float(counted.births)) / steps,
        syncs_per_step: float(stats_after.syncs - stats.syncs) / steps,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of one bench are far below 2^52"
)]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}
