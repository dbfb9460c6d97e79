//! Portfolios: the provider's list of clients, a customer's token without a code, and `me`.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::world::{Waba, World};
use super::access::{self, Caller};
use super::{Answer, Call, Fault, fields, waba};

/// Tokens of this kind live as long as those bought with a code.
const TOKEN_LIFE: Duration = Duration::from_hours(60 * 24);

/// `GET /{business}`.
pub(super) fn read(world: &World, call: &Call) -> Answer {
    let caller = access::caller(world, call)?;
    let app = world
        .apps
        .get(caller.app_id())
        .ok_or_else(Fault::bad_token)?;
    let is_visible = match &caller {
        Caller::App { .. } => false,
        Caller::Business { business_id, .. } => *business_id == call.node,
        Caller::System { app_id } => {
            app.business_id == call.node || !world.shared_wabas(app_id, &call.node).is_empty()
        }
    };
    let business = world.businesses.get(&call.node).filter(|_| is_visible);
    let business = business.ok_or_else(|| Fault::unsupported(&call.method, &call.node))?;
    let shown = json!({
        "id": business.id,
        "name": business.name,
        "verification_status": "verified",
    });
    Ok(fields::choose(&shown, &call.params, &["id", "name"]))
}

/// `GET /{business}/client_whatsapp_business_accounts`, newest first.
pub(super) fn client_wabas(world: &World, call: &Call) -> Answer {
    let app = access::system_app(world, call)?;
    if app.business_id != call.node {
        return Err(Fault::unsupported(&call.method, &call.node));
    }
    let after = created_after(call.params.get("filtering"));
    let mut shared: Vec<_> = world
        .wabas
        .iter()
        .filter(|waba| waba.shared.contains_key(&app.app_id) && waba.is_visible(call.at))
        .filter(|waba| after.is_none_or(|after| waba.created_at.seconds() > after))
        .collect();
    shared.sort_by_key(|waba| std::cmp::Reverse(waba.created_at));
    if call
        .params
        .get("sort")
        .is_some_and(|sort| sort.contains("creation_time_ascending"))
    {
        shared.reverse();
    }
    let defaults = [
        "id",
        "name",
        "currency",
        "timezone_id",
        "message_template_namespace",
    ];
    let rows = shared
        .into_iter()
        .map(|row| fields::choose(&waba::show(world, row, call.at), &call.params, &defaults))
        .collect();
    Ok(fields::page(rows, &call.params))
}

/// `POST /{customer}/system_user_access_tokens`.
pub(super) fn mint_token(world: &mut World, call: &Call) -> Answer {
    let app = access::system_app(world, call)?;
    let app_id = app.app_id.clone();
    if call.params.get("appsecret_proof").is_none() {
        return Err(Fault::proof_missing());
    }
    if world.shared_wabas(&app_id, &call.node).is_empty() {
        return Err(Fault::unsupported(&call.method, &call.node));
    }
    let living = world.tokens.iter().find(|token| {
        token.app_id == app_id
            && token.business_id == call.node
            && !token.revoked
            && token.expires_at.is_none_or(|end| call.at < end)
    });
    let token = match living.filter(|_| call.params.is_true("fetch_only")) {
        Some(token) => token.token.clone(),
        None => world.mint_token(&app_id, &call.node, Some(TOKEN_LIFE), call.at),
    };
    Ok(json!({ "access_token": token }))
}

/// `GET /{solution}/access_token`: for customers who signed up through the solution.
pub(super) fn solution_token(world: &mut World, call: &Call) -> Answer {
    let app_id = access::system_app(world, call)?.app_id.clone();
    let business_id = call
        .params
        .filled("business_id")
        .ok_or_else(|| Fault::missing_parameter("business_id"))?;
    let is_through = |waba: &&Waba| waba.solution_id.as_deref() == Some(call.node.as_str());
    let shared = world.shared_wabas(&app_id, business_id);
    if !shared.iter().any(is_through) {
        return Err(Fault::unsupported(&call.method, &call.node));
    }
    let token = world.mint_token(&app_id, business_id, Some(TOKEN_LIFE), call.at);
    let expires_at = (call.at + TOKEN_LIFE).seconds();
    Ok(json!({ "access_token": token, "expires_at": expires_at }))
}

/// `GET /me`.
pub(super) fn me(world: &World, call: &Call) -> Answer {
    let caller = access::caller(world, call)?;
    let shown = match &caller {
        Caller::App { .. } => {
            let message =
                "An active access token must be used to query information about the current user.";
            return Err(Fault::oauth(400, 2500, message));
        }
        Caller::System { app_id } => {
            let app = world.apps.get(app_id).ok_or_else(Fault::bad_token)?;
            json!({ "id": app.system_user_id, "name": "Sandbox system user" })
        }
        Caller::Business { business_id, .. } => {
            let token = call
                .token
                .as_deref()
                .and_then(|token| world.tokens.get(token));
            let user_id = token.map(|token| token.user_id.as_str());
            json!({ "id": user_id, "name": "Sandbox integration", "client_business_id": business_id })
        }
    };
    Ok(fields::choose(&shown, &call.params, &["id", "name"]))
}

/// The moment in `[{"field":"creation_time","operator":"GREATER_THAN","value":"…"}]`.
fn created_after(filtering: Option<&str>) -> Option<i64> {
    let filters: Value = serde_json::from_str(filtering?).ok()?;
    let filter = filters.as_array()?.iter().find(|filter| {
        filter["field"] == "creation_time" && filter["operator"] == "GREATER_THAN"
    })?;
    let value = &filter["value"];
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}
