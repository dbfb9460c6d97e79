//! Numbers that are not verified yet: adding one, asking for its password, giving it back.

use serde_json::json;

use super::super::world::{Number, World};
use super::{Answer, Call, Fault, access};

/// `POST /{waba}/phone_numbers`.
pub(super) fn add_number(world: &mut World, call: &Call) -> Answer {
    let (_, waba) = access::waba(world, call)?;
    let waba_id = waba.id.clone();
    let need = |name| {
        call.params
            .filled(name)
            .ok_or_else(|| Fault::missing_parameter(name))
    };
    let (country, national, name) = (need("cc")?, need("phone_number")?, need("verified_name")?);
    let digits: String = country
        .chars()
        .chain(national.chars())
        .filter(char::is_ascii_digit)
        .collect();
    if !(7..=15).contains(&digits.len()) {
        return Err(Fault::invalid_parameter("The phone number is not valid."));
    }
    if world.number_dialed(&digits).is_some() {
        let details = "The phone number is already registered to a WhatsApp account.";
        return Err(
            Fault::cloud(400, 100, "Phone number already in use", details).with_subcode(2_388_002),
        );
    }
    let mut number = Number::new(&waba_id, &digits, name, call.at);
    number.verified = false;
    let id = number.id.clone();
    world.add_number(number);
    Ok(json!({ "id": id }))
}

/// `POST /{phone}/request_code`.
pub(super) fn request_code(world: &mut World, call: &Call) -> Answer {
    let (_, number) = access::number(world, call)?;
    let id = number.id.clone();
    if number.verified {
        let message = "(#136024) The phone number has already been verified.";
        return Err(Fault::oauth(400, 136_024, message));
    }
    let Some(method @ ("SMS" | "VOICE")) = call.params.get("code_method") else {
        return Err(Fault::invalid_parameter(
            "code_method must be one of SMS, VOICE.",
        ));
    };
    let spoken = method == "VOICE";
    if call.params.filled("language").is_none() {
        return Err(Fault::missing_parameter("language"));
    }
    let sent = world.numbers.change(&id, |number| {
        let admitted = number.passwords.admits(call.at);
        if admitted {
            number.send_password(spoken);
        }
        admitted
    });
    if sent == Some(false) {
        let message = "(#136024) Request code error: You have requested too many codes. Try again in a while.";
        return Err(Fault::oauth(400, 136_024, message).with_subcode(2_388_091));
    }
    Ok(json!({ "success": true }))
}

/// `POST /{phone}/verify_code`.
pub(super) fn verify_code(world: &mut World, call: &Call) -> Answer {
    let (_, number) = access::number(world, call)?;
    let id = number.id.clone();
    let code = call
        .params
        .filled("code")
        .ok_or_else(|| Fault::missing_parameter("code"))?;
    if number.sms.as_deref() != Some(code) {
        let message = "(#136025) Verify code error: the code you entered is incorrect.";
        return Err(Fault::oauth(400, 136_025, message));
    }
    world.numbers.change(&id, |number| {
        number.verified = true;
        number.sms = None;
    });
    Ok(json!({ "success": true }))
}
