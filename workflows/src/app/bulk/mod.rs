//! Bulk acts: counted and tried dry first, then ordered as a durable job that can be watched,
//! paused, called off, and asked to try again what failed.

mod request;
mod view;

use std::time::Duration;

use engine::{
    Act, Actor, BULK_LABEL, Bulk, BulkCursor, BulkEvent, BulkFacts, BulkOrder, DocumentDraft,
    EngineError, Expected, Filter, Instance, InstanceId, Intervention, Letter, NewInstance, Note,
    PutDocument, Reason, bulk_items,
};
use serde::{Deserialize, Serialize};

pub use self::request::{BulkFilter, BulkRequest, rewind_targets};
use self::view::{acts_of, filter_view, item_view, not_possible, read_result, target_of, view};

use super::App;
use super::audit::Deed;
use super::lists::{ListQuery, list};
use super::operators::Operator;
use super::problem::Problem;
use super::views::{
    BulkItemView, BulkPreviewView, BulkRefusalView, BulkSampleView, BulkView, ListView,
};
use crate::directory::house_subject;
use crate::ids;

/// Instances shown by way of example.
const SAMPLE: usize = 10;

/// Which job an operation came to, so that a double click makes one.
pub(crate) const BULK_ORDERS: &str = "bulk_orders";

/// A repeat of an order is known as one for this long.
const OPERATION_KNOWN: Duration = Duration::from_hours(7 * 24);

/// An order that was given, and the job it came to.
#[derive(Serialize, Deserialize)]
struct Given {
    order: BulkOrder,
    job: InstanceId,
}

impl App {
    /// What a job would do, judged on each instance as it stands; nothing is changed.
    pub async fn preview_bulk(
        &self,
        operator: &Operator,
        request: &BulkRequest,
    ) -> Result<BulkPreviewView, Problem> {
        let dry = BulkRequest {
            dry_run: true,
            ..request.clone()
        };
        let order = self.judge_bulk(operator, &dry)?;
        let found = self.engine.preview_bulk(&order, SAMPLE).await?;
        let sample = found.sample.into_iter();
        let sample = sample.map(|(record, refusal)| BulkSampleView {
            row: self.row(&record),
            refusal: refusal.map(|why| why.text),
        });
        let refused: Vec<BulkRefusalView> = found
            .refused
            .into_iter()
            .map(|(code, (text, count))| BulkRefusalView { code, text, count })
            .collect();
        let refusing: u64 = refused.iter().map(|group| group.count).sum();
        Ok(BulkPreviewView {
            object: "bulk_preview",
            filter: filter_view(&order.filter),
            count: found.count,
            count_is_exact: found.exact,
            possible: found.count.saturating_sub(refusing),
            refused,
            sample: sample.collect(),
            takes_seconds: found.count * 60 / u64::from(order.rate_per_minute),
            act: order.act.name(),
            to: target_of(&order.act),
        })
    }

    /// Orders a job; a repeat of one operation is answered with the job it came to.
    pub async fn order_bulk(
        &self,
        operator: &Operator,
        request: &BulkRequest,
    ) -> Result<BulkView, Problem> {
        let order = self.judge_bulk(operator, request)?;
        let operation = request.operation_id.as_deref();
        if let Some(known) = self.known_order(operation, &order).await? {
            return self.bulk(operator, known.as_str()).await;
        }
        let now = self.engine.now();
        let id = InstanceId::new(ids::fresh("blk", now));
        let deed = Deed {
            act: &format!("bulk {}", order.act.name()),
            target: id.as_str(),
            reason: &order.reason,
            state_before: "",
        };
        self.write_audit(operator, deed).await?;
        let mark = self.order_mark(operation, &order, &id).await?;
        let text = format!("{} by {}: {}", order.act.name(), order.by, order.reason);
        let why = Reason::new("ordered", text);
        let new = NewInstance::<Bulk> {
            id: id.clone(),
            subject: house_subject(),
            facts: BulkFacts::ordered(order.clone(), now),
            parent: None,
            note: Note::because("ordered", Actor::Operator, why),
        };
        match self.engine.create(new, mark).await {
            Ok(job) => Ok(view(&job, self.engine.now())),
            // The other click of a double click was first.
            Err(EngineError::DocumentMoved { .. }) => {
                let known = self.known_order(operation, &order).await?;
                self.bulk(operator, known.ok_or_else(Problem::fault)?.as_str())
                    .await
            }
            Err(other) => Err(other.into()),
        }
    }

    /// Bulk jobs, newest first.
    pub async fn bulks(
        &self,
        _operator: &Operator,
        query: &ListQuery,
    ) -> Result<ListView<BulkView>, Problem> {
        let (_, page) = query.judge()?;
        self.know_cursor(&page, None).await?;
        let filter = Filter {
            labels: vec![(BULK_LABEL.0.to_owned(), BULK_LABEL.1.to_owned())],
            ..Filter::default()
        };
        let found = self.engine.find(&filter, &page).await?;
        let mut views = Vec::with_capacity(found.items.len());
        for record in found.items {
            views.push(view(
                &self.engine.open::<Bulk>(record).await?,
                self.engine.now(),
            ));
        }
        Ok(list(views, found.next))
    }

    /// One bulk job and how far it is.
    pub async fn bulk(&self, _operator: &Operator, id: &str) -> Result<BulkView, Problem> {
        Ok(view(&self.bulk_job(id).await?, self.engine.now()))
    }

    /// The items of a job, those of one result or all, in the order of their turns.
    pub async fn bulk_items(
        &self,
        _operator: &Operator,
        id: &str,
        (result, query): (Option<&str>, &ListQuery),
    ) -> Result<ListView<BulkItemView>, Problem> {
        let result = result.map(read_result).transpose()?;
        let (_, page) = query.judge()?;
        let after = page.after.as_deref().unwrap_or("0.0");
        let after = after.parse::<BulkCursor>().map_err(|()| {
            let message = "is not a cursor of this list; use `next_cursor` as it was answered";
            Problem::field("after", "invalid", message)
        })?;
        let job = self.bulk_job(id).await?.record.id;
        let documents = self.engine.documents();
        let found = bulk_items(&documents, &job, result, (page.limit, after));
        let (items, next) = found.await?;
        let items = items.into_iter().map(item_view).collect();
        Ok(list(items, next.map(|next| next.to_string())))
    }

    /// Pauses a job, lets it go on, calls it off, or has it try again what failed.
    pub async fn act_on_bulk(
        &self,
        operator: &Operator,
        id: &str,
        (act, reason): (&str, &str),
    ) -> Result<BulkView, Problem> {
        if reason.trim().is_empty() {
            let message = "say why; it is kept in the history";
            return Err(Problem::field("reason", "required", message));
        }
        let job = self.bulk_job(id).await?;
        if !["pause", "resume", "cancel", "retry_failed"].contains(&act) {
            return Err(Problem::not_found("act"));
        }
        if !acts_of(&job).contains(&act) {
            return Err(not_possible(&job, act));
        }
        let deed = Deed {
            act,
            target: id,
            reason,
            state_before: job.state.name(),
        };
        self.write_audit(operator, deed).await?;
        let id = &job.record.id;
        let reason = Reason::new("operator", reason.trim());
        match act {
            "pause" | "resume" => {
                let act = if act == "pause" {
                    Act::Pause
                } else {
                    Act::Resume
                };
                let by = Intervention::new(act, Actor::Operator, reason);
                self.engine.intervene(id, &by).await?;
            }
            "cancel" => {
                let event = BulkEvent::Canceled { reason };
                self.engine.submit::<Bulk>(id, event).await?;
            }
            _ => {
                let event = BulkEvent::FailedRetried { reason };
                self.engine.submit::<Bulk>(id, event).await?;
            }
        }
        self.bulk(operator, id.as_str()).await
    }

    fn judge_bulk(&self, operator: &Operator, request: &BulkRequest) -> Result<BulkOrder, Problem> {
        let order = request.judge(operator)?;
        self.judge_names(&request.filter.as_query())?;
        Ok(order)
    }

    async fn bulk_job(&self, id: &str) -> Result<Instance<Bulk>, Problem> {
        match self.engine.read::<Bulk>(&InstanceId::new(id)).await {
            Ok(job) => Ok(job),
            Err(EngineError::NotFound(_)) => Err(Problem::not_found("bulk job")),
            Err(other) => Err(other.into()),
        }
    }

    /// The job that this operation came to before.
    async fn known_order(
        &self,
        operation: Option<&str>,
        order: &BulkOrder,
    ) -> Result<Option<InstanceId>, Problem> {
        let Some(operation) = operation else {
            return Ok(None);
        };
        let documents = self.engine.documents();
        let Some(given) = documents.get::<Given>(BULK_ORDERS, operation).await? else {
            return Ok(None);
        };
        if given.body.order != *order {
            let message = "was used for another order; use a fresh one for each";
            return Err(Problem::field("operation_id", "reused", message));
        }
        Ok(Some(given.body.job))
    }

    async fn order_mark(
        &self,
        operation: Option<&str>,
        order: &BulkOrder,
        job: &InstanceId,
    ) -> Result<Vec<PutDocument>, EngineError> {
        let Some(operation) = operation else {
            return Ok(Vec::new());
        };
        let given = Given {
            order: order.clone(),
            job: job.clone(),
        };
        let draft = DocumentDraft {
            space: BULK_ORDERS,
            key: operation,
            subject: &house_subject(),
            expected: Expected::Absent,
            body: &given,
            expires_at: Some(self.engine.now() + OPERATION_KNOWN),
        };
        self.engine.documents().seal(draft).await
    }
}
