//! Rocket's rooms: they translate between HTTP and the use cases and decide nothing.

mod admin;
mod authority;
#[cfg(test)]
mod bodies_test;
mod body;
mod cases;
mod catchers;
mod console;
mod guarded;
mod headers;
mod limits;
mod machine;
mod meta;
mod metrics;
mod operators;
mod origin;
mod page;
mod partners;
mod problem;
mod query;
#[cfg(test)]
mod routes_test;
mod settings;
#[cfg(test)]
mod testing;
mod trace;

use rocket::figment::Figment;
use rocket::shield::Shield;
use rocket::{Build, Rocket};
use workflows::app::App;

pub use admin::admin_rocket;
pub use authority::{Authority, Door, authorities};
pub(crate) use body::{JsonBody, RawBody};
pub(crate) use cases::UseCases;
pub(crate) use guarded::{guarded, guarded_after};
pub(crate) use headers::{Csp, Nonce};
pub use metrics::Metrics;
pub(crate) use origin::SameOrigin;
pub(crate) use problem::Refusal;
pub(crate) use query::Query;
pub use settings::{Bounds, Rate, WebSettings};
pub(crate) use trace::RequestId;

/// The public listener, the same for the process and for tests.
pub fn rocket(app: App, settings: WebSettings) -> Rocket<Build> {
    rooms(settings).manage(app)
}

/// Everything but the use cases.
fn rooms(settings: WebSettings) -> Rocket<Build> {
    let secure = settings.is_secure();
    dressed(
        settings.figment.clone(),
        settings.trusted_ip_header.as_deref(),
    )
    .attach(headers::SecurityHeaders { secure })
    .manage(limits::Limits::new(&settings.bounds))
    .manage(settings)
    .mount("/", machine::probes())
    .mount("/", machine::description())
    .mount("/v1", partners::routes())
    .mount("/webhooks/meta", meta::routes())
    .mount("/", page::routes())
    .mount("/", console::routes())
    .mount("/console/api", operators::routes())
}

/// A listener that names itself to nobody, believes addresses only from its own proxy, and has our
/// headers, log and catchers instead of Rocket's.
fn dressed(figment: Figment, trusted_ip_header: Option<&str>) -> Rocket<Build> {
    let figment = figment.merge(("ident", false));
    let figment = match trusted_ip_header {
        Some(header) => figment.merge(("ip_header", header)),
        None => figment.merge(("ip_header", false)),
    };
    rocket::custom(figment)
        .attach(Shield::new())
        .attach(trace::Trace)
        .register("/", catchers::catchers())
}
