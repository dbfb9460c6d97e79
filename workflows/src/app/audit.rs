//! The audit: what operators did, to what, and why. Written for every act; newest first.

use engine::{DocumentDraft, EngineError, Expected, PutDocument, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::App;
use super::lists::{ListQuery, list};
use super::operators::Operator;
use super::problem::Problem;
use super::views::ListView;
use crate::directory::house_subject;
use crate::ids;

const AUDIT: &str = "audit";

/// The end of the time that an id can write: counted down to, so that the newest line comes first.
const END_OF_IDS_MS: i64 = (1 << 48) - 1;

/// Something an operator did.
pub(super) struct Deed<'a> {
    /// What, e.g. `retry_now` or `create_partner`.
    pub(super) act: &'a str,
    /// To what.
    pub(super) target: &'a str,
    /// Why, where a reason is asked for.
    pub(super) reason: &'a str,
    /// The state it was in, where it has one.
    pub(super) state_before: &'a str,
}

#[derive(Serialize, Deserialize)]
struct AuditLine {
    at: Timestamp,
    operator: String,
    act: String,
    target: String,
    reason: String,
    state_before: String,
}

impl App {
    /// What operators did, newest first.
    pub async fn audit(
        &self,
        _operator: &Operator,
        query: &ListQuery,
    ) -> Result<ListView<Value>, Problem> {
        let (_, page) = query.judge()?;
        let documents = self.engine.documents();
        if let Some(after) = &page.after
            && documents.get::<AuditLine>(AUDIT, after).await?.is_none()
        {
            let message = "is not a cursor of this list; use `next_cursor` as it was answered";
            return Err(Problem::field("after", "invalid", message));
        }
        let (found, next) = documents.scan::<AuditLine>(AUDIT, "", &page).await?;
        let views = found
            .into_iter()
            .map(|opened| {
                let line = opened.body;
                json!({
                    "object": "audit_line", "id": opened.key, "at": line.at.to_rfc3339(),
                    "operator": line.operator, "act": line.act, "target": line.target,
                    "reason": line.reason, "state_before": line.state_before,
                })
            })
            .collect();
        Ok(list(views, next))
    }

    /// Writes down what an operator does. It comes before the deed, so that none goes unwritten.
    pub(super) async fn write_audit(
        &self,
        operator: &Operator,
        deed: Deed<'_>,
    ) -> Result<(), EngineError> {
        let puts = self.audit_line(operator, deed).await?;
        self.engine.documents().write(puts).await
    }

    /// The line of a deed, to be written in one change with it.
    pub(super) async fn audit_line(
        &self,
        operator: &Operator,
        deed: Deed<'_>,
    ) -> Result<Vec<PutDocument>, EngineError> {
        let now = self.engine.now();
        let countdown = Timestamp::from_millis(END_OF_IDS_MS - now.millis());
        let line = AuditLine {
            at: now,
            operator: operator.name.clone(),
            act: deed.act.to_owned(),
            target: deed.target.to_owned(),
            reason: deed.reason.to_owned(),
            state_before: deed.state_before.to_owned(),
        };
        let documents = self.engine.documents();
        documents
            .seal(DocumentDraft {
                space: AUDIT,
                key: &ids::fresh("aud", countdown),
                subject: &house_subject(),
                expected: Expected::Absent,
                body: &line,
                expires_at: None,
            })
            .await
    }
}
