//! Every workflow, mechanically: deaths, repeats and failures of every class, and the same end.

use std::collections::BTreeSet;

use engine::testing::mechanics::Mechanics;
use engine::testing::simulation::{Scenario, Simulation};
use tests::jobs::{Jobs, Step as Order};
use tests::onboarding::{Number, Onboardings, Step as Client};
use tests::parcel::{Kind, Parcels, Step};

/// Seven troubles for each command: twice, and failing in six classes. No life comes by those commands
/// that are left to `journeys`.
fn comes_to_the_same_end<S: Scenario>(
    lives: impl IntoIterator<Item = S>,
    commands: usize,
    journeys: &[&str],
) -> BTreeSet<String> {
    let lives: Vec<_> = lives.into_iter().map(Simulation::of).collect();
    let mut mechanics = Mechanics::default();
    for life in &lives {
        mechanics = mechanics.life(life);
    }
    let tried = mechanics.all();
    let left = |complaint: &&String| journeys.iter().any(|command| complaint.contains(command));
    let (left, complaints): (Vec<_>, Vec<_>) = tried.complaints.iter().partition(left);
    assert_eq!(complaints, Vec::<&String>::new());
    assert_eq!(left.len(), journeys.len() * 7);
    assert_eq!(tried.met.len(), commands * 7);
    tried.met
}

#[test]
fn a_parcel_comes_to_the_same_end_whatever_goes_wrong_once() {
    let kinds = [Kind::Far, Kind::Unwanted];
    let lives = kinds.map(|kind| Parcels::told(&[Step::Order(0, kind), Step::Pay(0)]));
    comes_to_the_same_end(lives, 6, &[]);
}

#[test]
fn a_bulk_job_and_a_check_of_histories_come_to_the_same_end_whatever_goes_wrong_once() {
    let orders = [
        Order::Order(0),
        Order::Order(1),
        Order::Order(2),
        Order::CallOff(0),
        Order::Check(0),
    ];
    // No parcel is paid for: what a parcel and its courier do has lives of its own.
    let left = [
        "parcel/charge: ",
        "parcel/pack: ",
        "parcel/ship: ",
        "parcel/remind: ",
        "parcel/refund: ",
        "courier/hand_over: ",
    ];
    comes_to_the_same_end([Jobs::told(&orders)], 3, &left);
}

#[test]
fn an_onboarding_comes_to_the_same_end_whatever_goes_wrong_once() {
    let numbers = [
        Number::Plain,
        Number::Unproved,
        Number::Locked,
        Number::Unwanted,
        Number::InApp,
        Number::Paid,
        Number::Missing,
    ];
    let signed_up = numbers.map(|number| {
        Onboardings::told(&[
            Client::Make(0, number),
            Client::Open(0),
            Client::SignUp(0, number),
        ])
    });
    let plain = Number::Plain;
    let shared = [Client::Make(0, plain), Client::Share(0, plain)];
    let locked = Number::Locked;
    let told = [
        Client::Make(0, locked),
        Client::Open(0),
        Client::SignUp(0, locked),
        Client::Tell(0, locked),
    ];
    let lives = signed_up.into_iter();
    let apart = [&shared[..], &told[..], &[Client::Examine]];
    let lives = lives.chain(apart.map(Onboardings::told));
    let met = comes_to_the_same_end(lives, 16 + 4 + 1 + 2 + 1 + 1, &[]);
    for command in ["match_grant", "assign_grant"] {
        let of_grants = format!("grant/{command}: ");
        assert!(met.iter().any(|met| met.starts_with(&of_grants)));
    }
}
