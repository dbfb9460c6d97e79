//! What is asked of a bulk job, judged part by part before anything is counted.

use engine::{BulkOrder, Filter};
use serde::Deserialize;
use serde_json::Value;

use super::acts::ACTS;
use crate::app::body;
use crate::app::lists::ListQuery;
use crate::app::operators::Operator;
use crate::app::problem::{FieldError, Problem};

/// Acts a minute where nobody says otherwise: ten a second.
const RATE: i64 = 600;
const RATE_MAX: i64 = 60_000;
const REASON_MAX: usize = 500;
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
        let reason = self.reason.trim();
        if reason.is_empty() && !self.dry_run {
            let message = "say why; it is kept in the history of each".to_owned();
            wrong("reason", "required", message);
        }
        if reason.chars().count() > REASON_MAX {
            let message = format!("is longer than {REASON_MAX} characters");
            wrong("reason", "too_long", message);
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
        let filter = match self.filter.judge() {
            Ok(filter) => filter,
            Err(problem) => {
                errors.extend(problem.errors);
                Filter::default()
            }
        };
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
        Ok(BulkOrder {
            act: self.act.clone(),
            filter,
            reason: reason.to_owned(),
            by: operator.name.clone(),
            rate_per_minute: u32::try_from(rate).unwrap_or(1),
        })
    }
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
        // No act there is reaches what has ended, and counting it would mislead.
        Ok(Filter {
            live: true,
            ..filter
        })
    }
}
