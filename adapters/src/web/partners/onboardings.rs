//! Onboardings and their links as partners see them.

use rocket::{Shutdown, get, post};

use super::answer::{Answer, KnownTags, tag_of};
use super::idempotency::Idempotency;
use super::key::{Partner, Read, Write};
use super::wait;
use crate::web::{JsonBody, Query, Refusal};

/// What the list may be narrowed by.
const FILTERS: &[&str] = &[
    "status",
    "state",
    "external_id",
    "created_after",
    "created_before",
];

#[post("/onboardings", data = "<body>")]
pub(crate) async fn create(
    partner: Partner<'_, Write>,
    once: Idempotency<'_>,
    body: JsonBody,
) -> Result<Answer, Refusal> {
    let Partner { app, caller, .. } = &partner;
    let act = async |id: Option<_>| {
        Answer::created(
            &app.create_onboarding(caller, &body.value, id.as_ref())
                .await?,
        )
    };
    once.once(app, caller, &body.raw, act).await
}

#[get("/onboardings")]
pub(crate) async fn list(partner: Partner<'_, Read>, query: Query<'_>) -> Result<Answer, Refusal> {
    let query = query.list(FILTERS)?;
    Ok(Answer::ok(
        &partner.app.onboardings(&partner.caller, &query).await?,
    )?)
}

#[get("/onboardings/<id>")]
pub(crate) async fn read(
    partner: Partner<'_, Read>,
    query: Query<'_>,
    known: KnownTags,
    closing: Shutdown,
    id: &str,
) -> Result<Answer, Refusal> {
    let query = query.fields(&["wait"])?;
    let wait = wait::asked(query.get("wait").map(String::as_str))?;
    let view = wait::read_past(partner.app, &partner.caller, id, &known, (wait, closing)).await?;
    let tag = tag_of(&view);
    if known.hold(&tag) {
        return Ok(Answer::unchanged(tag));
    }
    Ok(Answer::ok(&view)?)
}

#[get("/onboardings/<id>/events")]
pub(crate) async fn events(
    partner: Partner<'_, Read>,
    query: Query<'_>,
    id: &str,
) -> Result<Answer, Refusal> {
    let query = query.list(&[])?;
    Ok(Answer::ok(
        &partner
            .app
            .onboarding_events(&partner.caller, id, &query)
            .await?,
    )?)
}

#[post("/onboardings/<id>/links", data = "<body>")]
pub(crate) async fn new_link(
    partner: Partner<'_, Write>,
    once: Idempotency<'_>,
    id: &str,
    body: JsonBody,
) -> Result<Answer, Refusal> {
    let Partner { app, caller, .. } = &partner;
    let act = async |_| Answer::created(&app.new_link(caller, id, &body.value).await?);
    once.once(app, caller, &body.raw, act).await
}

#[post("/onboardings/<id>/cancel", data = "<body>")]
pub(crate) async fn cancel(
    partner: Partner<'_, Write>,
    once: Idempotency<'_>,
    id: &str,
    body: JsonBody,
) -> Result<Answer, Refusal> {
    let Partner { app, caller, .. } = &partner;
    body.takes_no_fields()?;
    let act = async |_| Answer::ok(&app.cancel_onboarding(caller, id).await?);
    once.once(app, caller, &body.raw, act).await
}

#[post("/onboardings/<id>/retry", data = "<body>")]
pub(crate) async fn retry(
    partner: Partner<'_, Write>,
    once: Idempotency<'_>,
    id: &str,
    body: JsonBody,
) -> Result<Answer, Refusal> {
    let Partner { app, caller, .. } = &partner;
    body.takes_no_fields()?;
    let act = async |_| Answer::ok(&app.retry_onboarding(caller, id).await?);
    once.once(app, caller, &body.raw, act).await
}

#[post("/links/<id>/revoke", data = "<body>")]
pub(crate) async fn revoke_link(
    partner: Partner<'_, Write>,
    once: Idempotency<'_>,
    id: &str,
    body: JsonBody,
) -> Result<Answer, Refusal> {
    let Partner { app, caller, .. } = &partner;
    body.takes_no_fields()?;
    let act = async |_| Answer::ok(&app.revoke_link(caller, id).await?);
    once.once(app, caller, &body.raw, act).await
}
