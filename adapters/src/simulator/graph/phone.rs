//! One number: what it shows, its settings, and a message sent from it.

use engine::Timestamp;
use serde_json::{Value, json};

use super::super::ailments;
use super::super::core::Core;
use super::super::world::{Number, Standing, World, opaque};
use super::{Answer, Call, Fault, access, fields, subscribe};

const DEFAULTS: &[&str] = &[
    "id",
    "display_phone_number",
    "verified_name",
    "quality_rating",
];
/// What the list of an account's numbers shows by itself.
pub(super) const LISTED: &[&str] = &[
    "id",
    "display_phone_number",
    "verified_name",
    "quality_rating",
    "code_verification_status",
    "platform_type",
    "throughput",
    "last_onboarded_time",
];

/// `GET /{phone}`.
pub(super) fn read(world: &World, call: &Call) -> Answer {
    let (_, number) = access::number(world, call)?;
    Ok(fields::choose(
        &show(world, number, call.at),
        &call.params,
        DEFAULTS,
    ))
}

/// `POST /{phone}`: a new PIN without the old one, or where this number's messages go.
pub(super) async fn change(core: &Core, call: &Call) -> Answer {
    let id = access::number(&core.world(), call)?.1.id.clone();
    if let Some(pin) = call.params.get("pin") {
        if !is_pin(pin) {
            return Err(Fault::invalid_parameter(
                "The pin must be a 6-digit number.",
            ));
        }
        core.world()
            .numbers
            .change(&id, |number| number.pin = Some(pin.to_owned()));
        return Ok(json!({ "success": true }));
    }
    if let Some(text) = call.params.get("webhook_configuration") {
        let wanted: Value = serde_json::from_str(text)
            .map_err(|_| Fault::invalid_parameter("webhook_configuration must be an object."))?;
        let url = wanted["override_callback_uri"]
            .as_str()
            .filter(|url| !url.is_empty());
        if let Some(url) = url {
            let verify_token = wanted["verify_token"].as_str().unwrap_or_default();
            subscribe::verify_override(core, url, verify_token).await?;
        }
        core.world().numbers.change(&id, |number| {
            number.webhook_override = url.map(str::to_owned);
        });
        return Ok(json!({ "success": true }));
    }
    Err(Fault::invalid_parameter(
        "Either pin or webhook_configuration is required.",
    ))
}

/// `POST /{phone}/messages`: accepted when the number can send.
pub(super) fn send_message(world: &World, call: &Call) -> Answer {
    let (_, number) = access::number(world, call)?;
    let to = call
        .params
        .filled("to")
        .ok_or_else(|| Fault::missing_parameter("to"))?;
    if !number.is_on_cloud_api() {
        return Err(Fault::cloud(
            400,
            133_010,
            "Account not registered",
            "Account does not exist in Cloud API, please use /register API to create an account first",
        ));
    }
    let digits: String = to.chars().filter(char::is_ascii_digit).collect();
    Ok(json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": to, "wa_id": digits }],
        "messages": [{ "id": opaque("wamid.", 40) }],
    }))
}

/// Six digits.
pub(super) fn is_pin(pin: &str) -> bool {
    pin.len() == 6 && pin.bytes().all(|byte| byte.is_ascii_digit())
}

/// Everything Graph would tell about a number at `now`.
pub(super) fn show(world: &World, number: &Number, now: Timestamp) -> Value {
    let is_hidden = number.app_hidden_until.is_some_and(|until| now < until);
    let is_active = number.is_on_cloud_api() && !is_hidden;
    let name_is_pending = number.name_pending_until.is_some_and(|until| now < until);
    let name_status = match (name_is_pending, number.name_declined) {
        (true, true) => "DECLINED",
        (true, false) => "PENDING_REVIEW",
        (false, _) => "APPROVED",
    };
    let status = match number.standing {
        _ if is_hidden => "PENDING",
        Standing::New => "PENDING",
        Standing::CloudApi | Standing::Coexistence => "CONNECTED",
        Standing::Deregistered => "DISCONNECTED",
    };
    json!({
        "id": number.id,
        "display_phone_number": number.display(),
        "verified_name": number.verified_name,
        "quality_rating": if is_active { "GREEN" } else { "UNKNOWN" },
        "code_verification_status": if number.verified { "VERIFIED" } else { "NOT_VERIFIED" },
        "name_status": name_status,
        "new_name_status": "NONE",
        "platform_type": if is_active { "CLOUD_API" } else { "NOT_APPLICABLE" },
        "throughput": { "level": if is_active { "STANDARD" } else { "NOT_APPLICABLE" } },
        "status": status,
        "account_mode": "LIVE",
        "last_onboarded_time": number.onboarded_at.to_datetime().format("%Y-%m-%dT%H:%M:%S+0000").to_string(),
        "is_on_biz_app": number.standing == Standing::Coexistence && !is_hidden,
        "is_pin_enabled": number.pin.is_some(),
        "is_official_business_account": false,
        "messaging_limit_tier": "TIER_250",
        "whatsapp_business_manager_messaging_limit": "TIER_250",
        "webhook_configuration": webhook_configuration(world, number),
        "health_status": health(world, number, name_is_pending),
    })
}

fn webhook_configuration(world: &World, number: &Number) -> Value {
    let waba = world.wabas.get(&number.waba_id);
    let redirected = waba.and_then(|waba| waba.subscribed.values().flatten().next());
    let mut shown = json!({});
    if let Some(url) = &number.webhook_override {
        shown["phone_number"] = json!(url);
    }
    if let Some(url) = redirected {
        shown["whatsapp_business_account"] = json!(url);
    }
    shown
}

fn health(world: &World, number: &Number, name_is_pending: bool) -> Value {
    let mut own = json!({ "entity_type": "PHONE_NUMBER", "id": number.id });
    let can_send = if !number.is_on_cloud_api() {
        own["errors"] = json!([{
            "error_code": 141_000,
            "error_description": "The phone number is not registered on Cloud API.",
            "possible_solution": "Register the phone number.",
        }]);
        "BLOCKED"
    } else if name_is_pending {
        own["additional_info"] = json!([
            "Your display name has not been approved yet. Your message limit will increase after the display name is approved."
        ]);
        "LIMITED"
    } else {
        "AVAILABLE"
    };
    own["can_send_message"] = json!(can_send);
    let business_id = world
        .wabas
        .get(&number.waba_id)
        .map(|waba| waba.business_id.as_str());
    let entities = [
        own,
        json!({ "entity_type": "WABA", "id": number.waba_id, "can_send_message": "AVAILABLE" }),
        json!({ "entity_type": "BUSINESS", "id": business_id, "can_send_message": "AVAILABLE" }),
    ]
    .map(|entity| ailments::examined(world, entity));
    json!({ "can_send_message": ailments::worst(&entities), "entities": entities })
}
