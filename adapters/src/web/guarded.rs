//! What surrounds every handler: a span and a time limit. Rocket has neither, and its fairings
//! cannot wrap a handler.

use std::time::Duration;

use rocket::route::{Handler, Outcome, Route};
use rocket::{Data, Request};
use tracing::Instrument;
use workflows::app::Kind;

use super::RequestId;
use super::problem::{Refusal, come_back};
use super::settings::WebSettings;

/// The routes, each answering within the usual time or with 503.
pub(crate) fn guarded(routes: Vec<Route>) -> Vec<Route> {
    wrapped(routes, Duration::ZERO)
}

/// The same for routes that may hold the caller for `hold` before they do their work.
pub(crate) fn guarded_after(hold: Duration, routes: Vec<Route>) -> Vec<Route> {
    wrapped(routes, hold)
}

fn wrapped(routes: Vec<Route>, hold: Duration) -> Vec<Route> {
    routes
        .into_iter()
        .map(|mut route| {
            route.handler = Box::new(Guarded {
                inner: route.handler,
                hold,
            });
            route
        })
        .collect()
}

#[derive(Clone)]
struct Guarded {
    inner: Box<dyn Handler>,
    hold: Duration,
}

#[rocket::async_trait]
impl Handler for Guarded {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        let route = super::trace::route_pattern(request);
        let id = RequestId::of(request).as_str();
        let span = tracing::info_span!(
            "request",
            request_id = id,
            method = request.method().as_str(),
            route
        );
        let usual = request
            .rocket()
            .state::<WebSettings>()
            .map(|web| web.bounds.answer);
        let limit = usual.unwrap_or(Duration::from_secs(30)) + self.hold;
        let answer = self.inner.handle(request, data).instrument(span);
        tokio::time::timeout(limit, answer)
            .await
            .unwrap_or_else(|_| {
                tracing::warn!(
                    request_id = id,
                    "a request was given up after its time limit"
                );
                Outcome::Error(too_slow().park(request))
            })
    }
}

fn too_slow() -> Refusal {
    Refusal::from(come_back(
        Kind::Unavailable,
        "timed_out",
        "The answer took too long. What you asked for may have happened: read before you repeat it, \
         or repeat it with the same Idempotency-Key.",
        Duration::from_secs(5),
    ))
}
