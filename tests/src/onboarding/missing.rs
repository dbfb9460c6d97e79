//! An account without a number, and an order that says all that Meta wants to know to add one.

use serde_json::{Value, json};

/// The number that Meta will show for it, and all that is needed to add it.
pub(super) fn named_in_full(phone: &str) -> (Value, Value) {
    let national = format!("30{phone}");
    let prefill = json!({
        "business": { "name": "Bakery", "phone": { "code": 49, "number": national } },
        "phone_profile": { "displayName": "Bakery" },
    });
    (json!(format!("49{national}")), prefill)
}
