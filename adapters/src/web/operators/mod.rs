//! The operators' API under `/console/api`: what the console's pages do, for programs and the
//! command line.

mod acts;
mod bulk;
mod journal;
mod keeping;
mod preflight;
mod registry;
mod schedules;
mod token;
mod unclaimed;
mod views;
mod webhooks;

use rocket::Route;

use super::guarded;

/// Every route of the operators' API, to be mounted at `/console/api`.
pub(crate) fn routes() -> Vec<Route> {
    guarded(rocket::routes![
        registry::create_app,
        preflight::apps,
        preflight::begin,
        preflight::last,
        registry::create_partner,
        registry::partners,
        registry::create_key,
        registry::create_onboarding,
        registry::reconnect,
        views::instances,
        views::instance,
        views::attention,
        schedules::schedules,
        unclaimed::unclaimed,
        unclaimed::assign,
        schedules::change,
        views::audit,
        acts::act,
        journal::verify,
        journal::checks,
        journal::check,
        keeping::backup,
        webhooks::webhooks,
        webhooks::webhook,
        webhooks::replay,
        bulk::order,
        bulk::jobs,
        bulk::job,
        bulk::items,
        bulk::steer,
    ])
}
