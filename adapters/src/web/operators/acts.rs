//! What operators do to an instance. Whether they may is the use case's to say.

use rocket::post;
use serde_json::{Map, Value};
use workflows::app::{FieldError, OperatorAct, Problem};

use super::token::OperatorToken;
use crate::web::partners::Answer;
use crate::web::{JsonBody, Refusal};

#[post("/instances/<id>/acts/<act>", data = "<body>")]
pub(crate) async fn act(
    by: OperatorToken<'_>,
    id: &str,
    act: &str,
    body: JsonBody,
) -> Result<Answer, Refusal> {
    let act = read(act, &body.value)?;
    Ok(Answer::ok(&by.app.act(&by.operator, id, &act).await?)?)
}

fn read(act: &str, body: &Value) -> Result<OperatorAct, Problem> {
    let mut fields = Fields {
        left: body.as_object().cloned().unwrap_or_default(),
        errors: Vec::new(),
    };
    let asked = OperatorAct {
        act: act.to_owned(),
        reason: fields.text("reason").unwrap_or_default(),
        operation_id: fields.text("operation_id"),
        dry_run: fields.flag("dry_run"),
        version: fields.number("version"),
        to: fields.text("to"),
        event: fields.text("event"),
        compensate: fields.flag("compensate"),
        fields: fields.object("fields"),
    };
    let Fields { left, mut errors } = fields;
    if asked.reason.is_empty() && errors.iter().all(|error| error.param != "reason") {
        errors.push(wrong("reason", "required", "say why, for the audit"));
    }
    errors.extend(
        left.keys()
            .map(|name| wrong(name, "unknown_field", "is not a field of an act")),
    );
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    Ok(asked)
}

struct Fields {
    left: Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Fields {
    fn text(&mut self, name: &str) -> Option<String> {
        match self.left.remove(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(_) => {
                self.errors
                    .push(wrong(name, "wrong_type", "must be a text"));
                None
            }
        }
    }

    fn number(&mut self, name: &str) -> Option<u64> {
        match self.left.remove(name) {
            None | Some(Value::Null) => None,
            Some(value) => {
                let number = value.as_u64();
                if number.is_none() {
                    let message = "must be a whole number, as a preview told it";
                    self.errors.push(wrong(name, "wrong_type", message));
                }
                number
            }
        }
    }

    fn object(&mut self, name: &str) -> Map<String, Value> {
        match self.left.remove(name) {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(object)) => object,
            Some(_) => {
                self.errors
                    .push(wrong(name, "wrong_type", "must be a JSON object"));
                Map::new()
            }
        }
    }

    fn flag(&mut self, name: &str) -> bool {
        match self.left.remove(name) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => flag,
            Some(_) => {
                self.errors
                    .push(wrong(name, "wrong_type", "must be true or false"));
                false
            }
        }
    }
}

fn wrong(param: &str, code: &str, message: &str) -> FieldError {
    FieldError {
        param: param.to_owned(),
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::read;

    #[test]
    fn an_act_needs_a_reason_and_may_be_a_dry_run() {
        let body = json!({"reason": "the client called", "operation_id": "op-1", "dry_run": true});
        let act = read("cancel", &body).unwrap();
        assert_eq!(
            (act.act.as_str(), act.reason.as_str(), act.dry_run),
            ("cancel", "the client called", true)
        );
        assert_eq!(act.operation_id.as_deref(), Some("op-1"));
    }

    #[test]
    fn what_an_act_needs_is_read_with_it() {
        let body = json!({
            "reason": "r", "version": 7, "to": "waba_subscribed", "event": "otp_wanted",
            "compensate": true, "fields": {"locale": "es"},
        });
        let act = read("rewind", &body).unwrap();
        assert_eq!(
            (act.version, act.to.as_deref()),
            (Some(7), Some("waba_subscribed"))
        );
        assert_eq!(
            (act.event.as_deref(), act.compensate),
            (Some("otp_wanted"), true)
        );
        assert_eq!(act.fields["locale"], "es");
    }

    #[test]
    fn every_wrong_field_of_an_act_is_named_once() {
        let params = |body| {
            let problem = read("pause", &body).unwrap_err();
            problem
                .errors
                .into_iter()
                .map(|error| error.param)
                .collect::<Vec<_>>()
        };
        assert_eq!(params(json!({})), ["reason"]);
        assert_eq!(params(json!({"reason": 1})), ["reason"]);
        assert_eq!(
            params(json!({"reason": "r", "dry_run": "yes", "force": true})),
            ["dry_run", "force"]
        );
        assert_eq!(
            params(json!({"reason": "r", "version": "7", "fields": []})),
            ["version", "fields"]
        );
    }
}
