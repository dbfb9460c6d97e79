//! What an older definition left, brought under this one: step by step, as the workflow says.
//!
//! Nothing is written here; the next write of the instance makes the migration durable.

use serde_json::Value;
use thiserror::Error;

use crate::clock::Timestamp;
use crate::doubts::Doubt;
use crate::draft::Draft;
use crate::instance::{Actor, Reason, Record};
use crate::task::{FAR_AWAY, Task, TaskId, Work};
use crate::workflow::{CommandOf, Note, Workflow};

/// Names and facts as a definition knew them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Former {
    /// The state.
    pub state: String,
    /// The command that leads on from here, if one does.
    pub owes: Option<String>,
    /// Once-only commands that may have happened, so that each begins with its check. What is owed may
    /// keep its former name here; no other may name what the table no longer knows.
    pub in_doubt: Vec<String>,
    /// What was learned.
    pub facts: Value,
}

/// Why an older record cannot be brought under this definition: an operator must look.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unmigratable(pub String);

/// What the next write of a migrated instance has to mend beside its record.
#[derive(Clone, Debug)]
pub(crate) struct Migrated {
    /// The definition that wrote the record.
    pub(crate) from: u32,
    /// The state's name under that definition.
    pub(crate) state: String,
    /// Tasks of commands that go by another name now.
    pub(crate) drop_tasks: Vec<TaskId>,
    /// The owed command's task under its present name, with what was known of its tries.
    pub(crate) owed: Option<Owed>,
    /// When the standing deadline task is due.
    pub(crate) deadline: Option<Timestamp>,
}

/// A command that is owed under another name than before.
#[derive(Clone, Debug)]
pub(crate) enum Owed {
    /// A task stood for it; it goes on under the new name.
    Renamed(Task),
    /// None was owed before.
    Fresh(String),
    /// Nothing is owed any more.
    Gone,
}

/// Takes names and facts through every step from their definition to this one.
pub(crate) fn migrate<W: Workflow>(from: u32, former: Former) -> Result<Former, Unmigratable> {
    (from..W::VERSION).try_fold(former, |former, step| W::migrate(step, former))
}

/// What may have happened, under the names of this definition.
pub(crate) fn doubts<W: Workflow>(
    before: &Record,
    now: &Former,
) -> Result<Vec<Doubt>, Unmigratable> {
    let until = before.doubts.iter().map(|doubt| doubt.until).max();
    let mut doubts = Vec::new();
    for name in &now.in_doubt {
        let owed = before.owes.as_ref() == Some(name);
        let name = if owed { now.owes.as_ref() } else { Some(name) };
        let Some(name) = name else { continue };
        if name.parse::<CommandOf<W>>().is_err() {
            return Err(Unmigratable(format!(
                "the unknown command {name} may have happened"
            )));
        }
        doubts.push(Doubt {
            command: name.clone(),
            until: until.unwrap_or_default(),
        });
    }
    Ok(doubts)
}

/// What becomes of a record's tasks when it owes another command than before.
pub(crate) fn mend(before: &Record, owes: Option<&String>, tasks: Vec<Task>) -> Migrated {
    let mut migrated = Migrated {
        from: before.definition,
        state: before.state.clone(),
        drop_tasks: Vec::new(),
        owed: None,
        deadline: None,
    };
    let renamed = before.owes.as_ref() != owes;
    let mut standing = None;
    for task in tasks {
        match &task.work {
            Work::Deadline => migrated.deadline = Some(task.due),
            Work::Command(name) if renamed && before.owes.as_ref() == Some(name) => {
                migrated.drop_tasks.push(task.id());
                standing = Some(task);
            }
            _ => {}
        }
    }
    if renamed {
        migrated.owed = match (owes, standing) {
            (None, _) => Some(Owed::Gone),
            (Some(name), _) if before.owes.is_none() => Some(Owed::Fresh(name.clone())),
            (Some(name), Some(task)) => Some(Owed::Renamed(Task {
                work: Work::Command(name.clone()),
                ..task
            })),
            // It rested, and rests on: whoever was asked is still asked.
            (Some(_), None) => None,
        };
    }
    migrated
}

impl<W: Workflow> Draft<W> {
    /// Writes down that an older definition's record is taken over, and mends what it is owed.
    pub(crate) fn take_over(&mut self, migrated: Migrated) {
        let text = format!("from definition {} to {}", migrated.from, W::VERSION);
        let why = Reason::new("definition", text);
        let renamed = (migrated.state != self.record.state).then_some(self.state);
        self.write_line(Note::because("migrated", Actor::System, why), None, renamed);
        if let (Some(_), Some(line)) = (renamed, self.change.journal.last_mut()) {
            line.entry.from = Some(migrated.state);
        }
        self.change.drop_tasks.extend(migrated.drop_tasks);
        match migrated.owed {
            Some(Owed::Renamed(task)) => self.arm_task(task),
            Some(Owed::Fresh(name)) => {
                if let Ok(command) = name.parse() {
                    self.arm(command, self.now());
                }
            }
            Some(Owed::Gone) => self.owe_nothing(),
            None => {}
        }
        // The tasks were looked at, so that what is armed is known for sure.
        self.record.deadline = migrated.deadline;
        let next = self.next_moment();
        if migrated.deadline != Some(FAR_AWAY) && migrated.deadline != next {
            self.move_deadline(next);
        }
    }
}
