//! Recording outcomes: every way a turn can end becomes exactly one change.

use std::time::Duration;

use crate::decide::{Verdict, decide};
use crate::draft::Draft;
use crate::engine::Engine;
use crate::executor::{Care, Conduct, Executor, Finding, Outcome};
use crate::instance::{Actor, Hold, HoldKind, Reason, Record};
use crate::ledger::EngineError;
use crate::store::Change;
use crate::task::{Claimed, Task, Work};
use crate::turn::settled;
use crate::workflow::{CommandOf, Note, Workflow};
use crate::{Instance, Timestamp};

/// How soon an attempt with unknown outcome is looked for again.
const LOOK_AGAIN: Duration = Duration::from_secs(15);

/// The end of the year 9999: no task of that day runs by itself.
const NEVER: Timestamp = Timestamp::from_millis(253_402_300_799_000);

/// How often an outcome is decided anew because events came in between.
const REDECISIONS_MAX: usize = 16;

/// Takes a stale task away; nothing else changes.
pub(crate) async fn settle_only(engine: &Engine, claimed: &Claimed) -> Result<(), EngineError> {
    let change = Change {
        settle: vec![settled(claimed)],
        ..Change::default()
    };
    match engine.ledger().put(change).await {
        Ok(_) | Err(EngineError::LeaseLost) => Ok(()),
        Err(other) => Err(other),
    }
}

/// Puts a deadline task to its next moment, or away.
pub(crate) async fn settle_deadline<W: Workflow>(
    engine: &Engine,
    executor: &dyn Executor<W>,
    instance: Instance<W>,
    claimed: &Claimed,
) -> Result<(), EngineError> {
    let now = engine.now();
    let next = crate::decide::earliest_deadline::<W>(instance.state, &instance.facts);
    let Some(next) = next.filter(|next| *next > now) else {
        return settle_only(engine, claimed).await;
    };
    let mut draft = Draft::of(instance, "deadline_moved", now);
    draft.arm_task(Task {
        due: next,
        ..claimed.task.clone()
    });
    draft.settle(settled(claimed));
    engine.write(executor, draft).await.map(drop)
}

/// Records what performing a command came to.
pub(crate) async fn performed<W: Workflow>(
    engine: &Engine,
    executor: &dyn Executor<W>,
    claimed: &Claimed,
    command: CommandOf<W>,
    outcome: Outcome<W::Event>,
) -> Result<(), EngineError> {
    match outcome {
        Outcome::Done(event) => hear(engine, executor, claimed, event).await,
        Outcome::Quiet { why, mover } => {
            let hold = waiting(why, mover, None, 0);
            stay(engine, executor, claimed, Stay::settled("under_way", hold)).await
        }
        Outcome::Wait { until, why, mover } => {
            let hold = waiting(why, mover, Some(until), claimed.task.attempt);
            let again = Task {
                due: until,
                intent: false,
                ..claimed.task.clone()
            };
            stay(engine, executor, claimed, Stay::again("waits", hold, again)).await
        }
        Outcome::Retry {
            why,
            after,
            otherwise,
        } => {
            let failed = Failed {
                why,
                after,
                intent: false,
                otherwise,
                paused: false,
            };
            retry(engine, executor, claimed, command, failed).await
        }
        Outcome::Unknown { why } => {
            let failed = Failed {
                why,
                after: None,
                intent: true,
                otherwise: None,
                paused: false,
            };
            retry(engine, executor, claimed, command, failed).await
        }
        Outcome::Ask { whom, why } => park::<W>(engine, executor, claimed, whom, why).await,
    }
}

/// Records what a command's own check found.
pub(crate) async fn found<W: Workflow>(
    engine: &Engine,
    executor: &dyn Executor<W>,
    claimed: &Claimed,
    command: CommandOf<W>,
    finding: Finding<W::Event>,
) -> Result<(), EngineError> {
    let failed = match finding {
        Finding::Happened(event) => return hear(engine, executor, claimed, event).await,
        Finding::Ask { whom, why } => {
            return park::<W>(engine, executor, claimed, whom, why).await;
        }
        Finding::DidNotHappen(why) => Failed {
            why,
            after: None,
            intent: false,
            otherwise: None,
            paused: true,
        },
        // Looking changes nothing, so it burns no tries, however long nobody answers.
        Finding::NotKnown { why, after } => {
            let until = engine.now() + after.unwrap_or(LOOK_AGAIN);
            let hold = waiting(why, Actor::Outside, Some(until), claimed.task.attempt);
            let again = Task {
                due: until,
                ..claimed.task.clone()
            };
            let stay_put = Stay::again("still_unknown", hold, again);
            return stay(engine, executor, claimed, stay_put).await;
        }
    };
    retry(engine, executor, claimed, command, failed).await
}

/// A try that failed: why, how soon to come back, and whether the next turn starts with a check.
struct Failed<E> {
    why: Reason,
    after: Option<Duration>,
    intent: bool,
    /// What to hear when tries run out.
    otherwise: Option<E>,
    /// The pause after the try was taken before its outcome was looked for.
    paused: bool,
}

async fn retry<W: Workflow>(
    engine: &Engine,
    executor: &dyn Executor<W>,
    claimed: &Claimed,
    command: CommandOf<W>,
    mut failed: Failed<W::Event>,
) -> Result<(), EngineError> {
    let Some(instance) = engine.ledger().load::<W>(&claimed.task.instance).await? else {
        return settle_only(engine, claimed).await;
    };
    let Conduct { tries, care, .. } = W::conduct(command, &instance.facts);
    // What may be repeated needs no finding out; it is simply done again.
    failed.intent &= care == Care::Once;
    let made = claimed.task.attempt + 1;
    // A try of unknown outcome is counted once it was looked for, so that both are one try.
    let attempt = if failed.intent { made - 1 } else { made };
    if attempt >= tries.attempts {
        return match failed.otherwise {
            Some(event) => hear(engine, executor, claimed, event).await,
            None => exhausted(engine, executor, claimed, failed, attempt).await,
        };
    }
    let pause = match failed.paused {
        true => Duration::ZERO,
        false => tries.pause(claimed.task.attempt),
    }
    .max(failed.after.unwrap_or_default());
    let until = engine.now() + pause;
    let hold = Hold {
        kind: HoldKind::Retrying,
        reason: failed.why,
        since: engine.now(),
        until: Some(until),
        mover: Actor::System,
        attempt: made,
    };
    let again = Task {
        due: until,
        attempt,
        first_tried: claimed.task.first_tried.or(Some(engine.now())),
        intent: failed.intent,
        ..claimed.task.clone()
    };
    stay(
        engine,
        executor,
        claimed,
        Stay::again("try_failed", hold, again),
    )
    .await
}

/// Tries ran out: an operator is asked, and the announced attempt stays marked as unknown.
async fn exhausted<W: Workflow>(
    engine: &Engine,
    executor: &dyn Executor<W>,
    claimed: &Claimed,
    failed: Failed<W::Event>,
    attempt: u32,
) -> Result<(), EngineError> {
    let hold = parked(failed.why, Actor::Operator, attempt);
    let stay_put = if failed.intent {
        // Far away, so that nothing runs by itself, yet the check is not forgotten.
        let kept = Task {
            due: NEVER,
            intent: true,
            ..claimed.task.clone()
        };
        Stay::again("tries_exhausted", hold, kept)
    } else {
        Stay::settled("tries_exhausted", hold)
    };
    stay(engine, executor, claimed, stay_put).await
}

/// Parks the instance until a named person acts.
pub(crate) async fn park<W: Workflow>(
    engine: &Engine,
    executor: &dyn Executor<W>,
    claimed: &Claimed,
    whom: Actor,
    why: Reason,
) -> Result<(), EngineError> {
    let hold = parked(why, whom, claimed.task.attempt);
    stay(engine, executor, claimed, Stay::settled("parked", hold)).await
}

/// An outcome that leaves the instance in its state.
struct Stay {
    what: &'static str,
    hold: Hold,
    again: Option<Task>,
}

impl Stay {
    fn settled(what: &'static str, hold: Hold) -> Self {
        Self {
            what,
            hold,
            again: None,
        }
    }

    fn again(what: &'static str, hold: Hold, task: Task) -> Self {
        Self {
            what,
            hold,
            again: Some(task),
        }
    }
}

async fn stay<W: Workflow>(
    engine: &Engine,
    executor: &dyn Executor<W>,
    claimed: &Claimed,
    stay: Stay,
) -> Result<(), EngineError> {
    for _ in 0..REDECISIONS_MAX {
        let Some(instance) = engine.ledger().load::<W>(&claimed.task.instance).await? else {
            return settle_only(engine, claimed).await;
        };
        if instance.record.visit != claimed.task.visit {
            return settle_only(engine, claimed).await;
        }
        let repeated = matches!(
            &instance.record.hold,
            Some(held) if held.kind == HoldKind::Waiting && held.reason == stay.hold.reason
        );
        let mut draft = Draft::of(instance, stay.what, engine.now());
        if !repeated {
            // A wait that merely goes on would fill the history with the same line.
            let note = Note::because(stay.what, Actor::System, stay.hold.reason.clone());
            draft.write_line(note, None, None);
        }
        draft.hold(stay.hold.clone());
        if let Some(task) = &stay.again {
            draft.arm_task(task.clone());
        }
        draft.settle(settled(claimed));
        match engine.write(executor, draft).await {
            Ok(_) | Err(EngineError::LeaseLost) => return Ok(()),
            Err(EngineError::Contended(_)) => {}
            Err(other) => return Err(other),
        }
    }
    Err(EngineError::Contended(claimed.task.instance.clone()))
}

/// Hears what a command brought. The outcome survives events that came in between.
pub(crate) async fn hear<W: Workflow>(
    engine: &Engine,
    executor: &dyn Executor<W>,
    claimed: &Claimed,
    event: W::Event,
) -> Result<(), EngineError> {
    for _ in 0..REDECISIONS_MAX {
        let Some(instance) = engine.ledger().load::<W>(&claimed.task.instance).await? else {
            return settle_only(engine, claimed).await;
        };
        let now = engine.now();
        let owed = is_owed(&instance.record, &claimed.task);
        let draft = match decide::<W>(&instance.facts, instance.state, event.clone(), now) {
            Verdict::Decided(decision) => {
                let moved = decision.moved;
                let mut draft = Draft::of_decision(instance, decision, now);
                if owed && !moved {
                    draft.record.owes = None;
                }
                draft.settle(settled(claimed));
                draft
            }
            // Settling would leave the instance owing a command that nobody runs.
            Verdict::Refused(refusal) if owed => {
                let why = Reason::new("outcome_refused", refusal.to_string());
                return park::<W>(engine, executor, claimed, Actor::Operator, why).await;
            }
            Verdict::Ignored if owed => {
                let why = Reason::new("outcome_ignored", "what the command brought meant nothing");
                return park::<W>(engine, executor, claimed, Actor::Operator, why).await;
            }
            Verdict::Ignored | Verdict::Refused(_) => {
                tracing::warn!(instance.id = %claimed.task.instance, "an outcome came too late");
                return settle_only(engine, claimed).await;
            }
        };
        match engine.write(executor, draft).await {
            Err(EngineError::Contended(_)) => {}
            Err(EngineError::LeaseLost) if W::must_keep(&event) => {
                return keep::<W>(engine, claimed, event).await;
            }
            Ok(_) | Err(EngineError::LeaseLost) => return Ok(()),
            Err(other) => return Err(other),
        }
    }
    Err(EngineError::Contended(claimed.task.instance.clone()))
}

fn is_owed(record: &Record, task: &Task) -> bool {
    match (&task.work, &record.owes) {
        (Work::Command(name), Some(owed)) => name == owed && record.visit == task.visit,
        _ => false,
    }
}

/// What must not be lost is heard as an event of its own.
async fn keep<W: Workflow>(
    engine: &Engine,
    claimed: &Claimed,
    event: W::Event,
) -> Result<(), EngineError> {
    match engine.submit::<W>(&claimed.task.instance, event).await {
        Ok(_) | Err(EngineError::Refused(_)) => Ok(()),
        Err(other) => Err(other),
    }
}

fn waiting(reason: Reason, mover: Actor, until: Option<Timestamp>, attempt: u32) -> Hold {
    Hold {
        kind: HoldKind::Waiting,
        reason,
        since: Timestamp::default(),
        until,
        mover,
        attempt,
    }
}

fn parked(reason: Reason, mover: Actor, attempt: u32) -> Hold {
    Hold {
        kind: HoldKind::Parked,
        ..waiting(reason, mover, None, attempt)
    }
}
