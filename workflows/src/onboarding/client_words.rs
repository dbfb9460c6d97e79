//! What the client's page says of each state, in calm words: where the client stands and what comes next.

use engine::{Actor, Hold};

use super::client_steps::tells_coexistence;
use super::facts::Facts;
use super::machine::State;
use crate::app::ClientPhase;

/// The page's title, and what it means for the client.
pub(super) fn words(
    (state, phase): (State, ClientPhase),
    facts: &Facts,
    hold: Option<&Hold>,
    partner: &str,
) -> (String, String) {
    let (headline, text) = match (state, phase) {
        (State::LinkIssued | State::NeedsSignup | State::NeedsAsset, _) => {
            return signup_words(state, facts);
        }
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
        (_, ClientPhase::Waiting) => waiting_words(hold, partner),
        (State::WabaSubscribed | State::SyncRequested, _) if facts.is_coexistence() => (
            "Connecting your WhatsApp Business app".to_owned(),
            "Keep the app on your phone open for a few minutes, so that Meta can read it. You can close this page.".to_owned(),
        ),
        _ => (
            "Setting up your number".to_owned(),
            "You can close this page. We’ll finish by ourselves.".to_owned(),
        ),
    };
    (headline, text)
}

/// The words where a signup is asked for.
fn signup_words(state: State, facts: &Facts) -> (String, String) {
    let (headline, text) = match state {
        State::LinkIssued if facts.claim.is_some() && facts.order.pins().next().is_some() => (
            "We are looking for your confirmation",
            "You finished at Facebook, but its confirmation did not reach us. We look whether Facebook tells us by itself, which takes a minute or two. You can also continue with Facebook again; your choices are still there.",
        ),
        State::LinkIssued if facts.claim.is_some() => (
            "One more click",
            "You finished at Facebook, but its confirmation did not reach us. Continue with Facebook again; your choices are still there.",
        ),
        State::LinkIssued if tells_coexistence(facts) => (
            "Connect your WhatsApp Business app",
            "Takes about 5 minutes. Your number stays in the app on your phone.",
        ),
        State::LinkIssued => ("Connect your WhatsApp number", "Takes about 5 minutes."),
        State::NeedsSignup if has_trouble(facts, "sync_window_closed") => (
            "Please connect your app once more",
            "Your number goes on working in the app. Two steps bring it here.",
        ),
        // The trouble below says what happened.
        State::NeedsSignup if facts.trouble.is_some() => (
            "Please confirm once more",
            "It takes one more click. Nothing is lost.",
        ),
        State::NeedsSignup => (
            "Please confirm once more",
            "Facebook’s confirmation could not be used. Continue with Facebook again; your choices are still there.",
        ),
        State::NeedsAsset if has_trouble(facts, "number_missing") => (
            "Your account needs a number",
            "Everything else is there. Continue with Facebook again, choose the same account and add a phone number in the last steps.",
        ),
        _ => (
            "Something is missing",
            "Meta did not share an account and number that can be connected. Continue with Facebook again and finish every step.",
        ),
    };
    (headline.to_owned(), text.to_owned())
}

fn has_trouble(facts: &Facts, code: &str) -> bool {
    facts
        .trouble
        .as_ref()
        .is_some_and(|trouble| trouble.code == code)
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
    if facts.is_coexistence() {
        text.push_str(" Go on using the app as before; keep it on your phone and open it at least every two weeks.");
        text.push_str(match facts.syncs.history_refused_at {
            Some(_) => " Your earlier chats stay in the app only, as you chose.",
            None => " Your chats follow over the next hours.",
        });
    }
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
