//! Accounts that clients shared and nobody has. Whether one may be given is the use case's to say.

use rocket::{get, post};

use super::token::OperatorToken;
use crate::web::partners::Answer;
use crate::web::{JsonBody, Query, Refusal};

#[get("/unclaimed")]
pub(crate) async fn unclaimed(by: OperatorToken<'_>, query: Query<'_>) -> Result<Answer, Refusal> {
    let query = query.list(&[])?;
    Ok(Answer::ok(&by.app.unclaimed(&by.operator, &query).await?)?)
}

#[post("/unclaimed/<id>/assign", data = "<body>")]
pub(crate) async fn assign(
    by: OperatorToken<'_>,
    id: &str,
    body: JsonBody,
) -> Result<Answer, Refusal> {
    let assigned = by.app.assign_unclaimed(&by.operator, id, &body.value);
    Ok(Answer::ok(&assigned.await?)?)
}
