//! What keeps numbers, accounts and portfolios from sending: ordered by control calls, shown in their health.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::core::Core;
use super::world::{Entity, World};

/// Something that is wrong with a number, an account or a portfolio, until it is said to be well.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ailment {
    /// The id of whatever it is wrong with.
    of: String,
    /// `BLOCKED` or `LIMITED`; `AVAILABLE` takes it away.
    can_send: String,
    /// Meta's code of it.
    #[serde(default)]
    code: Option<i64>,
    /// What Meta says of it.
    #[serde(default)]
    text: Option<String>,
}

impl Entity for Ailment {
    const KIND: &'static str = "ailments";
    fn key(&self) -> &str {
        &self.of
    }
}

/// Makes something ill, or well again.
pub(crate) fn order(core: &Core, ailment: Ailment) -> Result<Value, String> {
    let world = &mut *core.world();
    let of = ailment.of.clone();
    let known = world.numbers.get(&of).is_some()
        || world.wabas.get(&of).is_some()
        || world.businesses.get(&of).is_some();
    if !known {
        return Err(format!("`{of}` is no number, account or portfolio"));
    }
    match ailment.can_send.as_str() {
        "AVAILABLE" => {
            world.ailments.remove(&of);
        }
        "BLOCKED" | "LIMITED" => world.ailments.put(ailment),
        other => {
            return Err(format!(
                "can_send `{other}` is none of BLOCKED, LIMITED and AVAILABLE"
            ));
        }
    }
    Ok(json!({ "of": of }))
}

/// An entity of a health status with what was ordered for it.
pub(crate) fn examined(world: &World, mut entity: Value) -> Value {
    let ailment = entity["id"].as_str().and_then(|id| world.ailments.get(id));
    let Some(ailment) = ailment else {
        return entity;
    };
    entity["can_send_message"] = json!(ailment.can_send);
    let text = ailment.text.as_deref();
    let text = text.unwrap_or("There is an error with the payment method.");
    if ailment.can_send == "BLOCKED" {
        entity["errors"] = json!([{
            "error_code": ailment.code.unwrap_or(141_006),
            "error_description": text,
            "possible_solution": "See WhatsApp Manager.",
        }]);
    } else {
        entity["additional_info"] = json!([text]);
    }
    entity
}

/// The health of the whole: as bad as its worst part.
pub(crate) fn worst(entities: &[Value]) -> &'static str {
    let says = |word: &str| {
        let mut parts = entities.iter();
        parts.any(|part| part["can_send_message"] == word)
    };
    match (says("BLOCKED"), says("LIMITED")) {
        (true, _) => "BLOCKED",
        (false, true) => "LIMITED",
        (false, false) => "AVAILABLE",
    }
}
