//! The error catalogue, for programs.

use rocket::get;

use super::answer::Answer;
use super::key::{Any, Partner};
use crate::web::Refusal;

#[expect(
    clippy::needless_pass_by_value,
    reason = "Rocket hands guards over by value"
)]
#[get("/errors")]
pub(crate) fn errors(partner: Partner<'_, Any>) -> Result<Answer, Refusal> {
    Ok(Answer::ok(&partner.app.errors())?)
}
