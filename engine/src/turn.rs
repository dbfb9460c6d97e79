//! One turn: what happens when a task comes due or an operator lends a hand.
//!
//! Performing is apart from recording: an outcome is a value until it is written, so a failing
//! store can never make a call happen twice.

use crate::clock::Timestamp;
use crate::conclude;
use crate::decide::{Verdict, decide};
use crate::draft::{Draft, Instance};
use crate::engine::{Engine, LEASE};
use crate::executor::{Care, Executor, Finding, Job, Outcome};
use crate::instance::{Actor, Hold, HoldKind, Reason, Record};
use crate::ledger::EngineError;
use crate::store::ClaimWithin;
use crate::task::{Claimed, Settled, Task, Work};
use crate::workflow::{CommandOf, Letter, Note, Workflow};

/// Carries out one claimed task to its recorded end.
pub(crate) async fn turn<W: Workflow>(
    engine: &Engine,
    executor: &dyn Executor<W>,
    claimed: Claimed,
) -> Result<(), EngineError> {
    let Some(instance) = engine.ledger().load::<W>(&claimed.task.instance).await? else {
        return conclude::settle_only(engine, &claimed).await;
    };
    match &claimed.task.work {
        Work::Deadline => deadlines(engine, executor, instance, &claimed).await,
        Work::Told {
            child,
            workflow,
            state,
        } => match W::told(child, workflow, state) {
            Some(event) => conclude::hear(engine, executor, &claimed, event).await,
            None => conclude::settle_only(engine, &claimed).await,
        },
        Work::Command(name) => {
            if let Some(command) = known::<W>(name) {
                return command_due(engine, executor, instance, claimed, command).await;
            }
            let why = Reason::new(
                "unknown_command",
                format!("this version does not know the command {name}"),
            );
            conclude::park::<W>(engine, executor, &claimed, Actor::Operator, why).await
        }
    }
}

/// The command of this name, if this version of the workflow has it.
fn known<W: Workflow>(name: &str) -> Option<CommandOf<W>> {
    name.parse().ok()
}

async fn deadlines<W: Workflow>(
    engine: &Engine,
    executor: &dyn Executor<W>,
    instance: Instance<W>,
    claimed: &Claimed,
) -> Result<(), EngineError> {
    let now = engine.now();
    let passed = W::deadlines(instance.state, &instance.facts)
        .into_iter()
        .filter(|(at, _)| *at <= now)
        .min_by_key(|(at, _)| *at);
    let Some((_, event)) = passed else {
        return conclude::settle_deadline::<W>(engine, executor, instance, claimed).await;
    };
    match decide::<W>(&instance.facts, instance.state, event, now) {
        Verdict::Decided(decision) => {
            let mut draft = Draft::of_decision(instance, decision, now);
            draft.settle(settled(claimed));
            draft.renew_deadline();
            engine.write(executor, draft).await.map(drop)
        }
        Verdict::Ignored | Verdict::Refused(_) => {
            conclude::settle_deadline::<W>(engine, executor, instance, claimed).await
        }
    }
}

async fn command_due<W: Workflow>(
    engine: &Engine,
    executor: &dyn Executor<W>,
    instance: Instance<W>,
    claimed: Claimed,
    command: CommandOf<W>,
) -> Result<(), EngineError> {
    let paused = matches!(&instance.record.hold, Some(hold) if hold.kind == HoldKind::Paused);
    let owed = instance.record.owes.as_deref() == Some(command.name());
    if claimed.task.visit != instance.record.visit || !owed || paused {
        return conclude::settle_only(engine, &claimed).await;
    }
    let conduct = W::conduct(command, &instance.facts);
    let now = engine.now();
    if claimed.task.intent {
        let job = job_of(&instance, &claimed.task, now);
        let finding = within(engine, conduct.limit, executor.check(command, &job))
            .await
            .unwrap_or_else(|| Finding::NotKnown {
                why: overdue(command.name(), conduct.limit),
                after: None,
            });
        return conclude::found(engine, executor, &claimed, command, finding).await;
    }
    let (instance, claimed) = if conduct.care == Care::Once {
        match announce(engine, executor, instance, claimed, command).await? {
            Some(announced) => announced,
            None => return Ok(()),
        }
    } else {
        (instance, claimed)
    };
    let job = job_of(&instance, &claimed.task, now);
    let outcome = within(engine, conduct.limit, executor.perform(command, &job))
        .await
        .unwrap_or_else(|| Outcome::Unknown {
            why: overdue(command.name(), conduct.limit),
        });
    conclude::performed(engine, executor, &claimed, command, outcome).await
}

/// Makes the intent of a once-only command durable; nothing if somebody wrote first.
async fn announce<W: Workflow>(
    engine: &Engine,
    executor: &dyn Executor<W>,
    instance: Instance<W>,
    claimed: Claimed,
    command: CommandOf<W>,
) -> Result<Option<(Instance<W>, Claimed)>, EngineError> {
    let now = engine.now();
    let mut draft = Draft::of(instance, "announced", now);
    if let Some(facts) = W::intend(&draft.facts, command, now) {
        draft.facts = facts;
    }
    let announced = Task {
        intent: true,
        first_tried: claimed.task.first_tried.or(Some(now)),
        ..claimed.task.clone()
    };
    let lane = announced.lane.clone();
    let id = announced.instance.clone();
    draft.arm_task(announced);
    draft.settle(settled(&claimed));
    draft.change.claim = Some(ClaimWithin {
        owner: engine.owner().clone(),
        lane,
        lease_until: now + LEASE,
    });
    let committed = match engine.write(executor, draft).await {
        Ok(committed) => committed,
        // An event came in between; the task is still due and the next turn sees the event.
        Err(EngineError::Contended(_)) => {
            engine.release(&[settled(&claimed)]).await?;
            return Ok(None);
        }
        Err(EngineError::LeaseLost) => return Ok(None),
        Err(other) => return Err(other),
    };
    let claimed = committed
        .claimed
        .into_iter()
        .find(|other| other.task.id() == claimed.task.id());
    let Some(claimed) = claimed else {
        return Ok(None);
    };
    let instance = engine.ledger().load::<W>(&id).await?;
    Ok(instance.map(|instance| (instance, claimed)))
}

/// What an operator's hand may do to any instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Intervention {
    pub(crate) act: Act,
    pub(crate) actor: Actor,
    pub(crate) reason: Reason,
}

/// The acts that mean the same for every workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Perform the owed command now, with all its tries again.
    RetryNow,
    /// Let nothing happen by itself until resumed.
    Pause,
    /// Go on after a pause.
    Resume,
}

/// Applies an operator's hand.
pub(crate) async fn intervene<W: Workflow>(
    engine: &Engine,
    executor: &dyn Executor<W>,
    record: Record,
    intervention: Intervention,
) -> Result<(), EngineError> {
    let instance = engine.ledger().open::<W>(record).await?;
    let now = engine.now();
    let paused = matches!(&instance.record.hold, Some(hold) if hold.kind == HoldKind::Paused);
    let owed = instance
        .record
        .owes
        .as_deref()
        .and_then(|name| name.parse::<CommandOf<W>>().ok());
    let Intervention { act, actor, reason } = intervention;
    let what = match act {
        Act::RetryNow => "retry_now",
        Act::Pause => "paused",
        Act::Resume => "resumed",
    };
    let refused = || {
        EngineError::Refused(crate::decide::Refusal {
            workflow: W::NAME,
            state: instance.state.name(),
            input: what,
        })
    };
    let rearmed = match (act, owed) {
        (Act::RetryNow, Some(command)) if !paused => Some(command),
        (Act::Resume, owed) if paused => owed,
        (Act::Pause, _) if !paused && !instance.record.ended => None,
        _ => return Err(refused()),
    };
    // A command whose outcome is unknown stays so: the retry begins with its check.
    let intent = engine
        .tasks(&instance.record.id)
        .await?
        .iter()
        .any(|task| task.intent);
    let mut draft = Draft::of(instance, what, now);
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

/// The claim that a change disposes of.
pub(crate) fn settled(claimed: &Claimed) -> Settled {
    Settled {
        task: claimed.task.id(),
        fence: claimed.fence,
    }
}

fn job_of<W: Workflow>(instance: &Instance<W>, task: &Task, now: Timestamp) -> Job<W> {
    Job {
        id: instance.record.id.clone(),
        state: instance.state,
        facts: instance.facts.clone(),
        attempt: task.attempt,
        now,
        record: instance.record.clone(),
    }
}

/// The future's value, or nothing once the clock has passed the limit.
async fn within<T>(
    engine: &Engine,
    limit: std::time::Duration,
    work: impl Future<Output = T>,
) -> Option<T> {
    let end = engine.now() + limit;
    tokio::select! {
        value = work => Some(value),
        () = engine.clock().sleep_until(end) => None,
    }
}

fn overdue(command: &str, limit: std::time::Duration) -> Reason {
    Reason::new(
        "no_answer",
        format!("{command} gave no answer within {} s", limit.as_secs()),
    )
}
