//! Who operates: the bearer token of the operators' API. Cookies never open this door.

use rocket::request::{FromRequest, Outcome, Request};
use workflows::app::{App, Kind, Operator, Problem};

use crate::web::limits::Limits;
use crate::web::partners::bearer;
use crate::web::{Refusal, UseCases};

/// An operator whose token was right.
pub(crate) struct OperatorToken<'r> {
    /// The use cases.
    pub(crate) app: &'r App,
    /// Who it is.
    pub(crate) operator: Operator,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for OperatorToken<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match admitted(request).await {
            Ok((app, operator)) => Outcome::Success(Self { app, operator }),
            Err(refusal) => Outcome::Error((refusal.park(request), ())),
        }
    }
}

async fn admitted<'r>(request: &'r Request<'_>) -> Result<(&'r App, Operator), Refusal> {
    let limits = request
        .rocket()
        .state::<Limits>()
        .ok_or_else(Problem::fault)?;
    let refuse = |problem| limits.refuse(request.client_ip(), problem);
    let token = bearer(request.headers().get_one("authorization"))
        .ok_or_else(unauthenticated)
        .map_err(refuse)?;
    let app = UseCases::of(request)?;
    let operator = app.authenticate_operator(token).await.map_err(refuse)?;
    Ok((app, operator))
}

fn unauthenticated() -> Problem {
    Problem::new(
        Kind::Unauthenticated,
        "unauthenticated",
        "Send your operator token: Authorization: Bearer ….",
    )
}
