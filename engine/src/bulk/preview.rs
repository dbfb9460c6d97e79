//! What a bulk job would do, before anybody orders it. Nothing is written here.

use std::collections::BTreeMap;
use std::time::Duration;

use super::executor::reason_of;
use super::{Bulk, BulkOrder};
use crate::acts::Intervention;
use crate::engine::Engine;
use crate::instance::{Actor, Reason, Record};
use crate::ledger::EngineError;
use crate::store::PageOrder;
use crate::workflow::Workflow;

/// After this long a preview stops counting: whoever asks waits for the answer.
const PATIENCE: Duration = Duration::from_secs(5);

const PAGE: usize = 500;

/// What a job of this order would do now.
#[derive(Clone, Debug)]
pub struct BulkPreview {
    /// How many match.
    pub count: u64,
    /// Whether that is all; a job goes on where a preview stops counting.
    pub exact: bool,
    /// Of these, how many would refuse the act, by the code and sentence of the refusal.
    pub refused: BTreeMap<String, (String, u64)>,
    /// The first of them, newest first, each with why it would refuse the act if it would.
    pub sample: Vec<(Record, Option<Reason>)>,
}

impl Engine {
    /// Counts what an order would reach and judges the act on each, changing nothing.
    pub async fn preview_bulk(
        &self,
        order: &BulkOrder,
        sample: usize,
    ) -> Result<BulkPreview, EngineError> {
        let began = self.now();
        let mut preview = BulkPreview {
            count: 0,
            exact: true,
            refused: BTreeMap::new(),
            sample: Vec::new(),
        };
        let mut page = PageOrder {
            limit: PAGE,
            after: None,
        };
        loop {
            let found = self.find(&order.filter, &page).await?;
            for record in found.items {
                // A job that acted on jobs could act on itself.
                if record.workflow == Bulk::NAME {
                    continue;
                }
                let refusal = self.refusal(order, &record).await?;
                preview.take(record, refusal, sample);
            }
            let Some(next) = found.next else {
                return Ok(preview);
            };
            if self.now().since(began) >= PATIENCE {
                preview.exact = false;
                return Ok(preview);
            }
            page.after = Some(next);
            tokio::task::yield_now().await;
        }
    }

    async fn refusal(
        &self,
        order: &BulkOrder,
        record: &Record,
    ) -> Result<Option<Reason>, EngineError> {
        let reason = Reason::new("operator", &order.reason);
        let by = Intervention::new(order.act.clone(), Actor::Operator, reason);
        match self.preview(&record.id, &by).await {
            Ok(_) => Ok(None),
            Err(error) => reason_of(error).map(Some),
        }
    }
}

impl BulkPreview {
    fn take(&mut self, record: Record, refusal: Option<Reason>, sample: usize) {
        self.count += 1;
        if let Some(why) = &refusal {
            let cell = self.refused.entry(why.code.clone());
            cell.or_insert_with(|| (why.text.clone(), 0)).1 += 1;
        }
        if self.sample.len() < sample {
            self.sample.push((record, refusal));
        }
    }
}
