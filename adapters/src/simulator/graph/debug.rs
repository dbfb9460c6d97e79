//! What a token is worth: `debug_token`.

use engine::Timestamp;
use serde_json::{Value, json};

use super::super::world::{App, Token, World};
use super::access::{self, Caller};
use super::{Answer, Call, Fault};

const SCOPES: [&str; 2] = [
    "whatsapp_business_management",
    "whatsapp_business_messaging",
];

/// Shows a token of the caller's own app.
pub(super) fn debug_token(world: &World, call: &Call) -> Answer {
    let viewer = access::caller(world, call)?;
    if matches!(viewer, Caller::Business { .. }) {
        let message = "(#100) You must provide an app access token, or a user access token that is \
                       an owner or developer of the app";
        return Err(Fault::oauth(400, 100, message));
    }
    let app = world
        .apps
        .get(viewer.app_id())
        .ok_or_else(Fault::bad_token)?;
    let given = call
        .params
        .filled("input_token")
        .ok_or_else(|| Fault::missing_parameter("input_token"))?;
    if let Some(owner) = access::app_of_token(world, given) {
        same_app(owner.app_id == app.app_id)?;
        return Ok(json!({ "data": {
            "app_id": app.app_id, "type": "APP", "application": name(app), "is_valid": true, "scopes": [],
        } }));
    }
    if let Some(owner) = world.apps.iter().find(|app| app.system_user_token == given) {
        same_app(owner.app_id == app.app_id)?;
        return Ok(json!({ "data": system_token(app) }));
    }
    match world.tokens.get(given) {
        Some(token) => {
            same_app(token.app_id == app.app_id)?;
            Ok(json!({ "data": business_token(world, app, token, call.at) }))
        }
        None => Ok(json!({ "data": {
            "is_valid": false,
            "scopes": [],
            "error": { "code": 190, "message": "Invalid OAuth access token - Cannot parse access token" },
        } })),
    }
}

fn same_app(is_same: bool) -> Result<(), Fault> {
    if is_same {
        return Ok(());
    }
    let message = "(#100) The App_id in the input_token did not match the Viewing App";
    Err(Fault::oauth(400, 100, message))
}

fn name(app: &App) -> String {
    format!("Sandbox app {}", app.app_id)
}

fn system_token(app: &App) -> Value {
    let all = [
        "business_management",
        SCOPES[0],
        SCOPES[1],
        "public_profile",
    ];
    let lacks = |scope: &str| app.lacking_scopes.iter().any(|known| known == scope);
    let scopes: Vec<&str> = all.into_iter().filter(|scope| !lacks(scope)).collect();
    json!({
        "app_id": app.app_id,
        "application": name(app),
        "type": "SYSTEM_USER",
        "is_valid": !app.system_token_dead,
        "issued_at": 0,
        "expires_at": 0,
        "data_access_expires_at": 0,
        "scopes": scopes,
        "granular_scopes": [{ "scope": SCOPES[0] }, { "scope": SCOPES[1] }],
        "user_id": app.system_user_id,
    })
}

fn business_token(world: &World, app: &App, token: &Token, now: Timestamp) -> Value {
    let wabas: Vec<&str> = world
        .shared_wabas(&token.app_id, &token.business_id)
        .iter()
        .map(|waba| waba.id.as_str())
        .collect();
    let has_expired = token.expires_at.is_some_and(|end| end <= now);
    let is_valid = !token.revoked && !has_expired;
    let granted = if is_valid { &SCOPES[..] } else { &[] };
    let named = if token.without_scope { &[] } else { granted };
    let mut shown = json!({
        "app_id": app.app_id,
        "application": name(app),
        "type": "SYSTEM_USER",
        "is_valid": is_valid,
        "issued_at": token.issued_at.seconds(),
        "expires_at": token.expires_at.map_or(0, Timestamp::seconds),
        "data_access_expires_at": token.expires_at.map_or(0, Timestamp::seconds),
        "scopes": granted.iter().copied().chain(["public_profile"]).collect::<Vec<_>>(),
        "granular_scopes": named
            .iter()
            .map(|scope| json!({ "scope": scope, "target_ids": wabas }))
            .collect::<Vec<_>>(),
        "user_id": token.user_id,
    });
    if token.revoked {
        shown["error"] = json!({
            "code": 190, "subcode": 458,
            "message": "Error validating access token: The user has not authorized application.",
        });
    } else if has_expired {
        shown["error"] = json!({
            "code": 190, "subcode": 463,
            "message": "Error validating access token: Session has expired.",
        });
    }
    shown
}
