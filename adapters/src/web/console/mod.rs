//! The operators' console: server-rendered pages that work without script.

mod act_forms;
mod acts;
mod apps;
mod assets;
mod attention;
mod bulk;
mod deliveries;
mod diagram;
mod erase;
mod facts;
mod filters;
mod foresight;
mod frame;
mod instance;
mod instances;
mod journal;
mod layout;
mod login;
mod partners;
mod records;
mod schedules;
mod session;
mod telling;
mod timeline;
mod unclaimed;
mod webhooks;
mod wires;
mod words;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use rocket::Route;
use rocket::routes;

use super::guarded;

/// The routes of the console's pages.
pub(crate) fn routes() -> Vec<Route> {
    let mut routes = guarded(routes![
        assets::asset_file,
        login::login,
        login::sign_in,
        login::sign_out,
        attention::attention,
        instances::instances,
        instances::find,
        instance::instance,
        instance::picture,
        acts::carry_out,
        erase::erase,
        apps::apps,
        apps::preflight,
        partners::partners,
        partners::make_link,
        schedules::schedules,
        unclaimed::unclaimed,
        unclaimed::assign,
        schedules::change,
        records::audit,
        journal::journal,
        journal::verify,
        webhooks::webhooks,
        webhooks::webhook,
        webhooks::replay,
    ]);
    routes.extend(guarded(bulk::routes()));
    routes
}
