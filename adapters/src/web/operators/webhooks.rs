//! Meta's webhooks: what came of each, and hearing one again.

use rocket::{get, post};

use super::token::OperatorToken;
use crate::web::partners::Answer;
use crate::web::{JsonBody, Query, Refusal};

#[get("/webhooks")]
pub(crate) async fn webhooks(by: OperatorToken<'_>, query: Query<'_>) -> Result<Answer, Refusal> {
    let query = query.webhooks()?;
    Ok(Answer::ok(&by.app.webhooks(&by.operator, &query).await?)?)
}

#[get("/webhooks/<id>")]
pub(crate) async fn webhook(by: OperatorToken<'_>, id: &str) -> Result<Answer, Refusal> {
    Ok(Answer::ok(&by.app.webhook(&by.operator, id).await?)?)
}

#[post("/webhooks/<id>/replay", data = "<body>")]
pub(crate) async fn replay(
    by: OperatorToken<'_>,
    id: &str,
    body: JsonBody,
) -> Result<Answer, Refusal> {
    let replayed = by.app.replay_webhook(&by.operator, id, &body.value);
    Ok(Answer::accepted(&replayed.await?)?)
}
