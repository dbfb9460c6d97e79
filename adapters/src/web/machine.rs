//! Probes and the description of the API, for machines.

use futures_util::FutureExt;
use rocket::http::ContentType;
use rocket::{Route, Shutdown, get};
use serde_json::json;
use workflows::app::{Kind, Problem};

use super::UseCases;
use super::partners::Answer;
use super::problem::{Refusal, come_back};

/// Everything under `/v1`, written by hand and compared with the mounted routes by a test.
pub(crate) const OPENAPI: &str = include_str!("openapi.json");

/// The probes, for either listener.
pub(crate) fn probes() -> Vec<Route> {
    super::guarded(rocket::routes![alive, ready])
}

/// The API's description.
pub(crate) fn description() -> Vec<Route> {
    super::guarded(rocket::routes![openapi])
}

#[get("/healthz")]
fn alive() -> Result<Answer, Refusal> {
    Ok(Answer::ok(&json!({"status": "alive"}))?)
}

#[get("/readyz")]
async fn ready(app: UseCases<'_>, closing: Shutdown) -> Result<Answer, Refusal> {
    if closing.now_or_never().is_some() {
        return Err(not_ready("This process is closing down.").into());
    }
    app.readiness().await.map_err(|why| not_ready(&why))?;
    let leaps = app.clock_leaps();
    if leaps.last.is_none() {
        return Ok(Answer::ok(&json!({"status": "ready"}))?);
    }
    // No reason to be out of work, but to look: what is told elsewhere may be dated wrongly.
    let clock = json!({
        "leapt_back": leaps.back, "leapt_forward": leaps.forward,
        "ahead_ms": u64::try_from(leaps.ahead.as_millis()).unwrap_or(u64::MAX),
    });
    Ok(Answer::ok(&json!({"status": "ready", "clock": clock}))?)
}

#[get("/openapi.json")]
fn openapi() -> (ContentType, &'static str) {
    (ContentType::JSON, OPENAPI)
}

fn not_ready(why: &str) -> Problem {
    come_back(
        Kind::Unavailable,
        "not_ready",
        why,
        std::time::Duration::from_secs(2),
    )
}
