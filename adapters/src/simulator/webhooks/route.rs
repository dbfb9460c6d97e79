//! Who hears of a change: the fields an app chose, the account's subscription, overrides, delay.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::super::core::Core;
use super::super::world::{App, PendingWebhook, World, opaque};
use super::change::{Change, Subscription, envelope};

/// When and how often one request is sent.
#[derive(Clone, Copy)]
pub(crate) struct Timing {
    pub(crate) delay: Duration,
    pub(crate) copies: u32,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            copies: 1,
        }
    }
}

/// What became of changes that were told to one app.
#[derive(Default, Serialize)]
pub(crate) struct Routed {
    /// Requests put on their way.
    pub(crate) queued: usize,
    /// Why the app does not hear of some, in sentences.
    pub(crate) unheard: Vec<String>,
}

/// Puts on its way to `app_id` what it hears of `changes`, as one request to each address.
pub(crate) fn tell(
    core: &Core,
    world: &mut World,
    app_id: &str,
    changes: Vec<Change>,
    timing: Timing,
) -> Routed {
    let mut routed = Routed::default();
    let Some(app) = world.apps.get(app_id).cloned() else {
        routed
            .unheard
            .push(format!("app_id `{app_id}` is not known"));
        return routed;
    };
    let mut requests: BTreeMap<Option<String>, Vec<Change>> = BTreeMap::new();
    for change in changes {
        match address(world, &app, &change) {
            Ok(address) => requests.entry(address).or_default().push(change),
            Err(reason) => routed.unheard.push(reason),
        }
    }
    if app.mail.lost {
        return routed;
    }
    let due_at = core.now() + timing.delay + Duration::from_millis(app.mail.delay_ms);
    for (url, changes) in requests {
        for _ in 0..timing.copies.max(1) * app.mail.copies.max(1) {
            core.put_on_way(
                world,
                PendingWebhook {
                    id: opaque("", 20),
                    app_id: app_id.to_owned(),
                    body: envelope(&changes),
                    tries: 0,
                    due_at,
                    url: url.clone(),
                },
            );
            routed.queued += 1;
        }
    }
    routed
}

/// Where the app hears of it: another address than its own callback, or why nowhere.
fn address(world: &World, app: &App, change: &Change) -> Result<Option<String>, String> {
    let waba = match &change.subscription {
        Subscription::None => None,
        Subscription::Waba(id) => world.wabas.get(id),
    };
    let subscribed = waba.and_then(|waba| waba.subscribed.get(&app.app_id));
    if change.subscription != Subscription::None && subscribed.is_none() {
        return Err(format!(
            "app {} is not subscribed to the account",
            app.app_id
        ));
    }
    if !app.hears(&change.field) {
        return Err(format!(
            "app {} did not choose the field {}",
            app.app_id, change.field
        ));
    }
    let number = change
        .phone_number_id
        .as_ref()
        .and_then(|id| world.numbers.get(id));
    let redirected = number
        .and_then(|number| number.webhook_override.clone())
        .or_else(|| subscribed.cloned().flatten())
        .filter(|_| change.is_conversation());
    if redirected.is_none() && app.webhook_url.is_none() {
        return Err(format!("app {} has no webhook_url", app.app_id));
    }
    Ok(redirected)
}
