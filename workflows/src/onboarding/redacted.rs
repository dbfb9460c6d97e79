//! What an onboarding knows, as an operator may see it: secrets are told to be there and no more.

use engine::Timestamp;
use serde_json::{Value, json};

use super::facts::{Facts, Sync};
use super::{flow, windows};
use crate::values::mask_phone_number;

/// The facts without any secret.
pub(super) fn redacted(facts: &Facts) -> Value {
    let number = facts.bound.as_ref().and_then(|bound| {
        let display = bound.display_phone_number.as_deref()?;
        Some(mask_phone_number(display))
    });
    let deadlines = windows::ahead(facts);
    json!({
        "partner": facts.order.partner,
        "app": facts.order.app,
        "external_id": facts.order.external_id,
        "client_account": facts.order.client_account,
        "locale": facts.order.locale,
        "metadata": facts.order.metadata,
        "link": { "id": facts.link.id, "expires_at": facts.link.expires_at.to_rfc3339(),
                  "revoked_at": facts.link.revoked_at.map(Timestamp::to_rfc3339) },
        "opened_at": facts.opened_at.map(Timestamp::to_rfc3339),
        "journey": facts.journey.as_ref().map(|journey| json!({
            "kind": journey.kind, "step": journey.step, "error_code": journey.error_code,
            "error_message": journey.error_message, "session_id": journey.session_id,
            "timestamp": journey.timestamp, "at": journey.at.to_rfc3339() })),
        "claim": facts.claim.as_ref().map(|claim| json!({
            "event": claim.event, "waba_id": claim.waba, "phone_number_id": claim.phone,
            "business_id": claim.business, "business_app": claim.business_app })),
        "es_completed_at": facts.es_completed_at.map(Timestamp::to_rfc3339),
        "code": facts.code.as_ref().map(|_| "sealed"),
        "token": facts.token.as_ref().map(|_| "sealed"),
        "token_expires_at": facts.token_expires_at.map(Timestamp::to_rfc3339),
        "pin": facts.pin.as_ref().map(|_| "sealed"),
        "subscribed_at": facts.subscribed_at.map(Timestamp::to_rfc3339),
        "registered_at": facts.registered_at.map(Timestamp::to_rfc3339),
        "completed_at": facts.completed_at.map(Timestamp::to_rfc3339),
        "matched": facts.matched.as_ref().map(|matched| json!({
            "grant": matched.grant, "waba_id": matched.waba, "business_id": matched.business,
            "seen_at": matched.seen_at.to_rfc3339(), "by": matched.by,
            "lost": matched.lost.as_ref().map(|lost| &lost.text) })),
        "token_sought_at": facts.sought.as_ref().map(|died| died.at.to_rfc3339()),
        "granted": facts.granted,
        "bound": facts.bound.as_ref().map(|bound| json!({
            "business_id": bound.business, "waba_id": bound.waba, "phone_number_id": bound.phone,
            "number": number, "name_status": bound.name_status, "coexistence": bound.coexistence,
            "returning": bound.returning })),
        "mismatch": flow::mismatch(facts).map(|reason| reason.text),
        "credit": facts.credit.as_ref().map(|credit| json!({
            "allocation_config_id": credit.allocation,
            "verified_at": credit.verified_at.map(Timestamp::to_rfc3339),
            "pays_from": credit.pays_from.map(Timestamp::to_rfc3339) })),
        "syncs": syncs(facts),
        "must_register_before": deadlines.register.map(Timestamp::to_rfc3339),
        "must_sync_before": deadlines.sync.map(Timestamp::to_rfc3339),
        "name_awaited_at": facts.name_awaited_at.map(Timestamp::to_rfc3339),
        "name_decided_at": facts.name_word.as_ref().map(|word| word.at.to_rfc3339()),
        "business_verification": facts.verification.as_ref().map(|word| &word.status),
        "registrations_allowed": facts.registrations_allowed,
        "register_attempts": facts.register_attempts.iter().map(|at| at.to_rfc3339()).collect::<Vec<_>>(),
        "register_blocked_until": facts.register_blocked_until.map(Timestamp::to_rfc3339),
        "can_send": facts.can_send,
        "trouble": facts.trouble.as_ref().map(|trouble| json!({
            "code": trouble.code, "text": trouble.text, "mover": trouble.mover, "at": trouble.at.to_rfc3339() })),
        "sequence": facts.sequence,
    })
}

fn syncs(facts: &Facts) -> Value {
    let syncs = &facts.syncs;
    if syncs.contacts.is_none() && syncs.history_refused_at.is_none() {
        return Value::Null;
    }
    let one = |sync: &Option<Sync>| {
        sync.as_ref()
            .map(|sync| json!({ "request_id": sync.request_id, "at": sync.at.to_rfc3339() }))
    };
    json!({
        "contacts": one(&syncs.contacts), "history": one(&syncs.history),
        "history_refused_at": syncs.history_refused_at.map(Timestamp::to_rfc3339),
    })
}
