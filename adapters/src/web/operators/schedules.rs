//! What runs by the clock, and a person's hand on it. Whether it may is the use case's to say.

use rocket::{get, post};
use serde_json::Value;
use workflows::app::{FieldError, Problem};

use super::token::OperatorToken;
use crate::web::partners::Answer;
use crate::web::{JsonBody, Refusal};

#[get("/schedules")]
pub(crate) async fn schedules(by: OperatorToken<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::ok(&by.app.schedules(&by.operator).await?)?)
}

#[post("/schedules/<name>/<act>", data = "<body>")]
pub(crate) async fn change(
    by: OperatorToken<'_>,
    name: &str,
    act: &str,
    body: JsonBody,
) -> Result<Answer, Refusal> {
    let reason = reason_of(&body.value)?;
    let changed = by
        .app
        .change_schedule(&by.operator, name, act, &reason)
        .await?;
    Ok(Answer::accepted(&changed)?)
}

fn reason_of(body: &Value) -> Result<String, Problem> {
    let wrong = |param: &str, code: &str, message: &str| {
        Problem::invalid(vec![FieldError {
            param: param.to_owned(),
            code: code.to_owned(),
            message: message.to_owned(),
        }])
    };
    let fields = body.as_object().cloned().unwrap_or_default();
    if let Some(name) = fields.keys().find(|name| *name != "reason") {
        return Err(wrong(name, "unknown_field", "is not a field of this act"));
    }
    match fields.get("reason").and_then(Value::as_str) {
        Some(reason) if !reason.trim().is_empty() => Ok(reason.trim().to_owned()),
        _ => Err(wrong("reason", "required", "say why, for the audit")),
    }
}
