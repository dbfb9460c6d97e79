//! The guard against poison: an instance whose turn ends the process, or panics, is parked for a person
//! instead of being run for ever.

use crate::draft::Draft;
use crate::instance::{Actor, Reason};
use crate::ledger::EngineError;
use crate::record::{Stay, parked};
use crate::task::{FAR_AWAY, Task, Work};
use crate::turn::Turn;
use crate::workflow::{CommandOf, Note, Workflow};

/// So many processes may end with the same task in hand. From the second on it runs with no other
/// suspect beside it, so that what merely ran at the same time is soon cleared.
pub(crate) const DEATHS_MAX: u32 = 5;

impl<W: Workflow> Turn<'_, W> {
    /// Parks the instance, whose task has outlived too many processes.
    pub(crate) async fn poisoned(&self) -> Result<(), EngineError> {
        let task = self.hand.task();
        let deaths = self.hand.lost();
        tracing::error!(
            instance.id = %task.instance, task = task.work.key(), deaths,
            "an instance is parked: processes ended while they ran it"
        );
        self.give_up("process_ended", killing(&task, deaths)).await
    }

    /// Parks the instance for an operator, and keeps what their retry needs.
    pub(crate) async fn give_up(&self, what: &'static str, why: Reason) -> Result<(), EngineError> {
        let task = self.hand.task();
        if !matches!(task.work, Work::Command(_)) {
            return self.put_by(what, why).await;
        }
        self.stay(Stay {
            what,
            hold: parked(why, Actor::Operator, task.attempt),
            again: None,
            unknown: true,
        })
        .await
    }

    /// Records that the turn panicked: a command is tried again as its policy says, anything else
    /// would panic again.
    pub(crate) async fn panicked(&self) -> Result<(), EngineError> {
        let task = self.hand.task();
        let why = panicking(&task);
        let command: Option<CommandOf<W>> = match &task.work {
            Work::Command(name) => name.parse().ok(),
            Work::Deadline | Work::Told { .. } => None,
        };
        match command {
            Some(command) => self.broke_off(command, why).await,
            None => self.put_by("panicked", why).await,
        }
    }

    /// Parks the instance and keeps the task for the operator's retry.
    async fn put_by(&self, what: &'static str, why: Reason) -> Result<(), EngineError> {
        let Some(instance) = self.load().await? else {
            return self.settle().await;
        };
        let task = self.hand.task();
        let mut draft = Draft::of(instance, what, self.engine.now());
        draft.write_line(Note::because(what, Actor::System, why.clone()), None, None);
        draft.hold(parked(why, Actor::Operator, task.attempt));
        if task.work == Work::Deadline {
            draft.record.deadline = Some(FAR_AWAY);
        }
        draft.arm_task(Task {
            due: FAR_AWAY,
            lost: 0,
            ..task
        });
        draft.settle(self.hand.settled());
        self.engine.write(self.executor, draft).await.map(drop)
    }
}

/// Why a task whose processes end is not tried again.
pub(crate) fn killing(task: &Task, deaths: u32) -> Reason {
    let text = format!(
        "{deaths} times the process ended while it was at {}; look for a crash, a stack overflow or a \
         kill for want of memory in its log before it is tried again",
        name_of(&task.work)
    );
    Reason::new("process_ended", text)
}

/// Why a task that panics is held up.
pub(crate) fn panicking(task: &Task) -> Reason {
    let text = format!("{} panicked; the log says where", name_of(&task.work));
    Reason::new("panicked", text)
}

fn name_of(work: &Work) -> String {
    match work {
        Work::Command(name) => format!("the command {name}"),
        Work::Deadline => "a deadline".to_owned(),
        Work::Told { child, .. } => format!("word from {child}"),
    }
}
