//! Meta apps, partners, their keys, and links that operators make themselves.

use rocket::{get, post};

use super::token::OperatorToken;
use crate::web::partners::Answer;
use crate::web::{JsonBody, Refusal};

#[post("/apps", data = "<body>")]
pub(crate) async fn create_app(by: OperatorToken<'_>, body: JsonBody) -> Result<Answer, Refusal> {
    Ok(Answer::created(
        &by.app.create_app(&by.operator, &body.value).await?,
    )?)
}

#[post("/partners", data = "<body>")]
pub(crate) async fn create_partner(
    by: OperatorToken<'_>,
    body: JsonBody,
) -> Result<Answer, Refusal> {
    Ok(Answer::created(
        &by.app.create_partner(&by.operator, &body.value).await?,
    )?)
}

#[get("/partners")]
pub(crate) async fn partners(by: OperatorToken<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::ok(&by.app.partners(&by.operator).await?)?)
}

#[post("/partners/<id>/keys", data = "<body>")]
pub(crate) async fn create_key(
    by: OperatorToken<'_>,
    id: &str,
    body: JsonBody,
) -> Result<Answer, Refusal> {
    Ok(Answer::created(
        &by.app.create_key(&by.operator, id, &body.value).await?,
    )?)
}

#[post("/onboardings", data = "<body>")]
pub(crate) async fn create_onboarding(
    by: OperatorToken<'_>,
    body: JsonBody,
) -> Result<Answer, Refusal> {
    Ok(Answer::created(
        &by.app
            .create_onboarding_for(&by.operator, &body.value)
            .await?,
    )?)
}

#[post("/connections/<id>/reconnect", data = "<body>")]
pub(crate) async fn reconnect(
    by: OperatorToken<'_>,
    id: &str,
    body: JsonBody,
) -> Result<Answer, Refusal> {
    Ok(Answer::created(
        &by.app.reconnect(&by.operator, id, &body.value).await?,
    )?)
}
