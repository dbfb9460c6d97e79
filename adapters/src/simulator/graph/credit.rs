//! A Solution Partner's credit line: who may work on an account, and sharing the line with it.

use chrono::{Datelike, Days, Months, NaiveTime};
use engine::Timestamp;
use serde_json::{Value, json};

use super::super::world::{Allocation, World, decimal_id};
use super::{Answer, Call, Fault, access, fields};

const CURRENCIES: [&str; 6] = ["AUD", "EUR", "GBP", "IDR", "INR", "USD"];

/// `GET /{business}/extendedcredits`.
pub(super) fn lines(world: &World, call: &Call) -> Answer {
    let app = access::system_app(world, call)?;
    if app.business_id != call.node {
        return Err(Fault::unsupported(&call.method, &call.node));
    }
    let line = json!({ "id": app.credit_line_id, "legal_entity_name": "Sandbox partner" });
    let row = fields::choose(&line, &call.params, &["id", "legal_entity_name"]);
    Ok(fields::page(vec![row], &call.params))
}

/// `POST /{waba}/assigned_users`.
pub(super) fn assign_user(world: &mut World, call: &Call) -> Answer {
    access::system_app(world, call)?;
    let (_, waba) = access::waba(world, call)?;
    let id = waba.id.clone();
    let user = call
        .params
        .filled("user")
        .ok_or_else(|| Fault::missing_parameter("user"))?;
    call.params
        .filled("tasks")
        .ok_or_else(|| Fault::missing_parameter("tasks"))?;
    world.wabas.change(&id, |waba| {
        if !waba.assigned_users.iter().any(|known| known == user) {
            waba.assigned_users.push(user.to_owned());
        }
    });
    Ok(json!({ "success": true }))
}

/// `GET /{waba}/assigned_users`.
pub(super) fn assigned_users(world: &World, call: &Call) -> Answer {
    let (_, waba) = access::waba(world, call)?;
    let users = waba.assigned_users.iter();
    let rows: Vec<Value> = users
        .map(|id| json!({ "id": id, "name": "Sandbox system user", "tasks": ["MANAGE"] }))
        .collect();
    Ok(fields::page(rows, &call.params))
}

/// `POST /{credit}/whatsapp_credit_sharing_and_attach`.
pub(super) fn share(world: &mut World, call: &Call) -> Answer {
    let app = access::system_app(world, call)?;
    let line = app.credit_line_id.clone();
    let (app_id, system_user) = (app.app_id.clone(), app.system_user_id.clone());
    let need = |name| {
        call.params
            .filled(name)
            .ok_or_else(|| Fault::missing_parameter(name))
    };
    let (waba_id, currency) = (need("waba_id")?, need("waba_currency")?);
    if line != call.node {
        return Err(Fault::unsupported(&call.method, &call.node));
    }
    if !CURRENCIES.contains(&currency) {
        let details = "waba_currency must be one of AUD, EUR, GBP, IDR, INR, USD.";
        return Err(Fault::invalid_parameter(details));
    }
    let waba = world
        .wabas
        .get(waba_id)
        .filter(|waba| waba.shared.contains_key(&app_id));
    let waba = waba.ok_or_else(|| Fault::unsupported(&call.method, waba_id))?;
    if !waba.assigned_users.contains(&system_user) {
        return Err(Fault::missing_permission());
    }
    let client = waba.business_id.clone();
    let waba_id = waba.id.clone();
    let paid_by = waba.funding(call.at).map(str::to_owned);
    let known = world
        .allocations
        .iter()
        .find(|share| share.waba_id == waba_id && share.credit_line_id == line && !share.deleted)
        .map(|share| share.id.clone());
    if let Some(id) = known {
        return Ok(json!({ "allocation_config_id": id, "waba_id": waba_id }));
    }
    let starts_at = match paid_by {
        None => None,
        Some(_) if moves_no_lines(call.at) => return Err(line_rests()),
        Some(_) => Some(first_of_next_month(call.at)),
    };
    let share = Allocation {
        id: decimal_id(),
        waba_id,
        business_id: client,
        credit_line_id: line,
        receiving_credential_id: decimal_id(),
        deleted: false,
    };
    attach(world, &share, currency, starts_at);
    let answer = json!({ "allocation_config_id": share.id, "waba_id": share.waba_id });
    world.allocations.put(share);
    Ok(answer)
}

fn attach(world: &mut World, share: &Allocation, currency: &str, starts_at: Option<Timestamp>) {
    let credential = share.receiving_credential_id.clone();
    world.wabas.change(&share.waba_id, |waba| {
        if let Some(at) = starts_at {
            waba.next_funding = Some((at, credential));
        } else {
            currency.clone_into(&mut waba.currency);
            waba.primary_funding_id = Some(credential);
        }
    });
}

fn line_rests() -> Fault {
    Fault::invalid_parameter(
        "A credit line cannot be shared with an account of another partner in the last 3 and first 4 days of a month.",
    )
}

/// Meta's quiet days: the last three and the first four of a month.
fn moves_no_lines(now: Timestamp) -> bool {
    let today = now.to_datetime().date_naive();
    today.day() <= 4 || (today + Days::new(3)).month() != today.month()
}

fn first_of_next_month(now: Timestamp) -> Timestamp {
    let today = now.to_datetime().date_naive();
    let next = today.with_day(1).unwrap_or(today) + Months::new(1);
    let midnight = next.and_time(NaiveTime::MIN).and_utc();
    Timestamp::from_millis(midnight.timestamp_millis())
}

/// `GET /{credit}/owning_credit_allocation_configs`.
pub(super) fn allocations(world: &World, call: &Call) -> Answer {
    let app = access::system_app(world, call)?;
    if app.credit_line_id != call.node {
        return Err(Fault::unsupported(&call.method, &call.node));
    }
    let client = call.params.filled("receiving_business_id");
    let rows = world
        .allocations
        .iter()
        .filter(|share| share.credit_line_id == call.node && !share.deleted)
        .filter(|share| client.is_none_or(|client| share.business_id == client))
        .map(|share| {
            let shown = json!({
                "id": share.id, "receiving_business": { "id": share.business_id },
            });
            fields::choose(&shown, &call.params, &["id"])
        })
        .collect();
    Ok(fields::page(rows, &call.params))
}

/// `GET /{allocation}`.
pub(super) fn allocation(world: &World, call: &Call) -> Answer {
    let share = own_allocation(world, call)?;
    let shown = json!({
        "id": share.id,
        "receiving_credential": { "id": share.receiving_credential_id },
        "request_status": if share.deleted { "DELETED" } else { "ACTIVE" },
    });
    Ok(fields::choose(
        &shown,
        &call.params,
        &["id", "receiving_credential", "request_status"],
    ))
}

/// `DELETE /{allocation}`.
pub(super) fn revoke(world: &mut World, call: &Call) -> Answer {
    let share = own_allocation(world, call)?;
    let (id, waba_id) = (share.id.clone(), share.waba_id.clone());
    world.allocations.change(&id, |share| share.deleted = true);
    world
        .wabas
        .change(&waba_id, |waba| waba.primary_funding_id = None);
    Ok(json!({ "success": true }))
}

fn own_allocation<'a>(world: &'a World, call: &Call) -> Result<&'a Allocation, Fault> {
    let app = access::system_app(world, call)?;
    let share = world.allocations.get(&call.node);
    share
        .filter(|share| share.credit_line_id == app.credit_line_id)
        .ok_or_else(|| Fault::unsupported(&call.method, &call.node))
}
