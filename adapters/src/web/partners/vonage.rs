//! The call that programs written for Vonage's channel manager make, address and all.

use rocket::{patch, post};

use super::answer::Answer;
use super::idempotency::Idempotency;
use super::key::{Partner, Write};
use crate::web::{JsonBody, Refusal};

#[post("/channel-manager/whatsapp/tp-registration/url", data = "<body>")]
pub(crate) async fn post(
    partner: Partner<'_, Write>,
    once: Idempotency<'_>,
    body: JsonBody,
) -> Result<Answer, Refusal> {
    link(&partner, &once, &body).await
}

#[patch("/channel-manager/whatsapp/tp-registration/url", data = "<body>")]
pub(crate) async fn patch(
    partner: Partner<'_, Write>,
    once: Idempotency<'_>,
    body: JsonBody,
) -> Result<Answer, Refusal> {
    link(&partner, &once, &body).await
}

async fn link(
    partner: &Partner<'_, Write>,
    once: &Idempotency<'_>,
    body: &JsonBody,
) -> Result<Answer, Refusal> {
    let Partner { app, caller, .. } = partner;
    let act =
        async |id: Option<_>| Answer::ok(&app.vonage_link(caller, &body.value, id.as_ref()).await?);
    once.once(app, caller, &body.raw, act).await
}
