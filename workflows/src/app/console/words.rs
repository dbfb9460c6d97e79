//! The words in which an operator is told what an instance waits for.

use engine::{Record, Timestamp};

use crate::app::views::HoldView;
use crate::catalogue;

/// What it waits for, whether something holds it up or its state awaits somebody.
pub(in crate::app) fn hold_of(record: &Record, now: Timestamp) -> Option<HoldView> {
    let waiting = record.waiting(now)?;
    Some(HoldView {
        kind: waiting.kind.as_str().to_owned(),
        advice: advice(&waiting.reason.code),
        code: waiting.reason.code,
        text: waiting.reason.text,
        since: waiting.since.to_rfc3339(),
        until: waiting.until.map(Timestamp::to_rfc3339),
        mover: waiting.mover.as_str().to_owned(),
        attempt: waiting.attempt,
        fingerprint: waiting.fingerprint,
    })
}

/// What an operator should check.
pub(super) fn advice(code: &str) -> Option<&'static str> {
    catalogue::of_fingerprint(code)
        .map(|entry| entry.operator_text)
        .filter(|text| !text.is_empty())
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
