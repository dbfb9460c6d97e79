//! What the client is told when something is in the way: what happened, what it means, what to do.
//!
//! Calm words only. Meta's own texts, codes and traces are for operators and never come through here.

use engine::{Hold, Timestamp};

use super::facts::{Facts, Trouble};
use super::journey::Journey;
use super::machine::State;
use crate::app::TroubleView;
use crate::catalogue::{self, CatalogueEntry, Class};
use crate::ports::graph::Reaction;

/// What is in the way, if anything is.
pub(super) fn client_trouble(
    state: State,
    facts: &Facts,
    hold: Option<&Hold>,
) -> Option<TroubleView> {
    if let Some(trouble) = &facts.trouble {
        let (happened, advice) = told(state, trouble);
        return Some(view(&trouble.code, happened, advice));
    }
    let waiting = hold.filter(|hold| hold.until.is_some() && state != State::NumberRegistered);
    if let Some(hold) = waiting {
        let (happened, advice) = waited(&hold.reason.code);
        return Some(TroubleView {
            next_try_at: hold.until.map(Timestamp::to_rfc3339),
            ..view(&hold.reason.code, happened, advice)
        });
    }
    let journey = facts.journey.as_ref()?;
    if !matches!(state, State::LinkIssued | State::NeedsSignup) {
        return None;
    }
    let (happened, advice) = left(journey)?;
    Some(view(&journey.kind, happened, advice))
}

fn view(code: &str, happened: String, advice: String) -> TroubleView {
    TroubleView {
        code: code.to_owned(),
        happened,
        advice,
        next_try_at: None,
    }
}

fn said(happened: &str, advice: &str) -> (String, String) {
    (happened.to_owned(), advice.to_owned())
}

/// The catalogue's words begin with what happened; what follows is the advice.
fn in_two(text: &str) -> (String, String) {
    match text.split_once(". ") {
        Some((happened, advice)) => (format!("{happened}."), advice.to_owned()),
        None => said(text, ""),
    }
}

/// What the catalogue says to clients about a refusal.
fn catalogued(fingerprint: &str) -> Option<&'static CatalogueEntry> {
    catalogue::of_fingerprint(fingerprint).filter(|entry| !entry.client_text.is_empty())
}

/// What went wrong and waits for somebody.
fn told(state: State, trouble: &Trouble) -> (String, String) {
    match (state, trouble.code.as_str()) {
        (State::NeedsPin, "pin_changed") => said(
            "This number’s PIN was changed in WhatsApp Manager.",
            "Meta locks a number after too many wrong ones.",
        ),
        (State::NeedsPin, _) => said(
            "The PIN we tried is not this number’s PIN.",
            "Meta locks a number after too many wrong ones.",
        ),
        (State::NeedsOtp, _) => said(
            "That code did not match.",
            "Enter the newest code, or have another one sent.",
        ),
        (_, "code_unanswered" | "code_expired" | "code_used") => said(
            "Facebook’s confirmation ran out before it could be used.",
            "Continue with Facebook again; your choices are still there.",
        ),
        (_, "sync_window_closed") => said(
            "The 24 hours in which Meta hands over your app’s contacts and chats have passed.",
            "In the WhatsApp Business app open Settings, Account, Business Platform and disconnect. Then continue with Facebook again.",
        ),
        (_, "app_removed" | "access_removed") => said(
            "Your WhatsApp account was disconnected from us at Meta.",
            again(state),
        ),
        (_, "account_deleted") => said("This WhatsApp account was deleted at Meta.", again(state)),
        (_, "account_rejected") => said(
            "Meta rejected your WhatsApp account in its review.",
            "You can ask Meta for another review in Business Support; it is connected as far as Meta lets us.",
        ),
        (_, "number_missing") => said("The signup ended without a phone number.", again(state)),
        (_, "number_bound_elsewhere") => said(
            "This number is connected through another provider already.",
            "Ask that provider to let it go, or continue with Facebook again and choose another number.",
        ),
        (_, "waba_not_granted") => said(
            "Meta did not share with us the account that your browser named, so it was not connected.",
            again(state),
        ),
        (_, code) => catalogued(code).map_or_else(
            || said(&trouble.text, again(state)),
            |entry| in_two(entry.client_text),
        ),
    }
}

fn again(state: State) -> &'static str {
    match state {
        State::NeedsSignup | State::NeedsAsset | State::LinkIssued => {
            "Continue with Facebook again and choose the account you want to connect."
        }
        _ => "",
    }
}

/// What is tried again by itself at a known time.
fn waited(code: &str) -> (String, String) {
    let named = match code {
        "register_limit" | "register_attempts_used" => catalogued("graph_133016"),
        "name_declined" => {
            return said(
                "Meta declined your display name.",
                "Give your number another name in WhatsApp Manager. It is connected by itself once Meta accepts the name.",
            );
        }
        "coexistence_not_active" => {
            return said(
                "Meta does not show your app as connected yet.",
                "Open the WhatsApp Business app on your phone and keep it open for a few minutes.",
            );
        }
        "credit_switch_window" => {
            return said(
                "Meta moves no accounts between providers in the days around a new month.",
                "Nothing is lost and you have nothing to do. We go on once the days are over.",
            );
        }
        "name_not_processed" => {
            return said(
                "Meta is still looking at your display name.",
                "Nothing is lost and you have nothing to do. Your number is connected as soon as Meta has finished.",
            );
        }
        other => catalogued(other).filter(|entry| is_more_than_silence(entry)),
    };
    named.map_or_else(
        || {
            said(
                "Meta is not answering as it should.",
                "Nothing is lost and you have nothing to do.",
            )
        },
        |entry| in_two(entry.client_text),
    )
}

/// Whether there is more to say than that Meta does not answer.
fn is_more_than_silence(entry: &CatalogueEntry) -> bool {
    matches!(entry.reaction_class, Class::Wait | Class::Retry)
        && entry.reaction != Some(Reaction::Transient)
}

/// How the client's last visit to Facebook's window ended.
fn left(journey: &Journey) -> Option<(String, String)> {
    let code = journey.error_code.as_deref();
    let code = code.and_then(|code| code.parse().ok());
    let words = journey.error_message.as_deref().unwrap_or_default();
    if let Some(entry) = catalogue::signup_error(code, words) {
        return Some(in_two(entry.client_text));
    }
    Some(match journey.kind.as_str() {
        "canceled" | "closed" => said(
            "Facebook’s window was closed before the last step.",
            help_with(journey.step.as_deref().unwrap_or_default()),
        ),
        "popup_blocked" => said(
            "Your browser blocked Facebook’s window.",
            "Allow pop-up windows for this page, then try again.",
        ),
        "sdk_blocked" => said(
            "Facebook could not be loaded.",
            "Switch off content blockers for this page, or open the link in another browser.",
        ),
        "error" => said(
            "Facebook’s window reported a problem.",
            "Nothing is lost. Try again; if it happens again, ask for help below.",
        ),
        _ => return None,
    })
}

/// What helps at the step of Meta's window that was left (M-ERR); Meta may name others.
fn help_with(step: &str) -> &'static str {
    match step {
        "BUSINESS_ACCOUNT_SELECTION" => {
            "Nothing is lost. Choose the business portfolio that the number belongs to, or create one; you need full control of it."
        }
        "WABA_PHONE_PROFILE_PICKER" => {
            "Nothing is lost. Choose the WhatsApp account to connect, or create a new one if none fits."
        }
        "WHATSAPP_BUSINESS_PROFILE_SETUP" => {
            "Nothing is lost. The display name must be the one your customers know you by, and the category what you do."
        }
        "PHONE_NUMBER_SETUP" => {
            "Nothing is lost. Have a phone number at hand that can receive a call or a text message and is not in use in WhatsApp."
        }
        "PHONE_NUMBER_VERIFICATION" => {
            "Nothing is lost. Meta sends a code to the number by text message or by a call; wait a few minutes before you ask for another."
        }
        "PERMISSIONS" => {
            "Nothing is lost. On the last screen every permission is needed to connect the number."
        }
        _ => "Nothing is lost. Go on whenever you are ready.",
    }
}

#[cfg(test)]
mod tests {
    use super::{catalogued, in_two, waited};

    #[test]
    fn a_limit_at_meta_is_told_as_a_limit_and_not_as_silence() {
        for code in ["graph_133016", "register_limit", "graph_4"] {
            let (happened, advice) = waited(code);
            assert!(!happened.contains("not answering"), "{code}: {happened}");
            assert!(!advice.is_empty(), "{code}");
        }
        assert!(waited("graph_2").0.contains("not answering"));
        assert!(waited("graph_unanswered").0.contains("not answering"));
    }

    #[test]
    fn a_fingerprint_finds_its_words() {
        assert_eq!(
            catalogued("graph_190_460").unwrap().slug,
            "password_changed"
        );
        assert!(catalogued("code_expired").is_none());
        let (happened, advice) = in_two("It broke. Nothing is lost. Wait.");
        assert_eq!(
            (happened.as_str(), advice.as_str()),
            ("It broke.", "Nothing is lost. Wait.")
        );
    }
}
