//! What an operator's hand may do to an instance, and what comes of trying.
//!
//! Values only: carrying them out is `intervene`'s, and what they mean is the workflow's.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::instance::{Actor, Reason};
use crate::ledger::EngineError;
use crate::offers::WrongField;
use crate::preview::Preview;
use crate::store::PutDocument;

/// Fields of an act as they were sent.
pub type Fields = Map<String, Value>;

/// What an operator's hand does to one instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Perform the owed command now, with all its tries again.
    RetryNow,
    /// Perform no command until resumed. Events are still heard and deadlines still pass.
    Pause,
    /// Go on after a pause.
    Resume,
    /// Call it off, as the workflow says.
    Cancel {
        /// Take back first what can be taken back.
        undo: bool,
    },
    /// Begin again at an earlier milestone.
    Rewind {
        /// The milestone's name.
        to: String,
    },
    /// Let it hear an event that the workflow takes from operators.
    Submit {
        /// The event's name among the offers.
        event: String,
        /// What the event needs.
        fields: Fields,
    },
    /// Change facts that the workflow lets operators change.
    Edit {
        /// The new values; what is not named stays.
        fields: Fields,
    },
}

impl Act {
    /// The act's name in addresses, journals and audits.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RetryNow => "retry_now",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Cancel { .. } => "cancel",
            Self::Rewind { .. } => "rewind",
            Self::Submit { .. } => "submit",
            Self::Edit { .. } => "edit",
        }
    }
}

/// An act with who does it and why.
#[derive(Clone, Debug)]
pub struct Intervention {
    /// What is done.
    pub act: Act,
    /// By whom.
    pub actor: Actor,
    /// Why; it goes into the journal.
    pub reason: Reason,
    /// The same for a double click: a repeat is answered and not carried out.
    pub operation: Option<String>,
    /// The version that a preview was computed from; another one refuses the act.
    pub expected: Option<u64>,
    /// Written with the act or not at all, such as a line of an audit.
    pub documents: Vec<PutDocument>,
}

impl Intervention {
    /// An act upon whatever version stands.
    pub fn new(act: Act, actor: Actor, reason: Reason) -> Self {
        Self {
            act,
            actor,
            reason,
            operation: None,
            expected: None,
            documents: Vec::new(),
        }
    }
}

/// An act that came about.
#[derive(Clone, Debug, PartialEq)]
pub enum Intervened {
    /// It was carried out, and this is what it did.
    Done(Preview),
    /// The same operation was carried out before; nothing was done now.
    Repeated,
}

/// Why an act was not carried out.
#[derive(Debug, Error)]
pub enum ActError {
    /// It cannot be as things stand: tell whoever asked why.
    #[error("{}", .0.text)]
    NotPossible(Reason),
    /// These fields have to be mended.
    #[error("fields cannot be taken as they were sent")]
    WrongFields(Vec<WrongField>),
    /// It has moved since the preview: look again.
    #[error("it has moved to version {0} since the preview")]
    Moved(u64),
    /// The operation's id was used for another act: take a fresh one.
    #[error("the operation was another act: {0}")]
    OperationReused(String),
    /// The engine could not do it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}
