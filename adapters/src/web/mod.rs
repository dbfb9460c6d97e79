//! Rocket's rooms: they translate between HTTP and the use cases and decide nothing.

mod body;
mod cases;
mod catchers;
mod console;
mod guarded;
mod headers;
mod origin;
mod page;
mod problem;
mod query;
mod settings;
mod trace;

use rocket::shield::Shield;
use rocket::{Build, Rocket};
use workflows::app::App;

pub(crate) use body::{JsonBody, RawBody};
pub(crate) use cases::UseCases;
pub(crate) use guarded::{guarded, guarded_after};
pub(crate) use headers::{Csp, Nonce};
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
    dressed(&settings)
        .attach(headers::SecurityHeaders { secure })
        .mount("/", page::routes())
        .mount("/", console::routes())
        .manage(settings)
}

/// A listener that names itself to nobody, believes addresses only from its own proxy, and has our
/// headers, log and catchers instead of Rocket's.
fn dressed(settings: &WebSettings) -> Rocket<Build> {
    let figment = settings.figment.clone().merge(("ident", false));
    let figment = match &settings.trusted_ip_header {
        Some(header) => figment.merge(("ip_header", header)),
        None => figment.merge(("ip_header", false)),
    };
    rocket::custom(figment)
        .attach(Shield::new())
        .attach(trace::Trace)
        .register("/", catchers::catchers())
}
