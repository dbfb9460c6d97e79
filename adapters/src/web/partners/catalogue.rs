//! The error catalogue, for programs.

use rocket::get;

use super::answer::Answer;
use super::key::{Any, Partner};
use crate::web::Refusal;

#[get("/errors")]
pub(crate) fn errors(partner: Partner<'_, Any>) -> Result<Answer, Refusal> {
    let Partner { app, .. } = partner;
    Ok(Answer::ok(&app.errors())?)
}
