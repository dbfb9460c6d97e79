//! What a connection knows, as an operator may see it: the token is told to be there and no more.

use engine::Timestamp;
use serde_json::{Value, json};

use super::facts::Facts;
use super::standing::Disconnection;
use crate::values::mask_phone_number;

/// The facts without any secret.
pub(super) fn redacted(facts: &Facts) -> Value {
    let time = |at: Option<Timestamp>| at.map(Timestamp::to_rfc3339);
    let number = facts.display_phone_number.as_deref().map(mask_phone_number);
    json!({
        "onboarding": facts.onboarding,
        "partner": facts.partner,
        "app": facts.app,
        "business_id": facts.business,
        "waba_id": facts.waba,
        "phone_number_id": facts.phone,
        "number": number,
        "coexistence": facts.coexistence,
        "paid_by_provider": facts.paid_by_provider,
        "handed_over_at": facts.handed_over_at.to_rfc3339(),
        "token": "sealed",
        "token_expires_at": time(facts.token_expires_at),
        "token_seen_at": time(facts.token_seen_at),
        "next_tending": facts.next_tending.to_rfc3339(),
        "can_send": facts.can_send,
        "name_status": facts.name_status,
        "problems": facts.problems,
        "looked_at": time(facts.looked_at),
        "next_look": facts.next_look.to_rfc3339(),
        "banned": facts.banned.as_ref().map(gone),
        "disconnected": facts.disconnected.as_ref().map(gone),
        "restored_at": time(facts.restored_at),
        "superseded_by": facts.superseded_by,
        "warnings": facts.warnings.iter().map(|(kind, warning)| json!({
            "kind": kind, "text": warning.text, "at": warning.at.to_rfc3339() })).collect::<Vec<_>>(),
        "noticed": facts.noticed,
    })
}

fn gone(gone: &Disconnection) -> Value {
    json!({ "reason": gone.reason, "text": gone.text, "by": gone.by, "at": gone.at.to_rfc3339() })
}
