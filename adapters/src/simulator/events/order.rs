//! Orders for events: one, or many that come in one request.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::core::Core;
use super::super::webhooks::{self, Change, FieldPlace, Timing};
use super::super::world::World;
use super::shapes::{self, Scene};
use super::truth;

/// One event; what is not said is left to the event's documented sample.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventOrder {
    /// An event of `account_update` or `security`, or the name of another field.
    event: String,
    /// Only this app hears of it; otherwise every app that the account was shared with.
    #[serde(default)]
    app_id: Option<String>,
    #[serde(default)]
    waba_id: Option<String>,
    #[serde(default)]
    phone_number_id: Option<String>,
    /// Laid over the sample as a merge patch: null takes a member away.
    #[serde(default)]
    value: Option<Value>,
    /// When it is said to have happened, in seconds since 1970; now unless given.
    #[serde(default)]
    time: Option<i64>,
    /// It is told although nothing happens.
    #[serde(default)]
    told_only: bool,
    /// In the ordinary envelope even where Meta's sample has another.
    #[serde(default)]
    plain: bool,
    /// The PIN that a changed one became.
    #[serde(default)]
    pin: Option<String>,
    #[serde(default)]
    delay_ms: u64,
    #[serde(default)]
    copies: Option<u32>,
}

/// Events that come as changes of one request, in this order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Batch {
    events: Vec<EventOrder>,
    #[serde(default)]
    delay_ms: u64,
    #[serde(default)]
    copies: Option<u32>,
}

/// What was put on its way, over all apps.
#[derive(Default, Serialize)]
pub(crate) struct Sent {
    queued: usize,
    unheard: Vec<String>,
}

/// Lets one event happen.
pub(crate) fn happen(core: &Core, order: EventOrder) -> Result<Sent, String> {
    let batch = Batch {
        delay_ms: order.delay_ms,
        copies: order.copies,
        events: vec![EventOrder {
            delay_ms: 0,
            copies: None,
            ..order
        }],
    };
    happen_together(core, &batch)
}

/// Lets events happen that are told in one request.
pub(crate) fn happen_together(core: &Core, batch: &Batch) -> Result<Sent, String> {
    let world = &mut *core.world();
    let mut changes: BTreeMap<String, Vec<Change>> = BTreeMap::new();
    for order in &batch.events {
        if order.delay_ms > 0 || order.copies.is_some() {
            return Err("delay_ms and copies stand beside `events`, not in them".to_owned());
        }
        for app_id in hearers(world, order)? {
            let change = change(world, order, &app_id, core.now().seconds())?;
            changes.entry(app_id).or_default().push(change);
        }
    }
    let timing = Timing {
        delay: Duration::from_millis(batch.delay_ms),
        copies: batch.copies.unwrap_or(1),
    };
    let mut sent = Sent::default();
    // EventOrder before it is true: what ends a subscription is heard by who had it.
    for (app_id, changes) in changes {
        let routed = webhooks::tell(core, world, &app_id, changes, timing);
        sent.queued += routed.queued;
        sent.unheard.extend(routed.unheard);
    }
    for order in batch.events.iter().filter(|order| !order.told_only) {
        for app_id in hearers(world, order)? {
            if let Some(scene) = Scene::of(world, &app_id, order.place()) {
                let happened = truth::of(&order.event, &scene, order.value.as_ref());
                happened.come_true(world, order.pin.as_deref(), core.now());
            }
        }
    }
    Ok(sent)
}

/// The news of a finished signup.
pub(crate) fn partner_added(
    world: &World,
    app_id: &str,
    waba_id: &str,
    now: i64,
) -> Option<Change> {
    let scene = Scene::of(world, app_id, (Some(waba_id), None))?;
    shapes::change("PARTNER_ADDED", &scene, now).ok()
}

impl EventOrder {
    fn place(&self) -> (Option<&str>, Option<&str>) {
        (self.waba_id.as_deref(), self.phone_number_id.as_deref())
    }
}

/// The apps that the event concerns.
fn hearers(world: &World, order: &EventOrder) -> Result<Vec<String>, String> {
    let number = match &order.phone_number_id {
        None => None,
        Some(id) => Some(
            world
                .numbers
                .get(id)
                .ok_or_else(|| format!("phone_number_id `{id}` does not exist"))?,
        ),
    };
    let waba_id = order.waba_id.as_ref().or(number.map(|own| &own.waba_id));
    let waba = match waba_id {
        None => None,
        Some(id) => Some(
            world
                .wabas
                .get(id)
                .ok_or_else(|| format!("waba_id `{id}` does not exist"))?,
        ),
    };
    match (&order.app_id, waba) {
        (Some(id), _) if world.apps.contains(id) => Ok(vec![id.clone()]),
        (Some(id), _) => Err(format!(
            "app_id `{id}` is not registered with the simulator"
        )),
        (None, Some(waba)) => Ok(waba.shared.keys().cloned().collect()),
        (None, None) => Err("one of waba_id, phone_number_id and app_id is needed".to_owned()),
    }
}

fn change(world: &World, order: &EventOrder, app_id: &str, now: i64) -> Result<Change, String> {
    let scene = Scene::of(world, app_id, order.place())
        .ok_or_else(|| format!("app_id `{app_id}` is not registered with the simulator"))?;
    let mut change = shapes::change(&order.event, &scene, order.time.unwrap_or(now))?;
    if order.plain {
        change.place = FieldPlace::InChange;
    }
    if let Some(patch) = &order.value {
        merge(&mut change.value, patch);
    }
    Ok(change)
}

/// A merge patch (RFC 7396).
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    if let Some(members) = target.as_object_mut() {
        for (name, wanted) in patch {
            if wanted.is_null() {
                members.remove(name);
            } else {
                merge(members.entry(name).or_insert(Value::Null), wanted);
            }
        }
    }
}
