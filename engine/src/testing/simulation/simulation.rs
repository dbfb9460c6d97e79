//! Many lives, one after the other, each decided by its seed.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

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

    /// Lives one life after the other, up to the first in which a promise is broken.
    pub fn lives(&self, seeds: Range<u64>) -> Result<Summary, Box<Failure>> {
        let mut summary = Summary::default();
        for seed in seeds {
            let lived = self.lived(Plan {
                seed,
                faults: self.faults,
                trouble: Trouble::None,
                kept: false,
            });
            if !lived.complaints.is_empty() {
                return Err(Box::new(Failure {
                    scenario: self.name(),
                    // Lived again, for its lines.
                    lived: self.life(seed),
                }));
            }
            summary.lives += 1;
            summary.instances += lived.instances as u64;
            summary.commits += lived.commits as u64;
            summary.happenings += lived.trace.count();
            for (fault, strikes) in lived.faults {
                *summary.faults.entry(fault).or_default() += strikes;
            }
        }
        Ok(summary)
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
