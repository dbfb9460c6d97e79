//! Which notices a change gives rise to, read off the facts before and after.

use engine::{HoldKind, Moved};

use super::machine::State;
use super::view::status;
use super::{Onboarding, connected, flow};

/// The types of notices that this change tells partners of, oldest meaning first.
pub(super) fn notices_of(moved: &Moved<'_, Onboarding>) -> Vec<&'static str> {
    let Some(before) = moved.facts_before else {
        return vec!["onboarding.created"];
    };
    let after = moved.facts;
    let state_before: Option<State> = moved.before.and_then(|record| record.state.parse().ok());
    let entered = state_before != Some(moved.state);
    let mut types = Vec::new();
    if before.opened_at.is_none() && after.opened_at.is_some() {
        types.push("onboarding.opened");
    }
    if before.journey != after.journey
        && let Some(journey) = &after.journey
    {
        match journey.kind.as_str() {
            "sdk_loaded" | "started" => {}
            _ => types.push("onboarding.abandoned"),
        }
    }
    if before.link.revoked_at.is_none() && after.link.revoked_at.is_some() {
        types.push("link.revoked");
    }
    if entered {
        match moved.state {
            State::EsCompleted => types.push("onboarding.started"),
            State::TokenExchanged => types.push("onboarding.authorized"),
            State::NumberRegistered => types.push("onboarding.completed"),
            State::Expired => types.push("onboarding.expired"),
            State::Canceled => types.push("onboarding.canceled"),
            _ => {}
        }
    }
    let reason_before = moved
        .before
        .and_then(|record| record.hold.as_ref())
        .map(|hold| (hold.kind, hold.reason.code.as_str()));
    let hold = moved.after.hold.as_ref();
    let reason = hold.map(|hold| (hold.kind, hold.reason.code.as_str()));
    let failed = reason != reason_before
        && matches!(reason, Some((HoldKind::Retrying | HoldKind::Parked, _)));
    // The signup ended otherwise than asked: it goes on, and the partner is told while it does.
    let differs = flow::mismatch(before).is_none() && flow::mismatch(after).is_some();
    if failed || differs {
        types.push("onboarding.step_failed");
    }
    let status_before = state_before.map(|state| {
        status(
            state,
            before,
            moved.before.and_then(|record| record.hold.as_ref()),
        )
    });
    let status_after = status(moved.state, after, hold);
    if status_after == "action_required" && status_before != Some(status_after) {
        types.push("onboarding.action_required");
    }
    // It follows the completion, so the two are never on their way at once.
    let told = moved.state == State::PartnerNotified && after.can_send == Some(true);
    if told && (entered || before.can_send != Some(true)) {
        types.push("onboarding.ready");
    }
    types.extend(connected::notices(before, after));
    types
}
