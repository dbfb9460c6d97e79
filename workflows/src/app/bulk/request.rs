//! What is asked of a bulk job, judged part by part before anything is counted.

use engine::{BulkOrder, Filter, Letter, Workflow};
use serde::Deserialize;
use serde_json::Value;

use crate::app::body;
use crate::app::console::OperatorAct;
use crate::app::lists::ListQuery;
use crate::app::operators::Operator;
use crate::app::problem::{FieldError, Problem};
use crate::onboarding::Onboarding;

/// The acts that make sense for many at once.
const ACTS: [&str; 5] = ["retry_now", "pause", "resume", "cancel", "rewind"];

/// Acts a minute where nobody says otherwise: ten a second.
const RATE: i64 = 600;
const RATE_MAX: i64 = 60_000;
const OPERATION_MAX: usize = 100;

/// One act on everything that a filter matches.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BulkRequest {
    /// What it is done to.
    #[serde(default, deserialize_with = "body::or_default")]
    pub filter: BulkFilter,
    /// What is done.
    pub act: String,
    /// The milestone to rewind to.
    pub to: Option<String>,
    /// Whether a cancel takes back first what can be taken back.
    #[serde(default)]
    pub compensate: bool,
    /// Why; it stands in the history of each instance.
    #[serde(default)]
    pub reason: String,
    /// Acts a minute at most.
    pub rate: Option<i64>,
    /// The same for a double click.
    pub operation_id: Option<String>,
    /// Only count, and say what would be refused.
    #[serde(default)]
    pub dry_run: bool,
}

/// The filters of the list of instances, under the same names.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BulkFilter {
    /// Of this workflow.
    pub workflow: Option<String>,
    /// In this state of its table.
    pub state: Option<String>,
    /// One of the closed set of statuses.
    pub status: Option<String>,
    /// Of this partner.
    pub partner_id: Option<String>,
    /// With this name of the partner's own.
    pub external_id: Option<String>,
    /// Waiting for this: the code of what is awaited, or of what went wrong.
    pub waiting_for: Option<String>,
    /// Waiting for whoever this is to move them.
    pub mover: Option<String>,
    /// As a group of like waits is named.
    pub fingerprint: Option<String>,
    /// RFC 3339, inclusive.
    pub created_after: Option<String>,
    /// RFC 3339, exclusive.
    pub created_before: Option<String>,
}

impl BulkRequest {
    /// Reads a body; unknown and wrong fields are named.
    pub fn read(body: &Value) -> Result<Self, Problem> {
        body::read(body)
    }

    /// The order that this comes to, or every wrong part by name.
    pub(super) fn judge(&self, operator: &Operator) -> Result<BulkOrder, Problem> {
        let mut errors = Vec::new();
        let mut wrong = |param: &str, code: &str, message: String| {
            errors.push(FieldError {
                param: param.to_owned(),
                code: code.to_owned(),
                message,
            });
        };
        if !ACTS.contains(&self.act.as_str()) {
            wrong("act", "unknown_value", format!("knows {}", ACTS.join(", ")));
        }
        let operation = self.operation_id.as_deref().unwrap_or("-");
        if operation.is_empty() || operation.chars().count() > OPERATION_MAX {
            let message = format!("must have from 1 to {OPERATION_MAX} characters");
            wrong("operation_id", "invalid", message);
        }
        let rate = self.rate.unwrap_or(RATE);
        if !(1..=RATE_MAX).contains(&rate) {
            let message = format!("must be from 1 to {RATE_MAX} acts a minute");
            wrong("rate", "out_of_range", message);
        }
        let act = self.as_act().read();
        let filter = self.filter.judge();
        match (act, filter) {
            (Ok(act), Ok(filter)) if errors.is_empty() => Ok(BulkOrder {
                // No other act reaches what has ended, and counting it would mislead.
                filter: Filter {
                    live: self.act != "rewind",
                    ..filter
                },
                act,
                reason: self.reason.trim().to_owned(),
                by: operator.name.clone(),
                rate_per_minute: u32::try_from(rate).unwrap_or(1),
            }),
            (act, filter) => {
                errors.extend(act.err().into_iter().flat_map(|problem| problem.errors));
                errors.extend(filter.err().into_iter().flat_map(|problem| problem.errors));
                Err(Problem::invalid(errors))
            }
        }
    }

    /// The act as it is sent for one instance.
    fn as_act(&self) -> OperatorAct {
        let reason = if self.dry_run && self.reason.trim().is_empty() {
            "it is only tried out"
        } else {
            &self.reason
        };
        OperatorAct {
            act: self.act.clone(),
            reason: reason.to_owned(),
            to: self.to.clone(),
            compensate: self.compensate,
            ..OperatorAct::default()
        }
    }
}

/// The milestones that onboardings may be rewound to, in their order.
pub fn rewind_targets() -> impl Iterator<Item = &'static str> {
    Onboarding::milestones().iter().map(|state| state.name())
}

impl BulkFilter {
    /// The same filter as a query of the list of instances.
    pub(super) fn as_query(&self) -> ListQuery {
        ListQuery {
            workflow: self.workflow.clone(),
            state: self.state.clone(),
            status: self.status.clone(),
            partner_id: self.partner_id.clone(),
            external_id: self.external_id.clone(),
            waiting_for: self.waiting_for.clone(),
            mover: self.mover.clone(),
            fingerprint: self.fingerprint.clone(),
            created_after: self.created_after.clone(),
            created_before: self.created_before.clone(),
            ..ListQuery::default()
        }
    }

    fn judge(&self) -> Result<Filter, Problem> {
        let judged = self.as_query().judge();
        let (filter, _) = judged.map_err(|problem| {
            let inside = |error: FieldError| FieldError {
                param: format!("filter.{}", error.param),
                ..error
            };
            Problem::invalid(problem.errors.into_iter().map(inside).collect())
        })?;
        Ok(filter)
    }
}
