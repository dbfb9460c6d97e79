//! Queries of lists: filters, pages, and what is wrong with either.

use engine::{
    Actor, Engine, EngineError, Filter, Instance, PageOrder, Record, Timestamp, Workflow,
};

use super::problem::{FieldError, Problem};
use super::views::ListView;

/// What a list may be asked for.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    /// One of the closed set of statuses.
    pub status: Option<String>,
    /// A state of the table.
    pub state: Option<String>,
    /// The partner's own name.
    pub external_id: Option<String>,
    /// RFC 3339, inclusive.
    pub created_after: Option<String>,
    /// RFC 3339, exclusive.
    pub created_before: Option<String>,
    /// Operators' lists only.
    pub partner_id: Option<String>,
    /// Operators' lists only.
    pub workflow: Option<String>,
    /// Operators' lists only: the code of what is waited for, or of what went wrong.
    pub waiting_for: Option<String>,
    /// Operators' lists only: who can move it.
    pub mover: Option<String>,
    /// Operators' lists only: as a group of like waits is named.
    pub fingerprint: Option<String>,
    /// 1–100; 20 where nobody says.
    pub limit: Option<i64>,
    /// The cursor of an earlier page.
    pub after: Option<String>,
}

/// The statuses of the contract.
const STATUSES: [&str; 8] = [
    "pending",
    "opened",
    "in_progress",
    "action_required",
    "completed",
    "failed",
    "expired",
    "canceled",
];

/// Everybody who may be waited for.
const MOVERS: [Actor; 5] = [
    Actor::System,
    Actor::Client,
    Actor::Partner,
    Actor::Operator,
    Actor::Outside,
];

impl ListQuery {
    /// The filter and the page, or every wrong part by name.
    pub(super) fn judge(&self) -> Result<(Filter, PageOrder), Problem> {
        let mut errors = Vec::new();
        let mut wrong = |param: &str, code: &str, message: String| {
            errors.push(FieldError {
                param: param.to_owned(),
                code: code.to_owned(),
                message,
            });
        };
        let limit = self.limit.unwrap_or(20);
        if !(1..=100).contains(&limit) {
            wrong("limit", "out_of_range", "must be from 1 to 100".to_owned());
        }
        if let Some(status) = &self.status
            && !STATUSES.contains(&status.as_str())
        {
            let message = format!("knows {}", STATUSES.join(", "));
            wrong("status", "unknown_value", message);
        }
        let mover = self.mover.as_deref();
        let known = MOVERS
            .into_iter()
            .find(|known| mover == Some(known.as_str()));
        if mover.is_some() && known.is_none() {
            let message = format!("knows {}", MOVERS.map(Actor::as_str).join(", "));
            wrong("mover", "unknown_value", message);
        }
        let mut moment = |param: &str, text: &Option<String>| {
            let text = text.as_deref()?;
            let at = Timestamp::parse_rfc3339(text);
            if at.is_none() {
                let message = "must be a moment such as 2026-11-23T08:00:00Z".to_owned();
                wrong(param, "invalid", message);
            }
            at
        };
        let created_after = moment("created_after", &self.created_after);
        let created_before = moment("created_before", &self.created_before);
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
        let filter = Filter {
            workflow: self.workflow.clone(),
            labels: self.labels(),
            states: self.state.clone().into_iter().collect(),
            waiting_for: self.waiting_for.clone(),
            mover: known,
            fingerprint: self.fingerprint.clone(),
            created_after,
            created_before,
            ..Filter::default()
        };
        let page = PageOrder {
            limit: usize::try_from(limit).unwrap_or(20),
            after: self.after.clone(),
        };
        Ok((filter, page))
    }

    fn labels(&self) -> Vec<(String, String)> {
        let labels = [
            ("status", &self.status),
            ("external_id", &self.external_id),
            ("tenant", &self.partner_id),
        ];
        labels
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)))
            .collect()
    }
}

/// A list as it is answered.
pub(super) fn list<T>(data: Vec<T>, next: Option<String>) -> ListView<T> {
    ListView {
        object: "list",
        data,
        has_more: next.is_some(),
        next_cursor: next,
    }
}

/// The instance, or nothing where it cannot be read: one that operators must look at, and are told of,
/// hides no other.
pub(super) async fn readable<W: Workflow>(
    engine: &Engine,
    record: Record,
) -> Result<Option<Instance<W>>, EngineError> {
    let id = record.id.clone();
    match engine.open::<W>(record).await {
        Ok(instance) => Ok(Some(instance)),
        Err(error) if error.is_unreadable() => {
            tracing::error!(instance.id = %id, %error, "left out of a list");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
