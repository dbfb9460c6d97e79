//! How commands are carried out: the outcomes a performer may report, and what each command can bear.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use crate::breaker::Word;
use crate::clock::Timestamp;
use crate::instance::{Actor, InstanceId, Reason, Record};
use crate::ledger::EngineError;
use crate::store::PutDocument;
use crate::workflow::{CommandOf, StateOf, Workflow};

/// What came of performing a command.
#[derive(Clone, Debug)]
pub enum Outcome<E> {
    /// It is done, and this is what was learned.
    Done(E),
    /// It is done, and these documents stand from the same moment on or not at all.
    DoneWith {
        /// What was learned.
        event: E,
        /// To be written with it; left out if the event means nothing by then.
        documents: Vec<PutDocument>,
    },
    /// It is under way; whoever it started will speak later.
    Quiet {
        /// What is awaited.
        why: Reason,
        /// Who can move it.
        mover: Actor,
    },
    /// It failed in a way that may pass: try again.
    Retry {
        /// What failed.
        why: Reason,
        /// Not before this long, if the other side said so.
        after: Option<Duration>,
        /// What to hear when tries run out; `None` parks the instance for an operator.
        otherwise: Option<E>,
    },
    /// Nothing was attempted or a limit was met: wait, and burn no try.
    Wait {
        /// When to look again.
        until: Timestamp,
        /// What is waited for.
        why: Reason,
        /// Who else could move it.
        mover: Actor,
    },
    /// It may have happened: a once-only command is checked before anything else, others are repeated.
    Unknown {
        /// Why nobody knows.
        why: Reason,
    },
    /// A named person must act before it can go on.
    Ask {
        /// Who.
        whom: Actor,
        /// What is asked of them.
        why: Reason,
    },
    /// The outcome inside, and that the dependency itself fails rather than this instance: it counts
    /// against the lane, and while the lane is held it burns no try.
    Down {
        /// What the dependency fails with.
        why: Reason,
        /// What came of it for this instance.
        outcome: Box<Self>,
    },
}

impl<E> Outcome<E> {
    /// The same outcome, blamed on the dependency.
    #[must_use]
    pub fn blamed_on_lane(self, why: Reason) -> Self {
        Self::Down {
            why,
            outcome: Box::new(self),
        }
    }

    /// The outcome for the instance, and what it tells of the dependency. One that was done shows
    /// that the dependency works; one that nobody answered, that it does not.
    pub(crate) fn apart(self) -> (Self, Word) {
        match self {
            Self::Down { why, outcome } => (outcome.apart().0, Word::Fails(why)),
            Self::Done(event) => (Self::Done(event), Word::Works),
            Self::DoneWith { event, documents } => {
                (Self::DoneWith { event, documents }, Word::Works)
            }
            Self::Unknown { why } => (Self::Unknown { why: why.clone() }, Word::Fails(why)),
            other => (other, Word::Silent),
        }
    }
}

/// What a command's own check found out about an attempt whose outcome was not known.
#[derive(Clone, Debug)]
pub enum Finding<E> {
    /// It had happened, and this is what was learned.
    Happened(E),
    /// It had not happened: perform it again.
    DidNotHappen(Reason),
    /// Still nobody knows: check again later.
    NotKnown {
        /// Why not.
        why: Reason,
        /// Not before this long, if the other side said so.
        after: Option<Duration>,
    },
    /// A named person must find out; their retry says that it did not happen.
    Ask {
        /// Who.
        whom: Actor,
        /// What is asked of them.
        why: Reason,
    },
}

impl<E> Finding<E> {
    /// What a check found that can tell: it happened and this was learned, or it did not happen.
    pub fn happened_if(happened: bool, event: E) -> Self {
        if happened {
            return Self::Happened(event);
        }
        Self::DidNotHappen(Reason::new(
            "did_not_happen",
            "the check found no trace of it",
        ))
    }
}

/// How a command bears being performed when it had already happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// Doing it again changes nothing.
    Repeatable,
    /// The performer looks first whether it already happened.
    Checked,
    /// An intent is made durable first; an intent without an outcome is checked, never repeated blindly.
    Once,
}

/// How long and how often to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// At most this many.
    pub attempts: u32,
    /// The span of the first pause; later ones double up to `longest`, with full jitter.
    pub first: Duration,
    /// No pause is longer.
    pub longest: Duration,
    /// Past this span from the first failed try no other follows. Waits and the time for which the
    /// lane was held do not count.
    pub within: Option<Duration>,
}

/// No pause is shorter than the first span divided by this: full jitter may draw next to nothing, and
/// a try on the heels of another is wasted.
const FLOOR: u32 = 10;

impl Default for Tries {
    /// Ten, one second apart at first and five minutes at last.
    fn default() -> Self {
        Self {
            attempts: 10,
            first: Duration::from_secs(1),
            longest: Duration::from_mins(5),
            within: None,
        }
    }
}

impl Tries {
    /// The pause after so many failed tries, with full jitter: uniformly drawn from the whole doubled
    /// span above a small floor, so that instances that failed together do not come back together.
    pub fn pause(&self, failed: u32) -> Duration {
        let doubled = self
            .first
            .saturating_mul(1_u32.checked_shl(failed.min(20)).unwrap_or(u32::MAX));
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let span = millis(doubled.min(self.longest)).max(1);
        let floor = millis(self.first / FLOOR).min(span);
        Duration::from_millis(fastrand::u64(floor..=span))
    }

    /// The pause before an attempt is looked for again, with full jitter: as long at most as it has
    /// been looked for already, within the first span and the longest.
    pub(crate) fn pause_of_looks(&self, looked_for: Duration) -> Duration {
        let least = self.first / FLOOR;
        let span = looked_for.clamp(self.first, self.longest.max(self.first));
        least + span.saturating_sub(least).mul_f64(fastrand::f64())
    }

    /// Whether tries that began then have taken long enough.
    pub(crate) fn are_over(&self, began: Option<Timestamp>, now: Timestamp) -> bool {
        let limit = began.zip(self.within);
        limit.is_some_and(|(began, within)| now.since(began) >= within)
    }
}

/// How one command is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conduct {
    /// The dependency it uses; a closed lane holds back its tasks and no others.
    pub lane: String,
    /// What it can bear.
    pub care: Care,
    /// How often to try.
    pub tries: Tries,
    /// One try may last this long; past it the outcome is unknown.
    pub limit: Duration,
    /// Run at once by whoever committed the cause, ahead of every queue.
    pub express: bool,
}

impl Default for Conduct {
    /// Repeatable, with the usual tries of half a minute each, in a lane shared by all that say no more.
    fn default() -> Self {
        Self {
            lane: "work".to_owned(),
            care: Care::Repeatable,
            tries: Tries::default(),
            limit: Duration::from_secs(30),
            express: false,
        }
    }
}

impl Conduct {
    /// The usual conduct with this care.
    pub fn of(care: Care) -> Self {
        Self {
            care,
            ..Self::default()
        }
    }
}

/// A command to perform, with what the instance knows.
#[derive(Clone, Debug)]
pub struct Job<W: Workflow> {
    /// The instance.
    pub id: InstanceId,
    /// The state it is in.
    pub state: StateOf<W>,
    /// What it knows.
    pub facts: W::Facts,
    /// Tries that were made and failed.
    pub attempt: u32,
    /// When this try began.
    pub now: Timestamp,
    /// The record, for its labels, subject and parent.
    pub record: Record,
}

/// A change of an instance that is about to be written.
#[derive(Debug)]
pub struct Moved<'a, W: Workflow> {
    /// The record before, or nothing at birth.
    pub before: Option<&'a Record>,
    /// The facts before, or nothing at birth.
    pub facts_before: Option<&'a W::Facts>,
    /// The record as it will stand.
    pub after: &'a Record,
    /// The facts as they will stand.
    pub facts: &'a W::Facts,
    /// The state as it will stand.
    pub state: StateOf<W>,
    /// What the journal will say.
    pub what: &'a str,
}

/// An instance to be born in the same change as its cause.
#[derive(Clone, Debug)]
pub struct Birth {
    /// The workflow it runs.
    pub workflow: &'static str,
    /// Its id, derived from the cause so that a repeat makes no second child.
    pub id: InstanceId,
    /// Its facts, as the workflow serializes them. They are sealed for the parent's subject.
    pub facts: serde_json::Value,
}

/// Performs a workflow's commands. It says what came of them and decides nothing.
#[async_trait]
pub trait Executor<W: Workflow>: Send + Sync + 'static {
    /// Carries the command out.
    async fn perform(&self, command: CommandOf<W>, job: &Job<W>) -> Outcome<W::Event>;

    /// Finds out whether an attempt with unknown outcome happened.
    /// Asks an operator unless the command has a check of its own.
    async fn check(&self, command: CommandOf<W>, _job: &Job<W>) -> Finding<W::Event> {
        let name: &'static str = command.into();
        Finding::Ask {
            whom: Actor::Operator,
            why: Reason::new(
                "outcome_unknown",
                format!("an attempt at {name} was announced and its outcome is not known"),
            ),
        }
    }

    /// The children to be born with this change, such as notices of it.
    async fn children(&self, _moved: &Moved<'_, W>) -> Result<Vec<Birth>, EngineError> {
        Ok(Vec::new())
    }
}

impl fmt::Display for Care {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Repeatable => "repeatable",
            Self::Checked => "checked",
            Self::Once => "once",
        })
    }
}
