//! Webhook endpoints and the deliveries to them.

use rocket::{delete, get, post};

use super::answer::Answer;
use super::idempotency::Idempotency;
use super::key::{Partner, Webhooks};
use super::page::page_of;
use crate::web::{JsonBody, Query, Refusal};

#[post("/webhook_endpoints", data = "<body>")]
pub(crate) async fn create(
    partner: Partner<'_, Webhooks>,
    once: Idempotency<'_>,
    body: JsonBody,
) -> Result<Answer, Refusal> {
    let Partner { app, caller, .. } = &partner;
    let act = async |_| Answer::created(&app.create_endpoint(caller, &body.value).await?);
    once.once(app, caller, &body.raw, act).await
}

#[get("/webhook_endpoints")]
pub(crate) async fn list(
    partner: Partner<'_, Webhooks>,
    query: Query<'_>,
) -> Result<Answer, Refusal> {
    let query = query.list(&[])?;
    let all = partner.app.endpoints(&partner.caller).await?;
    Ok(Answer::ok(&page_of(all, &query, |endpoint| &endpoint.id)?)?)
}

#[get("/webhook_endpoints/<id>")]
pub(crate) async fn read(partner: Partner<'_, Webhooks>, id: &str) -> Result<Answer, Refusal> {
    Ok(Answer::ok(
        &partner.app.endpoint(&partner.caller, id).await?,
    )?)
}

#[delete("/webhook_endpoints/<id>")]
pub(crate) async fn delete(partner: Partner<'_, Webhooks>, id: &str) -> Result<Answer, Refusal> {
    partner.app.delete_endpoint(&partner.caller, id).await?;
    Ok(Answer::nothing())
}

#[post("/webhook_endpoints/<id>/test", data = "<body>")]
pub(crate) async fn test(
    partner: Partner<'_, Webhooks>,
    once: Idempotency<'_>,
    id: &str,
    body: JsonBody,
) -> Result<Answer, Refusal> {
    let Partner { app, caller, .. } = &partner;
    body.takes_no_fields()?;
    let act = async |_| Answer::ok(&app.test_endpoint(caller, id).await?);
    once.once(app, caller, &body.raw, act).await
}

#[post("/webhook_endpoints/<id>/rotate", data = "<body>")]
pub(crate) async fn rotate(
    partner: Partner<'_, Webhooks>,
    once: Idempotency<'_>,
    id: &str,
    body: JsonBody,
) -> Result<Answer, Refusal> {
    let Partner { app, caller, .. } = &partner;
    body.takes_no_fields()?;
    let act = async |_| Answer::ok(&app.rotate_endpoint(caller, id).await?);
    once.once(app, caller, &body.raw, act).await
}

#[get("/webhook_deliveries")]
pub(crate) async fn deliveries(
    partner: Partner<'_, Webhooks>,
    query: Query<'_>,
) -> Result<Answer, Refusal> {
    let query = query.list(&[])?;
    Ok(Answer::ok(
        &partner.app.deliveries(&partner.caller, &query).await?,
    )?)
}

#[post("/webhook_deliveries/<id>/redeliver", data = "<body>")]
pub(crate) async fn redeliver(
    partner: Partner<'_, Webhooks>,
    once: Idempotency<'_>,
    id: &str,
    body: JsonBody,
) -> Result<Answer, Refusal> {
    let Partner { app, caller, .. } = &partner;
    body.takes_no_fields()?;
    let act = async |_| Answer::ok(&app.redeliver(caller, id).await?);
    once.once(app, caller, &body.raw, act).await
}
