//! What operators look at.

use rocket::get;

use super::token::OperatorToken;
use crate::web::partners::Answer;
use crate::web::{Query, Refusal};

/// What the list of instances may be narrowed by.
const FILTERS: &[&str] = &[
    "workflow",
    "state",
    "status",
    "partner_id",
    "external_id",
    "waiting_for",
    "mover",
    "fingerprint",
    "created_after",
    "created_before",
];

#[get("/instances")]
pub(crate) async fn instances(by: OperatorToken<'_>, query: Query<'_>) -> Result<Answer, Refusal> {
    let query = query.list(FILTERS)?;
    Ok(Answer::ok(&by.app.instances(&by.operator, &query).await?)?)
}

#[get("/instances/<id>")]
pub(crate) async fn instance(by: OperatorToken<'_>, id: &str) -> Result<Answer, Refusal> {
    Ok(Answer::ok(&by.app.instance(&by.operator, id).await?)?)
}

#[get("/attention")]
pub(crate) async fn attention(by: OperatorToken<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::ok(&by.app.attention(&by.operator).await?)?)
}

#[get("/audit")]
pub(crate) async fn audit(by: OperatorToken<'_>, query: Query<'_>) -> Result<Answer, Refusal> {
    let query = query.list(&[])?;
    Ok(Answer::ok(&by.app.audit(&by.operator, &query).await?)?)
}
