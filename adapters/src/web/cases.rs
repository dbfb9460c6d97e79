//! The door from a handler to the use cases.

use std::ops::Deref;

use rocket::request::{FromRequest, Outcome, Request};
use workflows::app::{App, Problem};

use super::Refusal;

/// The use cases, for handlers that need no caller.
pub(crate) struct UseCases<'r>(&'r App);

impl<'r> UseCases<'r> {
    /// The use cases of this server, or the refusal of one that was started without any.
    pub(crate) fn of(request: &'r Request<'_>) -> Result<&'r App, Refusal> {
        request
            .rocket()
            .state::<App>()
            .ok_or_else(|| Problem::fault().into())
    }
}

impl Deref for UseCases<'_> {
    type Target = App;

    fn deref(&self) -> &App {
        self.0
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for UseCases<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match Self::of(request) {
            Ok(app) => Outcome::Success(Self(app)),
            Err(refusal) => Outcome::Error((refusal.park(request), ())),
        }
    }
}
