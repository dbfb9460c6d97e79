//! Pausing, resuming, retrying: acts that mean the same for every workflow. They stop what is owed or
//! move it, and forget nothing of what was waited for or may have happened.

use crate::acts::{ActError, Intervention};
use crate::clock::Timestamp;
use crate::draft::Draft;
use crate::executor::Care;
use crate::instance::{Hold, HoldKind, Reason, Record};
use crate::plan::{Plan, Scene, impossible};
use crate::preview::{Foreseen, Outlook};
use crate::task::{FAR_AWAY, Task, Work};
use crate::workflow::{CommandOf, Letter, Note, Workflow};

/// Why neither a retry nor a way back is possible while an announced attempt may be running.
pub(crate) fn under_way() -> Reason {
    let text = "the step is under way at this moment; a second one beside it could do harm";
    Reason::new("under_way", text)
}

/// Stops it until somebody resumes it. What it waits for stays known.
pub(crate) fn pause<W: Workflow>(
    scene: &Scene<W>,
    by: &Intervention,
    now: Timestamp,
) -> Result<Plan<W>, ActError> {
    let record = &scene.instance.record;
    is_live(record)?;
    if record.is_paused() {
        return Err(impossible("paused", "it is paused already"));
    }
    let mut draft = Draft::of(scene.instance.clone(), "paused", now);
    draft.pause(by.reason.clone());
    Ok(written(draft, by, None))
}

/// Lets it wait again for what it waited for, and go on with what has come due meanwhile.
pub(crate) fn resume<W: Workflow>(
    scene: &Scene<W>,
    by: &Intervention,
    now: Timestamp,
) -> Result<Plan<W>, ActError> {
    is_live(&scene.instance.record)?;
    if !scene.instance.record.is_paused() {
        return Err(impossible("not_paused", "it is not paused"));
    }
    let mut draft = Draft::of(scene.instance.clone(), "resumed", now);
    let hold = draft.record.hold.take();
    draft.record.hold = hold.and_then(|pause| pause.beneath).map(|hold| *hold);
    let beneath = draft.record.hold.as_ref();
    let goes_on = !beneath.is_some_and(Hold::is_open_ended);
    let due = beneath.map_or(draft.record.due, |hold| hold.until);
    let due = due.map_or(now, |due| due.max(now));
    let effect = owed::<W>(&draft.record).filter(|_| goes_on).map(|command| {
        let due = match scene.tasks.iter().find(|task| runs(task, &draft.record)) {
            // It is under way, or comes due by itself.
            Some(task) if task.due < FAR_AWAY => task.due,
            Some(task) => {
                draft.arm_task(Task {
                    due,
                    // The pause does not count as time for which it was tried.
                    first_tried: None,
                    ..task.clone()
                });
                due
            }
            None => {
                draft.arm(command, due);
                due
            }
        };
        foreseen(command, &draft, due)
    });
    Ok(written(draft, by, effect))
}

/// Has what is held up done now, with all its tries again.
pub(crate) fn retry<W: Workflow>(
    scene: &Scene<W>,
    by: &Intervention,
    now: Timestamp,
) -> Result<Plan<W>, ActError> {
    let record = &scene.instance.record;
    is_live(record)?;
    if record.is_paused() {
        return Err(impossible("paused", "it is paused; resume it instead"));
    }
    if record.is_under_way(now) {
        return Err(ActError::NotPossible(under_way()));
    }
    let mut draft = Draft::of(scene.instance.clone(), "retry_now", now);
    let stood_still = draft.record.hold.take();
    let effect = owed::<W>(record).map(|command| {
        match stood_still {
            Some(hold) if hold.retry_denies => draft.record.no_longer_in_doubt(command.name()),
            Some(hold) if went_on_elsewhere::<W>(&hold, command, &draft) => {
                draft.record.put_in_doubt(command.name());
            }
            _ => {}
        }
        draft.arm(command, now);
        foreseen(command, &draft, now)
    });
    for task in scene.tasks.iter().filter(|task| task.is_put_by()) {
        match task.work {
            Work::Deadline => draft.move_deadline(draft.next_moment()),
            _ => draft.arm_task(Task {
                due: now,
                ..task.clone()
            }),
        }
    }
    Ok(written(draft, by, effect))
}

fn is_live(record: &Record) -> Result<(), ActError> {
    if record.ended {
        let text = format!("it has ended in {}", record.state);
        return Err(impossible("ended", text));
    }
    Ok(())
}

fn written<W: Workflow>(
    mut draft: Draft<W>,
    by: &Intervention,
    effect: Option<Foreseen>,
) -> Plan<W> {
    let note = Note::because(&draft.what, by.actor, by.reason.clone());
    draft.write_line(note, None, None);
    Plan {
        draft,
        effects: effect.into_iter().collect(),
    }
}

fn owed<W: Workflow>(record: &Record) -> Option<CommandOf<W>> {
    record.owes.as_deref().and_then(|name| name.parse().ok())
}

/// Whether the task is the one that runs what the record owes.
fn runs(task: &Task, record: &Record) -> bool {
    let Work::Command(name) = &task.work else {
        return false;
    };
    task.visit == record.visit && record.owes.as_ref() == Some(name)
}

/// Whether a once-only command was begun and is finished by others, so that it has happened as far as
/// it was up to the engine.
fn went_on_elsewhere<W: Workflow>(hold: &Hold, command: CommandOf<W>, draft: &Draft<W>) -> bool {
    hold.kind == HoldKind::Waiting
        && hold.until.is_none()
        && W::conduct(command, &draft.facts).care == Care::Once
}

fn foreseen<W: Workflow>(command: CommandOf<W>, draft: &Draft<W>, due: Timestamp) -> Foreseen {
    let (outlook, why) = if draft.record.in_doubt(command.name()).is_some() {
        let why = "it is looked for first, and not repeated if found";
        (Outlook::Deduplicated, why)
    } else if due > draft.now() {
        (Outlook::Runs, "it is due when its time has come")
    } else {
        (Outlook::Runs, "it is due at once")
    };
    Foreseen {
        command: command.name(),
        does: W::effect(command, &draft.facts).does,
        outlook,
        why,
    }
}
