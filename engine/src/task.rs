//! Tasks: everything that is owed at some moment stands in one due index.
//!
//! A crash, a retry, a timer and the normal path are the same path: a task that comes due.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::instance::{InstanceId, Record};

/// When nothing is due by itself: the last day that RFC 3339 can write.
pub(crate) const FAR_AWAY: Timestamp = Timestamp::from_millis(253_402_214_400_000);

/// What a task asks for when it comes due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Perform the command of this name.
    Command(String),
    /// Look which of the workflow's deadlines have passed.
    Deadline,
    /// Hear that a child came to this state.
    Told {
        /// The child.
        child: InstanceId,
        /// The child's workflow.
        workflow: String,
        /// The state the child ended in.
        state: String,
    },
}

impl Work {
    /// Distinguishes the tasks of one instance: arming the same work again moves it, never doubles it.
    ///
    /// An instance owes one command at a time, so that the next takes the place of the last.
    pub fn key(&self) -> String {
        match self {
            Self::Command(_) => "command".to_owned(),
            Self::Deadline => "deadline".to_owned(),
            Self::Told { child, .. } => format!("told:{child}"),
        }
    }
}

/// Something owed to one instance at one moment. At most one per instance and [`Work::key`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The instance it is owed to.
    pub instance: InstanceId,
    /// What to do.
    pub work: Work,
    /// When to do it.
    pub due: Timestamp,
    /// The instance's visit for which it was armed; of another visit it is stale.
    pub visit: u32,
    /// Which dependency it will use, so that a blocked one does not hold up the rest.
    pub lane: String,
    /// On whose behalf, so that one tenant cannot starve another.
    pub tenant: String,
    /// Tries that were made and failed.
    pub attempt: u32,
    /// When the first try was made, for limits on the whole span of tries.
    pub first_tried: Option<Timestamp>,
    /// Written before records had their doubts: an attempt was announced and its outcome is not known.
    pub intent: bool,
    /// Processes that ended while they performed it, as far as is known when it is armed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost: u32,
    /// The workflow of the instance; empty where whoever armed it could not know.
    #[serde(default)]
    pub workflow: String,
    /// The version of the definition that armed it: older processes leave it alone.
    #[serde(default)]
    pub definition: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Task {
    /// Word of a child's end for its parent, if it has one and has ended.
    pub(crate) fn told(child: &Record, due: Timestamp) -> Option<Self> {
        let parent = child.parent.clone().filter(|_| child.ended)?;
        Some(Self {
            instance: parent,
            work: Work::Told {
                child: child.id.clone(),
                workflow: child.workflow.clone(),
                state: child.state.clone(),
            },
            due,
            visit: 0,
            lane: "told".to_owned(),
            tenant: child.label("tenant").unwrap_or_default().to_owned(),
            attempt: 0,
            first_tried: None,
            intent: false,
            lost: 0,
            // A child does not know what its parent runs.
            workflow: String::new(),
            definition: 0,
        })
    }

    /// Whether it is kept for an operator's retry and is nothing that a command would bring.
    pub(crate) fn is_put_by(&self) -> bool {
        self.due == FAR_AWAY && !matches!(self.work, Work::Command(_))
    }

    /// What identifies it among all tasks.
    pub fn id(&self) -> TaskId {
        TaskId {
            instance: self.instance.clone(),
            key: self.work.key(),
        }
    }
}

/// Identifies a task: its instance and its work's key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId {
    /// The instance it is owed to.
    pub instance: InstanceId,
    /// The key of its work.
    pub key: String,
}

/// A task that one owner holds until its lease ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The task as it stood when claimed.
    pub task: Task,
    /// Rises with every claim of the task; a change settles it only with the newest.
    pub fence: u64,
    /// Processes that ended with this task in hand and never gave it back. A stop that gives tasks
    /// back and a lease that passes between living processes do not count.
    pub lost: u32,
}

/// Says which claim a change disposes of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The claimed task.
    pub task: TaskId,
    /// The fence under which it was claimed.
    pub fence: u64,
}
