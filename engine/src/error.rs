//! Why the engine could not do what it was asked: each variant says what the caller does next.

use thiserror::Error;

use crate::decide::Refusal;
use crate::instance::{InstanceId, Label, Record, SubjectId};
use crate::seal::SealError;
use crate::store::StoreError;

/// Why the engine could not do what it was asked.
#[derive(Debug, Error)]
pub enum EngineError {
    /// There is no such instance.
    #[error("no instance {0}")]
    NotFound(InstanceId),
    /// It exists already: whatever asked for it was done before.
    #[error("instance {0} exists already")]
    Exists(InstanceId),
    /// A child was to be born under an id that is another's: derive the id from its own parent.
    #[error("a child was to be born as {0}, and that is another's id")]
    ChildExists(InstanceId),
    /// The table has no such move: tell whoever asked which state it is in.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It was put away and hears nothing any more: it can only be read.
    #[error("instance {0} was archived")]
    Archived(InstanceId),
    /// Its subject's data cannot be erased while it is live: end it first.
    #[error("instance {0} is still live")]
    StillLive(InstanceId),
    /// What belongs to the installation itself is never erased, and no instance is named for it.
    #[error("{0} belongs to the installation itself and cannot be erased")]
    NotErasable(SubjectId),
    /// Another instance holds a label that must be unique.
    #[error("the label {}={} is taken by another instance", .0.name, .0.value)]
    LabelTaken(Label),
    /// A document was written by someone else first: read it again.
    #[error("the document {space}/{key} has moved")]
    DocumentMoved {
        /// The space it is in.
        space: String,
        /// Its key.
        key: String,
    },
    /// More than can be stored: ask for less.
    #[error("too large to store: {0}")]
    TooLarge(String),
    /// The claim on the task is no longer ours.
    #[error("the lease on the task was lost")]
    LeaseLost,
    /// Writers kept overtaking each other: try again later.
    #[error("too many writers at once on {0}")]
    Contended(InstanceId),
    /// The definition in this process cannot read the record: an operator must look.
    #[error("the record of {id} cannot be read: {why}")]
    Unreadable {
        /// The instance.
        id: InstanceId,
        /// What is wrong with it.
        why: String,
    },
    /// A newer process wrote it: leave it to that one, or update this one.
    #[error(
        "{id} was written under definition {definition} of {workflow}, newer than this process"
    )]
    Newer {
        /// The instance.
        id: InstanceId,
        /// Its workflow.
        workflow: String,
        /// The definition that wrote it.
        definition: u32,
    },
    /// This process does not run the workflow: add it before the engine is built.
    #[error("no workflow {0} in this process")]
    UnknownWorkflow(String),
    /// The store did not answer.
    #[error("the store did not answer")]
    Store(#[from] StoreError),
    /// Sealed data could not be opened or sealed.
    #[error("sealed data")]
    Seal(#[from] SealError),
}

impl EngineError {
    /// Whether this process cannot open the facts of an instance: an operator must look.
    pub fn is_unreadable(&self) -> bool {
        matches!(
            self,
            Self::Unreadable { .. }
                | Self::Seal(SealError::UnknownMasterKey(_) | SealError::Altered)
        )
    }

    /// The code of an error that comes again however often the same is tried; nothing for one that
    /// may pass.
    pub(crate) fn lasting(&self) -> Option<&'static str> {
        match self {
            Self::LabelTaken(_) => Some("label_taken"),
            Self::TooLarge(_) => Some("too_large"),
            Self::ChildExists(_) => Some("child_exists"),
            Self::UnknownWorkflow(_) => Some("unknown_workflow"),
            Self::Unreadable { .. } | Self::Store(StoreError::Corrupt(_)) => Some("unreadable"),
            Self::Seal(SealError::UnknownMasterKey(_) | SealError::Altered) => Some("sealed"),
            _ => None,
        }
    }

    /// The refusal of a record that only a newer process reads.
    pub(crate) fn newer(record: &Record) -> Self {
        Self::Newer {
            id: record.id.clone(),
            workflow: record.workflow.clone(),
            definition: record.definition,
        }
    }
}
