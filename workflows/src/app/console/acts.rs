//! What operators do to instances: read into an engine's act, audited in the same change, or only
//! foreseen.

use engine::{
    Act, ActError, Actor, Fields, InstanceId, Intervened, Intervention, Possible, Reason,
    WrongField,
};

use super::previews::{ActAnswer, OfferView, preview_view};
use crate::app::App;
use crate::app::audit::Deed;
use crate::app::operators::Operator;
use crate::app::problem::{FieldError, Kind, Problem};

/// An act of an operator on an instance, as it was sent.
#[derive(Clone, Debug, Default)]
pub struct OperatorAct {
    /// `retry_now`, `pause`, `resume`, `cancel`, `rewind`, `submit` or `edit`.
    pub act: String,
    /// Why; journalled and audited.
    pub reason: String,
    /// The same for a double click.
    pub operation_id: Option<String>,
    /// Only say what it would come to.
    pub dry_run: bool,
    /// The version that a preview was computed from; the act is refused if the instance has moved.
    pub version: Option<u64>,
    /// The milestone to rewind to.
    pub to: Option<String>,
    /// The event to submit.
    pub event: Option<String>,
    /// Whether a cancel takes back first what can be taken back.
    pub compensate: bool,
    /// What an event or an edit needs.
    pub fields: Fields,
}

/// Which of the members that only some acts take belong to which act.
const OWN_MEMBERS: [(&str, &[&str]); 4] = [
    ("to", &["rewind"]),
    ("event", &["submit"]),
    ("compensate", &["cancel"]),
    ("fields", &["submit", "edit"]),
];

impl OperatorAct {
    /// The act itself, or every member that is missing or belongs to another act.
    pub(in crate::app) fn read(&self) -> Result<Act, Problem> {
        let mut errors = Vec::new();
        let mut wrong = |param: &str, code: &str, message: &str| {
            errors.push(FieldError {
                param: param.to_owned(),
                code: code.to_owned(),
                message: message.to_owned(),
            });
        };
        if self.reason.trim().is_empty() {
            wrong("reason", "missing", "say why; it is kept in the history");
        }
        if self.reason.chars().count() > REASON_MAX {
            wrong("reason", "too_long", "is longer than 500 characters");
        }
        for (member, acts) in OWN_MEMBERS {
            let sent = match member {
                "to" => self.to.is_some(),
                "event" => self.event.is_some(),
                "compensate" => self.compensate,
                _ => !self.fields.is_empty(),
            };
            if sent && !acts.contains(&self.act.as_str()) {
                wrong(member, "unknown_field", "is not a member of this act");
            }
        }
        if self.act == "rewind" && self.to.is_none() {
            wrong("to", "missing", "name the milestone to go back to");
        }
        if self.act == "submit" && self.event.is_none() {
            wrong("event", "missing", "name the event that it shall hear");
        }
        let act = match self.act.as_str() {
            "retry_now" => Act::RetryNow,
            "pause" => Act::Pause,
            "resume" => Act::Resume,
            "cancel" => Act::Cancel {
                undo: self.compensate,
            },
            "rewind" => Act::Rewind {
                to: self.to.clone().unwrap_or_default(),
            },
            "submit" => Act::Submit {
                event: self.event.clone().unwrap_or_default(),
                fields: self.fields.clone(),
            },
            "edit" => Act::Edit {
                fields: self.fields.clone(),
            },
            _ => return Err(Problem::not_found("act")),
        };
        if errors.is_empty() {
            Ok(act)
        } else {
            Err(Problem::invalid(errors))
        }
    }
}

/// More than a sentence or two belongs into a ticket.
const REASON_MAX: usize = 500;

impl App {
    /// Carries an act out, audited with who and why, or says what it would come to. A repeat of one
    /// operation is answered, not repeated.
    pub async fn act(
        &self,
        operator: &Operator,
        id: &str,
        asked: &OperatorAct,
    ) -> Result<ActAnswer, Problem> {
        let act = asked.read()?;
        let instance = InstanceId::new(id);
        let record = self.found(&instance).await?;
        let reason = Reason::new("operator", asked.reason.trim());
        let mut by = Intervention {
            operation: asked.operation_id.clone(),
            expected: asked.version,
            ..Intervention::new(act, Actor::Operator, reason)
        };
        if asked.dry_run {
            let preview = self.engine.preview(&instance, &by).await;
            let preview = preview.map_err(|error| told(error, &record.state))?;
            return Ok(ActAnswer::Preview(preview_view(&preview)));
        }
        let deed = Deed {
            act: &asked.act,
            target: id,
            reason: &asked.reason,
            state_before: &record.state,
        };
        by.documents = self.audit_line(operator, deed).await?;
        let done = self.engine.intervene(&instance, &by).await;
        let done = done.map_err(|error| told(error, &record.state))?;
        let view = Box::new(self.instance(operator, id).await?);
        Ok(match done {
            Intervened::Done(preview) => ActAnswer::Done {
                view,
                repeated: false,
                done: Some(preview_view(&preview)),
            },
            Intervened::Repeated => ActAnswer::Done {
                view,
                repeated: true,
                done: None,
            },
        })
    }
}

/// The names of the acts that can be done now, each once.
pub(super) fn names_of(possible: &[Possible]) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    for act in possible {
        if !names.contains(&act.act) {
            names.push(act.act);
        }
    }
    names
}

/// The acts that can be done now, with what each needs.
pub(super) fn offers_of(possible: Vec<Possible>) -> Vec<OfferView> {
    possible.into_iter().map(OfferView::of).collect()
}

fn told(error: ActError, state: &str) -> Problem {
    match error {
        ActError::NotPossible(reason) => Problem::new(
            Kind::Conflict,
            "not_in_this_state",
            format!(
                "Not possible while it is in {state}: {}. Read it again to see what may be done.",
                reason.text
            ),
        ),
        other => other.into(),
    }
}

impl From<ActError> for Problem {
    fn from(error: ActError) -> Self {
        match error {
            ActError::NotPossible(reason) => {
                let detail = format!("Not possible now: {}.", reason.text);
                Self::new(Kind::Conflict, "not_in_this_state", detail)
            }
            ActError::WrongFields(wrong) => {
                Self::invalid(wrong.into_iter().map(field_error).collect())
            }
            ActError::Moved(version) => {
                let detail = format!(
                    "It has moved to version {version} since the preview. Look at the preview again."
                );
                Self::new(Kind::Conflict, "changed_since_preview", detail)
            }
            ActError::OperationReused(act) => {
                let message =
                    format!("was used for another act (`{act}`); use a fresh one for each act");
                Self::field("operation_id", "reused", message)
            }
            ActError::Engine(error) => error.into(),
        }
    }
}

fn field_error(wrong: WrongField) -> FieldError {
    FieldError {
        param: format!("fields.{}", wrong.field),
        code: wrong.code.to_owned(),
        message: wrong.message,
    }
}
