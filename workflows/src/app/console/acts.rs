//! What operators do to instances, audited with who and why.

use engine::{
    Act, Actor, DocumentDraft, EngineError, Expected, HoldKind, InstanceId, Reason, Record,
    Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::app::App;
use crate::app::lists::{ListQuery, list};
use crate::app::operators::Operator;
use crate::app::problem::{Kind, Problem};
use crate::app::views::{InstanceView, ListView};
use crate::directory::house_subject;
use crate::ids;
use crate::onboarding::{Event, Onboarding};

const AUDIT: &str = "audit";

/// An act of an operator on an instance.
#[derive(Clone, Debug)]
pub struct OperatorAct {
    /// `retry_now`, `cancel`, `pause` or `resume`.
    pub act: String,
    /// Why; journalled and audited.
    pub reason: String,
    /// The same for a double click.
    pub operation_id: Option<String>,
    /// Only say whether it would be done.
    pub dry_run: bool,
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
    /// Carries an act out, audited with who and why. A repeat of one operation is answered, not repeated.
    pub async fn act(
        &self,
        operator: &Operator,
        id: &str,
        act: &OperatorAct,
    ) -> Result<InstanceView, Problem> {
        if act.reason.trim().is_empty() {
            return Err(Problem::field(
                "reason",
                "missing",
                "say why; it is kept in the history",
            ));
        }
        let instance = InstanceId::new(id);
        let record = self.found(&instance).await?;
        if !acts_of(&record).contains(&act.act.as_str()) {
            let acts = acts_of(&record).join(", ");
            return Err(Problem::new(
                Kind::Conflict,
                "not_in_this_state",
                format!(
                    "`{}` is not possible in {}; possible are: {acts}.",
                    act.act, record.state
                ),
            ));
        }
        if act.dry_run {
            return self.instance(operator, id).await;
        }
        let operation = match &act.operation_id {
            Some(operation) => format!("{id}/{operation}"),
            None => ids::fresh("op", self.engine.now()),
        };
        match self.write_audit(operator, &operation, &record, act).await {
            Ok(()) => {}
            Err(EngineError::DocumentMoved { .. }) => return self.instance(operator, id).await,
            Err(other) => return Err(other.into()),
        }
        self.carry_out(&instance, &record, act).await?;
        self.instance(operator, id).await
    }

    /// What operators did, oldest first.
    pub async fn audit(
        &self,
        _operator: &Operator,
        query: &ListQuery,
    ) -> Result<ListView<Value>, Problem> {
        let (_, page) = query.judge()?;
        let documents = self.engine.documents();
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

    async fn carry_out(
        &self,
        id: &InstanceId,
        record: &Record,
        act: &OperatorAct,
    ) -> Result<(), Problem> {
        if act.act == "cancel" {
            let event = Event::Canceled {
                actor: Actor::Operator,
                reason: act.reason.clone(),
            };
            self.engine.submit::<Onboarding>(id, event).await?;
            return Ok(());
        }
        if act.act == "retry_now" && record.state == "needs_asset" {
            let event = Event::AssetsRecheck {
                actor: Actor::Operator,
            };
            self.engine.submit::<Onboarding>(id, event).await?;
            return Ok(());
        }
        let intervention = match act.act.as_str() {
            "pause" => Act::Pause,
            "resume" => Act::Resume,
            _ => Act::RetryNow,
        };
        let reason = Reason::new("operator", act.reason.clone());
        Ok(self
            .engine
            .intervene(id, intervention, Actor::Operator, reason)
            .await?)
    }

    async fn write_audit(
        &self,
        operator: &Operator,
        operation: &str,
        record: &Record,
        act: &OperatorAct,
    ) -> Result<(), EngineError> {
        let line = AuditLine {
            at: self.engine.now(),
            operator: operator.name.clone(),
            act: act.act.clone(),
            target: record.id.to_string(),
            reason: act.reason.clone(),
            state_before: record.state.clone(),
        };
        let documents = self.engine.documents();
        let puts = documents
            .seal(DocumentDraft {
                space: AUDIT,
                key: operation,
                subject: &house_subject(),
                expected: Expected::Absent,
                body: &line,
                expires_at: None,
            })
            .await?;
        documents.write(puts).await
    }
}

/// What an operator may do to an instance as it stands.
pub(super) fn acts_of(record: &Record) -> Vec<&'static str> {
    if record.ended {
        return Vec::new();
    }
    let paused = matches!(&record.hold, Some(hold) if hold.kind == HoldKind::Paused);
    let mut acts = Vec::new();
    if paused {
        acts.push("resume");
    } else {
        if record.owes.is_some() || record.state == "needs_asset" {
            acts.push("retry_now");
        }
        acts.push("pause");
    }
    if record.workflow == "onboarding" && record.state != "number_registered" {
        acts.push("cancel");
    }
    acts
}
