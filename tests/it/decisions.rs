//! What single events mean to an onboarding: the pure centre, asked without store, clock or Meta.

use std::time::Duration;

use engine::testing::ManualClock;
use engine::{Actor, Clock as _, Decision as Decided, Timestamp, Verdict, Workflow as _, decide};
use serde_json::json;
use workflows::onboarding::{
    Bound, Claim, Command, Credit, Event, Facts, Journey, Link, Onboarding, State, Trouble,
};
use workflows::ports::graph::SyncKind;
use workflows::values::{PhoneNumberId, Secret, WabaId};
use workflows::words::Decision;

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

fn heard(facts: &Facts, state: State, event: Event, at: Timestamp) -> Decided<Onboarding> {
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

fn bound(phone: &str) -> Event {
    Event::AssetsBound {
        bound: Bound {
            business: None,
            waba: WabaId::new("7"),
            phone: PhoneNumberId::new(phone),
            display_phone_number: None,
            name_status: None,
            coexistence: false,
            returning: false,
        },
        granted: vec![WabaId::new("7")],
        token_expires_at: None,
    }
}

fn claim(at: Timestamp) -> Event {
    let claim = Claim {
        event: "FINISH".to_owned(),
        waba: Some(WabaId::new("7")),
        phone: None,
        business: None,
        business_app: false,
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
fn a_pin_that_the_client_gave_is_tried_on_the_number_that_is_bound_and_on_no_other() {
    let bound = |facts: &Facts, phone| heard(facts, State::TokenExchanged, bound(phone), now());
    let first = bound(&fresh(), "1").facts;
    let given = Event::PinGiven(Secret::new("111111"));
    let given = heard(&first, State::NeedsPin, given, now()).facts;
    assert_eq!(given.pin_of, Some(PhoneNumberId::new("1")));
    assert!(given.pin_is_given);
    let checked = Event::NumberChecked {
        pin: Secret::new("111111"),
    };
    let checked = heard(&given, State::WabaSubscribed, checked, now()).facts;
    assert!(!checked.pin_is_given, "it is kept by now");
    let other = bound(&given, "2").facts;
    assert_eq!(other.pin_of, Some(PhoneNumberId::new("1")));
}

#[test]
fn a_new_signup_opens_the_day_for_an_apps_chats_anew() {
    let mut facts = bound_to(&fresh(), "1");
    facts.es_completed_at = Some(now());
    if let Some(bound) = &mut facts.bound {
        bound.coexistence = true;
    }
    let requested = |kind| Event::SyncRequested {
        kind,
        request_id: Some("7".to_owned()),
    };
    let contacts = requested(SyncKind::Contacts);
    let decision = heard(&facts, State::WabaSubscribed, contacts, now());
    assert_eq!(decision.state, State::SyncRequested);
    let day = Duration::from_hours(24);
    let moments = Onboarding::deadlines(State::SyncRequested, &decision.facts);
    assert_eq!(moments.first().map(|(at, _)| *at), Some(now() + day));
    let both = requested(SyncKind::History);
    let both = heard(&decision.facts, State::SyncRequested, both, now()).facts;
    assert!(Onboarding::deadlines(State::SyncRequested, &both).is_empty());
    let late = heard(&both, State::SyncRequested, Event::SyncWindowClosed, now());
    assert_eq!(late.state, State::NeedsSignup);
    let again = heard(&late.facts, State::NeedsSignup, code("b"), now()).facts;
    assert!(again.syncs.contacts.is_none() && again.syncs.history.is_none());
}

#[test]
fn a_solution_partners_steps_and_those_of_an_app_follow_one_another() {
    let facts = bound_to(&fresh(), "1");
    let credit = Credit {
        waba: WabaId::new("7"),
        allocation: "8".to_owned(),
        verified_at: None,
        pays_from: None,
    };
    let requested = |kind| Event::SyncRequested {
        kind,
        request_id: None,
    };
    let wanted = Event::NumberWanted {
        waba: WabaId::new("7"),
    };
    let assigned = Event::UserAssigned { moves_at: None };
    let (subscribed, synced) = (State::WabaSubscribed, State::SyncRequested);
    let (contacts, history) = (requested(SyncKind::Contacts), requested(SyncKind::History));
    let rows = [
        (State::TokenExchanged, wanted, Command::AddNumber),
        (
            State::TokenExchanged,
            Event::NumberAdded,
            Command::CheckAssets,
        ),
        (subscribed, Event::CreditWanted, Command::AssignUser),
        (subscribed, assigned, Command::ShareCredit),
        (
            subscribed,
            Event::CreditAttached(credit.clone()),
            Command::VerifyCredit,
        ),
        (
            subscribed,
            Event::CreditShared(credit),
            Command::CheckNumber,
        ),
        (subscribed, Event::SyncWanted, Command::RequestContacts),
        (subscribed, contacts, Command::RequestHistory),
        (synced, history, Command::CheckNumber),
        (
            State::CreditShared,
            Event::CoexistenceSeen,
            Command::CheckNumber,
        ),
    ];
    for (state, event, command) in rows {
        let decision = heard(&facts, state, event.clone(), now());
        assert_eq!(decision.command, Some(command), "{state:?}: {event:?}");
    }
}

fn bound_to(facts: &Facts, phone: &str) -> Facts {
    heard(facts, State::TokenExchanged, bound(phone), now()).facts
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
            error_message: None,
            session_id: None,
            timestamp: None,
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

fn bound_at(done: Timestamp) -> Facts {
    let mut facts = fresh();
    facts.es_completed_at = Some(done);
    facts.token = Some(Secret::new("t"));
    let bound = bound("106");
    heard(&facts, State::TokenExchanged, bound, done).facts
}

#[test]
fn what_meta_decides_about_an_account_counts_by_when_it_decided_not_by_when_it_is_told() {
    let done = now();
    let later = |seconds| done + Duration::from_secs(seconds);
    let review = |decision, seconds| Event::AccountReviewed {
        decision,
        at: later(seconds),
    };
    for (first, second) in [(10, 20), (20, 10)] {
        let facts = bound_at(done);
        let of = |seconds| match seconds {
            10 => review(Decision::Rejected, 10),
            _ => review(Decision::Approved, 20),
        };
        let told = heard(&facts, State::WabaSubscribed, of(first), later(30)).facts;
        let both = match decide::<Onboarding>(&told, State::WabaSubscribed, of(second), later(31)) {
            Verdict::Decided(decision) => decision.facts,
            _ => told,
        };
        assert_eq!(both.trouble, None, "{first} before {second}");
    }
}

#[test]
fn what_a_client_took_back_before_it_signed_up_says_nothing_about_this_signup() {
    let done = now() + Duration::from_hours(1);
    let facts = bound_at(done);
    let revoked = |at| Event::AccessRevoked {
        trouble: Trouble {
            code: "app_removed".to_owned(),
            text: String::new(),
            mover: Actor::Client,
            at,
        },
        at,
    };
    let earlier = revoked(done - Duration::from_mins(1));
    assert!(is_ignored(&facts, State::WabaSubscribed, earlier, done));
    let since = revoked(done + Duration::from_mins(1));
    let told = heard(&facts, State::WabaSubscribed, since, done);
    assert_eq!((told.state, told.facts.token), (State::NeedsSignup, None));
}
