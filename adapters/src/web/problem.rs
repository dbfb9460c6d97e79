//! Refusals on the wire: `application/problem+json` as RFC 9457 has it. Use cases decide why;
//! here each kind only gets its status.

use std::sync::OnceLock;
use std::time::Duration;

use rocket::http::{ContentType, Status};
use rocket::request::Request;
use rocket::response::{self, Responder, Response};
use serde_json::{Value, json};
use workflows::app::{Kind, Problem};

use super::RequestId;
use super::settings::WebSettings;

/// A [`Problem`] with the status it is answered with.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    problem: Problem,
    status: Status,
    allow: Option<String>,
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let status = match problem.kind {
            Kind::Malformed => Status::BadRequest,
            Kind::Unauthenticated => Status::Unauthorized,
            Kind::Forbidden => Status::Forbidden,
            Kind::NotFound => Status::NotFound,
            Kind::Conflict => Status::Conflict,
            Kind::Gone => Status::Gone,
            Kind::Invalid => Status::UnprocessableEntity,
            Kind::Limited => Status::TooManyRequests,
            Kind::Unavailable => Status::ServiceUnavailable,
            Kind::Fault => Status::InternalServerError,
        };
        Self {
            problem,
            status,
            allow: None,
        }
    }
}

impl Refusal {
    /// A refusal that only HTTP knows, such as 413 or 415.
    pub(crate) fn of_http(status: Status, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            problem: Problem::new(Kind::Malformed, code, detail),
            status,
            allow: None,
        }
    }

    /// The path exists with these other methods.
    pub(crate) fn method_not_allowed(allow: String) -> Self {
        let detail = format!("This address does not take that method. It takes {allow}.");
        Self {
            allow: Some(allow),
            ..Self::of_http(Status::MethodNotAllowed, "method_not_allowed", detail)
        }
    }

    /// What Rocket itself refused, in our words.
    pub(crate) fn of_status(status: Status) -> Self {
        match status.code {
            404 => Self::of_http(
                status,
                "not_found",
                "There is nothing at this address. Check it against the documentation.",
            ),
            408 => Self::of_http(
                status,
                "timed_out",
                "The request did not arrive in time. Send it again.",
            ),
            413 => Self::of_http(
                status,
                "too_large",
                "The body is larger than this address takes.",
            ),
            415 => Self::of_http(
                status,
                "unsupported_media_type",
                "Send JSON with Content-Type: application/json.",
            ),
            422 => Problem::new(
                Kind::Invalid,
                "invalid_request",
                "The request could not be understood.",
            )
            .into(),
            503 => Problem::unavailable().into(),
            400..=499 => Self::of_http(
                status,
                "bad_request",
                "The request could not be understood.",
            ),
            _ => Problem::fault().into(),
        }
    }

    /// Leaves this refusal for the catcher, which does not see a guard's error, and answers its status.
    pub(crate) fn park(self, request: &Request<'_>) -> Status {
        let status = self.status;
        let parked: &Parked = request.local_cache(Parked::default);
        // The first refusal of a request is the true one.
        let _ = parked.0.set(self);
        status
    }

    /// What a guard or handler parked for this request.
    pub(crate) fn parked(request: &Request<'_>) -> Option<Self> {
        let parked: &Parked = request.local_cache(Parked::default);
        parked.0.get().cloned()
    }

    /// The status it is answered with.
    pub(crate) fn status(&self) -> Status {
        self.status
    }

    /// One sentence for people.
    pub(crate) fn detail(&self) -> &str {
        &self.problem.detail
    }

    /// A short name of the status, for people.
    pub(crate) fn title(&self) -> &'static str {
        self.status.reason().unwrap_or("Refused")
    }

    /// The methods of the path, where the method was what was wrong.
    pub(crate) fn allow(&self) -> Option<&str> {
        self.allow.as_deref()
    }

    fn retryable(&self) -> bool {
        self.problem.retry_after.is_some()
            || matches!(
                self.problem.kind,
                Kind::Limited | Kind::Unavailable | Kind::Fault
            )
            || self.status == Status::RequestTimeout
    }

    fn retry_after_seconds(&self) -> Option<u64> {
        self.problem.retry_after.map(|wait| {
            wait.as_millis()
                .div_ceil(1000)
                .try_into()
                .unwrap_or(u64::MAX)
                .max(1)
        })
    }

    fn to_json(&self, public_url: &str, request_id: &str) -> Value {
        json!({
            "type": format!("{public_url}/v1/errors#{}", self.problem.code),
            "title": self.title(),
            "status": self.status.code,
            "detail": self.problem.detail,
            // Never the path: a link's token is part of it.
            "instance": format!("urn:gangway:request:{request_id}"),
            "code": self.problem.code,
            "param": self.problem.errors.first().map(|error| error.param.as_str()),
            "retryable": self.retryable(),
            "retry_after": self.retry_after_seconds(),
            "request_id": request_id,
            "errors": self.problem.errors,
        })
    }
}

impl<'r> Responder<'r, 'static> for Refusal {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let public_url = request
            .rocket()
            .state::<WebSettings>()
            .map_or("", |web| web.public_url.as_str());
        let body = self
            .to_json(public_url, RequestId::of(request).as_str())
            .to_string();
        let mut response = Response::build();
        response
            .status(self.status)
            .header(ContentType::new("application", "problem+json"))
            .sized_body(body.len(), std::io::Cursor::new(body));
        if let Some(seconds) = self.retry_after_seconds() {
            response.raw_header("Retry-After", seconds.to_string());
        }
        if let Some(allow) = self.allow {
            response.raw_header("Allow", allow);
        }
        if self.status == Status::Unauthorized
            && let Some(challenge) = challenge(request.uri().path().as_str())
        {
            response.raw_header("WWW-Authenticate", challenge);
        }
        response.ok()
    }
}

/// What to present, where a key or a token would have helped.
fn challenge(path: &str) -> Option<&'static str> {
    if path.starts_with("/v1/") {
        Some(r#"Bearer realm="gangway", Basic realm="gangway", charset="UTF-8""#)
    } else if path.starts_with("/console/api/") {
        Some(r#"Bearer realm="gangway console""#)
    } else {
        None
    }
}

/// A refusal that waits for the catcher.
#[derive(Default)]
struct Parked(OnceLock<Refusal>);

/// Come back after this long: used by limits and by answers that took too long.
pub(crate) fn come_back(kind: Kind, code: &'static str, detail: &str, after: Duration) -> Problem {
    Problem {
        retry_after: Some(after),
        ..Problem::new(kind, code, detail)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use workflows::app::{Kind, Problem};

    use super::{Refusal, come_back};

    #[test]
    fn a_problem_on_the_wire_names_field_wait_and_request() {
        let refusal = Refusal::from(Problem::field("limit", "out_of_range", "must be 1 to 100"));
        assert_eq!(
            refusal.to_json("https://g.example", "req-12345678"),
            json!({
                "type": "https://g.example/v1/errors#invalid_request",
                "title": "Unprocessable Entity",
                "status": 422,
                "detail": "limit: must be 1 to 100",
                "instance": "urn:gangway:request:req-12345678",
                "code": "invalid_request",
                "param": "limit",
                "retryable": false,
                "retry_after": null,
                "request_id": "req-12345678",
                "errors": [{"param": "limit", "code": "out_of_range", "message": "must be 1 to 100"}],
            })
        );
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds_and_never_as_zero() {
        for (millis, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2)] {
            let refusal = Refusal::from(come_back(
                Kind::Limited,
                "limited",
                "",
                Duration::from_millis(millis),
            ));
            assert_eq!(refusal.retry_after_seconds(), Some(seconds), "{millis} ms");
            assert!(refusal.retryable());
        }
    }
}
