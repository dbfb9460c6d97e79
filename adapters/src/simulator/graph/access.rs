//! Who is calling, and which objects that caller was granted.

use engine::Timestamp;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::super::world::{App, Number, Waba, World};
use super::{Call, Fault};

/// A caller by kind of token.
#[derive(Clone)]
pub(super) enum Caller {
    /// `id|secret`.
    App { app_id: String },
    /// The provider's own system user.
    System { app_id: String },
    /// A token for one customer.
    Business { app_id: String, business_id: String },
}

impl Caller {
    pub(super) fn app_id(&self) -> &str {
        match self {
            Self::App { app_id } | Self::System { app_id } | Self::Business { app_id, .. } => {
                app_id
            }
        }
    }

    fn sees_business(&self, business_id: &str) -> bool {
        match self {
            Self::App { .. } => false,
            Self::System { .. } => true,
            Self::Business {
                business_id: own, ..
            } => own == business_id,
        }
    }
}

/// The caller, or Graph's refusal of the token.
pub(super) fn caller(world: &World, call: &Call) -> Result<Caller, Fault> {
    let Some(token) = call.token.as_deref() else {
        let message = "An access token is required to request this resource.";
        return Err(Fault::oauth(400, 104, message));
    };
    let caller = caller_with(world, token, call.at)?;
    let app = world.apps.get(caller.app_id());
    match call.params.get("appsecret_proof") {
        Some(proof) => {
            let secret = app.map(|app| app.app_secret.as_str());
            if secret.is_none_or(|secret| proof != appsecret_proof(secret, token)) {
                let message = "Invalid appsecret_proof provided in the API argument";
                return Err(Fault::oauth(400, 100, message));
            }
        }
        None if app.is_some_and(|app| app.requires_proof) => return Err(Fault::proof_missing()),
        None => {}
    }
    Ok(caller)
}

/// Whose token this is.
pub(super) fn caller_with(world: &World, token: &str, now: Timestamp) -> Result<Caller, Fault> {
    if let Some(app) = app_of_token(world, token) {
        return Ok(Caller::App {
            app_id: app.app_id.clone(),
        });
    }
    if let Some(app) = world.apps.iter().find(|app| app.system_user_token == token) {
        return Ok(Caller::System {
            app_id: app.app_id.clone(),
        });
    }
    let token = world.tokens.get(token).ok_or_else(Fault::bad_token)?;
    if token.revoked {
        let message = "Error validating access token: The user has not authorized application.";
        return Err(Fault::oauth(401, 190, message).with_subcode(458));
    }
    if token.expires_at.is_some_and(|end| end <= now) {
        let message = "Error validating access token: Session has expired.";
        return Err(Fault::oauth(401, 190, message).with_subcode(463));
    }
    Ok(Caller::Business {
        app_id: token.app_id.clone(),
        business_id: token.business_id.clone(),
    })
}

/// The app that `id|secret` names, if the secret is its own.
pub(super) fn app_of_token<'a>(world: &'a World, token: &str) -> Option<&'a App> {
    let (id, secret) = token.split_once('|')?;
    world.apps.get(id).filter(|app| app.app_secret == secret)
}

/// The provider's app, where only its own system user may call.
pub(super) fn system_app<'a>(world: &'a World, call: &Call) -> Result<&'a App, Fault> {
    match caller(world, call)? {
        Caller::System { app_id } => world.apps.get(&app_id).ok_or_else(Fault::bad_token),
        _ => Err(Fault::unsupported(&call.method, &call.node)),
    }
}

/// The account the path names, if the caller was granted it.
pub(super) fn waba<'a>(world: &'a World, call: &Call) -> Result<(Caller, &'a Waba), Fault> {
    let caller = caller(world, call)?;
    let waba = granted_waba(world, &caller, &call.node).filter(|waba| waba.is_visible(call.at));
    let waba = waba.ok_or_else(|| Fault::unsupported(&call.method, &call.node))?;
    Ok((caller, waba))
}

/// The number the path names, if the caller was granted its account.
pub(super) fn number<'a>(world: &'a World, call: &Call) -> Result<(Caller, &'a Number), Fault> {
    let caller = caller(world, call)?;
    let number = world.numbers.get(&call.node).filter(|number| {
        let waba = granted_waba(world, &caller, &number.waba_id);
        waba.is_some_and(|waba| waba.is_visible(call.at))
    });
    let number = number.ok_or_else(|| Fault::unsupported(&call.method, &call.node))?;
    Ok((caller, number))
}

fn granted_waba<'a>(world: &'a World, caller: &Caller, id: &str) -> Option<&'a Waba> {
    world.wabas.get(id).filter(|waba| {
        waba.shared.contains_key(caller.app_id()) && caller.sees_business(&waba.business_id)
    })
}

/// Lower-case hex of the token's HMAC under the app secret.
pub(crate) fn appsecret_proof(app_secret: &str, token: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(app_secret.as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(token.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}
