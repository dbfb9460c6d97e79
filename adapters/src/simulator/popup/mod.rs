//! What browsers load: the login script, the signup popup, and the popup's own calls.
//!
//! Everything here is the simulator's own look and words; nothing is copied from Meta's pages.

use serde::Deserialize;
use serde_json::{Value, json};

use super::calls::CallRecord;
use super::core::Core;
use super::graph::Endpoint;
use super::http::{Inbound, Params, Reply};
use super::signup::{self, Ending, Wish};
use super::world::World;

const SDK: &str = include_str!("sdk.js");
const PAGE: &str = include_str!("popup.html");
const REFUSAL: &str = include_str!("refusal.html");
const SCRIPT: &str = include_str!("popup.js");
const STYLE: &str = include_str!("popup.css");

const HTML: &str = "text/html; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
/// More accounts than a person chooses from.
const OFFERED_MAX: usize = 20;

/// The popup, or the page that Meta shows where app and configuration do not fit.
pub(crate) fn dialog(core: &Core, version: &str, inbound: &Inbound) -> Reply {
    let params = Params::from_form(&inbound.query);
    let path = format!("/{version}/dialog/oauth");
    let mut record = CallRecord::new(core.now(), "GET", &path, Endpoint::Dialog.name());
    let is_accepted = {
        let world = core.world();
        let app = params.get("client_id").and_then(|id| world.apps.get(id));
        record.app_id = app.map(|app| app.app_id.clone());
        let config_id = params.get("config_id").unwrap_or_default();
        app.is_some_and(|app| {
            app.config_id.is_empty()
                || app
                    .config_id
                    .split(',')
                    .any(|known| known.trim() == config_id)
        })
    };
    record.page = params.get("fallback_redirect_uri").map(str::to_owned);
    record.acted = is_accepted;
    let reply = if is_accepted {
        Reply::asset(HTML, PAGE)
    } else {
        Reply::asset(HTML, REFUSAL).with_status(400)
    };
    record.status = Some(reply.status);
    core.calls().note(record);
    reply
        .with_header("content-security-policy", CONTENT_POLICY)
        .with_header("referrer-policy", "no-referrer")
}

/// Answers what the popup and the page that opened it ask for; nothing for other addresses.
pub(crate) async fn answer(core: &Core, inbound: &Inbound) -> Option<Reply> {
    match (inbound.method.as_str(), inbound.path.as_str()) {
        // Pages load the script from another origin, often with `crossorigin`.
        ("GET", "/sdk.js" | "/en_US/sdk.js") => Some(
            Reply::asset(JAVASCRIPT, SDK)
                .with_header("access-control-allow-origin", "*")
                .with_header("cross-origin-resource-policy", "cross-origin"),
        ),
        ("GET", "/popup/popup.js") => Some(Reply::asset(JAVASCRIPT, SCRIPT)),
        ("GET", "/popup/popup.css") => Some(Reply::asset("text/css; charset=utf-8", STYLE)),
        ("GET", "/popup/offer") => {
            let params = Params::from_form(&inbound.query);
            Some(Reply::json(
                200,
                &offer(&core.world(), params.get("client_id").unwrap_or_default()),
            ))
        }
        ("POST", "/popup/finish") => Some(finish(core, inbound).await),
        ("POST", "/popup/release") => {
            let body = inbound.json().unwrap_or_default();
            signup::release(core, body["code"].as_str().unwrap_or_default());
            core.flush().await;
            Some(Reply::json(200, &json!({ "released": true })))
        }
        _ => None,
    }
}

/// What the person has already, and a name and a number nobody has.
fn offer(world: &World, app_id: &str) -> Value {
    let mut wabas: Vec<_> = world
        .wabas
        .iter()
        .filter(|waba| waba.shared.contains_key(app_id))
        .collect();
    wabas.sort_by_key(|waba| std::cmp::Reverse(waba.created_at));
    wabas.truncate(OFFERED_MAX);
    let name_of = |id: &str| {
        world
            .businesses
            .get(id)
            .map(|business| business.name.clone())
    };
    let rows: Vec<Value> = wabas
        .iter()
        .map(|waba| json!({ "name": waba.name, "business_name": name_of(&waba.business_id) }))
        .collect();
    // A name of its own for each newcomer: two customers must not meet in one portfolio by default.
    let newcomer = world.businesses.iter().count() + 1;
    json!({
        "accounts": rows,
        "business_name": format!("Sandbox business {newcomer}"),
        "phone_number": format!("+{}", signup::unused_digits(world)),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Finish {
    app_id: String,
    #[serde(default)]
    partner_id: Option<String>,
    business_name: String,
    waba_name: String,
    #[serde(default)]
    phone_number: Option<String>,
    #[serde(default)]
    pre_verified_id: Option<String>,
    #[serde(default)]
    kind: Ending,
    #[serde(default)]
    sim: Option<String>,
}

async fn finish(core: &Core, inbound: &Inbound) -> Reply {
    let asked = inbound.json().and_then(serde_json::from_value::<Finish>);
    let concluded = match asked {
        Ok(asked) => {
            let wish = chosen(&core.world(), asked);
            signup::conclude(core, wish, true)
        }
        Err(error) => Err(error.to_string()),
    };
    core.flush().await;
    match concluded {
        Ok(done) => Reply::json(200, &json!({ "code": done.code, "session": done.session })),
        Err(complaint) => Reply::json(422, &json!({ "error": complaint })),
    }
}

/// Names that this app's customers already bear mean what bears them.
fn chosen(world: &World, asked: Finish) -> Wish {
    let mut shared: Vec<_> = world
        .wabas
        .iter()
        .filter(|waba| waba.shared.contains_key(&asked.app_id))
        .collect();
    shared.sort_by_key(|waba| std::cmp::Reverse(waba.created_at));
    let is_named = |id: &str| {
        world
            .businesses
            .get(id)
            .is_some_and(|business| business.name == asked.business_name)
    };
    shared.retain(|waba| is_named(&waba.business_id));
    let business_id = shared.first().map(|waba| waba.business_id.clone());
    let waba = shared.iter().find(|waba| waba.name == asked.waba_name);
    let waba_id = waba.map(|waba| waba.id.clone());
    let without_number = asked.phone_number.is_none() && asked.kind == Ending::Finish;
    Wish {
        app_id: asked.app_id,
        partner_id: asked.partner_id,
        phone_number: asked.phone_number,
        pre_verified_id: asked.pre_verified_id,
        business_id,
        business_name: Some(asked.business_name),
        waba_id,
        waba_name: Some(asked.waba_name),
        kind: if without_number {
            Ending::WithoutNumber
        } else {
            asked.kind
        },
        sim: asked.sim,
        ..Wish::default()
    }
}
