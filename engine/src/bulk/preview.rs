//! What a bulk job would do, before anybody orders it. Nothing is written here.

use std::collections::BTreeMap;

use super::executor::BulkActs;
use super::{Bulk, BulkOrder};
use crate::engine::Engine;
use crate::instance::Record;
use crate::ledger::EngineError;
use crate::store::PageOrder;
use crate::workflow::Workflow;

/// Records looked through for a preview: whoever asks waits for the answer.
const LOOKED_THROUGH_MAX: u64 = 50_000;

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
    /// The first of them, newest first.
    pub sample: Vec<Record>,
}

/// Counts what an order would reach and judges the act on each, changing nothing.
pub async fn preview_bulk(
    engine: &Engine,
    acts: &dyn BulkActs,
    order: &BulkOrder,
    sample: usize,
) -> Result<BulkPreview, EngineError> {
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
        let found = engine.find(&order.filter, &page).await?;
        for record in found.items {
            // A job that acted on jobs could act on itself.
            if record.workflow == Bulk::NAME {
                continue;
            }
            preview.count += 1;
            if let Some(why) = acts.refusal(engine, order, &record).await? {
                let cell = preview.refused.entry(why.code).or_insert((why.text, 0));
                cell.1 += 1;
            }
            if preview.sample.len() < sample {
                preview.sample.push(record);
            }
        }
        let Some(next) = found.next else {
            return Ok(preview);
        };
        if preview.count >= LOOKED_THROUGH_MAX {
            preview.exact = false;
            return Ok(preview);
        }
        page.after = Some(next);
        tokio::task::yield_now().await;
    }
}
