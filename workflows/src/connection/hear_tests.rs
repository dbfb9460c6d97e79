//! What follows from what is heard: which command, and who is told.

use std::time::Duration;

use engine::{Timestamp, Verdict, decide};
use serde_json::json;

use super::*;
use crate::connection::Command;
use crate::ports::graph::HealthProblem;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn facts() -> Facts {
    let mut facts: Facts = serde_json::from_value(json!({
        "id": "con_1", "onboarding": "onb_1", "partner": "prt_1", "app": "1", "livemode": false,
        "waba": "7", "phone": "1", "coexistence": false, "paid_by_provider": false,
        "handed_over_at": NOW, "took_over_at": NOW, "token": "token", "can_send": true,
        "problems": [], "looks": 0, "next_tending": NOW + Duration::from_hours(1), "next_look": NOW,
        "warnings": {}, "heard": {}, "noticed": {},
    }))
    .unwrap();
    facts.told = Some(facts.standing());
    facts
}

fn look(can_send: Option<bool>, problems: Vec<HealthProblem>) -> Event {
    Event::Looked(Look {
        can_send,
        name_status: None,
        problems,
    })
}

fn problem() -> HealthProblem {
    HealthProblem {
        entity: "WABA".to_owned(),
        code: Some(141_006),
        text: "There is an error with the payment method.".to_owned(),
    }
}

fn decided(facts: &Facts, state: State, event: Event) -> (State, Option<Command>, Facts) {
    match decide::<Connection>(facts, state, event, NOW) {
        Verdict::Decided(decision) => (decision.state, decision.command, decision.facts),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_onboarding_is_told_what_it_does_not_know_and_nothing_twice() {
    let facts = facts();
    let tell = Some(Command::TellOnboarding);
    let (state, command, _) = decided(&facts, State::Live, look(Some(true), Vec::new()));
    assert_eq!((state, command), (State::Live, None));
    let (state, command, next) = decided(&facts, State::Live, look(Some(true), vec![problem()]));
    assert_eq!((state, command), (State::Live, tell));
    // Whatever comes between, it is told in the end.
    let due = Event::TokenDue;
    let (_, command, next) = decided(&next, State::Live, due);
    assert_eq!(command, Some(Command::TendToken));
    let kept = Event::TokenKept {
        token: None,
        expires_at: None,
        failing: None,
    };
    let (_, command, next) = decided(&next, State::Live, kept);
    assert_eq!(command, tell);
    let standing = Box::new(next.standing());
    let (state, command, _) = decided(&next, State::Live, Event::Told(standing));
    assert_eq!((state, command), (State::Live, None));
    // What was told is no longer so: it is told again.
    let former = Box::new(facts.standing());
    let (_, command, _) = decided(&next, State::Live, Event::Told(former));
    assert_eq!(command, tell);
}

#[test]
fn a_payment_method_is_asked_of_whoever_pays() {
    let mut facts = facts();
    facts.problems = vec![problem()];
    let asks = |facts: &Facts| {
        let asks = facts.asks().unwrap();
        (asks.mover, asks.code)
    };
    let client = (Actor::Client, "add_payment_method".to_owned());
    assert_eq!(asks(&facts), client);
    facts.paid_by_provider = true;
    let operator = (Actor::Operator, "share_credit".to_owned());
    assert_eq!(asks(&facts), operator);
}

#[test]
fn looks_at_a_number_that_cannot_send_become_rare_and_never_frequent() {
    let mut facts = facts();
    facts.can_send = None;
    let mut pauses = Vec::new();
    for _ in 0..40 {
        let (_, _, next) = decided(&facts, State::Settling, look(Some(false), Vec::new()));
        pauses.push(next.next_look.since(NOW));
        facts = next;
    }
    assert!(pauses.is_sorted(), "{pauses:?}");
    assert!(pauses[0] >= Duration::from_mins(1));
    assert!(pauses[10] >= Duration::from_hours(1));
    assert!(pauses[39] >= Duration::from_hours(6));
    assert!(pauses[39] < Duration::from_hours(7));
}

#[test]
fn a_look_that_says_nothing_changes_nothing() {
    let (state, _, next) = decided(&facts(), State::Live, look(None, Vec::new()));
    assert_eq!((state, next.can_send), (State::Live, Some(true)));
}
