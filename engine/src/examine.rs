//! One history held against its links, its record and the last root. It reads and judges; it mends
//! nothing.

use serde::{Deserialize, Serialize};

use crate::archive;
use crate::chain::{Chain, Mac};
use crate::instance::{Entry, InstanceId, Record};
use crate::roots::Leaf;
use crate::store::{Store, StoreError};

/// Lines read between two looks at anything else.
const LINES_AT_ONCE: usize = 200;

/// How often an instance that moves while it is looked at is looked at again.
const LOOKS_MAX: usize = 4;

/// What is wrong with a history or a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A line is not what was written, or belongs elsewhere.
    LineAltered,
    /// A line is missing, or lines changed places.
    LineOutOfPlace,
    /// Lines that were there are gone from the end.
    HistoryCut,
    /// The record is older than its history, or not the one that belongs to it.
    RecordRolledBack,
    /// The record's state is not where its history leads.
    StateAltered,
    /// An instance that a root lists is gone.
    InstanceMissing,
    /// A root, or what it lists, is missing or not what was written.
    RootAltered,
    /// The key of histories is gone or does not open: nothing can be proved.
    KeyMissing,
}

/// Something that a check found, named so that an operator can look at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discrepancy {
    /// The instance it is about, if it is about one.
    pub instance: Option<InstanceId>,
    /// What kind of thing it is.
    pub fault: Fault,
    /// One sentence with numbers.
    pub text: String,
}

impl Discrepancy {
    pub(crate) fn of(instance: &InstanceId, fault: Fault, text: String) -> Self {
        Self {
            instance: Some(instance.clone()),
            fault,
            text,
        }
    }

    pub(crate) fn of_roots(fault: Fault, text: String) -> Self {
        Self {
            instance: None,
            fault,
            text,
        }
    }
}

/// How much of a history is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// From its first line.
    Whole,
    /// What was written since the last root.
    SinceRoot,
}

/// What looking at one history came to.
#[derive(Default)]
pub(crate) struct Examined {
    pub(crate) lines: u64,
    /// Lines from before there were links.
    pub(crate) unlinked: u64,
    /// The highest root that a line names.
    pub(crate) root: u64,
    pub(crate) found: Vec<Discrepancy>,
}

/// Looks at one history; one that moves meanwhile is looked at again.
pub(crate) async fn examine(
    store: &dyn Store,
    chain: &Chain,
    mut record: Record,
    leaf: Option<&Leaf>,
    depth: Depth,
) -> Result<(Record, Examined), StoreError> {
    let mut examined = look(store, chain, &record, leaf, depth).await?;
    for _ in 1..LOOKS_MAX {
        if examined.found.is_empty() {
            break;
        }
        let Some(now) = store.load(&record.id).await? else {
            break;
        };
        if now.version == record.version {
            break;
        }
        record = now;
        examined = look(store, chain, &record, leaf, depth).await?;
    }
    Ok((record, examined))
}

/// Where a look at a history has come to.
struct Look<'a> {
    chain: &'a Chain,
    record: &'a Record,
    leaf: Option<&'a Leaf>,
    at: u64,
    previous: Option<Mac>,
    state: Option<String>,
    examined: Examined,
}

async fn look(
    store: &dyn Store,
    chain: &Chain,
    record: &Record,
    leaf: Option<&Leaf>,
    depth: Depth,
) -> Result<Examined, StoreError> {
    let start = leaf.filter(|_| depth == Depth::SinceRoot);
    let packed = archive::packed(store, record).await?;
    let condensed = packed.as_ref().filter(|_| start.is_none());
    let mut look = Look {
        chain,
        record,
        leaf,
        at: condensed
            .map(|packed| packed.from - 1)
            .or(start.map(|leaf| leaf.sequence))
            .unwrap_or(0),
        previous: match condensed {
            Some(packed) => packed.base,
            None => start.and_then(|leaf| leaf.head),
        },
        state: None,
        examined: Examined::default(),
    };
    if let Some(leaf) = leaf
        && record.journal < leaf.sequence
    {
        let text = format!(
            "a root lists {} lines, and the record names {}",
            leaf.sequence, record.journal
        );
        look.note(Fault::HistoryCut, text);
        return Ok(look.examined);
    }
    if record.archived_at.is_some() && !packed.is_some_and(|packed| packed.is_whole()) {
        let text = "it was archived, and what was kept of its history is missing or cut";
        look.note(Fault::HistoryCut, text.to_owned());
        return Ok(look.examined);
    }
    loop {
        let lines = archive::history(store, record, look.at, LINES_AT_ONCE).await?;
        let read = lines.len();
        if !lines.iter().all(|line| look.follows(line)) {
            return Ok(look.examined);
        }
        if read < LINES_AT_ONCE {
            break;
        }
    }
    look.ends();
    Ok(look.examined)
}

impl Look<'_> {
    fn note(&mut self, fault: Fault, text: String) {
        let found = Discrepancy::of(&self.record.id, fault, text);
        self.examined.found.push(found);
    }

    /// Whether the line belongs behind those before it.
    fn follows(&mut self, line: &Entry) -> bool {
        let wanted = self.at + 1;
        if line.sequence != wanted {
            let text = format!("line {} stands where line {wanted} belongs", line.sequence);
            self.note(Fault::LineOutOfPlace, text);
            return false;
        }
        match &line.mac {
            None if self.previous.is_none() => self.examined.unlinked += 1,
            Some(mac) if *mac == self.linked(line) => {}
            _ => {
                let text = format!("line {wanted} (`{}`) is not what was written", line.what);
                self.note(Fault::LineAltered, text);
                return false;
            }
        }
        if let Some(leaf) = self.leaf
            && leaf.sequence == wanted
            && leaf.head != line.mac
        {
            let text = format!("line {wanted} is not the one that a root lists");
            self.note(Fault::LineAltered, text);
            return false;
        }
        self.at = wanted;
        self.previous = line.mac;
        self.examined.lines += 1;
        self.examined.root = self.examined.root.max(line.root.unwrap_or(0));
        if let Some(state) = &line.to {
            self.state = Some(state.clone());
        }
        true
    }

    /// The link that the line must have here.
    fn linked(&self, line: &Entry) -> Mac {
        self.chain
            .link(&self.record.id, self.previous.as_ref(), line)
    }

    /// Holds the end of the history against the record.
    fn ends(&mut self) {
        let (named, found) = (self.record.journal, self.at);
        if found < named {
            let text = format!("the record names {named} lines, and the history ends at {found}");
            self.note(Fault::HistoryCut, text);
        } else if found > named {
            let text = format!("the history has {found} lines, and the record names {named}");
            self.note(Fault::RecordRolledBack, text);
        } else if self.previous != self.record.head {
            let text = format!("the record's head is not that of line {named}");
            self.note(Fault::RecordRolledBack, text);
        } else if let Some(state) = self.state.take()
            && state != self.record.state
        {
            let text = format!(
                "it is in {}, and its history led to {state}",
                self.record.state
            );
            self.note(Fault::StateAltered, text);
        }
    }
}
