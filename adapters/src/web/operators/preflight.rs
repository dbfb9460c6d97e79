//! Meta apps and the look at them: asked for here, and read when it is done.

use rocket::{get, post};

use super::token::OperatorToken;
use crate::web::Refusal;
use crate::web::partners::Answer;

#[get("/apps")]
pub(crate) async fn apps(by: OperatorToken<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::ok(&by.app.meta_apps(&by.operator).await?)?)
}

#[post("/apps/<id>/preflight")]
pub(crate) async fn begin(by: OperatorToken<'_>, id: &str) -> Result<Answer, Refusal> {
    Ok(Answer::accepted(
        &by.app.begin_preflight(&by.operator, id).await?,
    )?)
}

#[get("/apps/<id>/preflight")]
pub(crate) async fn last(by: OperatorToken<'_>, id: &str) -> Result<Answer, Refusal> {
    Ok(Answer::ok(&by.app.preflight(&by.operator, id).await?)?)
}
