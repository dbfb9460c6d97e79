//! The second listener: metrics and probes, for the inside only.

use std::time::Duration;

use rocket::fairing::AdHoc;
use rocket::figment::Figment;
use rocket::http::ContentType;
use rocket::tokio::time::{MissedTickBehavior, interval};
use rocket::{Build, Rocket, State, get};
use workflows::app::App;

use super::metrics::Metrics;
use super::{Refusal, UseCases};

/// How often recorded histograms are folded, asked for or not.
const FOLDING: Duration = Duration::from_secs(5);

/// The admin listener: `figment` says where it listens. It must never be reachable from outside.
pub fn admin_rocket(app: App, figment: Figment, metrics: Metrics) -> Rocket<Build> {
    rooms(figment, metrics).manage(app)
}

pub(super) fn rooms(figment: Figment, metrics: Metrics) -> Rocket<Build> {
    super::dressed(figment, None)
        .attach(super::headers::SecurityHeaders { secure: false })
        .manage(metrics)
        .mount("/", super::machine::probes())
        .mount("/", super::guarded(rocket::routes![numbers]))
        .attach(AdHoc::on_liftoff("metrics upkeep", |rocket| {
            Box::pin(async move {
                let Some(metrics) = rocket.state::<Metrics>().cloned() else {
                    return;
                };
                let mut closing = rocket.shutdown();
                rocket::tokio::spawn(async move {
                    let mut tick = interval(FOLDING);
                    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
                    loop {
                        rocket::tokio::select! {
                            _ = tick.tick() => metrics.fold(),
                            () = &mut closing => return,
                        }
                    }
                });
            })
        }))
}

#[get("/metrics")]
async fn numbers(
    app: UseCases<'_>,
    metrics: &State<Metrics>,
) -> Result<(ContentType, String), Refusal> {
    let gauges = app.gauges().await?;
    let text =
        ContentType::new("text", "plain").with_params([("version", "0.0.4"), ("charset", "utf-8")]);
    Ok((text, metrics.page(&gauges)))
}
