//! Meta's webhooks: the challenge that proves the address is ours, and the events. 200 means that
//! the event is stored; Meta sends anything else again.

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};
use rocket::{Route, get, post};
use workflows::app::{Kind, Problem};

use super::{Query, RawBody, Refusal, UseCases};

/// The routes of Meta's webhooks, to be mounted at `/webhooks/meta`.
pub(crate) fn routes() -> Vec<Route> {
    super::guarded(rocket::routes![challenge, receive])
}

#[get("/<app_id>")]
async fn challenge(app: UseCases<'_>, query: Query<'_>, app_id: &str) -> Result<String, Refusal> {
    let mut fields = query.all_fields()?;
    let mode = fields.remove("hub.mode");
    let token = fields.remove("hub.verify_token");
    let challenge = fields.remove("hub.challenge");
    let (Some("subscribe"), Some(token), Some(challenge)) = (mode.as_deref(), token, challenge)
    else {
        return Err(unproven().into());
    };
    app.verify_callback(app_id, &token).await.map_err(sayable)?;
    Ok(challenge)
}

#[post("/<app_id>", data = "<body>")]
async fn receive(
    app: UseCases<'_>,
    signature: Signature<'_>,
    app_id: &str,
    body: RawBody,
) -> Result<Status, Refusal> {
    app.receive_webhook(app_id, &body.0, signature.0).await?;
    Ok(Status::Ok)
}

/// What Meta says the body's digest is; empty when it says nothing, which matches no body.
struct Signature<'r>(&'r str);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Signature<'r> {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(Self(
            request
                .headers()
                .get_one("x-hub-signature-256")
                .unwrap_or_default(),
        ))
    }
}

/// Strangers learn neither which apps exist nor which half was wrong; trouble of ours stays visible.
fn sayable(problem: Problem) -> Problem {
    match problem.kind {
        Kind::Unavailable | Kind::Fault | Kind::Limited => problem,
        _ => unproven(),
    }
}

fn unproven() -> Problem {
    Problem::new(
        Kind::Forbidden,
        "verification_refused",
        "This is not a verification of a callback that is expected here.",
    )
}

#[cfg(test)]
mod tests {
    use workflows::app::{Kind, Problem};

    use super::sayable;

    #[test]
    fn a_stranger_cannot_tell_an_unknown_app_from_a_wrong_token() {
        assert_eq!(
            sayable(Problem::not_found("app")).to_string(),
            sayable(Problem::new(Kind::Unauthenticated, "wrong_token", "")).to_string()
        );
        assert_eq!(sayable(Problem::unavailable()).kind, Kind::Unavailable);
    }
}
