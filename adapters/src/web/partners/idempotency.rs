//! `Idempotency-Key`: the same key and body get the first answer again. Which requests are the same
//! and for how long is kept by the use cases.

use std::future::Future;

use engine::InstanceId;
use rocket::request::{FromRequest, Outcome, Request};
use workflows::app::{App, Begun, Caller, Problem};

use super::answer::Answer;
use crate::web::Refusal;

/// The name of the header, as answers about it call it.
const HEADER: &str = "Idempotency-Key";

/// The key of this request, if it has one, and what it stands for.
pub(crate) struct Idempotency<'r> {
    key: Option<&'r str>,
    line: String,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Idempotency<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let keys: Vec<&str> = request.headers().get(HEADER).collect();
        match checked(&keys) {
            Ok(key) => Outcome::Success(Self {
                key,
                line: format!("{} {}\n", request.method(), request.uri().path()),
            }),
            Err(problem) => Outcome::Error((Refusal::from(problem).park(request), ())),
        }
    }
}

impl Idempotency<'_> {
    /// Does it once: `act` runs unless the same request was carried out before. It is given the id
    /// that an onboarding made under this key must get.
    ///
    /// Only successes are kept. A refusal gives the key back, so that the caller may mend the
    /// request and send it under the same key.
    pub(crate) async fn once<F, A>(
        &self,
        app: &App,
        caller: &Caller,
        raw: &[u8],
        act: F,
    ) -> Result<Answer, Refusal>
    where
        F: FnOnce(Option<InstanceId>) -> A,
        A: Future<Output = Result<Answer, Problem>>,
    {
        let Some(key) = self.key else {
            return Ok(act(None).await?);
        };
        let ticket = match app.begin(caller, key, &self.request(raw)).await? {
            Begun::Fresh(ticket) => ticket,
            Begun::Replay { status, body } => return Ok(Answer::replay(status, body)),
        };
        match act(Some(ticket.onboarding.clone())).await {
            Ok(answer) => {
                app.finish(&ticket, answer.status(), answer.body()).await?;
                Ok(answer)
            }
            Err(problem) => {
                if let Err(error) = app.abandon(&ticket).await {
                    tracing::warn!(%error, "an idempotency key stays taken until its place runs out");
                }
                Err(problem.into())
            }
        }
    }

    fn request(&self, raw: &[u8]) -> Vec<u8> {
        [self.line.as_bytes(), raw].concat()
    }
}

fn checked<'r>(keys: &[&'r str]) -> Result<Option<&'r str>, Problem> {
    match keys {
        [] => Ok(None),
        [key]
            if (1..=255).contains(&key.len())
                && key.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            Ok(Some(key))
        }
        [_] => Err(wrong("must be 1 to 255 visible ASCII characters")),
        _ => Err(wrong("must be sent once")),
    }
}

fn wrong(message: &str) -> Problem {
    Problem::field(HEADER, "invalid_header", message)
}

#[cfg(test)]
mod tests {
    use super::{Idempotency, checked};

    #[test]
    fn an_idempotency_key_is_one_short_visible_text() {
        assert_eq!(checked(&[]).unwrap(), None);
        assert_eq!(checked(&["order-42"]).unwrap(), Some("order-42"));
        assert!(checked(&["a".repeat(255).as_str()]).is_ok());
        for wrong in ["", "two words", "ümlaut", "a".repeat(256).as_str()] {
            let problem = checked(&[wrong]).unwrap_err();
            assert_eq!(problem.errors[0].param, "Idempotency-Key", "{wrong}");
        }
        assert!(checked(&["a", "b"]).is_err());
    }

    #[test]
    fn the_same_body_to_another_address_is_another_request() {
        let request = |line: &str| {
            Idempotency {
                key: None,
                line: line.to_owned(),
            }
            .request(b"{}")
        };
        assert_ne!(request("POST /v1/a\n"), request("POST /v1/b\n"));
    }
}
