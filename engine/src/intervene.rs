//! What an operator's hand does to any instance, whatever its workflow.

use crate::decide::Refusal;
use crate::draft::Draft;
use crate::engine::Engine;
use crate::executor::Executor;
use crate::instance::{Actor, Hold, HoldKind, Reason, Record};
use crate::ledger::EngineError;
use crate::store::PutDocument;
use crate::task::{Task, Work};
use crate::workflow::{CommandOf, Letter, Note, Workflow};

/// What an operator's hand may do to any instance.
#[derive(Clone, Debug)]
pub(crate) struct Intervention {
    pub(crate) act: Act,
    pub(crate) actor: Actor,
    pub(crate) reason: Reason,
    /// Written in the same change.
    pub(crate) documents: Vec<PutDocument>,
}

/// The acts that mean the same for every workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Perform the owed command now, with all its tries again.
    RetryNow,
    /// Perform no command until resumed. Events are still heard and deadlines still pass.
    Pause,
    /// Go on after a pause.
    Resume,
}

impl Act {
    const fn name(self) -> &'static str {
        match self {
            Self::RetryNow => "retry_now",
            Self::Pause => "paused",
            Self::Resume => "resumed",
        }
    }
}

/// Applies an operator's hand to the record as it was read.
pub(crate) async fn intervene<W: Workflow>(
    engine: &Engine,
    executor: &dyn Executor<W>,
    record: Record,
    intervention: Intervention,
) -> Result<(), EngineError> {
    let instance = engine.ledger().open::<W>(record).await?;
    let now = engine.now();
    let Intervention {
        act,
        actor,
        reason,
        documents,
    } = intervention;
    let what = act.name();
    let paused = instance.record.is_paused();
    let owed = instance.record.owes.as_deref();
    let owed = owed.and_then(|name| name.parse::<CommandOf<W>>().ok());
    // A command whose outcome is unknown stays so: the retry begins with its check.
    let tasks = engine.tasks(&instance.record.id).await?;
    let intent = tasks.iter().any(|task| is_unknown(task, &instance.record));
    // Announced and nothing heard of it yet: it is under way, and a second one beside it would do harm.
    let under_way = intent && instance.record.hold.is_none();
    let rearmed = match (act, owed) {
        (Act::RetryNow, Some(command)) if !paused && !under_way => Some(command),
        (Act::Resume, owed) if paused => owed,
        (Act::Pause, _) if !paused && !instance.record.ended => None,
        _ => {
            return Err(EngineError::Refused(Refusal {
                workflow: W::NAME,
                state: instance.state.name(),
                input: what,
            }));
        }
    };
    let mut draft = Draft::of(instance, what, now);
    draft.change.documents = documents;
    draft.record.hold = None;
    if act == Act::Pause {
        draft.hold(Hold {
            kind: HoldKind::Paused,
            reason: reason.clone(),
            since: now,
            until: None,
            mover: Actor::Operator,
            attempt: 0,
        });
    }
    if let Some(command) = rearmed {
        draft.arm(command, now);
        if let Some(task) = draft.change.tasks.last_mut() {
            task.intent = intent;
        }
    }
    draft.write_line(Note::because(what, actor, reason), None, None);
    engine.write(executor, draft).await.map(drop)
}

/// Whether the task is an announced attempt at what the instance owes now.
fn is_unknown(task: &Task, record: &Record) -> bool {
    let Work::Command(name) = &task.work else {
        return false;
    };
    task.intent && task.visit == record.visit && record.owes.as_ref() == Some(name)
}
