//! A signup's end: what it leaves in the world, what the browser gets, what the webhook tells.
//!
//! The popup and the control call share it, so that both bring the same customers.

mod ending;
mod wish;

use std::time::Duration;

use engine::Timestamp;
use rand::Rng;
use serde_json::{Value, json};

use super::core::Core;
use super::events;
use super::magic::Magic;
use super::webhooks::{self, Timing};
use super::world::{Arriving, Credential, PinGuesses, Standing, World, decimal_id};

pub(crate) use self::ending::Ending;
pub(crate) use self::wish::Wish;

/// Meta's life of a code.
const CODE_LIFE: Duration = Duration::from_secs(30);
/// The life of a token under the signup template's configuration.
const TOKEN_LIFE: Duration = Duration::from_hours(60 * 24);

/// What the browser would have got.
pub(crate) struct Concluded {
    pub(crate) code: Option<String>,
    /// Event and data.
    pub(crate) session: Option<Value>,
}

/// Brings a customer through a signup; `held` codes begin to age when the popup lets go of them.
pub(crate) fn conclude(core: &Core, mut wish: Wish, held: bool) -> Result<Concluded, String> {
    let now = core.now();
    let world = &mut *core.world();
    let Some(app) = world.apps.get(&wish.app_id).cloned() else {
        return Err(format!(
            "app_id `{}` is not registered with the simulator",
            wish.app_id
        ));
    };
    let magic = find_magic(wish.sim.as_deref())?;
    match magic {
        Some(Magic::AbandonAtPhone) => {
            let data = json!({ "current_step": "PHONE_NUMBER_SETUP" });
            return Ok(Concluded {
                code: None,
                session: Some(json!({ "event": "CANCEL", "data": data })),
            });
        }
        Some(magic) => wish.kind = Ending::of(magic).unwrap_or(wish.kind),
        None => {}
    }
    let who = arriving(world, &wish)?;
    let arrived = world.arrive(&who, now);
    if wish.paid_elsewhere {
        world.wabas.change(&arrived.waba_id, |waba| {
            waba.primary_funding_id.get_or_insert_with(decimal_id);
        });
    }
    world.wabas.change(&arrived.waba_id, |waba| {
        waba.solution_id.clone_from(&wish.solution_id);
        let hidden = wish.visible_after_ms.map(Duration::from_millis);
        waba.hidden_until = hidden.map(|hidden| now + hidden);
    });
    let others = more_accounts(world, &wish, &who, &arrived.business_id, now);
    apply_switches(world, &wish, arrived.phone_number_id.as_deref(), now);
    if let Some(magic) = magic {
        magic.prepare(world, &arrived, now);
    }
    let code_expires_at = match magic {
        Some(Magic::CodeExpired) => Some(now),
        _ if held => None,
        _ => Some(now + CODE_LIFE),
    };
    let issued = world.issue_code(&wish.app_id, &arrived, credential(&wish, code_expires_at));
    if let Some(added) = events::partner_added(world, &app.app_id, &arrived.waba_id, now.seconds())
    {
        webhooks::tell(core, world, &app.app_id, vec![added], Timing::default());
    }
    let keeps_code = !matches!(wish.kind, Ending::CodeMissing | Ending::WebhookOnly);
    Ok(Concluded {
        code: Some(issued).filter(|_| keeps_code),
        session: wish.kind.session(&arrived, &others),
    })
}

fn credential(wish: &Wish, code_expires_at: Option<Timestamp>) -> Credential {
    Credential {
        code_expires_at,
        token_life: (!wish.token_never_expires).then_some(TOKEN_LIFE),
        token_form: wish.token_form,
        without_scope: wish.without_scope,
    }
}

/// Starts the life of a code that the popup held until its last screen was left.
pub(crate) fn release(core: &Core, held_code: &str) {
    let now = core.now();
    core.world().codes.change(held_code, |code| {
        code.expires_at.get_or_insert(now + CODE_LIFE);
    });
}

fn find_magic(sim: Option<&str>) -> Result<Option<Magic>, String> {
    let Some(text) = sim.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    match Magic::find(text) {
        Some(magic) => Ok(Some(magic)),
        None => Err(format!(
            "sim `{text}` is not known; known are {}",
            Magic::names()
        )),
    }
}

fn arriving(world: &World, wish: &Wish) -> Result<Arriving, String> {
    if let Some(id) = wish
        .business_id
        .as_ref()
        .filter(|id| !world.businesses.contains(id))
    {
        return Err(format!("business_id `{id}` does not exist"));
    }
    if let Some(id) = wish.waba_id.as_ref().filter(|id| !world.wabas.contains(id)) {
        return Err(format!("waba_id `{id}` does not exist"));
    }
    if wish
        .pin
        .as_deref()
        .is_some_and(|pin| pin.len() != 6 || !is_digits(pin))
    {
        return Err("pin must be six digits".to_owned());
    }
    let brings_number = wish.kind.brings_number();
    let digits = match &wish.phone_number {
        _ if !brings_number => None,
        None => Some(unused_digits(world)),
        Some(text) => {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            if !(7..=15).contains(&digits.len()) {
                return Err("phone_number must have 7 to 15 digits, country code first".to_owned());
            }
            Some(digits)
        }
    };
    let business_name = wish
        .business_name
        .clone()
        .unwrap_or_else(|| "Sandbox business".to_owned());
    Ok(Arriving {
        app_id: wish.app_id.clone(),
        partner_id: wish.partner_id.clone(),
        business_id: wish.business_id.clone(),
        waba_name: wish
            .waba_name
            .clone()
            .unwrap_or_else(|| business_name.clone()),
        business_name,
        waba_id: wish.waba_id.clone(),
        digits,
        pre_verified_id: wish.pre_verified_id.clone(),
        coexistence: wish.kind.stays_in_the_app(),
    })
}

/// The further accounts of a person who chose several.
fn more_accounts(
    world: &mut World,
    wish: &Wish,
    who: &Arriving,
    business_id: &str,
    now: Timestamp,
) -> Vec<String> {
    if wish.kind != Ending::SeveralWabas {
        return Vec::new();
    }
    let another = Arriving {
        business_id: Some(business_id.to_owned()),
        waba_id: None,
        waba_name: format!("{} (second)", who.waba_name),
        digits: None,
        pre_verified_id: None,
        ..who.clone()
    };
    vec![world.arrive(&another, now).waba_id]
}

fn apply_switches(world: &mut World, wish: &Wish, phone_number_id: Option<&str>, now: Timestamp) {
    let Some(id) = phone_number_id else {
        return;
    };
    if wish.name_pending || wish.name_declined {
        Magic::NamePending.prepare_number(world, id, now);
    }
    if wish.recently_deleted {
        Magic::RecentlyDeleted.prepare_number(world, id, now);
    }
    world.numbers.change(id, |number| {
        if wish.pin.is_some() {
            number.pin.clone_from(&wish.pin);
        }
        if wish.unverified {
            number.verified = false;
        }
        number.name_declined = wish.name_declined;
        if wish.deregistered {
            number.standing = Standing::Deregistered;
        }
        number.half_deregistered = wish.deregistration_unfinished;
        if let Some(ms) = wish.pin_guessed_out_ms {
            number.guesses = PinGuesses::used_up(now + Duration::from_millis(ms));
        }
        number.history_refused = wish.refuse_history;
        number.app_hidden_until = wish
            .app_hidden_for_ms
            .map(|ms| now + Duration::from_millis(ms));
    });
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A number of the fictional 555 exchange that nobody has brought yet.
pub(crate) fn unused_digits(world: &World) -> String {
    loop {
        let digits = format!("1555{:07}", rand::rng().random_range(0..10_000_000));
        if world.number_dialed(&digits).is_none() {
            return digits;
        }
    }
}
