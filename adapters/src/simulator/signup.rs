//! A signup's end: what it leaves in the world, what the browser gets, what the webhook tells.
//!
//! The popup and the control call share it, so that both bring the same customers.

use std::time::Duration;

use engine::Timestamp;
use rand::Rng;
use serde::Deserialize;
use serde_json::{Value, json};

use super::core::Core;
use super::events;
use super::magic::Magic;
use super::webhooks::{self, Timing};
use super::world::{Arrived, Arriving, Credential, Standing, World, decimal_id};

/// Meta's life of a code.
const CODE_LIFE: Duration = Duration::from_secs(30);
/// The life of a token under the signup template's configuration.
const TOKEN_LIFE: Duration = Duration::from_hours(60 * 24);

/// How a signup ends.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ending {
    #[default]
    Finish,
    /// `FINISH` whose person brought no number.
    WithoutNumber,
    OnlyWaba,
    Coexistence,
    /// `FINISH` as if nothing were special, for a number that stays in the app.
    CoexistenceUnsaid,
    GrantOnlyApiAccess,
    OboMigration,
    /// The session message never comes.
    IdsMissing,
    /// The code never comes.
    CodeMissing,
    /// Neither comes.
    WebhookOnly,
    /// The session message names an account that was not granted.
    OtherWaba,
}

/// What a signup brings; everything but the app may be left to chance.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the wire has one switch for each"
)]
pub(crate) struct Wish {
    pub(crate) app_id: String,
    pub(crate) partner_id: Option<String>,
    pub(crate) phone_number: Option<String>,
    pub(crate) business_id: Option<String>,
    pub(crate) business_name: Option<String>,
    pub(crate) waba_id: Option<String>,
    pub(crate) waba_name: Option<String>,
    pub(crate) kind: Ending,
    pub(crate) pin: Option<String>,
    pub(crate) unverified: bool,
    pub(crate) name_pending: bool,
    /// As `name_pending`, and the name shows as declined for as long.
    pub(crate) name_declined: bool,
    pub(crate) recently_deleted: bool,
    /// A registration of before has ended; its PIN is still in force.
    pub(crate) deregistered: bool,
    pub(crate) pre_verified_id: Option<String>,
    pub(crate) refuse_history: bool,
    /// How long Meta hides that the number is in use in the app.
    pub(crate) app_hidden_for_ms: Option<u64>,
    /// Another provider's credit line pays for the account.
    pub(crate) paid_elsewhere: bool,
    pub(crate) token_never_expires: bool,
    pub(crate) sim: Option<String>,
}

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
        Some(magic) => wish.kind = ending(magic).unwrap_or(wish.kind),
        None => {}
    }
    let who = arriving(world, &wish)?;
    let arrived = world.arrive(&who, now);
    if wish.paid_elsewhere {
        world.wabas.change(&arrived.waba_id, |waba| {
            waba.primary_funding_id.get_or_insert_with(decimal_id);
        });
    }
    apply_switches(world, &wish, arrived.phone_number_id.as_deref(), now);
    if let Some(magic) = magic {
        magic.prepare(world, arrived.phone_number_id.as_deref(), now);
    }
    let code_expires_at = match magic {
        Some(Magic::CodeExpired) => Some(now),
        _ if held => None,
        _ => Some(now + CODE_LIFE),
    };
    let token_life = if wish.token_never_expires {
        None
    } else {
        Some(TOKEN_LIFE)
    };
    let credential = Credential {
        code_expires_at,
        token_life,
    };
    let issued = world.issue_code(&wish.app_id, &arrived, credential);
    if let Some(added) = events::partner_added(world, &app.app_id, &arrived.waba_id, now.seconds())
    {
        webhooks::tell(core, world, &app.app_id, vec![added], Timing::default());
    }
    let keeps_code = !matches!(wish.kind, Ending::CodeMissing | Ending::WebhookOnly);
    Ok(Concluded {
        code: Some(issued).filter(|_| keeps_code),
        session: session(wish.kind, &arrived),
    })
}

/// How a signup ends under this outcome, where it says so.
fn ending(magic: Magic) -> Option<Ending> {
    Some(match magic {
        Magic::Coexistence | Magic::HistoryRefused | Magic::SyncUsedUp => Ending::Coexistence,
        Magic::CoexistenceUnsaid => Ending::CoexistenceUnsaid,
        Magic::OrdinaryInstead => Ending::Finish,
        Magic::OnlyWaba => Ending::OnlyWaba,
        Magic::WebhookOnly => Ending::WebhookOnly,
        _ => return None,
    })
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
    let brings_number = !matches!(wish.kind, Ending::OnlyWaba | Ending::WithoutNumber);
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
        coexistence: matches!(wish.kind, Ending::Coexistence | Ending::CoexistenceUnsaid),
    })
}

fn apply_switches(world: &mut World, wish: &Wish, phone_number_id: Option<&str>, now: Timestamp) {
    let Some(id) = phone_number_id else {
        return;
    };
    if wish.name_pending || wish.name_declined {
        Magic::NamePending.prepare(world, Some(id), now);
    }
    if wish.recently_deleted {
        Magic::RecentlyDeleted.prepare(world, Some(id), now);
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
        number.history_refused = wish.refuse_history;
        number.app_hidden_until = wish
            .app_hidden_for_ms
            .map(|ms| now + Duration::from_millis(ms));
    });
}

fn session(ending: Ending, arrived: &Arrived) -> Option<Value> {
    let (phone, waba, business) = (
        &arrived.phone_number_id,
        &arrived.waba_id,
        &arrived.business_id,
    );
    let all = json!({ "phone_number_id": phone, "waba_id": waba, "business_id": business });
    let (event, data) = match ending {
        Ending::Finish | Ending::CodeMissing | Ending::CoexistenceUnsaid => ("FINISH", all),
        Ending::WithoutNumber => (
            "FINISH",
            json!({ "waba_id": waba, "business_id": business }),
        ),
        Ending::OnlyWaba => (
            "FINISH_ONLY_WABA",
            json!({ "waba_id": waba, "business_id": business }),
        ),
        Ending::Coexistence => (
            "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING",
            json!({ "waba_id": waba }),
        ),
        Ending::GrantOnlyApiAccess => ("FINISH_GRANT_ONLY_API_ACCESS", all),
        Ending::OboMigration => ("FINISH_OBO_MIGRATION", json!({ "waba_id": waba })),
        Ending::OtherWaba => {
            let mut other = all;
            other["waba_id"] = json!(decimal_id());
            ("FINISH", other)
        }
        Ending::IdsMissing | Ending::WebhookOnly => return None,
    };
    Some(json!({ "event": event, "data": data }))
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
