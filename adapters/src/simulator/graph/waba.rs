//! Accounts and the list of their numbers.

use engine::Timestamp;
use serde_json::{Value, json};

use super::super::world::{Waba, World};
use super::phone;
use super::{Answer, Call, access, fields};

/// `GET /{waba}`.
pub(super) fn read(world: &World, call: &Call) -> Answer {
    let (_, waba) = access::waba(world, call)?;
    let shown = show(world, waba, call.at);
    let defaults = [
        "id",
        "name",
        "currency",
        "timezone_id",
        "message_template_namespace",
    ];
    Ok(fields::choose(&shown, &call.params, &defaults))
}

/// `GET /{waba}/phone_numbers`, newest first unless asked otherwise.
pub(super) fn phone_numbers(world: &World, call: &Call) -> Answer {
    let (_, waba) = access::waba(world, call)?;
    let mut numbers: Vec<_> = waba
        .numbers
        .iter()
        .rev()
        .filter_map(|id| world.numbers.get(id))
        .collect();
    let sort = call.params.get("sort").unwrap_or_default();
    if sort.contains("last_onboarded_time_ascending") {
        numbers.reverse();
        numbers.sort_by_key(|number| number.onboarded_at);
    } else {
        numbers.sort_by_key(|number| std::cmp::Reverse(number.onboarded_at));
    }
    let rows = numbers
        .into_iter()
        .map(|number| {
            let shown = phone::show(world, number, call.at);
            fields::choose(&shown, &call.params, phone::LISTED)
        })
        .collect();
    Ok(fields::page(rows, &call.params))
}

/// Everything Graph would tell about an account.
pub(super) fn show(world: &World, waba: &Waba, now: Timestamp) -> Value {
    let owner = world.businesses.get(&waba.business_id);
    let owner_name = owner.map_or("", |business| business.name.as_str());
    let numbers = waba.numbers.iter().filter_map(|id| world.numbers.get(id));
    let can_send = if numbers
        .into_iter()
        .any(super::super::world::Number::is_on_cloud_api)
    {
        "AVAILABLE"
    } else {
        "LIMITED"
    };
    json!({
        "id": waba.id,
        "name": waba.name,
        "currency": waba.currency,
        "country": "US",
        "status": "ACTIVE",
        "timezone_id": "1",
        "message_template_namespace": format!("sandbox_{}", waba.id),
        "account_review_status": "APPROVED",
        "business_verification_status": "verified",
        "ownership_type": "CLIENT_OWNED",
        "primary_business_location": "US",
        "owner_business_info": { "name": owner_name, "id": waba.business_id },
        "owner_business": { "name": owner_name, "id": waba.business_id },
        "on_behalf_of_business_info": null,
        "primary_funding_id": waba.funding(now),
        "creation_time": waba.created_at.seconds(),
        "health_status": {
            "can_send_message": can_send,
            "entities": [
                { "entity_type": "WABA", "id": waba.id, "can_send_message": can_send },
                { "entity_type": "BUSINESS", "id": waba.business_id, "can_send_message": "AVAILABLE" },
            ],
        },
    })
}
