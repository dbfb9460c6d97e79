//! What the client's page shows: calm words for every state, and one thing to do.

use std::fmt::Write as _;

use engine::{Actor, Hold, HoldKind, Timestamp};
use serde_json::{Map, Value, json};

use super::client_trouble::client_trouble;
use super::facts::Facts;
use super::machine::State;
use crate::app::{AskView, BrandingView, ClientPhase, ClientView, SignupOptions, StepView};
use crate::values::mask_phone_number;

/// What the page needs beyond the onboarding's own facts.
pub struct Surroundings<'a> {
    /// The partner's face.
    pub branding: BrandingView,
    /// What opens Meta's popup.
    pub signup: SignupOptions,
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
    let (headline, text) = words(state, phase, facts, &around);
    let wants_signup = phase == ClientPhase::Signup;
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
        steps: steps(state, phase, around.entered_at, &around.branding),
        ask: ask(state),
        trouble: client_trouble(state, facts, around.hold),
        number,
        link_expires_at: facts.link.expires_at.to_rfc3339(),
        return_url: return_url(facts, phase),
        signup: wants_signup.then_some(around.signup),
        branding: around.branding,
    }
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

fn words(
    state: State,
    phase: ClientPhase,
    facts: &Facts,
    around: &Surroundings<'_>,
) -> (String, String) {
    let partner = &around.branding.display_name;
    let (headline, text) = match (state, phase) {
        (State::LinkIssued, _) if facts.claim.is_some() => (
            "One more click".to_owned(),
            "You finished at Facebook, but its confirmation did not reach us. Continue with Facebook again; your choices are still there.".to_owned(),
        ),
        (State::LinkIssued, _) => (
            "Connect your WhatsApp number".to_owned(),
            "Takes about 5 minutes.".to_owned(),
        ),
        // The trouble below says what happened.
        (State::NeedsSignup, _) if facts.trouble.is_some() => (
            "Please confirm once more".to_owned(),
            "It takes one more click. Nothing is lost.".to_owned(),
        ),
        (State::NeedsSignup, _) => (
            "Please confirm once more".to_owned(),
            "Facebook’s confirmation could not be used. Continue with Facebook again; your choices are still there.".to_owned(),
        ),
        (State::NeedsAsset, _) => (
            "Something is missing".to_owned(),
            "Meta did not share an account and number that can be connected. Continue with Facebook again and finish every step.".to_owned(),
        ),
        (State::NeedsOtp, ClientPhase::Asking) => (
            "Enter the code from Meta".to_owned(),
            "Meta sends a six-digit code to your number to see that it is yours.".to_owned(),
        ),
        (State::NeedsPin, _) => (
            "Enter your number’s PIN".to_owned(),
            "Your number is protected by a two-step verification PIN that only you know.".to_owned(),
        ),
        (State::Expired, _) => (
            "This link has expired".to_owned(),
            format!("Ask {partner} for a new one. Nothing you did is lost."),
        ),
        (State::Canceling | State::Canceled, _) => (
            "This setup was called off".to_owned(),
            format!("If you did not expect that, ask {partner}."),
        ),
        (_, ClientPhase::Done) => ("Your number is live".to_owned(), done_text(facts)),
        (_, ClientPhase::Waiting) => waiting_words(around.hold, partner),
        _ => (
            "Setting up your number".to_owned(),
            "You can close this page. We’ll finish by ourselves.".to_owned(),
        ),
    };
    (headline, text)
}

fn done_text(facts: &Facts) -> String {
    let name = facts
        .bound
        .as_ref()
        .and_then(|bound| bound.name_status.as_deref());
    let mut text = match facts.can_send {
        Some(true) => "Messages can be sent now.".to_owned(),
        Some(false) => {
            "It is connected. Meta does not allow sending yet; your provider sees why.".to_owned()
        }
        None => "It is connected to your provider.".to_owned(),
    };
    if name == Some("PENDING_REVIEW") {
        text.push_str(" Your display name is being reviewed by Meta (1–2 days).");
    }
    text
}

fn waiting_words(hold: Option<&Hold>, partner: &str) -> (String, String) {
    match hold.map(|hold| hold.mover) {
        Some(Actor::Client) => (
            "Meta needs something from you".to_owned(),
            hold.map(|hold| hold.reason.text.clone())
                .unwrap_or_default(),
        ),
        _ => (
            "We are looking into it".to_owned(),
            format!(
                "Something needs a person on our side. You have nothing to do; {partner} has been told."
            ),
        ),
    }
}

fn steps(
    state: State,
    phase: ClientPhase,
    entered_at: Timestamp,
    branding: &BrandingView,
) -> Vec<StepView> {
    let partner = if branding.display_name.is_empty() {
        "your provider"
    } else {
        &branding.display_name
    };
    let reached = match state {
        State::LinkIssued
        | State::NeedsSignup
        | State::Expired
        | State::Canceling
        | State::Canceled => 0,
        State::EsCompleted => 1,
        State::TokenExchanged | State::NeedsAsset => 2,
        State::WabaSubscribed | State::NeedsOtp | State::NeedsPin => 3,
        State::NumberRegistered => 4,
        State::PartnerNotified => 5,
    };
    let trouble = matches!(phase, ClientPhase::Waiting | ClientPhase::Asking)
        || matches!(state, State::NeedsAsset);
    [
        ("es_completed", "Sign up with Meta".to_owned()),
        ("token_exchanged", "Confirm permission".to_owned()),
        ("waba_subscribed", "Connect the WhatsApp account".to_owned()),
        ("number_registered", "Register the number".to_owned()),
        ("partner_notified", format!("Tell {partner}")),
    ]
    .into_iter()
    .enumerate()
    .map(|(place, (key, label))| StepView {
        key,
        label,
        mark: match place.cmp(&reached) {
            std::cmp::Ordering::Less => "done",
            std::cmp::Ordering::Equal if trouble => "trouble",
            std::cmp::Ordering::Equal => "now",
            std::cmp::Ordering::Greater => "todo",
        },
        since: (place == reached).then(|| entered_at.to_rfc3339()),
    })
    .collect()
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

/// The `extras` for `FB.login`: prefill, and in the sandbox the outcome that was ordered.
pub fn extras(facts: &Facts, login_extras: &Value, sandbox: bool) -> Value {
    let mut extras = match login_extras {
        Value::Object(extras) => extras.clone(),
        _ => Map::new(),
    };
    let mut setup = match &facts.order.prefill {
        Value::Object(prefill) => prefill.clone(),
        _ => Map::new(),
    };
    if let Some(profile) = setup.remove("phone_profile") {
        setup.insert("phone".to_owned(), profile);
    }
    if let Some(solution) = &facts.order.solution_id {
        setup.insert("solutionID".to_owned(), json!(solution));
    }
    extras.insert("setup".to_owned(), Value::Object(setup));
    // An outcome is ordered once: whoever has met it and comes back gets through.
    let ordered = facts.order.external_id.as_deref().filter(|_| !met(facts));
    if let Some(outcome) = ordered.and_then(|id| id.strip_prefix("sim:"))
        && sandbox
        && !facts.order.livemode
    {
        // `sim:code_expired:42` orders `code_expired`; what follows keeps ids apart.
        let name = outcome.split(':').next().unwrap_or(outcome);
        extras.insert("sim".to_owned(), json!(name));
    }
    Value::Object(extras)
}

/// Whether an earlier signup has already ended badly.
fn met(facts: &Facts) -> bool {
    let left = facts.journey.as_ref().map(|journey| journey.kind.as_str());
    facts.trouble.is_some() || matches!(left, Some("canceled" | "closed" | "error"))
}
