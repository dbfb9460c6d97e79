//! What the acts of bulk jobs mean: each item goes through the same act as by hand, once per job.

use std::time::Duration;

use async_trait::async_trait;
use engine::{
    BulkActs, BulkItemOrder, BulkOrder, DocumentDraft, Engine, EngineError, Expected, Reason,
    Record,
};

use crate::app::console::acts::{self, OperatorAct};
use crate::directory::house_subject;

/// The acts that make sense for many at once.
pub(super) const ACTS: [&str; 4] = acts::ACTS;

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
    fn refusal(&self, order: &BulkOrder, record: &Record) -> Option<Reason> {
        let why = acts::refusal(record, &order.act)?;
        Some(Reason::new("not_in_this_state", why))
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
    ) -> Result<(), EngineError> {
        let mark = DocumentDraft {
            space: MARKS,
            key: &place(item),
            subject: &house_subject(),
            expected: Expected::Absent,
            body: &(),
            expires_at: Some(engine.now() + MARK_KNOWN),
        };
        let mark = engine.documents().seal(mark).await?;
        let act = OperatorAct {
            act: item.order.act.clone(),
            reason: format!("{} ({})", item.order.reason, item.job),
            operation_id: None,
            dry_run: false,
        };
        acts::carry_out(engine, &record, &act, mark).await
    }
}
