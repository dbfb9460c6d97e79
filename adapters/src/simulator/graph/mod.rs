//! Graph as an onboarding meets it: which call is meant, whether it is allowed, what it does.
//!
//! Ordered misbehavior is not known here; a call that arrives here acts.

mod access;
mod app;
mod business;
mod coexistence;
mod credit;
mod debug;
mod endpoint;
mod errors;
mod fields;
mod limits;
mod oauth;
mod phone;
mod register;
mod subject;
mod subscribe;
mod verification;
mod waba;

use engine::Timestamp;
use serde_json::Value;

pub(crate) use endpoint::{Endpoint, split_version};
pub(crate) use errors::Fault;
pub(crate) use limits::UsageMeter;
pub(crate) use subject::Subject;

use super::core::Core;
use super::http::{Params, Reply};

/// One call, taken apart.
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) endpoint: Endpoint,
    /// The object the path names, if it names one.
    pub(crate) node: String,
    pub(crate) params: Params,
    pub(crate) token: Option<String>,
    pub(crate) at: Timestamp,
}

/// What a Graph room answers.
type Answer = Result<Value, Fault>;

/// Does what the call asks, within Meta's rules.
pub(crate) async fn perform(core: &Core, call: &Call, subject: &Subject) -> Reply {
    let usage = limits::count(core, call, subject);
    let answer = match &usage {
        Some(usage) if usage.is_over() => Err(Fault::too_many_calls()),
        _ => answer(core, call).await,
    };
    core.flush().await;
    let reply = match answer {
        // Only an exchange answers with something else than an object.
        Ok(Value::String(text)) => Reply::text(text),
        Ok(body) => Reply::json(200, &body),
        Err(fault) => fault.into_reply(),
    };
    match usage {
        Some(usage) => usage.show_on(reply, subject),
        None => reply,
    }
}

async fn answer(core: &Core, call: &Call) -> Answer {
    match call.endpoint {
        Endpoint::Subscribe => return subscribe::subscribe(core, call).await,
        Endpoint::AppSubscribe => return app::subscribe(core, call).await,
        Endpoint::SetPhone => return phone::change(core, call).await,
        _ => {}
    }
    let world = &mut *core.world();
    match call.endpoint {
        Endpoint::Exchange => oauth::exchange(world, call),
        Endpoint::ExtendToken => oauth::extend(world, call),
        Endpoint::RevokeToken => oauth::revoke(world, call),
        Endpoint::DebugToken => debug::debug_token(world, call),
        Endpoint::Me => business::me(world, call),
        Endpoint::Waba => waba::read(world, call),
        Endpoint::PhoneNumbers => waba::phone_numbers(world, call),
        Endpoint::AddPhoneNumber => verification::add_number(world, call),
        Endpoint::SubscribedApps => subscribe::list(world, call),
        Endpoint::Unsubscribe => subscribe::unsubscribe(world, call),
        Endpoint::Phone => phone::read(world, call),
        Endpoint::Register => register::register(world, call),
        Endpoint::Deregister => register::deregister(world, call),
        Endpoint::RequestCode => verification::request_code(world, call),
        Endpoint::VerifyCode => verification::verify_code(world, call),
        Endpoint::SmbAppData => coexistence::sync(core, world, call),
        Endpoint::Messages => phone::send_message(world, call),
        Endpoint::App => app::read(world, call),
        Endpoint::AppSubscriptions => app::subscriptions(world, call),
        Endpoint::Business => business::read(world, call),
        Endpoint::ClientWabas => business::client_wabas(world, call),
        Endpoint::MintToken => business::mint_token(world, call),
        Endpoint::SolutionToken => business::solution_token(world, call),
        Endpoint::ExtendedCredits => credit::lines(world, call),
        Endpoint::AssignUser => credit::assign_user(world, call),
        Endpoint::AssignedUsers => credit::assigned_users(world, call),
        Endpoint::ShareCredit => credit::share(world, call),
        Endpoint::Allocations => credit::allocations(world, call),
        Endpoint::Allocation => credit::allocation(world, call),
        Endpoint::RevokeCredit => credit::revoke(world, call),
        Endpoint::Subscribe
        | Endpoint::AppSubscribe
        | Endpoint::SetPhone
        | Endpoint::Dialog
        | Endpoint::Unknown => Err(Fault::unsupported(&call.method, &call.node)),
    }
}
