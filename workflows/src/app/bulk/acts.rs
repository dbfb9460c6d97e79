//! What the acts of bulk jobs mean: each item goes through the same act as by hand, once per job.

use std::time::Duration;

use async_trait::async_trait;
use engine::{
    Act, ActError, Actor, BulkActs, BulkItemOrder, BulkOrder, DocumentDraft, Engine, EngineError,
    Expected, Intervention, Reason, Record,
};

use crate::directory::house_subject;

/// The acts that make sense for many at once.
pub(super) const ACTS: [&str; 4] = ["retry_now", "pause", "resume", "cancel"];

/// Marks of what was done under which job.
const MARKS: &str = "bulk_marks";

/// Longer than any turn may be repeated after a crash.
const MARK_KNOWN: Duration = Duration::from_hours(7 * 24);

/// The acts of operators, for the engine's bulk jobs.
#[derive(Clone, Copy, Debug)]
pub struct OperatorActs;

fn place(item: &BulkItemOrder<'_>) -> String {
    format!("{}/{}", item.id, item.job)
}

#[async_trait]
impl BulkActs for OperatorActs {
    async fn refusal(
        &self,
        engine: &Engine,
        order: &BulkOrder,
        record: &Record,
    ) -> Result<Option<Reason>, EngineError> {
        let Some(by) = intervention(order, &order.reason) else {
            return Ok(Some(unknown(order)));
        };
        match engine.preview(&record.id, &by).await {
            Ok(_) => Ok(None),
            Err(ActError::Engine(error)) => Err(error),
            Err(ActError::NotPossible(why)) => Ok(Some(why)),
            Err(other) => Ok(Some(Reason::new("not_possible", other.to_string()))),
        }
    }

    async fn was_done(
        &self,
        engine: &Engine,
        item: &BulkItemOrder<'_>,
    ) -> Result<bool, EngineError> {
        let mark = engine.documents().get::<()>(MARKS, &place(item)).await?;
        Ok(mark.is_some())
    }

    async fn carry_out(
        &self,
        engine: &Engine,
        item: &BulkItemOrder<'_>,
        record: Record,
    ) -> Result<(), ActError> {
        let mark = DocumentDraft {
            space: MARKS,
            key: &place(item),
            subject: &house_subject(),
            expected: Expected::Absent,
            body: &(),
            expires_at: Some(engine.now() + MARK_KNOWN),
        };
        let mark = engine.documents().seal(mark).await?;
        let reason = format!("{} ({})", item.order.reason, item.job);
        let Some(by) = intervention(item.order, &reason) else {
            return Err(ActError::NotPossible(unknown(item.order)));
        };
        let by = Intervention {
            documents: mark,
            ..by
        };
        engine.intervene(&record.id, &by).await.map(drop)
    }
}

/// The act of an order, if it is one that makes sense for many at once.
fn intervention(order: &BulkOrder, reason: &str) -> Option<Intervention> {
    let act = match order.act.as_str() {
        "retry_now" => Act::RetryNow,
        "pause" => Act::Pause,
        "resume" => Act::Resume,
        "cancel" => Act::Cancel { undo: false },
        _ => return None,
    };
    let reason = Reason::new("operator", reason);
    Some(Intervention::new(act, Actor::Operator, reason))
}

fn unknown(order: &BulkOrder) -> Reason {
    Reason::new("unknown_act", format!("no act {} is known", order.act))
}
