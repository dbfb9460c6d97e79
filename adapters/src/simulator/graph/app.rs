//! The app itself and its webhook subscription.

use serde_json::{Value, json};

use super::super::core::Core;
use super::super::webhooks;
use super::super::world::{App, World};
use super::access::{self, Caller};
use super::{Answer, Call, Fault, fields};

/// `GET /{app}`.
pub(super) fn read(world: &World, call: &Call) -> Answer {
    let app = own_app(world, call, true)?;
    let shown = json!({
        "id": app.app_id,
        "name": format!("Sandbox app {}", app.app_id),
        "link": format!("https://www.facebook.com/games/?app_id={}", app.app_id),
        "category": "Messaging",
        "business": { "id": app.business_id },
    });
    Ok(fields::choose(
        &shown,
        &call.params,
        &["id", "name", "link", "category"],
    ))
}

/// `GET /{app}/subscriptions`.
pub(super) fn subscriptions(world: &World, call: &Call) -> Answer {
    let app = own_app(world, call, false)?;
    let rows: Vec<Value> = app
        .webhook_url
        .iter()
        .map(|url| {
            let fields: Vec<Value> = app
                .fields()
                .iter()
                .map(|name| json!({ "name": name, "version": "v25.0" }))
                .collect();
            json!({
                "object": "whatsapp_business_account",
                "callback_url": url,
                "active": true,
                "fields": fields,
            })
        })
        .collect();
    Ok(json!({ "data": rows }))
}

/// `POST /{app}/subscriptions`: asks the callback first, as Meta does.
pub(super) async fn subscribe(core: &Core, call: &Call) -> Answer {
    let app_id = own_app(&core.world(), call, false)?.app_id.clone();
    let need = |name| {
        call.params
            .filled(name)
            .ok_or_else(|| Fault::missing_parameter(name))
    };
    if need("object")? != "whatsapp_business_account" {
        return Err(Fault::invalid_parameter(
            "object must be whatsapp_business_account.",
        ));
    }
    let (url, verify_token, wanted) = (
        need("callback_url")?,
        need("verify_token")?,
        need("fields")?,
    );
    if !webhooks::callback_answers(core, url, verify_token).await {
        return Err(Fault::oauth(
            400,
            2200,
            "(#2200) Callback verification failed with the following errors: HTTP Status Code is \
             not 200 or the challenge was not answered",
        ));
    }
    core.world().apps.change(&app_id, |app| {
        app.webhook_url = Some(url.to_owned());
        app.verify_token = Some(verify_token.to_owned());
        app.chosen_fields = Some(field_names(wanted));
    });
    Ok(json!({ "success": true }))
}

fn own_app<'a>(world: &'a World, call: &Call, system_too: bool) -> Result<&'a App, Fault> {
    let caller = access::caller(world, call)?;
    let may = matches!(caller, Caller::App { .. })
        || (system_too && matches!(caller, Caller::System { .. }));
    if !may || caller.app_id() != call.node {
        if caller.app_id() == call.node {
            let message = "(#15) This method must be called with an app access_token.";
            return Err(Fault::oauth(403, 15, message));
        }
        return Err(Fault::unsupported(&call.method, &call.node));
    }
    world.apps.get(&call.node).ok_or_else(Fault::bad_token)
}

/// `a,b` or `["a","b"]`.
fn field_names(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_else(|_| {
        text.split(',')
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect()
    })
}
