//! Each request's id, its line in the access log and its numbers. The log shows the route's
//! pattern, never the path, because a path may hold a link's token.

use rand::RngCore;
use rocket::fairing::{Fairing, Info, Kind};
use rocket::request::{FromRequest, Outcome, Request};
use rocket::{Data, Response};
use tokio::time::Instant;

/// The id by which support finds this request again.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(String);

impl RequestId {
    /// The id of this request: the caller's own, if it is harmless, or a new one.
    pub(crate) fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(|| {
            request
                .headers()
                .get_one("x-request-id")
                .filter(|id| is_harmless(id))
                .map_or_else(Self::random, |id| Self(id.to_owned()))
        })
    }

    /// The id as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn random() -> Self {
        let mut bytes = [0_u8; 16];
        rand::rng().fill_bytes(&mut bytes);
        Self(hex::encode(bytes))
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for &'r RequestId {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(RequestId::of(request))
    }
}

/// The pattern of the route that took this request.
pub(crate) fn route_pattern(request: &Request<'_>) -> String {
    request
        .route()
        .map_or_else(|| "none".to_owned(), |route| route.uri.to_string())
}

/// Gives ids, writes the access log, counts.
pub(crate) struct Trace;

struct Arrival(Instant);

#[rocket::async_trait]
impl Fairing for Trace {
    fn info(&self) -> Info {
        Info {
            name: "request id, access log, request metrics",
            kind: Kind::Request | Kind::Response,
        }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        // How long an answer took is measured on the monotonic clock: product time may be moved.
        request.local_cache(|| Arrival(Instant::now()));
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let id = RequestId::of(request).as_str();
        response.set_raw_header("x-request-id", id.to_owned());
        let took = request.local_cache(|| Arrival(Instant::now())).0.elapsed();
        let (route, method, status) = (
            route_pattern(request),
            request.method().as_str(),
            response.status().code,
        );
        metrics::counter!("gangway_http_requests_total",
            "route" => route.clone(), "method" => method, "status" => status.to_string())
        .increment(1);
        metrics::histogram!("gangway_http_request_seconds", "route" => route.clone(), "method" => method)
            .record(took.as_secs_f64());
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(target: "gangway::access", request_id = id, method, route, status, duration_ms, "answered");
    }
}

fn is_harmless(id: &str) -> bool {
    (8..=64).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::{RequestId, is_harmless};

    #[test]
    fn only_short_plain_request_ids_are_taken_over() {
        for (id, taken) in [
            ("12345678", true),
            ("1234567", false),
            ("0b6f-3c2a-ABCD", true),
            ("with space 1", false),
            ("line\nbreak1", false),
        ] {
            assert_eq!(is_harmless(id), taken, "{id:?}");
        }
        assert!(!is_harmless(&"a".repeat(65)));
        assert!(is_harmless(RequestId::random().as_str()));
    }
}
