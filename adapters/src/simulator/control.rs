//! The control calls: order misbehavior, read what was called, move time, send a webhook, sign up.
//!
//! They answer plainly: 422 with a sentence naming what is wrong and listing what is known.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::core::Core;
use super::http::{Inbound, Params, Reply};
use super::scenario::{Order, Scenario};
use super::server::{SimulatedApp, remember};
use super::signup::{self, Wish};
use super::webhooks;

const CALLS: &str = "POST /control/signup, POST and DELETE /control/scenario, GET /control/scenarios, \
                     GET and DELETE /control/calls, POST /control/clock, POST /control/webhook, \
                     POST /control/disconnect, POST /control/app, POST /control/proof, \
                     GET /control/sms";

/// Answers `/control/{name}`.
pub(crate) async fn answer(core: &Core, name: &str, inbound: &Inbound) -> Reply {
    let params = Params::from_form(&inbound.query);
    let answer = match (inbound.method.as_str(), name) {
        ("POST", "scenario") => read(inbound).and_then(|order| order_scenario(core, order)),
        ("DELETE", "scenario" | "scenarios") => Ok(clear_scenarios(core)),
        ("GET", "scenario" | "scenarios") => Ok(list_scenarios(core)),
        ("GET", "calls") => Ok(list_calls(core, &params)),
        ("DELETE", "calls") => {
            core.calls().clear();
            Ok(json!({ "cleared": true }))
        }
        ("POST", "clock") => read(inbound).map(|move_| advance(core, &move_)),
        ("GET", "clock") => Ok(json!({ "now": core.now().to_rfc3339() })),
        ("POST", "webhook") => read(inbound).and_then(|order| send_webhook(core, &order)),
        ("POST", "disconnect") => read(inbound).and_then(|order| disconnect(core, &order)),
        ("POST", "app") => read(inbound).map(|app| know_app(core, app)),
        ("POST", "proof") => read(inbound).and_then(|order| require_proof(core, &order)),
        ("POST", "signup") => read(inbound).and_then(|wish| sign_up(core, wish)),
        ("GET", "sms") => read_sms(core, &params),
        _ => return Reply::json(404, &json!({ "error": format!("known are {CALLS}") })),
    };
    core.flush().await;
    match answer {
        Ok(body) => Reply::json(200, &body),
        Err(complaint) => Reply::json(422, &json!({ "error": complaint })),
    }
}

fn read<T: DeserializeOwned>(inbound: &Inbound) -> Result<T, String> {
    let body = inbound
        .json()
        .map_err(|error| format!("the body is not JSON: {error}"))?;
    serde_json::from_value(body).map_err(|error| error.to_string())
}

fn order_scenario(core: &Core, order: Order) -> Result<Value, String> {
    match order.complaint() {
        Some(complaint) => Err(complaint),
        None => Ok(json!(core.world().order(order, core.now()))),
    }
}

fn clear_scenarios(core: &Core) -> Value {
    let world = &mut *core.world();
    let ids: Vec<String> = world
        .scenarios
        .iter()
        .map(|scenario| scenario.id.clone())
        .collect();
    for id in &ids {
        world.scenarios.remove(id);
    }
    json!({ "cleared": ids.len() })
}

fn list_scenarios(core: &Core) -> Value {
    let now = core.now();
    let world = core.world();
    let is_in_force = |scenario: &&Scenario| scenario.until.is_none_or(|until| now < until);
    let rows: Vec<&Scenario> = world.scenarios.iter().filter(is_in_force).collect();
    json!({ "data": rows })
}

fn list_calls(core: &Core, params: &Params) -> Value {
    let fits = |name: &str, found: Option<&str>| {
        params.get(name).is_none_or(|wanted| found == Some(wanted))
    };
    let rows = core.calls().list(|call| {
        fits("endpoint", Some(call.endpoint))
            && fits("app_id", call.app_id.as_deref())
            && fits("waba_id", call.waba_id.as_deref())
            && fits("phone_number_id", call.phone_number_id.as_deref())
    });
    json!({ "data": rows })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockMove {
    advance_ms: u64,
}

fn advance(core: &Core, order: &ClockMove) -> Value {
    let shift_ms = core.advance(Duration::from_millis(order.advance_ms));
    json!({ "now": core.now().to_rfc3339(), "shift_ms": shift_ms })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebhookOrder {
    app_id: String,
    field: String,
    value: Value,
    #[serde(default)]
    entry_id: Option<String>,
    #[serde(default)]
    duplicate: bool,
}

fn send_webhook(core: &Core, order: &WebhookOrder) -> Result<Value, String> {
    let world = &mut *core.world();
    let Some(app) = world.apps.get(&order.app_id).cloned() else {
        return Err(format!(
            "app_id `{}` is not registered with the simulator",
            order.app_id
        ));
    };
    if app.webhook_url.is_none() {
        return Err(format!("app `{}` has no webhook_url", order.app_id));
    }
    let entry_id = order.entry_id.as_ref().unwrap_or(&app.business_id);
    let body = webhooks::envelope(entry_id, core.now(), &order.field, &order.value);
    let copies = if order.duplicate { 2 } else { 1 };
    for _ in 0..copies {
        core.send_webhook(world, &order.app_id, body.clone());
    }
    Ok(json!({ "queued": copies }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DisconnectOrder {
    app_id: String,
    waba_id: String,
}

/// The customer takes the grant back: tokens die, the app hears of it.
fn disconnect(core: &Core, order: &DisconnectOrder) -> Result<Value, String> {
    let now = core.now();
    let world = &mut *core.world();
    let Some(app) = world.apps.get(&order.app_id).cloned() else {
        return Err(format!(
            "app_id `{}` is not registered with the simulator",
            order.app_id
        ));
    };
    let business_id = world.wabas.change(&order.waba_id, |waba| {
        waba.subscribed.remove(&order.app_id);
        let was_shared = waba.shared.remove(&order.app_id).is_some();
        was_shared.then(|| waba.business_id.clone())
    });
    let Some(business_id) = business_id.flatten() else {
        return Err(format!(
            "waba_id `{}` is not shared with this app",
            order.waba_id
        ));
    };
    let is_last = world.shared_wabas(&order.app_id, &business_id).is_empty();
    let dead: Vec<String> = world
        .tokens
        .iter()
        .filter(|token| is_last && token.app_id == order.app_id && token.business_id == business_id)
        .map(|token| token.token.clone())
        .collect();
    for token in dead {
        world.tokens.change(&token, |token| token.revoked = true);
    }
    let value = json!({
        "event": "PARTNER_APP_UNINSTALLED",
        "waba_info": {
            "waba_id": order.waba_id,
            "owner_business_id": business_id,
            "partner_app_id": order.app_id,
        },
    });
    let body = webhooks::envelope(&app.business_id, now, "account_update", &value);
    core.send_webhook(world, &order.app_id, body);
    Ok(json!({ "disconnected": true }))
}

/// One more Meta app, or news of a known one.
fn know_app(core: &Core, app: SimulatedApp) -> Value {
    let id = app.app_id.clone();
    let world = &mut *core.world();
    remember(world, app);
    let known = world.apps.get(&id);
    json!({
        "app_id": id,
        "system_user_id": known.map(|app| &app.system_user_id),
        "credit_line_id": known.map(|app| &app.credit_line_id),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProofOrder {
    app_id: String,
    required: bool,
}

/// The switch in an app's advanced settings.
fn require_proof(core: &Core, order: &ProofOrder) -> Result<Value, String> {
    let known = core.world().apps.change(&order.app_id, |app| {
        app.requires_proof = order.required;
    });
    match known {
        Some(()) => Ok(json!({ "required": order.required })),
        None => Err(format!(
            "app_id `{}` is not registered with the simulator",
            order.app_id
        )),
    }
}

fn sign_up(core: &Core, wish: Wish) -> Result<Value, String> {
    let concluded = signup::conclude(core, wish, false)?;
    Ok(json!({ "code": concluded.code, "session": concluded.session }))
}

fn read_sms(core: &Core, params: &Params) -> Result<Value, String> {
    let id = params
        .get("phone_number_id")
        .ok_or("phone_number_id is needed")?;
    let world = core.world();
    let number = world
        .numbers
        .get(id)
        .ok_or_else(|| format!("phone_number_id `{id}` does not exist"))?;
    let password = number.sms.as_deref();
    let text = password.map(|six| format!("WhatsApp code {}-{}", &six[..3], &six[3..]));
    Ok(json!({ "phone_number_id": id, "code": password, "text": text }))
}
