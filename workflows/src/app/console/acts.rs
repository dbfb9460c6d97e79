//! What operators do to instances, audited with who and why.

use std::time::Duration;

use engine::{
    Act, Actor, DocumentDraft, Documents, Engine, EngineError, Expected, HoldKind, InstanceId,
    PutDocument, Reason, Record, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::app::audit::Deed;
use crate::app::operators::Operator;
use crate::app::problem::{Kind, Problem};
use crate::app::views::InstanceView;
use crate::directory::house_subject;
use crate::onboarding::{Event, Onboarding};

const OPERATIONS: &str = "operations";

/// An operation that has not been seen through for this long was cut off by a crash.
const UNDER_WAY: Duration = Duration::from_secs(30);

/// A repeat of an operation is known as one for this long.
const OPERATION_KNOWN: Duration = Duration::from_hours(7 * 24);

/// The acts there are; which of them are possible depends on the instance.
pub(in crate::app) const ACTS: [&str; 4] = ["retry_now", "pause", "resume", "cancel"];

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

/// What is remembered of an operation, so that a double click does nothing twice.
#[derive(Serialize, Deserialize)]
struct Operation {
    act: String,
    begun_at: Timestamp,
    done: bool,
}

impl App {
    /// Carries an act out, audited with who and why. A repeat of one operation is answered, not repeated.
    pub async fn act(
        &self,
        operator: &Operator,
        id: &str,
        act: &OperatorAct,
    ) -> Result<InstanceView, Problem> {
        if !ACTS.contains(&act.act.as_str()) {
            return Err(Problem::not_found("act"));
        }
        if act.reason.trim().is_empty() {
            let message = "say why; it is kept in the history";
            return Err(Problem::field("reason", "missing", message));
        }
        let instance = InstanceId::new(id);
        let record = self.found(&instance).await?;
        let key = act
            .operation_id
            .as_ref()
            .map(|operation| format!("{id}/{operation}"));
        if let Some(key) = &key
            && self.is_repeated(key, act).await?
        {
            return self.instance(operator, id).await;
        }
        judge(&record, act)?;
        if act.dry_run {
            return self.instance(operator, id).await;
        }
        if let Some(key) = &key {
            match self.keep_operation(key, act, false).await {
                Ok(()) => {}
                // The other click of a double click is carrying it out.
                Err(EngineError::DocumentMoved { .. }) => return self.instance(operator, id).await,
                Err(other) => return Err(other.into()),
            }
        }
        let deed = Deed {
            act: &act.act,
            target: id,
            reason: &act.reason,
            state_before: &record.state,
        };
        self.write_audit(operator, deed).await?;
        let carried = carry_out(&self.engine, &record, act, Vec::new()).await;
        if let Some(key) = &key {
            match &carried {
                Ok(()) => self.keep_operation(key, act, true).await?,
                Err(_) => self.forget_operation(key).await?,
            }
        }
        carried?;
        self.instance(operator, id).await
    }

    /// Whether this operation was carried out before, or is being carried out now.
    async fn is_repeated(&self, key: &str, act: &OperatorAct) -> Result<bool, Problem> {
        let documents = self.engine.documents();
        let Some(known) = documents.get::<Operation>(OPERATIONS, key).await? else {
            return Ok(false);
        };
        if known.body.act != act.act {
            let message = format!(
                "was used for `{}`; use a fresh one for each act",
                known.body.act
            );
            return Err(Problem::field("operation_id", "reused", message));
        }
        if known.body.done || self.engine.now().since(known.body.begun_at) < UNDER_WAY {
            return Ok(true);
        }
        self.forget_operation(key).await?;
        Ok(false)
    }

    async fn keep_operation(
        &self,
        key: &str,
        act: &OperatorAct,
        done: bool,
    ) -> Result<(), EngineError> {
        let operation = Operation {
            act: act.act.clone(),
            begun_at: self.engine.now(),
            done,
        };
        let documents = self.engine.documents();
        let puts = documents
            .seal(DocumentDraft {
                space: OPERATIONS,
                key,
                subject: &house_subject(),
                expected: if done {
                    Expected::Any
                } else {
                    Expected::Absent
                },
                body: &operation,
                expires_at: Some(self.engine.now() + OPERATION_KNOWN),
            })
            .await?;
        documents.write(puts).await
    }

    async fn forget_operation(&self, key: &str) -> Result<(), EngineError> {
        let removal = Documents::removal(OPERATIONS, key, Expected::Any);
        self.engine.documents().write(vec![removal]).await
    }
}

/// Does it, and writes documents in the same change.
pub(in crate::app) async fn carry_out(
    engine: &Engine,
    record: &Record,
    act: &OperatorAct,
    documents: Vec<PutDocument>,
) -> Result<(), EngineError> {
    let by_event = match act.act.as_str() {
        "cancel" => Some(Event::Canceled {
            actor: Actor::Operator,
            reason: act.reason.clone(),
        }),
        "retry_now" if record.state == "needs_asset" => Some(Event::AssetsRecheck {
            actor: Actor::Operator,
        }),
        _ => None,
    };
    if let Some(event) = by_event {
        let heard = engine.submit_with::<Onboarding>(&record.id, event, documents);
        return heard.await.map(drop);
    }
    let intervention = match act.act.as_str() {
        "pause" => Act::Pause,
        "resume" => Act::Resume,
        _ => Act::RetryNow,
    };
    let reason = Reason::new("operator", act.reason.clone());
    let by = (intervention, Actor::Operator, reason);
    engine.intervene_with(&record.id, by, documents).await
}

fn judge(record: &Record, act: &OperatorAct) -> Result<(), Problem> {
    refusal(record, &act.act).map_or(Ok(()), |why| {
        Err(Problem::new(Kind::Conflict, "not_in_this_state", why))
    })
}

/// Why the act is not possible on the instance as it stands, if it is not.
pub(in crate::app) fn refusal(record: &Record, act: &str) -> Option<String> {
    let possible = acts_of(record);
    if possible.contains(&act) {
        return None;
    }
    if possible.is_empty() {
        return Some(format!(
            "It has ended in {}; nothing is left to do.",
            record.state
        ));
    }
    Some(format!(
        "`{act}` is not possible in {}; possible are: {}.",
        record.state,
        possible.join(", ")
    ))
}

/// What an operator may do to an instance as it stands.
pub(super) fn acts_of(record: &Record) -> Vec<&'static str> {
    if record.ended {
        let own = record.subject.as_str() == record.id.as_str();
        let erasable = own && record.erased_at.is_none();
        return if erasable { vec!["erase"] } else { Vec::new() };
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
