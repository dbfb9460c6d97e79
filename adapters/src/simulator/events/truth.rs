//! What an event changes in the world, so that who looks at Graph afterwards finds it confirmed.

use std::time::Duration;

use engine::Timestamp;
use serde_json::Value;

use super::super::world::{Number, Standing, World, one_time_password};
use super::shapes::Scene;

/// A rejected name stays so until another event says otherwise.
const FOR_GOOD: Duration = Duration::from_hours(24 * 365 * 10);

/// What comes true.
pub(super) enum Truth {
    /// The event is news only.
    Nothing,
    /// The app sees the account no more, and its tokens die with the last one.
    Unshared { app: String, waba: String },
    /// Every grant of a portfolio to the app is taken back.
    Uninstalled { app: String },
    /// The number left the platform.
    NumberGone(String),
    /// Two-step verification has another PIN.
    PinChanged(String),
    /// Two-step verification is off.
    PinOff(String),
    /// The review of the display name ended.
    Name { phone: String, declined: bool },
}

/// What `event` makes true for whom it is about.
pub(super) fn of(event: &str, scene: &Scene, value: Option<&Value>) -> Truth {
    let phone = scene.number.as_ref().map(|number| number.id.clone());
    let app = scene.app.app_id.clone();
    let waba = scene.waba.as_ref().map(|waba| waba.id.clone());
    let said = |name: &str| value.and_then(|value| value[name].as_str());
    match (event, phone, waba) {
        ("PARTNER_REMOVED", Some(phone), _) => Truth::NumberGone(phone),
        ("PARTNER_REMOVED" | "ACCOUNT_DELETED" | "PARTNER_APP_UNINSTALLED", _, Some(waba)) => {
            Truth::Unshared { app, waba }
        }
        ("PARTNER_APP_UNINSTALLED", _, None) => Truth::Uninstalled { app },
        ("PIN_REQUEST_SUCCESS", Some(phone), _) => Truth::PinOff(phone),
        ("PIN_CHANGED", Some(phone), _) => Truth::PinChanged(phone),
        ("phone_number_name_update", Some(phone), _) => match said("decision") {
            Some("REJECTED") => Truth::Name {
                phone,
                declined: true,
            },
            Some("PENDING" | "DEFERRED") => Truth::Nothing,
            _ => Truth::Name {
                phone,
                declined: false,
            },
        },
        _ => Truth::Nothing,
    }
}

impl Truth {
    pub(super) fn come_true(self, world: &mut World, pin: Option<&str>, now: Timestamp) {
        match self {
            Self::Nothing => {}
            Self::Unshared { app, waba } => unshare(world, &app, &waba),
            Self::Uninstalled { app } => {
                let shared = world.wabas.iter();
                let shared = shared.filter(|waba| waba.shared.contains_key(&app));
                let all: Vec<String> = shared.map(|waba| waba.id.clone()).collect();
                for waba in all {
                    unshare(world, &app, &waba);
                }
            }
            Self::NumberGone(phone) => {
                world.numbers.change(&phone, |number| {
                    number.standing = Standing::Deregistered;
                });
            }
            Self::PinChanged(phone) => {
                let pin = pin.map_or_else(one_time_password, str::to_owned);
                world
                    .numbers
                    .change(&phone, |number| number.pin = Some(pin));
            }
            Self::PinOff(phone) => {
                world.numbers.change(&phone, |number| number.pin = None);
            }
            Self::Name { phone, declined } => {
                let end_review = |number: &mut Number| {
                    number.name_declined = declined;
                    number.name_pending_until = declined.then(|| now + FOR_GOOD);
                };
                world.numbers.change(&phone, end_review);
            }
        }
    }
}

/// The customer takes the grant of one account back.
fn unshare(world: &mut World, app: &str, waba: &str) {
    let business = world.wabas.change(waba, |waba| {
        waba.subscribed.remove(app);
        waba.shared.remove(app);
        waba.business_id.clone()
    });
    let Some(business) = business else {
        return;
    };
    if !world.shared_wabas(app, &business).is_empty() {
        return;
    }
    let dead: Vec<String> = world
        .tokens
        .iter()
        .filter(|token| token.app_id == app && token.business_id == business)
        .map(|token| token.token.clone())
        .collect();
    for token in dead {
        world.tokens.change(&token, |token| token.revoked = true);
    }
}
