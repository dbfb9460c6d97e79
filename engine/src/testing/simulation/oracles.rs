//! What must be true of every life's end, whatever the workflow.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::audit::is_asked;
use super::process::Common;
use super::scenario::{Ending, Scenario};
use crate::engine::Engine;
use crate::instance::{Entry, Record};
use crate::ledger::EngineError;
use crate::plain_cipher::PlainCipher;
use crate::store::{Filter, PageOrder, TallyKey};
use crate::task::{FAR_AWAY, Work};
use crate::verify::Verifier;

/// More lines than any instance of a simulation writes.
const LINES_MAX: usize = 100_000;

/// Every instance, in the order of their ids.
pub(super) async fn records(engine: &Engine) -> Result<Vec<Record>, EngineError> {
    let page = PageOrder {
        limit: LINES_MAX,
        after: None,
    };
    let mut found = engine.find(&Filter::default(), &page).await?.items;
    found.reverse();
    Ok(found)
}

/// Complains of everything that is not as it must be.
pub(super) async fn judge<S: Scenario>(
    scenario: &S,
    ending: &Ending<'_, S::Step>,
    common: &Common,
) {
    let mut complaints = Vec::new();
    complaints.extend(nothing_is_lost(ending, common).await);
    complaints.extend(tally_is_exact(ending).await);
    complaints.extend(chain_holds(common).await);
    for record in &ending.records {
        let judged = judge_one(ending.engine, record).await;
        match judged {
            Ok(found) => complaints.extend(found.map(|what| format!("{}: {what}", record.id))),
            Err(error) => complaints.push(format!("{} cannot be looked at: {error}", record.id)),
        }
        if !record.ended && !scenario.may_rest(record) && !common.hub.has_complaints() {
            complaints.push(format!("{} stays in {}", record.id, record.state));
        }
    }
    if !common.hub.has_complaints() {
        complaints.extend(scenario.judge(ending).await);
    }
    for complaint in complaints {
        common.hub.complain(complaint);
    }
    for record in &ending.records {
        common.hub.note(format_args!(
            "{} v{} visit {} in {}, {} lines",
            record.id, record.version, record.visit, record.state, record.journal
        ));
    }
    for (operation, times) in ending.world.all() {
        common.hub.note(format_args!("{operation}: {times}"));
    }
}

async fn nothing_is_lost<S>(ending: &Ending<'_, S>, common: &Common) -> Vec<String> {
    let (lines, versions) = common.audit.kept();
    let mut complaints = Vec::new();
    let standing: BTreeMap<_, _> = ending
        .records
        .iter()
        .map(|record| (&record.id, record))
        .collect();
    for (id, version) in &versions {
        if standing
            .get(id)
            .is_none_or(|record| record.version < *version)
        {
            complaints.push(format!("version {version} of {id} is lost"));
        }
    }
    for record in &ending.records {
        let found = ending.engine.journal(&record.id, 0, LINES_MAX).await;
        let found = found.unwrap_or_default();
        let mut found = found.into_iter().map(|entry| (entry.sequence, entry));
        let found: BTreeMap<u64, Entry> = found.by_ref().collect();
        let of_this = lines.range((record.id.clone(), 0)..=(record.id.clone(), u64::MAX));
        for ((_, sequence), entry) in of_this {
            if found.get(sequence) != Some(entry) {
                complaints.push(format!("line {sequence} of {} is lost", record.id));
            }
        }
    }
    complaints
}

async fn tally_is_exact<S>(ending: &Ending<'_, S>) -> Option<String> {
    let mut counted: BTreeMap<TallyKey, u64> = BTreeMap::new();
    for record in &ending.records {
        *counted.entry(TallyKey::of(record)).or_default() += 1;
    }
    let told = ending.engine.tally().await.unwrap_or_default();
    let told: BTreeMap<TallyKey, u64> = told.into_iter().filter(|(_, count)| *count > 0).collect();
    (told != counted).then(|| format!("the tally says {told:?}, and there are {counted:?}"))
}

/// Every line is bound to those before it.
async fn chain_holds(common: &Common) -> Vec<String> {
    let verifier = Verifier::new(Arc::clone(&common.store), Arc::new(PlainCipher));
    match verifier.verify(None).await {
        Ok(findings) => {
            let told = findings.told.iter();
            told.map(|found| format!("the chain does not hold: {found:?}"))
                .collect()
        }
        Err(error) => vec![format!("the chain cannot be read: {error}")],
    }
}

async fn judge_one(
    engine: &Engine,
    record: &Record,
) -> Result<impl Iterator<Item = String> + use<>, EngineError> {
    let history = engine.journal(&record.id, 0, LINES_MAX).await?;
    let unmoved = somebody_moves_it(engine, record).await?;
    let unread = engine.inspect(record.clone()).await.err();
    let unread = unread.map(|error| format!("it cannot be read: {error}"));
    let misfolded = fold(engine, record, &history);
    Ok(unmoved.into_iter().chain(unread).chain(misfolded))
}

/// A live instance has a task, a deadline or a named person; an ended one is owed nothing.
async fn somebody_moves_it(
    engine: &Engine,
    record: &Record,
) -> Result<Option<String>, EngineError> {
    let tasks = engine.tasks(&record.id).await?;
    if record.ended {
        return Ok((!tasks.is_empty()).then(|| format!("it has ended and is owed {tasks:?}")));
    }
    let armed = tasks.iter().find(|task| task.work == Work::Deadline);
    let armed = armed.map(|task| task.due);
    if armed != record.deadline {
        let kept = record.deadline;
        return Ok(Some(format!(
            "its deadline is at {armed:?} and should be at {kept:?}"
        )));
    }
    let runs = |work: &Work| {
        let mut tasks = tasks.iter();
        tasks.any(|task| task.work == *work && task.due < FAR_AWAY)
    };
    let moves = is_asked(record)
        || match &record.owes {
            Some(owed) => runs(&Work::Command(owed.clone())),
            None => runs(&Work::Deadline) || record.awaits.is_some(),
        };
    let (state, owes, hold) = (&record.state, &record.owes, &record.hold);
    Ok((!moves).then(|| format!("nobody moves it on from {state}: owes {owes:?}, hold {hold:?}")))
}

/// The history, folded through the table, gives the record as it stands.
fn fold(engine: &Engine, record: &Record, history: &[Entry]) -> Option<String> {
    let Some(diagram) = engine.diagram(&record.workflow) else {
        return Some(format!("no table of {}", record.workflow));
    };
    let mut state = None::<&str>;
    let mut visit = 0;
    for ((at, entry), number) in history.iter().enumerate().zip(1..) {
        if entry.sequence != number {
            return Some(format!("line {number} of its history is missing"));
        }
        let Some(to) = entry.to.as_deref() else {
            continue;
        };
        visit += 1;
        let follows = match (state, entry.from.as_deref()) {
            (None, None) => to == diagram.initial,
            // A way back is no move of the table; it leads to where it has been.
            (Some(state), Some(from)) if state == from && entry.what == "rewound" => {
                let mut before = history[..at].iter();
                before.any(|line| line.to.as_deref() == Some(to))
            }
            (Some(state), Some(from)) if state == from => {
                let mut edges = diagram.edges.iter();
                edges.any(|edge| edge.from == from && edge.to == to)
            }
            _ => false,
        };
        if !follows {
            let from = entry.from.as_deref();
            return Some(format!(
                "line {number} moves it from {from:?} to {to} out of {state:?}"
            ));
        }
        state = Some(to);
    }
    let told = (
        state,
        visit,
        u64::try_from(history.len()).unwrap_or(u64::MAX),
    );
    let stands = (Some(record.state.as_str()), record.visit, record.journal);
    (told != stands).then(|| format!("its history tells of {told:?} and it stands at {stands:?}"))
}
