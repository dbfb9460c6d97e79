//! The partners' API under `/v1`: each file translates the calls of one noun.

mod answer;
mod catalogue;
mod idempotency;
mod key;
mod onboardings;
mod page;
mod vonage;
mod wait;
mod webhooks;

use rocket::Route;

use super::{guarded, guarded_after};

pub(crate) use answer::Answer;
pub(crate) use key::bearer;

/// Every route of the partners' API, to be mounted at `/v1`.
pub(crate) fn routes() -> Vec<Route> {
    let mut routes = guarded(rocket::routes![
        onboardings::create,
        onboardings::list,
        onboardings::events,
        onboardings::new_link,
        onboardings::cancel,
        onboardings::retry,
        onboardings::revoke_link,
        webhooks::create,
        webhooks::list,
        webhooks::read,
        webhooks::delete,
        webhooks::test,
        webhooks::rotate,
        webhooks::deliveries,
        webhooks::redeliver,
        catalogue::errors,
        vonage::post,
        vonage::patch,
    ]);
    routes.extend(guarded_after(
        wait::LONGEST,
        rocket::routes![onboardings::read],
    ));
    routes
}
