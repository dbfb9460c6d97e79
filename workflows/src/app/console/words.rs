//! The words in which an operator is told what an instance waits for.

use engine::{Actor, Awaited, HoldKind, Record, Task, Timestamp};

use crate::app::views::HoldView;

/// What it waits for: what holds it up, else whom its state awaits, else the task that is owed.
pub(in crate::app) fn hold_of(
    record: &Record,
    awaited: Option<&Awaited>,
    tasks: &[Task],
    now: Timestamp,
) -> Option<HoldView> {
    if let Some(hold) = &record.hold {
        let kind = match hold.kind {
            HoldKind::Retrying => "retrying",
            HoldKind::Waiting => "waiting",
            HoldKind::Parked => "parked",
            HoldKind::Paused => "paused",
        };
        return Some(HoldView {
            kind: kind.to_owned(),
            code: hold.reason.code.clone(),
            text: hold.reason.text.clone(),
            since: hold.since.to_rfc3339(),
            until: hold.until.map(Timestamp::to_rfc3339),
            mover: hold.mover.as_str().to_owned(),
            attempt: hold.attempt,
        });
    }
    let Some(owed) = &record.owes else {
        return awaiting(record, awaited);
    };
    let view = |kind: &str, code: &str, text: String, until: Option<Timestamp>, mover: Actor| {
        Some(HoldView {
            kind: kind.to_owned(),
            code: code.to_owned(),
            text,
            since: record.entered_at.to_rfc3339(),
            until: until.map(Timestamp::to_rfc3339),
            mover: mover.as_str().to_owned(),
            attempt: 0,
        })
    };
    let due = tasks
        .iter()
        .find(|task| task.work.key() == format!("command:{owed}"))
        .map(|task| task.due);
    let words = owed.replace('_', " ");
    match due {
        Some(due) if due > now => view("waiting", owed, words, Some(due), Actor::System),
        _ => view("working", owed, words, None, Actor::System),
    }
}

fn awaiting(record: &Record, awaited: Option<&Awaited>) -> Option<HoldView> {
    let awaited = awaited?;
    Some(HoldView {
        kind: "awaiting".to_owned(),
        code: awaited.reason.code.clone(),
        text: awaited.reason.text.clone(),
        since: record.entered_at.to_rfc3339(),
        until: awaited.until.map(Timestamp::to_rfc3339),
        mover: awaited.mover.as_str().to_owned(),
        attempt: 0,
    })
}

/// One sentence: what it waits for, since when, when next, who can move it.
pub(super) fn headline(record: &Record, hold: Option<&HoldView>) -> String {
    if let Some(at) = record.erased_at {
        return format!("The client's data was erased at {at}.");
    }
    let Some(hold) = hold else {
        return if record.ended {
            format!("Ended in {}.", camel(&record.state))
        } else {
            format!("In {}.", camel(&record.state))
        };
    };
    let beginning = match hold.kind.as_str() {
        "working" => format!("Working: {}", hold.text),
        "retrying" => format!("Try {} failed: {}", hold.attempt, hold.text),
        "paused" => format!("Paused: {}", hold.text),
        _ => format!("Waiting: {}", hold.text),
    };
    let next = hold
        .until
        .as_ref()
        .map(|until| format!(" · until {until}"))
        .unwrap_or_default();
    format!(
        "{beginning} · since {}{next} · moved by: {}",
        hold.since, hold.mover
    )
}

pub(super) fn camel(state: &str) -> String {
    state
        .split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
                .unwrap_or_default()
        })
        .collect()
}
