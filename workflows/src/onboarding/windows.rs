//! The moments that Meta sets: until when a number may be registered and an app's chats be asked for.
//!
//! The same moment moves the onboarding and is shown to client, partner and operator.

use std::time::Duration;

use engine::Timestamp;
use serde_json::Value;

use super::event::Event;
use super::facts::Facts;
use super::machine::State;
use crate::numbers::Ledger;

/// Spans that Meta fixes.
pub struct MetaWindow;

impl MetaWindow {
    /// A number must be registered within this many days of the signup (Meta: register API).
    pub const REGISTRATION_DAYS: u64 = 14;
    /// A number that was verified before the signup has longer (Meta: pre-verified numbers).
    pub const PREVERIFIED_DAYS: u64 = 90;
    /// The app's chats may be asked for this long after the signup (Meta: onboarding app users).
    pub const SYNC: Duration = Duration::from_hours(24);
    /// Registrations of one number are counted in a moving window of this length (Meta: registration).
    pub const REGISTER_WINDOW: Duration = Ledger::WINDOW;
    /// Our cap within that window, well below Meta's ten.
    pub const REGISTER_CAP: usize = 6;
    /// How soon a registration that could not be sent is tried again.
    pub const UNSENT_PAUSE: Duration = Duration::from_secs(15);
    /// How soon a number is looked at again whose display name Meta had not processed.
    pub const NAME_PAUSE: Duration = Duration::from_hours(1);
    /// A code lives 30 s; one this old could no longer be answered in time.
    pub const CODE_USABLE: Duration = Duration::from_secs(27);
}

/// Until when something must have happened, and what.
pub(super) struct Deadline {
    pub(super) at: Timestamp,
    pub(super) code: &'static str,
    pub(super) text: &'static str,
    event: Event,
}

/// The moments at which an onboarding moves by itself.
pub(super) fn deadlines(state: State, facts: &Facts) -> Vec<(Timestamp, Event)> {
    match state {
        State::LinkIssued | State::NeedsSignup => {
            vec![(facts.link.expires_at, Event::LinkExpired)]
        }
        _ => deadline(state, facts)
            .map(|deadline| (deadline.at, deadline.event))
            .into_iter()
            .collect(),
    }
}

/// Meta's own deadline for what is at work now.
pub(super) fn deadline(state: State, facts: &Facts) -> Option<Deadline> {
    // A number that is live already is past Meta's windows.
    let signed_up = facts
        .es_completed_at
        .filter(|_| facts.registered_at.is_none())?;
    match state {
        State::TokenExchanged | State::WabaSubscribed | State::SyncRequested
            if facts.is_coexistence() =>
        {
            (!facts.syncs.are_requested()).then(|| Deadline {
                at: signed_up + MetaWindow::SYNC,
                code: "sync_chats",
                text: "Meta hands over the app’s contacts and chats within 24 hours of the signup only.",
                event: Event::SyncWindowClosed,
            })
        }
        State::TokenExchanged
        | State::WabaSubscribed
        | State::CreditShared
        | State::NeedsAsset
        | State::NeedsOtp
        | State::NeedsPin => Some(Deadline {
            at: signed_up + registration_window(facts),
            code: "register_number",
            text: if is_preverified(facts) {
                "Meta lets a number that was verified beforehand be registered within 90 days of the signup only."
            } else {
                "Meta lets a number be registered within 14 days of the signup only."
            },
            event: Event::WindowClosed,
        }),
        _ => None,
    }
}

/// Meta's deadlines that still lie ahead, whatever the state.
pub(super) struct Ahead {
    pub(super) register: Option<Timestamp>,
    pub(super) sync: Option<Timestamp>,
}

/// What is still to be done in Meta's time, as an operator is shown it.
pub(super) fn ahead(facts: &Facts) -> Ahead {
    let open = facts
        .es_completed_at
        .filter(|_| facts.registered_at.is_none());
    let coexistence = facts.is_coexistence();
    Ahead {
        register: open
            .filter(|_| !coexistence)
            .map(|at| at + registration_window(facts)),
        sync: open
            .filter(|_| coexistence && !facts.syncs.are_requested())
            .map(|at| at + MetaWindow::SYNC),
    }
}

/// How long after the signup the number may be registered.
pub(super) fn registration_window(facts: &Facts) -> Duration {
    let days = if is_preverified(facts) {
        MetaWindow::PREVERIFIED_DAYS
    } else {
        MetaWindow::REGISTRATION_DAYS
    };
    Duration::from_secs(days * 86_400)
}

/// Whether the client took a number that the partner had verified before.
fn is_preverified(facts: &Facts) -> bool {
    let offered = facts.order.prefill.get("pre_verified_phone_ids");
    let offered = offered.and_then(Value::as_array);
    facts.bound.as_ref().is_some_and(|bound| {
        offered.is_some_and(|ids| {
            ids.iter()
                .any(|id| id.as_str() == Some(bound.phone.as_str()))
        })
    })
}
