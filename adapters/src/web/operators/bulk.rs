//! Bulk acts: tried dry, ordered, watched, and steered. What they come to is the use case's to say.

use rocket::{get, post};
use serde::Deserialize;
use workflows::app::{BulkRequest, Problem};

use super::token::OperatorToken;
use crate::web::partners::Answer;
use crate::web::{JsonBody, Query, Refusal};

#[post("/bulk", data = "<body>")]
pub(crate) async fn order(by: OperatorToken<'_>, body: JsonBody) -> Result<Answer, Refusal> {
    let request = BulkRequest::read(&body.value)?;
    if request.dry_run {
        let preview = by.app.preview_bulk(&by.operator, &request).await?;
        return Ok(Answer::ok(&preview)?);
    }
    let job = by.app.order_bulk(&by.operator, &request).await?;
    Ok(Answer::accepted(&job)?)
}

#[get("/bulk")]
pub(crate) async fn jobs(by: OperatorToken<'_>, query: Query<'_>) -> Result<Answer, Refusal> {
    let query = query.list(&[])?;
    Ok(Answer::ok(&by.app.bulks(&by.operator, &query).await?)?)
}

#[get("/bulk/<id>")]
pub(crate) async fn job(by: OperatorToken<'_>, id: &str) -> Result<Answer, Refusal> {
    Ok(Answer::ok(&by.app.bulk(&by.operator, id).await?)?)
}

#[get("/bulk/<id>/items")]
pub(crate) async fn items(
    by: OperatorToken<'_>,
    id: &str,
    query: Query<'_>,
) -> Result<Answer, Refusal> {
    let (result, query) = query.items()?;
    let asked = (result.as_deref(), &query);
    Ok(Answer::ok(
        &by.app.bulk_items(&by.operator, id, asked).await?,
    )?)
}

/// What steering a job takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Steering {
    reason: String,
}

#[post("/bulk/<id>/<act>", data = "<body>")]
pub(crate) async fn steer(
    by: OperatorToken<'_>,
    id: &str,
    act: &str,
    body: JsonBody,
) -> Result<Answer, Refusal> {
    let steering: Steering = serde_json::from_value(body.value)
        .map_err(|_| Problem::field("reason", "required", "send a reason, and nothing else"))?;
    let asked = (act, steering.reason.as_str());
    Ok(Answer::ok(
        &by.app.act_on_bulk(&by.operator, id, asked).await?,
    )?)
}
