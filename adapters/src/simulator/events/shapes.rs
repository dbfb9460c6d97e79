//! What each event looks like: its field, whom its entry names, and the members of its value.
//!
//! Written after Meta's reference pages and their samples, with the places where samples differ.

use engine::Timestamp;
use serde_json::{Value, json};

use super::super::webhooks::{Change, FieldPlace, Subscription};
use super::super::world::{App, Number, Waba, World, decimal_id, opaque};

/// Those whom an event is about.
pub(crate) struct Scene {
    pub(super) app: App,
    pub(super) waba: Option<Waba>,
    pub(super) number: Option<Number>,
}

impl Scene {
    /// The scene around an account, or a number and its account.
    pub(super) fn of(
        world: &World,
        app_id: &str,
        (waba_id, phone_number_id): (Option<&str>, Option<&str>),
    ) -> Option<Self> {
        let number = phone_number_id
            .and_then(|id| world.numbers.get(id))
            .cloned();
        let waba_id = waba_id.or(number.as_ref().map(|number| number.waba_id.as_str()));
        Some(Self {
            app: world.apps.get(app_id)?.clone(),
            waba: waba_id.and_then(|id| world.wabas.get(id)).cloned(),
            number,
        })
    }

    fn waba(&self) -> Result<&Waba, String> {
        let waba = self.waba.as_ref();
        waba.ok_or_else(|| "this event needs waba_id or phone_number_id".to_owned())
    }

    fn number(&self) -> Result<&Number, String> {
        let number = self.number.as_ref();
        number.ok_or_else(|| "this event needs phone_number_id".to_owned())
    }
}

/// Events of `account_update` whose entry names the provider's portfolio.
const OF_THE_PARTNER: [&str; 5] = [
    "PARTNER_ADDED",
    "PARTNER_APP_INSTALLED",
    "PARTNER_APP_UNINSTALLED",
    "AD_ACCOUNT_LINKED",
    "MM_LITE_TERMS_SIGNED",
];
/// Those whose entry names the account.
const OF_THE_ACCOUNT: [&str; 11] = [
    "PARTNER_REMOVED",
    "ACCOUNT_OFFBOARDED",
    "ACCOUNT_RECONNECTED",
    "ACCOUNT_DELETED",
    "ACCOUNT_VIOLATION",
    "DISABLED_UPDATE",
    "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE",
    "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE",
    "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE",
    "VOLUME_BASED_PRICING_TIER_UPDATE",
    "ACCOUNT_RESTRICTION",
];
const SECURITY: [&str; 3] = ["PIN_CHANGED", "PIN_RESET_REQUEST", "PIN_REQUEST_SUCCESS"];
const FIELDS: [&str; 8] = [
    "account_review_update",
    "account_alerts",
    "business_capability_update",
    "phone_number_name_update",
    "phone_number_quality_update",
    "partner_solutions",
    "messages",
    "smb_message_echoes",
];

/// The change that tells of an event, or what is wrong with its name.
pub(super) fn change(event: &str, scene: &Scene, time: i64) -> Result<Change, String> {
    let (field, value) = if OF_THE_PARTNER.contains(&event) {
        ("account_update", of_the_partner(event, scene))
    } else if OF_THE_ACCOUNT.contains(&event) {
        ("account_update", of_the_account(event, scene, time)?)
    } else if SECURITY.contains(&event) {
        ("security", security(event, scene)?)
    } else if let Some(field) = FIELDS.iter().find(|field| **field == event) {
        (*field, of_a_field(field, scene, time)?)
    } else {
        return Err(unknown(event));
    };
    let is_the_partners = OF_THE_PARTNER.contains(&event) || event == "partner_solutions";
    let (entry_id, subscription) = if is_the_partners {
        (scene.app.business_id.clone(), Subscription::None)
    } else {
        let waba = scene.waba()?.id.clone();
        (waba.clone(), Subscription::Waba(waba))
    };
    Ok(Change {
        entry_id,
        time,
        field: field.to_owned(),
        value,
        place: match event {
            "PARTNER_APP_INSTALLED" => FieldPlace::BesideChanges,
            "PARTNER_APP_UNINSTALLED" => FieldPlace::InValue,
            _ => FieldPlace::InChange,
        },
        subscription,
        phone_number_id: scene.number.as_ref().map(|number| number.id.clone()),
    })
}

fn unknown(event: &str) -> String {
    let known: Vec<&str> = OF_THE_PARTNER
        .iter()
        .chain(&OF_THE_ACCOUNT)
        .chain(&SECURITY)
        .chain(&FIELDS)
        .copied()
        .collect();
    format!(
        "event `{event}` is not known; known are {}",
        known.join(", ")
    )
}

fn of_the_partner(event: &str, scene: &Scene) -> Value {
    let mut value = json!({ "event": event });
    // An app may be uninstalled from a whole portfolio; then no account is named.
    if let Some(waba) = &scene.waba {
        value["waba_info"] = json!({ "waba_id": waba.id, "owner_business_id": waba.business_id });
        let info = &mut value["waba_info"];
        match event {
            "PARTNER_APP_INSTALLED" | "PARTNER_APP_UNINSTALLED" => {
                info["partner_app_id"] = json!(scene.app.app_id);
            }
            "AD_ACCOUNT_LINKED" => info["ad_account_linked"] = json!(decimal_id()),
            _ => {}
        }
        if let Some(solution) = waba
            .solution_id
            .as_ref()
            .filter(|_| event.starts_with("PARTNER"))
        {
            info["solution_id"] = json!(solution);
            info["solution_partner_business_ids"] = json!([scene.app.business_id]);
        }
    }
    value
}

fn of_the_account(event: &str, scene: &Scene, time: i64) -> Result<Value, String> {
    let more = match event {
        "PARTNER_REMOVED" => match &scene.number {
            Some(number) => json!({
                "phone_number": number.digits,
                "disconnection_info": { "reason": "ACCOUNT_DISCONNECTED", "initiated_by": "USER" },
            }),
            None => json!({}),
        },
        "ACCOUNT_VIOLATION" => json!({ "violation_info": { "violation_type": "SCAM" } }),
        "DISABLED_UPDATE" => json!({ "ban_info": {
            "waba_ban_state": "DISABLE",
            "waba_ban_date": Timestamp::from_millis(time * 1000)
                .to_datetime().format("%B %-d, %Y").to_string(),
        } }),
        "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE" => json!({
            "partner_client_certification_info": {
                "client_business_id": scene.waba()?.business_id,
                "status": "APPROVED",
                "rejection_reasons": [],
            },
        }),
        "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE" => json!({ "country": "US" }),
        "ACCOUNT_RESTRICTION" => json!({ "restriction_info": [{
            "restriction_type": "RESTRICTED_ADD_PHONE_NUMBER_ACTION",
            "expiration": time + 86_400,
        }] }),
        "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE" => json!({ "auth_international_rate_eligibility": {
            "start_time": time,
            "exception_countries": [{ "country_code": "ID", "start_time": time }],
        } }),
        "VOLUME_BASED_PRICING_TIER_UPDATE" => json!({ "volume_tier_info": {
            "tier_update_time": time,
            "pricing_category": "UTILITY",
            "tier": "25000001:50000000",
            "effective_month": "2025-11",
            "region": "India",
        } }),
        _ => json!({}),
    };
    let mut value = json!({ "event": event });
    for (name, member) in more.as_object().into_iter().flatten() {
        value[name] = member.clone();
    }
    Ok(value)
}

fn security(event: &str, scene: &Scene) -> Result<Value, String> {
    let mut value = json!({ "display_phone_number": scene.number()?.digits, "event": event });
    if event == "PIN_RESET_REQUEST" {
        value["requester"] = json!(decimal_id());
    }
    Ok(value)
}

fn of_a_field(field: &str, scene: &Scene, time: i64) -> Result<Value, String> {
    Ok(match field {
        "account_review_update" => json!({ "decision": "APPROVED" }),
        "account_alerts" => account_alert(scene)?,
        "business_capability_update" => json!({
            "max_daily_conversations_per_business": 2000,
            "max_phone_numbers_per_waba": 25,
        }),
        "phone_number_name_update" => json!({
            "display_phone_number": scene.number()?.digits,
            "decision": "APPROVED",
            "requested_verified_name": scene.number()?.verified_name,
            "rejection_reason": null,
        }),
        "phone_number_quality_update" => json!({
            "display_phone_number": scene.number()?.digits,
            "event": "ONBOARDING",
            "max_daily_conversations_per_business": "TIER_2K",
        }),
        "partner_solutions" => json!({
            "event": "SOLUTION_UPDATED",
            "solution_id": "303610109049230",
            "solution_status": "ACTIVE",
        }),
        "messages" => message(scene.number()?, time),
        _ => echo(scene.number()?, time),
    })
}

fn account_alert(scene: &Scene) -> Result<Value, String> {
    let (kind, id) = match &scene.number {
        Some(number) => ("PHONE_NUMBER", &number.id),
        None => ("BUSINESS", &scene.waba()?.business_id),
    };
    Ok(json!({
        "entity_type": kind,
        "entity_id": id,
        "alert_info": {
            "alert_severity": "INFORMATIONAL",
            "alert_status": "ACTIVE",
            "alert_type": "OBA_APPROVED",
            "alert_description": "A sandbox alert.",
        },
    }))
}

fn metadata(number: &Number) -> Value {
    json!({ "display_phone_number": number.digits, "phone_number_id": number.id })
}

fn message(number: &Number, time: i64) -> Value {
    json!({
        "messaging_product": "whatsapp",
        "metadata": metadata(number),
        "contacts": [{ "profile": { "name": "Sandbox person" }, "wa_id": "15550000001" }],
        "messages": [{
            "from": "15550000001",
            "id": opaque("wamid.", 40),
            "timestamp": time.to_string(),
            "type": "text",
            "text": { "body": "A sandbox message." },
        }],
    })
}

fn echo(number: &Number, time: i64) -> Value {
    json!({
        "messaging_product": "whatsapp",
        "metadata": metadata(number),
        "message_echoes": [{
            "from": number.digits,
            "to": "15550000001",
            "id": opaque("wamid.", 40),
            "timestamp": time.to_string(),
            "type": "text",
            "text": { "body": "A sandbox message." },
        }],
    })
}
