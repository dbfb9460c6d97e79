//! Logs: one line each to stderr, for people or as JSON; nothing that a partner or client sent.

use tracing_subscriber::filter::{EnvFilter, FilterFn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

/// What is logged unless `RUST_LOG` says otherwise. Rocket's own lines name whole URIs, tokens included.
const DEFAULT: &str = "info,rocket=off,hyper=warn,h2=warn,reqwest=warn,sled=warn";

/// Starts logging for this process. `GANGWAY_LOG=json` writes JSON lines.
pub fn start(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    // Rocket's generated code logs guards' failures, values included, under `<module>::_`.
    let ours = FilterFn::new(|meta| {
        let target = meta.target();
        !target.ends_with("::_") && (target == "rocket::launch" || !target.starts_with("rocket"))
    });
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = if json {
        lines.json().boxed()
    } else {
        lines.compact().boxed()
    };
    let started = tracing_subscriber::registry()
        .with(lines.with_filter(ours))
        .with(filter)
        .try_init();
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}
