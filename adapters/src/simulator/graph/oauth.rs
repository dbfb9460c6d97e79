//! Codes become tokens here, once and within thirty seconds.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::world::{App, Code, TokenForm, World};
use super::{Answer, Call, Fault};

/// The life of an extended token: Meta's sixty days.
const EXTENDED_LIFE: Duration = Duration::from_hours(60 * 24);

/// Spends a code.
pub(super) fn exchange(world: &mut World, call: &Call) -> Answer {
    let app_id = client(world, call)?.app_id.clone();
    let Some(given) = call.params.filled("code") else {
        return Err(Fault::oauth(400, 100, "Missing required parameter: code"));
    };
    let code = world
        .codes
        .get(given)
        .filter(|code| code.app_id == app_id)
        .cloned();
    let code = code.ok_or_else(|| Fault::oauth(400, 100, "Invalid verification code format."))?;
    if call.params.filled("redirect_uri").is_some() {
        let message = "Error validating verification code. Please make sure your redirect_uri is \
                       identical to the one you used in the OAuth dialog request";
        return Err(Fault::oauth(400, 100, message).with_subcode(36_008));
    }
    if code.used_at.is_some() {
        let message = "This authorization code has been used.";
        return Err(Fault::oauth(400, 100, message).with_subcode(36_009));
    }
    if code.expires_at.is_some_and(|end| end <= call.at) {
        let message = "This authorization code has expired.";
        return Err(Fault::oauth(400, 100, message).with_subcode(36_007));
    }
    world
        .codes
        .change(given, |code| code.used_at = Some(call.at));
    let token = world.mint_token(&app_id, &code.business_id, code.token_life, call.at);
    world
        .tokens
        .change(&token, |token| token.without_scope = code.without_scope);
    Ok(bought(&code, &token))
}

fn bought(code: &Code, token: &str) -> Value {
    let seconds = code.token_life.map(|life| life.as_secs());
    match code.token_form {
        TokenForm::Bare => json!(token),
        TokenForm::Form => match seconds {
            Some(seconds) => json!(format!("access_token={token}&expires={seconds}")),
            None => json!(format!("access_token={token}")),
        },
        TokenForm::Json => {
            let mut answer = json!({ "access_token": token, "token_type": "bearer" });
            if let Some(seconds) = seconds {
                answer["expires_in"] = json!(seconds);
            }
            answer
        }
    }
}

/// Trades a living business token for one with sixty days before it.
pub(super) fn extend(world: &mut World, call: &Call) -> Answer {
    let app_id = client(world, call)?.app_id.clone();
    let given = call.params.get("fb_exchange_token").unwrap_or_default();
    super::access::caller_with(world, given, call.at)?;
    let Some(token) = world
        .tokens
        .get(given)
        .filter(|token| token.app_id == app_id)
        .cloned()
    else {
        return Err(Fault::bad_token());
    };
    let fresh = world.mint_token(&app_id, &token.business_id, Some(EXTENDED_LIFE), call.at);
    Ok(json!({
        "access_token": fresh,
        "token_type": "bearer",
        "expires_in": EXTENDED_LIFE.as_secs(),
    }))
}

/// Takes a token back.
pub(super) fn revoke(world: &mut World, call: &Call) -> Answer {
    let app_id = client(world, call)?.app_id.clone();
    let given = call.params.get("revoke_token").unwrap_or_default();
    if world
        .tokens
        .get(given)
        .is_none_or(|token| token.app_id != app_id)
    {
        return Err(Fault::bad_token());
    }
    world.tokens.change(given, |token| token.revoked = true);
    Ok(json!({ "success": true }))
}

fn client<'a>(world: &'a World, call: &Call) -> Result<&'a App, Fault> {
    let app = call
        .params
        .get("client_id")
        .and_then(|id| world.apps.get(id));
    let app = app.ok_or_else(|| {
        let message =
            "Error validating application. Cannot get application info due to a system error.";
        Fault::oauth(400, 101, message)
    })?;
    if call.params.get("client_secret") != Some(app.app_secret.as_str()) {
        return Err(Fault::oauth(400, 1, "Error validating client secret."));
    }
    Ok(app)
}
