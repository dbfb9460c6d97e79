//! Registration for Cloud API with all that Meta refuses, in the order it refuses.

use std::time::Duration;

use engine::Timestamp;
use serde_json::json;

use super::super::world::{Number, Standing, World};
use super::phone::is_pin;
use super::{Answer, Call, Fault, access};

/// A number must be registered this soon after its signup.
const REGISTER_WITHIN: Duration = Duration::from_hours(14 * 24);
/// A number that was verified before the signup has longer.
const PRE_VERIFIED_WITHIN: Duration = Duration::from_hours(90 * 24);

/// `POST /{phone}/register`.
pub(super) fn register(world: &mut World, call: &Call) -> Answer {
    let (_, number) = access::number(world, call)?;
    let id = number.id.clone();
    if call.params.get("messaging_product") != Some("whatsapp") {
        return Err(Fault::oauth(
            400,
            100,
            "(#100) The parameter messaging_product is required.",
        ));
    }
    let pin = call
        .params
        .get("pin")
        .ok_or_else(|| Fault::missing_parameter("pin"))?;
    if !is_pin(pin) {
        let details = "Parameter value is not valid: pin must be a 6-digit number";
        return Err(Fault::cloud(
            400,
            131_009,
            "Parameter value is not valid",
            details,
        ));
    }
    let answer = world.numbers.change(&id, |number| {
        if number.registers.admits(call.at) {
            take_registration(number, pin, call)
        } else {
            Err(window_exceeded("register"))
        }
    });
    answer.unwrap_or_else(|| Err(Fault::unsupported(&call.method, &call.node)))
}

/// `POST /{phone}/deregister`.
pub(super) fn deregister(world: &mut World, call: &Call) -> Answer {
    let (_, number) = access::number(world, call)?;
    let id = number.id.clone();
    let answer = world.numbers.change(&id, |number| {
        if !number.deregisters.admits(call.at) {
            return Err(window_exceeded("deregister"));
        }
        // What began before ends here, whatever else the number is.
        if number.half_deregistered {
            number.half_deregistered = false;
            number.standing = Standing::Deregistered;
            return Ok(json!({ "success": true }));
        }
        match number.standing {
            Standing::Coexistence => Err(not_for_business_app("Deregister")),
            Standing::New | Standing::Deregistered => Err(Fault::cloud(
                400,
                133_010,
                "Phone number not registered",
                "The phone number is not registered on Cloud API.",
            )),
            Standing::CloudApi => {
                // Two-step verification outlives the registration.
                number.standing = Standing::Deregistered;
                Ok(json!({ "success": true }))
            }
        }
    });
    answer.unwrap_or_else(|| Err(Fault::unsupported(&call.method, &call.node)))
}

fn take_registration(number: &mut Number, pin: &str, call: &Call) -> Answer {
    if number.standing == Standing::Coexistence {
        return Err(not_for_business_app("Register"));
    }
    if number.deleting_until.is_some_and(|until| call.at < until) {
        return Err(Fault::cloud(
            400,
            133_015,
            "Please wait a few minutes before attempting to register this phone number",
            "The phone number was recently deleted, and its deletion has not completed. Wait 5 minutes.",
        ));
    }
    let within = if number.pre_verified {
        PRE_VERIFIED_WITHIN
    } else {
        REGISTER_WITHIN
    };
    if number.standing == Standing::New && number.onboarded_at + within < call.at {
        return Err(Fault::invalid_parameter(
            "The phone number was not registered in time after the embedded signup; it must be signed up again.",
        ));
    }
    if number
        .name_pending_until
        .is_some_and(|until| call.at < until)
    {
        let message = "(#100) The display name of this phone number has not been approved yet.";
        return Err(Fault::oauth(400, 100, message).with_subcode(2_388_001));
    }
    if !number.verified {
        return Err(Fault::cloud(
            400,
            133_006,
            "Phone number re-verification needed",
            "The phone number needs to be verified before it can be registered.",
        ));
    }
    if number.half_deregistered {
        return Err(Fault::cloud(
            500,
            133_000,
            "Incomplete deregistration",
            "A previous deregistration attempt failed. Deregister the number again before registering it.",
        ));
    }
    check_pin(number, pin, call.at)?;
    number.pin = Some(pin.to_owned());
    number.standing = Standing::CloudApi;
    Ok(json!({ "success": true }))
}

/// Two-step verification, with its patience for guesses.
fn check_pin(number: &mut Number, pin: &str, now: Timestamp) -> Result<(), Fault> {
    if let Some(until) = number.guesses.blocked_until(now) {
        let minutes = until.since(now).as_secs().div_ceil(60);
        let details =
            format!("Too many two-step verification PIN guesses. Try again in {minutes} minutes.");
        return Err(Fault::cloud(
            400,
            133_008,
            "Too many two step verification PIN guesses",
            &details,
        ));
    }
    if number.pin.as_deref().is_some_and(|own| own != pin) {
        number.guesses.count(now);
        return Err(Fault::cloud(
            400,
            133_005,
            "Two step verification PIN Mismatch",
            "The PIN entered does not match the two-step verification PIN of this phone number.",
        ));
    }
    Ok(())
}

fn not_for_business_app(call: &str) -> Fault {
    let message = format!("(#100) {call} endpoint is not available for SMB businesses");
    Fault::oauth(400, 100, message)
}

fn window_exceeded(call: &str) -> Fault {
    Fault::cloud(
        400,
        133_016,
        "Account register deregister rate limit exceeded",
        &format!(
            "Too many {call} calls for this phone number in 72 hours. Try again 72 hours later."
        ),
    )
}
