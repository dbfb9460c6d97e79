//! Whole lives from seeds: whatever goes wrong in between, every promise holds at the end.

mod broken;

use std::sync::Arc;

use engine::testing::MemoryStore;
use engine::testing::simulation::{Scenario, Simulation};
use tests::jobs::Jobs;
use tests::onboarding::Onboardings;
use tests::parcel::Parcels;

use broken::{BrokenStore, Bug};

fn holds<S: Scenario>(scenario: S, seeds: u64) {
    if let Err(failure) = Simulation::of(scenario).lives(0..seeds) {
        let (name, seed) = (failure.scenario, failure.lived.seed);
        panic!("{failure}again with: cargo run -p tests --bin simulate -- {name} --seed {seed}");
    }
}

#[test]
fn every_fault_strikes() {
    let summary = Simulation::of(Parcels::any()).lives(0..100).unwrap();
    let kinds: Vec<_> = summary.faults.keys().collect();
    assert_eq!(kinds.len(), 16, "{kinds:?}");
}

#[test]
fn parcels_arrive_whatever_goes_wrong() {
    holds(Parcels::any(), 300);
}

#[test]
fn onboardings_are_completed_whatever_goes_wrong() {
    holds(Onboardings::any(), 60);
}

/// A probe was allowed and its task not yet due: the runner looked again and again.
#[test]
fn a_held_lane_whose_next_task_is_still_to_come_is_waited_for() {
    let life = Simulation::of(Onboardings::any()).lives(182..183);
    life.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn jobs_act_on_everything_once_and_find_no_fault_whatever_goes_wrong() {
    holds(Jobs::any(), 40);
}

/// A turn of a bulk job counted on top of what it had read before another process had the job.
#[test]
fn a_job_that_two_processes_had_counts_each_act_once() {
    let life = Simulation::of(Jobs::any()).lives(119..120);
    life.unwrap_or_else(|failure| panic!("{failure}"));
}

/// One process looked whether an item still matched while another one acted on it.
#[test]
fn what_a_job_did_is_told_as_done_whichever_process_did_it() {
    let life = Simulation::of(Jobs::any()).lives(333..334);
    life.unwrap_or_else(|failure| panic!("{failure}"));
}

/// A process stood still between its announcement and its act, and meanwhile time was set back.
#[test]
fn time_set_back_over_a_process_that_stood_still_performs_nothing_twice() {
    let life = Simulation::of(Parcels::any()).lives(13_698..13_699);
    life.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn a_number_that_several_partners_reach_for_belongs_to_one_of_them() {
    holds(Onboardings::rivals(), 25);
}

fn is_lived_again<S: Scenario>(scenario: S) {
    let simulation = Simulation::of(scenario);
    for seed in 0..10 {
        let (once, again) = (simulation.life(seed), simulation.life(seed));
        assert_eq!(once.trace.lines(), again.trace.lines());
        assert_eq!(once.trace.digest(), again.trace.digest());
        assert!(once.trace.count() > 20, "nothing happens in {seed}");
    }
}

#[test]
fn one_seed_is_one_life() {
    is_lived_again(Parcels::any());
    is_lived_again(Onboardings::any());
}

/// What is complained of in the first life that fails.
fn found(bug: Bug) -> String {
    let simulation = Simulation::of(Parcels::any()).over(move || {
        let inner = Arc::new(MemoryStore::default());
        Arc::new(BrokenStore::over(inner, bug))
    });
    let failure = simulation.lives(0..100).expect_err("nobody noticed");
    failure.lived.complaints.first().unwrap().clone()
}

#[test]
fn a_dropped_settle_is_found() {
    let complaint = found(Bug::DropsSettles);
    assert!(
        complaint.ends_with("was settled and still stands"),
        "{complaint}"
    );
}

#[test]
fn a_skipped_fence_is_found() {
    let complaint = found(Bug::SkipsFences);
    assert!(complaint.contains("an old claim of"), "{complaint}");
}

#[test]
fn a_task_that_is_armed_twice_is_found() {
    let complaint = found(Bug::ArmsTwice);
    assert!(complaint.contains("is handed out while"), "{complaint}");
}

#[test]
fn a_forgotten_line_of_history_is_found() {
    let complaint = found(Bug::ForgetsLines);
    assert!(complaint.contains("is lost"), "{complaint}");
}
