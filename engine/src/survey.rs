//! What this process's tables make of the instances that a store holds: read, migrated, left to a
//! newer process, or no longer known. Told before a deploy, and judged at every start.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::documents::Draft;
use crate::engine::Engine;
use crate::instance::{InstanceId, Record, SubjectId};
use crate::ledger::{EngineError, Ledger};
use crate::seal::SealError;
use crate::store::{Expected, Filter, PageOrder};
use crate::workflow::{CommandOf, Letter, StateOf, Workflow};

/// The space of documents that remember the tables which last ran over the store.
const SPACE: &str = "definitions";

/// Records looked at between two pauses for other work.
const PAGE: usize = 500;

/// Instances named for each line: enough to look at, few enough to read.
const SAMPLES_MAX: usize = 3;

/// What becomes of an instance under this process's tables.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "fate", rename_all = "snake_case")]
pub enum Fate {
    /// It is read as it stands.
    Current,
    /// An older definition wrote it; loading it migrates it.
    Migrated {
        /// The state it will be in.
        state: String,
        /// The command it will owe.
        owes: Option<String>,
    },
    /// A newer definition wrote it; this process leaves it alone.
    Newer,
    /// This process does not run its workflow, and leaves it alone.
    UnknownWorkflow,
    /// Its facts do not open: erased on purpose, or sealed under a key that is missing here.
    Sealed {
        /// Why.
        why: String,
    },
    /// The table no longer knows its state or the command it owes, or its facts do not fit, and no
    /// migration says what became of them.
    Refused {
        /// What is not known.
        why: String,
    },
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Current => f.write_str("read as it stands"),
            Self::Migrated { state, owes: None } => write!(f, "migrated to {state}"),
            Self::Migrated {
                state,
                owes: Some(owes),
            } => write!(f, "migrated to {state}, owing {owes}"),
            Self::Newer => f.write_str("left alone: written by a newer definition"),
            Self::UnknownWorkflow => f.write_str("left alone: no such workflow in this process"),
            Self::Sealed { why } => write!(f, "not opened: {why}"),
            Self::Refused { why } => write!(f, "refused: {why}"),
        }
    }
}

/// Instances that have workflow, definition, state, owed command and fate in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Affected {
    /// Their workflow.
    pub workflow: String,
    /// The version of the definition that wrote them.
    pub definition: u32,
    /// Their state, as stored.
    pub state: String,
    /// The command they owe, as stored.
    pub owes: Option<String>,
    /// What becomes of them here.
    #[serde(flatten)]
    pub fate: Fate,
    /// How many there are.
    pub count: u64,
    /// How many of them have not ended.
    pub live: u64,
    /// A few of them.
    pub samples: Vec<InstanceId>,
}

impl fmt::Display for Affected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}: {} in {}",
            self.workflow, self.definition, self.count, self.state
        )?;
        if let Some(owes) = &self.owes {
            write!(f, " owing {owes}")?;
        }
        write!(f, ", {} live: {} (", self.live, self.fate)?;
        for (at, sample) in self.samples.iter().enumerate() {
            write!(f, "{}{sample}", if at == 0 { "" } else { ", " })?;
        }
        let more = self.count > self.samples.len() as u64;
        f.write_str(if more { ", …)" } else { ")" })
    }
}

/// What a record has in common with others in a survey.
type Cell = (String, u32, String, Option<String>, Fate);

/// What this process's tables make of every instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Survey {
    /// One line for all that have everything but their id in common.
    pub lines: Vec<Affected>,
}

impl Survey {
    /// What keeps this process from starting.
    pub fn refused(&self) -> impl Iterator<Item = &Affected> {
        let refused = |line: &&Affected| matches!(line.fate, Fate::Refused { .. });
        self.lines.iter().filter(refused)
    }

    /// What is not read as it stands.
    pub fn changed(&self) -> impl Iterator<Item = &Affected> {
        self.lines.iter().filter(|line| line.fate != Fate::Current)
    }
}

/// Why a process does not begin to run.
#[derive(Debug, Error)]
pub enum BeginError {
    /// Deploy a version that knows these states and commands, or that migrates them.
    #[error("this version does not know what is stored: {}", list(.0))]
    Refused(Survey),
    /// The store did not answer.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

fn list(survey: &Survey) -> String {
    let lines: Vec<String> = survey.refused().map(ToString::to_string).collect();
    lines.join("; ")
}

/// The alphabet of a table, by which a changed one is noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Alphabet {
    definition: u32,
    states: Vec<String>,
    commands: Vec<String>,
}

impl Alphabet {
    pub(crate) fn of<W: Workflow>() -> Self {
        Self {
            definition: W::VERSION,
            states: names::<StateOf<W>>(),
            commands: names::<CommandOf<W>>(),
        }
    }

    pub(crate) fn longest_name(&self) -> usize {
        let names = self.states.iter().chain(&self.commands);
        names.map(String::len).max().unwrap_or(0)
    }

    fn knows(&self, state: &str) -> bool {
        self.states.iter().any(|known| known == state)
    }
}

fn names<L: Letter>() -> Vec<String> {
    let letters = L::VARIANTS.iter();
    letters.map(|letter| letter.name().to_owned()).collect()
}

/// What becomes of one record of this workflow.
pub(crate) async fn judge<W: Workflow>(
    ledger: &Ledger,
    record: Record,
) -> Result<Fate, EngineError> {
    if record.definition == W::VERSION {
        let unknown = |what: &str, name: &str| Fate::Refused {
            why: format!("unknown {what} {name}"),
        };
        if record.state.parse::<StateOf<W>>().is_err() {
            return Ok(unknown("state", &record.state));
        }
        let owed = record.owes.as_deref();
        if let Some(lost) = owed.filter(|name| name.parse::<CommandOf<W>>().is_err()) {
            return Ok(unknown("command", lost));
        }
        if record.erased_at.is_some() {
            return Ok(Fate::Current);
        }
    }
    match ledger.open::<W>(record).await {
        Ok(instance) if instance.migrated.is_none() => Ok(Fate::Current),
        Ok(instance) => Ok(Fate::Migrated {
            state: instance.record.state,
            owes: instance.record.owes,
        }),
        Err(EngineError::Newer { .. }) => Ok(Fate::Newer),
        Err(EngineError::Unreadable { why, .. }) => Ok(Fate::Refused { why }),
        Err(EngineError::Seal(SealError::Store(cause))) => {
            Err(EngineError::Seal(SealError::Store(cause)))
        }
        Err(EngineError::Seal(why)) => Ok(Fate::Sealed {
            why: why.to_string(),
        }),
        Err(other) => Err(other),
    }
}

impl Engine {
    /// Looks at every instance in the store; nothing is changed.
    pub async fn survey(&self) -> Result<Survey, EngineError> {
        let mut cells: BTreeMap<Cell, Affected> = BTreeMap::new();
        let mut page = PageOrder {
            limit: PAGE,
            after: None,
        };
        loop {
            let found = self.find(&Filter::default(), &page).await?;
            for record in found.items {
                let fate = self.fate(&record).await?;
                count(&mut cells, record, fate);
            }
            tokio::task::yield_now().await;
            match found.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        let lines = cells.into_values().collect();
        Ok(Survey { lines })
    }

    /// Refuses to go on over instances that this process does not know how to read; to be called
    /// before anything runs. Looks at every record when a table has changed since the last start,
    /// when the tally names a state that is not known, or when most of the newest do not fit.
    /// Waits that were reckoned by a clock that has been set back since are set right.
    pub async fn begin(&self) -> Result<Survey, BeginError> {
        let survey = self.judge_tables().await?;
        self.set_waits_right().await?;
        Ok(survey)
    }

    async fn judge_tables(&self) -> Result<Survey, BeginError> {
        let changed = self.changed_tables().await?;
        if changed.is_empty()
            && self.all_states_are_known().await?
            && self.most_of_the_newest_fit().await?
        {
            return Ok(Survey::default());
        }
        let survey = self.survey().await?;
        if survey.refused().next().is_some() {
            return Err(BeginError::Refused(survey));
        }
        for line in survey.changed() {
            tracing::warn!(%line, "instances that are not read as they stand");
        }
        for (workflow, known) in changed {
            self.remember_table(workflow, known).await?;
        }
        Ok(survey)
    }

    async fn fate(&self, record: &Record) -> Result<Fate, EngineError> {
        match self.registry().get(&record.workflow) {
            Some(running) => running.judge(self.ledger(), record.clone()).await,
            None => Ok(Fate::UnknownWorkflow),
        }
    }

    /// Workflows whose table is another than at the last start, with the version of what is
    /// remembered of it.
    async fn changed_tables(&self) -> Result<Vec<(&'static str, Option<u64>)>, EngineError> {
        let mut changed = Vec::new();
        for (workflow, running) in self.registry().all() {
            let known = self.documents().get::<Alphabet>(SPACE, workflow).await?;
            let version = known.as_ref().map(|known| known.version);
            if known.is_none_or(|known| known.body != running.alphabet()) {
                changed.push((workflow, version));
            }
        }
        Ok(changed)
    }

    async fn all_states_are_known(&self) -> Result<bool, EngineError> {
        let tally = self.tally().await?;
        Ok(tally.iter().all(|(cell, _)| {
            let running = self.registry().get(&cell.workflow);
            running.is_some_and(|running| running.alphabet().knows(&cell.state))
        }))
    }

    /// Whether facts are what they were, though no table tells: one instance that does not fit is
    /// parked when its turn comes, but most of them are a version that must not run.
    async fn most_of_the_newest_fit(&self) -> Result<bool, EngineError> {
        let page = PageOrder {
            limit: PAGE,
            after: None,
        };
        let mut cells = BTreeMap::new();
        for record in self.find(&Filter::default(), &page).await?.items {
            let fate = self.fate(&record).await?;
            count(&mut cells, record, fate);
        }
        let lines = cells.into_values().collect();
        let newest = Survey { lines };
        let workflows = self.registry().names();
        Ok(workflows.into_iter().all(|workflow| {
            let of_it = |line: &&Affected| line.workflow == workflow;
            let total: u64 = newest
                .lines
                .iter()
                .filter(of_it)
                .map(|line| line.count)
                .sum();
            let refused: u64 = newest.refused().filter(of_it).map(|line| line.count).sum();
            refused * 2 <= total
        }))
    }

    async fn remember_table(
        &self,
        workflow: &'static str,
        known: Option<u64>,
    ) -> Result<(), EngineError> {
        let Some(running) = self.registry().get(workflow) else {
            return Ok(());
        };
        let documents = self.documents();
        let draft = Draft {
            space: SPACE,
            key: workflow,
            subject: &SubjectId::of_definitions(),
            expected: known.map_or(Expected::Absent, Expected::Version),
            body: &running.alphabet(),
            expires_at: None,
        };
        match documents.write(documents.seal(draft).await?).await {
            // Another process started at the same moment and wrote what it knows.
            Ok(()) | Err(EngineError::DocumentMoved { .. }) => Ok(()),
            Err(other) => Err(other),
        }
    }
}

fn count(cells: &mut BTreeMap<Cell, Affected>, record: Record, fate: Fate) {
    let cell = (
        record.workflow.clone(),
        record.definition,
        record.state.clone(),
        record.owes.clone(),
        fate.clone(),
    );
    let line = cells.entry(cell).or_insert_with(|| Affected {
        workflow: record.workflow,
        definition: record.definition,
        state: record.state,
        owes: record.owes,
        fate,
        count: 0,
        live: 0,
        samples: Vec::new(),
    });
    line.count += 1;
    line.live += u64::from(!record.ended);
    if line.samples.len() < SAMPLES_MAX {
        line.samples.push(record.id);
    }
}
