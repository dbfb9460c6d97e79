//! The control calls: order misbehavior, read what was called, move time, send a webhook, sign up.
//!
//! They answer plainly: 422 with a sentence naming what is wrong and listing what is known.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::ailments;
use super::core::Core;
use super::events;
use super::http::{Inbound, Params, Reply};
use super::scenario::{Order, Scenario};
use super::server::{SimulatedApp, remember};
use super::signup::{self, Wish};
use super::webhooks::{self, Change, FieldPlace, Subscription, Timing};
use super::world::Mail;

const CALLS: &str = "POST /control/signup, POST and DELETE /control/scenario, GET /control/scenarios, \
                     GET and DELETE /control/calls, POST /control/clock, POST /control/webhook, \
                     POST /control/event, POST /control/events, POST /control/mail, \
                     POST /control/app, POST /control/proof, POST /control/dashboard, \
                     POST /control/health, GET /control/sms";

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
        ("POST", "webhook") => read(inbound).and_then(|order| send_webhook(core, order)),
        ("POST", "event") => {
            read(inbound).and_then(|order| events::happen(core, order).map(|sent| json!(sent)))
        }
        ("POST", "events") => read(inbound)
            .and_then(|batch| events::happen_together(core, &batch).map(|sent| json!(sent))),
        ("POST", "mail") => read(inbound).and_then(|order| set_mail(core, &order)),
        ("POST", "app") => read(inbound).map(|app| know_app(core, app)),
        ("POST", "dashboard") => read(inbound).and_then(|order| set_dashboard(core, order)),
        ("POST", "proof") => read(inbound).and_then(|order| require_proof(core, &order)),
        ("POST", "health") => read(inbound).and_then(|order| ailments::order(core, order)),
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

/// Anything at all, whether or not Meta would send it.
fn send_webhook(core: &Core, order: WebhookOrder) -> Result<Value, String> {
    let world = &mut *core.world();
    let app = world
        .apps
        .get(&order.app_id)
        .ok_or_else(|| not_registered(&order.app_id))?;
    let change = Change {
        entry_id: order.entry_id.unwrap_or_else(|| app.business_id.clone()),
        time: core.now().seconds(),
        field: order.field,
        value: order.value,
        place: FieldPlace::InChange,
        subscription: Subscription::None,
        phone_number_id: None,
    };
    let timing = Timing {
        copies: if order.duplicate { 2 } else { 1 },
        ..Timing::default()
    };
    let routed = webhooks::tell(core, world, &order.app_id, vec![change], timing);
    match routed.unheard.into_iter().next() {
        None => Ok(json!({ "queued": routed.queued })),
        Some(reason) => Err(reason),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MailOrder {
    app_id: String,
    #[serde(default)]
    delay_ms: u64,
    #[serde(default)]
    copies: Option<u32>,
    #[serde(default)]
    lost: bool,
}

/// How webhooks reach an app from now on; without members as ever.
fn set_mail(core: &Core, order: &MailOrder) -> Result<Value, String> {
    let mail = Mail {
        delay_ms: order.delay_ms,
        copies: order.copies.unwrap_or(1),
        lost: order.lost,
    };
    let known = core
        .world()
        .apps
        .change(&order.app_id, |app| app.mail = mail);
    match known {
        Some(()) => Ok(json!(mail)),
        None => Err(not_registered(&order.app_id)),
    }
}

fn not_registered(app_id: &str) -> String {
    format!("app_id `{app_id}` is not registered with the simulator")
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

/// What somebody sets in Meta's dashboard; what is not said stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DashboardOrder {
    app_id: String,
    #[serde(default)]
    webhook_fields: Option<Vec<String>>,
    #[serde(default)]
    webhook_url: Option<String>,
    #[serde(default)]
    lacking_scopes: Option<Vec<String>>,
    #[serde(default)]
    system_token_dead: Option<bool>,
}

fn set_dashboard(core: &Core, order: DashboardOrder) -> Result<Value, String> {
    let known = core.world().apps.change(&order.app_id, |app| {
        app.chosen_fields = order.webhook_fields.or(app.chosen_fields.take());
        app.webhook_url = order.webhook_url.or(app.webhook_url.take());
        if let Some(scopes) = order.lacking_scopes {
            app.lacking_scopes = scopes;
        }
        app.system_token_dead = order.system_token_dead.unwrap_or(app.system_token_dead);
    });
    match known {
        Some(()) => Ok(json!({ "app_id": order.app_id })),
        None => Err(not_registered(&order.app_id)),
    }
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
        None => Err(not_registered(&order.app_id)),
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
    let method = password.map(|_| {
        if number.passwords.spoken {
            "VOICE"
        } else {
            "SMS"
        }
    });
    Ok(json!({ "phone_number_id": id, "code": password, "text": text, "method": method }))
}
