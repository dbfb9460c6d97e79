//! Wherever an instance of any table can come to rest, it says what it waits for and who moves it.

use std::time::Duration;

use engine::testing::ManualClock;
use engine::{
    Actor, Bulk, BulkCommand, BulkFacts, BulkOrder, Clock, CommandOf, Hold, HoldKind, InputOf,
    InstanceId, Letter, Reason, Record, StateOf, SubjectId, Timestamp, Workflow,
};
use rust_fsm::StateMachineImpl;
use strum::VariantArray;
use workflows::connection::{self, Connection};
use workflows::delivery::{self, Delivery};
use workflows::grant::Grant;
use workflows::intake::{self, Intake};
use workflows::onboarding::Onboarding;

use super::{
    connection_facts, delivery_facts, grant_facts, intake_facts, onboarding_facts, owed_somewhere,
};

const KINDS: [HoldKind; 4] = [
    HoldKind::Retrying,
    HoldKind::Waiting,
    HoldKind::Parked,
    HoldKind::Paused,
];

/// Every way to stand still: a state with the command it owes, if any, and each kind of hold.
fn check<W: Workflow>(facts: &W::Facts, first: Option<CommandOf<W>>) {
    let now = ManualClock::default().now();
    let owing = owed_somewhere::<W>(first).into_iter();
    let mut stops: Vec<(StateOf<W>, Option<CommandOf<W>>)> = owing
        .map(|(state, command)| (state, Some(command)))
        .collect();
    stops.extend(
        resting::<W>(first.is_none())
            .into_iter()
            .map(|state| (state, None)),
    );
    for (state, command) in stops {
        let place = format!("{} in {}", W::NAME, state.name());
        let record = record::<W>(state, command, now);
        if W::ends(state) {
            assert_eq!(record.waiting(now), None, "{place} has ended");
            continue;
        }
        for kind in KINDS {
            let held = Record {
                hold: Some(hold(kind, now)),
                ..record.clone()
            };
            let waiting = held
                .waiting(now)
                .expect("a live instance says why it waits");
            assert_eq!(
                (waiting.mover, waiting.since),
                (Actor::Outside, now),
                "{place} {kind:?}"
            );
            assert!(!waiting.reason.text.is_empty(), "{place} {kind:?}");
            assert!(
                waiting
                    .fingerprint
                    .starts_with(&format!("{}:{}:", W::NAME, state.name()))
            );
        }
        if command.is_none() {
            let awaited = W::awaits(state, facts);
            let awaited = awaited.unwrap_or_else(|| panic!("{place} awaits nobody"));
            assert!(!awaited.reason.text.is_empty() && !awaited.reason.code.is_empty());
            assert_ne!(
                awaited.mover,
                Actor::System,
                "{place}: nothing would move it"
            );
        } else {
            let waiting = record.waiting(now).unwrap();
            assert_eq!(waiting.mover, Actor::System, "{place}");
        }
    }
}

/// States that can be entered without a command to follow.
fn resting<W: Workflow>(born_resting: bool) -> Vec<StateOf<W>> {
    let mut found: Vec<StateOf<W>> = Vec::new();
    found.extend(born_resting.then_some(W::Machine::INITIAL_STATE));
    for from in StateOf::<W>::VARIANTS {
        for input in InputOf::<W>::VARIANTS {
            let to = W::Machine::transition(from, input);
            let quiet = W::Machine::output(from, input).is_none();
            found.extend(to.filter(|to| quiet && !found.contains(to)));
        }
    }
    found
}

fn hold(kind: HoldKind, now: Timestamp) -> Hold {
    Hold {
        kind,
        reason: Reason::new("so_planned", "the test planned it so"),
        since: now,
        until: Some(now + Duration::from_mins(1)),
        mover: Actor::Outside,
        attempt: 1,
        retry_denies: false,
        beneath: None,
    }
}

fn record<W: Workflow>(state: StateOf<W>, command: Option<CommandOf<W>>, now: Timestamp) -> Record {
    Record {
        id: InstanceId::new("ins_1"),
        workflow: W::NAME.to_owned(),
        definition: W::VERSION,
        version: 1,
        state: state.name().to_owned(),
        entered_at: now,
        visit: 1,
        owes: command.map(|command| command.name().to_owned()),
        due: None,
        awaits: None,
        doubts: Vec::new(),
        deadline: None,
        heard: Vec::new(),
        ended: W::ends(state),
        subject: SubjectId::new("client_1"),
        facts: Vec::new(),
        labels: Vec::new(),
        hold: None,
        journal: 1,
        head: None,
        tried: 0,
        tries_told: 0,
        archived_at: None,
        erased_at: None,
        parent: None,
        created_at: now,
        updated_at: now,
    }
}

#[test]
fn wherever_an_onboarding_rests_it_says_what_for_and_who_moves_it() {
    check::<Onboarding>(&onboarding_facts(), None);
}

#[test]
fn wherever_a_bulk_job_rests_it_says_what_for_and_who_moves_it() {
    let order = BulkOrder {
        act: engine::Act::Pause,
        filter: engine::Filter::default(),
        reason: "it is tried out".to_owned(),
        by: "ops".to_owned(),
        rate_per_minute: 60,
    };
    let facts = BulkFacts::ordered(order, ManualClock::default().now());
    check::<Bulk>(&facts, Some(BulkCommand::ListItems));
}

#[test]
fn wherever_a_connection_rests_it_says_what_for_and_who_moves_it() {
    let first = Some(connection::Command::TakeOver);
    check::<Connection>(&connection_facts(), first);
}

#[test]
fn wherever_a_grant_rests_it_says_what_for_and_who_moves_it() {
    check::<Grant>(&grant_facts(), None);
}

#[test]
fn wherever_a_delivery_rests_it_says_what_for_and_who_moves_it() {
    check::<Delivery>(&delivery_facts(), Some(delivery::Command::Send));
}

#[test]
fn wherever_an_intake_rests_it_says_what_for_and_who_moves_it() {
    check::<Intake>(&intake_facts(), Some(intake::Command::TellChanges));
}
