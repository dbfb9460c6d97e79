//! The hand-over: a connection is born in the very change in which its onboarding makes a number live.

use engine::{Birth, InstanceId, Timestamp, Workflow};
use sha2::{Digest, Sha256};

use super::Connection;
use super::facts::{Facts, Handover};
use crate::onboarding;

/// The connection of an onboarding's number as it stands at this version of the onboarding; none without
/// a number or a token. The same version makes the same one, however often it is written; a later one,
/// as after a rewind, makes another, which takes the number over.
pub(crate) fn birth(facts: &onboarding::Facts, version: u64, now: Timestamp) -> Option<Birth> {
    let facts = handed_over(facts, version, now)?;
    Some(Birth {
        workflow: Connection::NAME,
        id: InstanceId::new(facts.id.as_str()),
        facts: serde_json::to_value(&facts).expect("facts are plain data"),
    })
}

/// What that connection knows at first.
pub(super) fn handed_over(
    facts: &onboarding::Facts,
    version: u64,
    now: Timestamp,
) -> Option<Facts> {
    let bound = facts.bound.clone()?;
    let digest = Sha256::digest(format!("{}/{version}", facts.id).as_bytes());
    let number = Handover {
        id: crate::ids::at("con", now, &digest[..10]),
        onboarding: InstanceId::new(facts.id.as_str()),
        partner: facts.order.partner.clone(),
        app: facts.order.app.clone(),
        livemode: facts.order.livemode,
        business: bound.business,
        waba: bound.waba,
        phone: bound.phone,
        display_phone_number: bound.display_phone_number,
        coexistence: bound.coexistence,
        solution: facts.order.solution_id.clone(),
        paid_by_provider: facts.credit.is_some(),
        token: facts.token.clone()?,
        token_expires_at: facts.token_expires_at,
        can_send: facts.can_send,
        name_status: bound.name_status,
    };
    Some(Facts::of(number, now))
}
