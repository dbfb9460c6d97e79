//! The client's view as it changes, as server-sent events.
//!
//! What the broadcast says is only a nudge: the view is read again on each nudge and every few
//! seconds, so that a lost nudge costs seconds and never a change.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::stream::{Event, EventStream, stream};
use rocket::response::{self, Responder, Response};
use rocket::{Shutdown, get};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval};
use workflows::app::{App, ClientView, Kind, Problem};

use super::face::TAKEN;
use super::session::Browser;
use crate::web::{Refusal, UseCases};

/// How long a lost nudge may delay what a client sees.
const READ_AGAIN: Duration = Duration::from_secs(4);
/// A browser that is gone is noticed when a write fails, so something is written this often.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A stream that proxies must not hold back.
pub(super) struct Views(EventStream<BoxStream<'static, Event>>);

impl<'r> Responder<'r, 'r> for Views {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'r> {
        Response::build_from(self.0.respond_to(request)?)
            .raw_header("X-Accel-Buffering", "no")
            .ok()
    }
}

/// What the browser saw last before it came again.
pub(super) struct LastSeen(Option<u64>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for LastSeen {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        let id = request.headers().get_one("last-event-id");
        Outcome::Success(Self(id.and_then(|id| id.parse().ok())))
    }
}

#[get("/o/events")]
pub(super) async fn events(
    browser: Browser,
    app: UseCases<'_>,
    last: LastSeen,
    end: Shutdown,
) -> Result<Views, Refusal> {
    let stream = views((*app).clone(), browser, last.0, end).boxed();
    Ok(Views(EventStream::from(stream).heartbeat(HEARTBEAT)))
}

fn views(
    app: App,
    browser: Browser,
    mut seen: Option<u64>,
    mut end: Shutdown,
) -> impl futures_util::Stream<Item = Event> + Send + 'static {
    stream! {
        let mut changes = app.watch();
        let mut pace = interval(READ_AGAIN);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // The first tick is at once, so a browser that comes is shown the view without delay.
            tokio::select! {
                () = &mut end => break,
                () = nudge(&mut changes, &browser) => {}
                _ = pace.tick() => {}
            }
            match read(&app, &browser.secret).await {
                Ok(view) if seen == Some(view.sequence) => {}
                Ok(view) => {
                    seen = Some(view.sequence);
                    yield Event::json(&view).event("view").id(view.sequence.to_string());
                }
                Err(problem) if problem.code == TAKEN => {
                    yield Event::data("").event("taken");
                    break;
                }
                // The browser asks again and is told why.
                Err(problem) if problem.kind == Kind::Unauthenticated => break,
                Err(_) => {}
            }
        }
    }
}

async fn read(app: &App, secret: &str) -> Result<ClientView, Problem> {
    let session = app.session(secret).await?;
    app.client_view(&session).await
}

/// Resolves when this browser's onboarding may have changed.
async fn nudge(changes: &mut Receiver<engine::InstanceId>, browser: &Browser) {
    loop {
        match changes.recv().await {
            Ok(id) if id == browser.session.onboarding => return,
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
