//! The check of all histories: asked for here, and read when it is done.

use rocket::{get, post};

use super::token::OperatorToken;
use crate::web::Refusal;
use crate::web::partners::Answer;

#[post("/journal/verify")]
pub(crate) async fn verify(by: OperatorToken<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::accepted(
        &by.app.verify_journal(&by.operator).await?,
    )?)
}

#[get("/journal/verify")]
pub(crate) async fn checks(by: OperatorToken<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::ok(&by.app.journal_checks(&by.operator).await?)?)
}

#[get("/journal/verify/<id>")]
pub(crate) async fn check(by: OperatorToken<'_>, id: &str) -> Result<Answer, Refusal> {
    Ok(Answer::ok(&by.app.journal_check(&by.operator, id).await?)?)
}
