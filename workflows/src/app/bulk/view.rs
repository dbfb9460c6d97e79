//! Bulk jobs as operators see them.

use engine::{
    Act, Bulk, BulkCounts, BulkFacts, BulkItem, BulkResult, BulkState, Filter, HoldKind, Instance,
    Letter, Timestamp,
};
use serde_json::{Map, Value};

use crate::app::console::hold_of;
use crate::app::problem::{Kind, Problem};
use crate::app::views::{BulkCountsView, BulkItemView, BulkView};

/// A job and how far it has come.
pub(super) fn view(job: &Instance<Bulk>, now: Timestamp) -> BulkView {
    let facts = &job.facts;
    let going = !job.record.ended && job.record.hold.is_none();
    let hold = job.record.hold.as_ref();
    let hold = hold.and_then(|_| hold_of(&job.record, now));
    let expected_end = expected_end(facts, now).filter(|_| going && job.state == BulkState::Acting);
    BulkView {
        object: "bulk_job",
        id: job.record.id.to_string(),
        state: job.state.name().to_owned(),
        headline: headline(job),
        act: facts.order.act.name(),
        to: target_of(&facts.order.act),
        reason: facts.order.reason.clone(),
        operator: facts.order.by.clone(),
        filter: filter_view(&facts.order.filter),
        rate: facts.order.rate_per_minute,
        counts: counts_view(&facts.counts),
        hold,
        acts: acts_of(job),
        ordered_at: facts.ordered_at.to_rfc3339(),
        next_at: going.then(|| facts.next_at.to_rfc3339()),
        expected_end: expected_end.map(Timestamp::to_rfc3339),
        ended_at: facts.ended_at.map(Timestamp::to_rfc3339),
    }
}

/// The milestone that an act leads to, if it leads to one.
pub(super) fn target_of(act: &Act) -> Option<String> {
    match act {
        Act::Rewind { to } => Some(to.clone()),
        _ => None,
    }
}

/// What may be done to a job as it stands.
pub(super) fn acts_of(job: &Instance<Bulk>) -> Vec<&'static str> {
    let failed = job.facts.counts.failed > 0;
    match job.state {
        BulkState::Finished if failed => vec!["retry_failed"],
        BulkState::Finished | BulkState::Canceled => Vec::new(),
        _ if job.record.is_paused() => vec!["resume", "cancel"],
        _ => vec!["pause", "cancel"],
    }
}

pub(super) fn not_possible(job: &Instance<Bulk>, act: &str) -> Problem {
    let possible = acts_of(job);
    let detail = match (act, possible.is_empty()) {
        ("retry_failed", _) if job.record.ended => "Nothing of this job failed.".to_owned(),
        (_, true) => format!("The job is {}; nothing is left to do.", job.state.name()),
        (_, false) => format!(
            "`{act}` is not possible while the job is {}; possible are: {}.",
            job.state.name(),
            possible.join(", ")
        ),
    };
    Problem::new(Kind::Conflict, "not_in_this_state", detail)
}

/// The filter under the names of the list of instances.
pub(super) fn filter_view(filter: &Filter) -> Value {
    let mut view = Map::new();
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            view.insert(name.to_owned(), value.into());
        }
    };
    put("workflow", filter.workflow.clone());
    put("state", filter.states.first().cloned());
    for (name, value) in &filter.labels {
        let name = if name == "tenant" { "partner_id" } else { name };
        put(name, Some(value.clone()));
    }
    put("waiting_for", filter.waiting_for.clone());
    put("mover", filter.mover.map(|mover| mover.as_str().to_owned()));
    put("fingerprint", filter.fingerprint.clone());
    put(
        "created_after",
        filter.created_after.map(Timestamp::to_rfc3339),
    );
    put(
        "created_before",
        filter.created_before.map(Timestamp::to_rfc3339),
    );
    Value::Object(view)
}

pub(super) fn read_result(text: &str) -> Result<BulkResult, Problem> {
    match text {
        "done" => Ok(BulkResult::Done),
        "skipped" => Ok(BulkResult::Skipped),
        "failed" => Ok(BulkResult::Failed),
        _ => {
            let message = "knows done, skipped, failed";
            Err(Problem::field("result", "unknown_value", message))
        }
    }
}

pub(super) fn item_view(item: BulkItem) -> BulkItemView {
    let (code, text) = item.why.map(|why| (why.code, why.text)).unzip();
    BulkItemView {
        object: "bulk_item",
        id: item.id.to_string(),
        result: item.result.map(|result| match result {
            BulkResult::Done => "done",
            BulkResult::Skipped => "skipped",
            BulkResult::Failed => "failed",
        }),
        code,
        text,
        at: item.at.map(Timestamp::to_rfc3339),
    }
}

fn counts_view(counts: &BulkCounts) -> BulkCountsView {
    BulkCountsView {
        items: counts.items,
        done: counts.done,
        skipped: counts.skipped,
        failed: counts.failed,
        left: counts.left(),
    }
}

/// When its last item will have had its turn, if nothing comes between.
fn expected_end(facts: &BulkFacts, now: Timestamp) -> Option<Timestamp> {
    let left = u32::try_from(facts.counts.left()).ok()?;
    let span = facts.order.span_of(left);
    Some(facts.next_at.max(now) + span)
}

fn headline(job: &Instance<Bulk>) -> String {
    let BulkCounts {
        items,
        done,
        skipped,
        failed,
    } = job.facts.counts;
    let progress = format!("{done} of {items} done, {skipped} skipped, {failed} failed");
    let kind = job.record.hold.as_ref().map(|hold| hold.kind);
    match (job.state, kind) {
        (BulkState::Finished, _) if items == 0 => "Finished: nothing matched.".to_owned(),
        (BulkState::Finished, _) => format!("Finished: {progress}."),
        (BulkState::Canceled, _) => format!("Canceled: {progress}."),
        (_, Some(HoldKind::Paused)) => format!("Paused: {progress}."),
        (_, Some(_)) => format!("Interrupted, tries again: {progress}."),
        (BulkState::Listing, None) => format!("Writing down what matches: {items} so far."),
        (BulkState::Acting, None) => format!("Under way: {progress}."),
    }
}
