//! What single events mean to an onboarding: the pure centre, asked without store, clock or Meta.

use std::time::Duration;

use engine::testing::ManualClock;
use engine::{Clock as _, Decision, Timestamp, Verdict, decide};
use serde_json::json;
use workflows::onboarding::{
    Bound, Claim, Event, Facts, Journey, Link, Onboarding, State, Trouble,
};
use workflows::values::{PhoneNumberId, Secret, WabaId};

fn now() -> Timestamp {
    ManualClock::default().now()
}

fn fresh() -> Facts {
    let order = json!({
        "partner": "prt_1", "app": "1", "livemode": false, "external_id": null, "metadata": {},
        "client_account": null, "solution_id": null, "allowed": [],
        "expected_phone_number": null, "expected_waba": null, "expected_business": null,
        "mode": "new", "prefill": {}, "branding": null, "locale": null, "return_url": null,
        "refresh_url": null, "redirect_state": null, "embed_origins": [], "notify_url": null,
    });
    let link = Link {
        id: "olk_1".to_owned(),
        expires_at: now() + Duration::from_hours(24),
        revoked_at: None,
    };
    let order = serde_json::from_value(order).unwrap();
    Facts::new("onb_1".to_owned(), order, link, now())
}

fn heard(facts: &Facts, state: State, event: Event, at: Timestamp) -> Decision<Onboarding> {
    match decide::<Onboarding>(facts, state, event, at) {
        Verdict::Decided(decision) => decision,
        other => panic!("{state:?}: {other:?}"),
    }
}

fn is_ignored(facts: &Facts, state: State, event: Event, at: Timestamp) -> bool {
    matches!(
        decide::<Onboarding>(facts, state, event, at),
        Verdict::Ignored
    )
}

fn bound(phone: &str, pin: &str) -> Event {
    Event::AssetsBound {
        bound: Bound {
            business: None,
            waba: WabaId::new("7"),
            phone: PhoneNumberId::new(phone),
            display_phone_number: None,
            name_status: None,
            coexistence: false,
        },
        granted: vec![WabaId::new("7")],
        token_expires_at: None,
        pin: Secret::new(pin),
    }
}

fn claim(at: Timestamp) -> Event {
    let claim = Claim {
        event: "FINISH".to_owned(),
        waba: Some(WabaId::new("7")),
        phone: None,
        business: None,
        at,
    };
    Event::SignedUp {
        code: None,
        claim: Some(claim),
    }
}

fn code(text: &str) -> Event {
    Event::SignedUp {
        code: Some((Secret::new(text), format!("digest of {text}"))),
        claim: None,
    }
}

#[test]
fn a_pin_stays_with_the_number_it_was_made_for() {
    let first = heard(&fresh(), State::TokenExchanged, bound("1", "111111"), now()).facts;
    let refused = Event::AssetsRefused {
        trouble: Trouble {
            code: "no_waba_granted".to_owned(),
            text: "none".to_owned(),
            mover: engine::Actor::Client,
            at: now(),
        },
        granted: Vec::new(),
    };
    let lost = heard(&first, State::TokenExchanged, refused, now()).facts;
    assert!(lost.bound.is_none());
    let again = heard(&lost, State::TokenExchanged, bound("1", "222222"), now()).facts;
    assert_eq!(again.pin, Some(Secret::new("111111")));
    let other = heard(&lost, State::TokenExchanged, bound("2", "222222"), now()).facts;
    assert_eq!(other.pin, Some(Secret::new("222222")));
}

#[test]
fn a_claim_whose_code_never_came_chooses_nothing_for_the_next_signup() {
    let claimed = heard(&fresh(), State::LinkIssued, claim(now()), now()).facts;
    let at_once = now() + Duration::from_secs(5);
    let kept = heard(&claimed, State::LinkIssued, code("a"), at_once);
    assert_eq!(kept.state, State::EsCompleted);
    assert!(kept.facts.claim.is_some());
    let later = now() + Duration::from_secs(61);
    let dropped = heard(&claimed, State::LinkIssued, code("a"), later);
    assert!(dropped.facts.claim.is_none());
}

#[test]
fn the_same_word_of_a_popup_is_noted_once_and_not_at_all_when_it_is_over() {
    let told = |at| {
        Event::Journeyed(Journey {
            kind: "closed".to_owned(),
            step: None,
            error_code: None,
            session_id: None,
            at,
        })
    };
    let soon = now() + Duration::from_secs(1);
    let noted = heard(&fresh(), State::LinkIssued, told(now()), now()).facts;
    assert!(is_ignored(&noted, State::LinkIssued, told(soon), soon));
    let later = now() + Duration::from_secs(11);
    heard(&noted, State::LinkIssued, told(later), later);
    for state in [
        State::EsCompleted,
        State::NumberRegistered,
        State::PartnerNotified,
    ] {
        assert!(is_ignored(&fresh(), state, told(now()), now()), "{state:?}");
    }
}

#[test]
fn a_token_that_comes_after_its_code_was_given_up_is_kept() {
    let granted = Event::CodeExchanged {
        token: Secret::new("token"),
        expires_in: None,
    };
    let decision = heard(&fresh(), State::NeedsSignup, granted, now());
    assert_eq!(decision.state, State::TokenExchanged);
    assert_eq!(decision.facts.token, Some(Secret::new("token")));
}

#[test]
fn a_password_that_is_on_its_way_is_not_sent_twice() {
    let given = || Event::OtpGiven(Secret::new("123456"));
    let first = heard(&fresh(), State::NeedsOtp, given(), now()).facts;
    assert!(is_ignored(&first, State::NeedsOtp, given(), now()));
}
