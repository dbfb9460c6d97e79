//! What the client's page shows: calm words for every state, and one thing to do.

use std::fmt::Write as _;

use engine::{Hold, HoldKind, Timestamp};

use super::client_steps::{Way, steps};
use super::client_trouble::client_trouble;
use super::client_words::words;
use super::facts::Facts;
use super::machine::State;
use super::view::deadline_view;
use crate::app::{AskView, BrandingView, ClientPhase, ClientView, SignupOptions};
use crate::values::mask_phone_number;

/// What the page needs beyond the onboarding's own facts.
pub struct Surroundings<'a> {
    /// The partner's face.
    pub branding: BrandingView,
    /// What opens Meta's popup.
    pub signup: SignupOptions,
    /// Whether the partner's credit line pays for its clients.
    pub shares_credit: bool,
    /// What holds the onboarding up.
    pub hold: Option<&'a Hold>,
    /// Since when it is in its state.
    pub entered_at: Timestamp,
    /// Now.
    pub now: Timestamp,
}

/// The client's view.
pub fn client_view(state: State, facts: &Facts, around: Surroundings<'_>) -> ClientView {
    let phase = phase_of(state, around.hold);
    let (headline, text) = words(
        (state, phase),
        facts,
        around.hold,
        &around.branding.display_name,
    );
    let wants_signup = phase == ClientPhase::Signup;
    let way = Way {
        phase,
        entered_at: around.entered_at,
        partner: &around.branding.display_name,
        shares_credit: around.shares_credit,
    };
    let number = facts
        .bound
        .as_ref()
        .and_then(|bound| bound.display_phone_number.as_deref())
        .map(mask_phone_number);
    ClientView {
        sequence: facts.sequence,
        phase,
        headline,
        text,
        steps: steps(state, facts, &way),
        ask: ask(state),
        // Only where it is short enough to matter to a person.
        deadline: deadline_view(state, facts).filter(|_| is_pressing(state, facts)),
        trouble: client_trouble(state, facts, around.hold),
        number,
        link_expires_at: facts.link.expires_at.to_rfc3339(),
        return_url: return_url(facts, phase),
        signup: wants_signup.then_some(around.signup),
        branding: around.branding,
    }
}

/// Whether the client should see the time run: the app's chats have a day, and what waits for the
/// client waits until a fixed moment.
fn is_pressing(state: State, facts: &Facts) -> bool {
    facts.is_coexistence() || matches!(state, State::NeedsAsset | State::NeedsPin | State::NeedsOtp)
}

fn phase_of(state: State, hold: Option<&Hold>) -> ClientPhase {
    let parked = hold.is_some_and(|hold| hold.kind == HoldKind::Parked);
    match state {
        State::LinkIssued | State::NeedsSignup | State::NeedsAsset => ClientPhase::Signup,
        State::NeedsPin => ClientPhase::Asking,
        State::NeedsOtp if !parked => ClientPhase::Asking,
        State::NumberRegistered | State::PartnerNotified => ClientPhase::Done,
        State::Expired | State::Canceling | State::Canceled => ClientPhase::Ended,
        _ if parked => ClientPhase::Waiting,
        _ => ClientPhase::Working,
    }
}

fn ask(state: State) -> Option<AskView> {
    match state {
        State::NeedsPin => Some(AskView {
            kind: "pin",
            label: "Six-digit PIN".to_owned(),
            help: "You or your former provider chose it. If nobody knows it, turn two-step verification off in WhatsApp Manager; then any six digits entered here become the new PIN.".to_owned(),
            button: "Use this PIN".to_owned(),
        }),
        State::NeedsOtp => Some(AskView {
            kind: "otp",
            label: "Six-digit code".to_owned(),
            help: "It comes by text message and can take a minute.".to_owned(),
            button: "Confirm the number".to_owned(),
        }),
        _ => None,
    }
}

fn return_url(facts: &Facts, phase: ClientPhase) -> Option<String> {
    let url = facts.order.return_url.as_deref()?;
    let status = if phase == ClientPhase::Done {
        "completed"
    } else {
        "in_progress"
    };
    let joint = if url.contains('?') { '&' } else { '?' };
    let mut address = format!("{url}{joint}onboarding_id={}&status={status}", facts.id);
    if let Some(state) = &facts.order.redirect_state {
        address.push_str("&state=");
        for byte in state.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                address.push(char::from(byte));
            } else {
                // Writing into a String cannot fail.
                let _ = write!(address, "%{byte:02X}");
            }
        }
    }
    Some(address)
}
