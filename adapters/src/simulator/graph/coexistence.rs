//! Numbers that stay in the WhatsApp Business app: their two syncs, each once and within a day.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::core::Core;
use super::super::webhooks::{self, Change, FieldPlace, Subscription, Timing};
use super::super::world::{Number, Standing, World, opaque};
use super::{Answer, Call, Fault, access};

const SYNC_WITHIN: Duration = Duration::from_hours(24);

/// `POST /{phone}/smb_app_data`.
pub(super) fn sync(core: &Core, world: &mut World, call: &Call) -> Answer {
    let (caller, number) = access::number(world, call)?;
    let app_id = caller.app_id().to_owned();
    let number = number.clone();
    let Some(kind @ ("smb_app_state_sync" | "history")) = call.params.get("sync_type") else {
        let details = "sync_type must be one of smb_app_state_sync, history.";
        return Err(Fault::invalid_parameter(details));
    };
    if number.standing != Standing::Coexistence {
        let details = "The phone number is not in use in the WhatsApp Business app.";
        return Err(Fault::invalid_parameter(details));
    }
    if number.syncs.contains_key(kind) {
        let title = "Synchronization request limit exceeded";
        let details = "This synchronization was already requested for this phone number.";
        return Err(Fault::cloud(400, 2_593_107, title, details));
    }
    if number.onboarded_at + SYNC_WITHIN < call.at {
        let title = "Synchronization request made outside of the allowed time window";
        let details = "Synchronization is possible within 24 hours of onboarding.";
        return Err(Fault::cloud(400, 2_593_108, title, details));
    }
    let request_id = opaque("", 24);
    world.numbers.change(&number.id, |number| {
        number.syncs.insert(kind.to_owned(), request_id.clone());
    });
    let change = Change {
        entry_id: number.waba_id.clone(),
        time: call.at.seconds(),
        field: kind.to_owned(),
        value: synced(&number, kind),
        place: FieldPlace::InChange,
        subscription: Subscription::Waba(number.waba_id.clone()),
        phone_number_id: Some(number.id.clone()),
    };
    webhooks::tell(core, world, &app_id, vec![change], Timing::default());
    Ok(json!({ "messaging_product": "whatsapp", "request_id": request_id }))
}

fn synced(number: &Number, kind: &str) -> Value {
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": number.digits, "phone_number_id": number.id },
    });
    if kind == "smb_app_state_sync" {
        value["state_sync"] = json!([]);
    } else if number.history_refused {
        value["history"] = json!([{ "errors": [{
            "code": 2_593_109,
            "title": "History sharing is turned off by the business",
            "message": "History sharing is turned off by the business",
            "error_data": { "details": "The business did not agree to share its message history." },
        }] }]);
    } else {
        value["history"] = json!([{
            "metadata": { "phase": 0, "chunk_order": 1, "progress": 100 },
            "threads": [],
        }]);
    }
    value
}
