//! Which apps hear of an account, and where messages are redirected.

use serde_json::{Value, json};

use super::super::core::Core;
use super::super::webhooks;
use super::super::world::World;
use super::{Answer, Call, Fault, access};

/// Longer callback addresses Meta refuses.
const URL_LENGTH_MAX: usize = 200;

/// `POST /{waba}/subscribed_apps`: without an override it also takes an old one away.
pub(super) async fn subscribe(core: &Core, call: &Call) -> Answer {
    let (app_id, waba_id, is_subscribed) = {
        let world = core.world();
        let (caller, waba) = access::waba(&world, call)?;
        let app_id = caller.app_id().to_owned();
        let is_subscribed = waba.subscribed.contains_key(&app_id);
        (app_id, waba.id.clone(), is_subscribed)
    };
    let redirected = call.params.filled("override_callback_uri");
    if let Some(url) = redirected {
        if !is_subscribed {
            return Err(Fault::oauth(
                400,
                100,
                "(#100) Before override the current callback uri, your app must be subscribed to \
                 receive messages for WhatsApp Business Account",
            ));
        }
        let verify_token = call
            .params
            .filled("verify_token")
            .ok_or_else(|| Fault::missing_parameter("verify_token"))?;
        verify_override(core, url, verify_token).await?;
    }
    let url = redirected.map(str::to_owned);
    core.world()
        .wabas
        .change(&waba_id, |waba| waba.subscribed.insert(app_id, url));
    Ok(json!({ "success": true }))
}

/// Asks an address whether it wants what it is to be sent.
pub(super) async fn verify_override(
    core: &Core,
    url: &str,
    verify_token: &str,
) -> Result<(), Fault> {
    if url.len() > URL_LENGTH_MAX {
        let details = "override_callback_uri must be at most 200 characters long.";
        return Err(Fault::invalid_parameter(details));
    }
    if webhooks::callback_answers(core, url, verify_token).await {
        return Ok(());
    }
    Err(Fault::oauth(
        400,
        2200,
        "(#2200) Callback verification failed with the following errors: HTTP Status Code \
         is not 200 or the challenge was not answered",
    ))
}

/// `GET /{waba}/subscribed_apps`.
pub(super) fn list(world: &World, call: &Call) -> Answer {
    let (_, waba) = access::waba(world, call)?;
    let apps: Vec<Value> = waba
        .subscribed
        .iter()
        .map(|(app_id, redirected)| {
            let mut row = json!({ "whatsapp_business_api_data": {
                "id": app_id,
                "name": format!("Sandbox app {app_id}"),
                "link": "https://www.facebook.com/games/?app_id=".to_owned() + app_id,
            } });
            if let Some(url) = redirected {
                row["override_callback_uri"] = json!(url);
            }
            row
        })
        .collect();
    Ok(json!({ "data": apps }))
}

/// `DELETE /{waba}/subscribed_apps`.
pub(super) fn unsubscribe(world: &mut World, call: &Call) -> Answer {
    let (caller, waba) = access::waba(world, call)?;
    let (app_id, waba_id) = (caller.app_id().to_owned(), waba.id.clone());
    world
        .wabas
        .change(&waba_id, |waba| waba.subscribed.remove(&app_id));
    Ok(json!({ "success": true }))
}
