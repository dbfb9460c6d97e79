//! Many lives, as many at a time as there are processors, each decided by its seed.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZero;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::faults::{Faults, Trouble};
use super::life::{Life, Lived, Plan};
use super::scenario::Scenario;
use crate::store::Store;
use crate::testing::MemoryStore;

/// The last lines of a failed life that are shown.
const LINES_SHOWN: usize = 60;

type OpenStore = Arc<dyn Fn() -> Arc<dyn Store> + Send + Sync>;

/// Lives a scenario as often as wanted.
pub struct Simulation<S: Scenario> {
    scenario: Arc<S>,
    faults: Faults,
    store: OpenStore,
}

/// What many lives came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Lives that were lived.
    pub lives: u64,
    /// Instances that were born in them.
    pub instances: u64,
    /// Commits that were asked for.
    pub commits: u64,
    /// Things that happened.
    pub happenings: u64,
    /// Which faults struck, and how often.
    pub faults: BTreeMap<&'static str, u64>,
}

impl Summary {
    fn and(mut self, other: Self) -> Self {
        self.lives += other.lives;
        self.instances += other.instances;
        self.commits += other.commits;
        self.happenings += other.happenings;
        for (fault, strikes) in other.faults {
            *self.faults.entry(fault).or_default() += strikes;
        }
        self
    }
}

/// A life in which a promise was broken.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Which scenario.
    pub scenario: &'static str,
    /// The life, with its lines.
    pub lived: Lived,
}

impl<S: Scenario> Simulation<S> {
    /// Every fault now and then, over the reference store.
    pub fn of(scenario: S) -> Self {
        Self {
            scenario: Arc::new(scenario),
            faults: Faults::ALL,
            store: Arc::new(|| Arc::new(MemoryStore::default())),
        }
    }

    /// With these faults instead.
    #[must_use]
    pub fn with(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Over another store: a new, empty one for each life, which answers without waiting.
    #[must_use]
    pub fn over(mut self, open: impl Fn() -> Arc<dyn Store> + Send + Sync + 'static) -> Self {
        self.store = Arc::new(open);
        self
    }

    /// The scenario's name.
    pub fn name(&self) -> &'static str {
        self.scenario.name()
    }

    /// Lives one life and keeps its lines. The same seed lives the same life.
    ///
    /// It blocks its thread and must not be called from within a runtime.
    pub fn life(&self, seed: u64) -> Lived {
        self.lived(Plan {
            seed,
            faults: self.faults,
            trouble: Trouble::None,
            kept: true,
        })
    }

    /// Lives one life after the other on every processor; of those in which a promise is broken,
    /// the one of the lowest seed is answered.
    pub fn lives(&self, seeds: Range<u64>) -> Result<Summary, Box<Failure>> {
        let (next, broken) = (AtomicU64::new(seeds.start), AtomicU64::new(u64::MAX));
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        let summary = thread::scope(|scope| {
            let live = || self.some_lives(&next, seeds.end, &broken);
            let threads: Vec<_> = (0..processors).map(|_| scope.spawn(live)).collect();
            let parts = threads.into_iter().map(|thread| {
                let part = thread.join();
                part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            parts.fold(Summary::default(), Summary::and)
        });
        match broken.into_inner() {
            u64::MAX => Ok(summary),
            seed => Err(Box::new(Failure {
                scenario: self.name(),
                // Lived again, for its lines.
                lived: self.life(seed),
            })),
        }
    }

    /// Takes the next seed as long as no lower one is known to be broken.
    fn some_lives(&self, next: &AtomicU64, end: u64, broken: &AtomicU64) -> Summary {
        let mut summary = Summary::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end || seed > broken.load(Ordering::Relaxed) {
                return summary;
            }
            let lived = self.lived(Plan {
                seed,
                faults: self.faults,
                trouble: Trouble::None,
                kept: false,
            });
            if !lived.complaints.is_empty() {
                broken.fetch_min(seed, Ordering::Relaxed);
            }
            summary = summary.and(Summary {
                lives: 1,
                instances: lived.instances as u64,
                commits: lived.commits as u64,
                happenings: lived.trace.count(),
                faults: lived.faults,
            });
        }
    }

    /// A life in which one thing goes wrong, and nothing else.
    pub(crate) fn life_with(&self, trouble: Trouble) -> Lived {
        self.lived(Plan {
            seed: 0,
            faults: Faults::NONE,
            trouble,
            kept: true,
        })
    }

    fn lived(&self, plan: Plan) -> Lived {
        let store = (self.store)();
        let runtime = tokio::runtime::Builder::new_current_thread()
            // One look around runs everything that can run, however much it is.
            .event_interval(u32::MAX)
            .build()
            .expect("a runtime without drivers needs nothing");
        runtime.block_on(Life::live(Arc::clone(&self.scenario), store, plan))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.lived.trace.lines();
        for line in &lines[lines.len().saturating_sub(LINES_SHOWN)..] {
            writeln!(f, "  {line}")?;
        }
        writeln!(f, "seed {} of {}:", self.lived.seed, self.scenario)?;
        for complaint in &self.lived.complaints {
            writeln!(f, "  {complaint}")?;
        }
        Ok(())
    }
}
