//! One order of what is due, and the moment to look again.

use super::trial::{StoreUnderTest, Trial, arming, id, known, order, settled, settling, task};
use crate::allowance::Allowance;
use crate::clock::Timestamp;

fn webhook(number: u32, due: i64) -> crate::task::Task {
    crate::task::Task {
        lane: "webhook".to_owned(),
        ..task(number, "tell", due)
    }
}

pub(super) async fn the_earliest_is_handed_out_first(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    let tasks = [task(1, "a", 30), webhook(2, 10), task(3, "c", 20)];
    trial.write(arming(&tasks)).await;
    let claimed = trial.claim(100).await;
    let dues: Vec<i64> = claimed.iter().map(|c| c.task.due.millis()).collect();
    assert_eq!(dues, [10, 20, 30]);

    let mut trial = Trial::without_restarts(subject).await;
    trial.write(arming(&tasks)).await;
    let mut two = order(100);
    two.limit = 2;
    let claimed = trial.running().claim(two).await;
    assert_eq!(claimed.expect("the store answers").len(), 2);
    assert_eq!(trial.claim(100).await[0].task.due.millis(), 30);
}

pub(super) async fn closed_lanes_hand_out_nothing(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    let backlog: Vec<_> = (1..50).map(|n| task(n, "call", 1)).collect();
    trial.write(arming(&backlog)).await;
    trial.write(arming(&[webhook(60, 20)])).await;
    let mut open = order(30);
    open.allowance = Allowance::without(["graph"]);
    open.limit = 5;
    let store = trial.step().await;
    let claimed = store.claim(open.clone()).await;
    let claimed = claimed.expect("the store answers");
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].task, webhook(60, 20));
    drop(store);
    let next = trial.step().await.next_due(&open.allowance, &known()).await;
    let next = next.expect("the store answers").map(Timestamp::millis);
    assert_ne!(next, Some(1), "a closed lane wakes nobody");
}

pub(super) async fn the_next_moment_is_known(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::without_restarts(subject).await;
    let next = trial
        .running()
        .next_due(&Allowance::default(), &known())
        .await;
    assert_eq!(next.expect("the store answers"), None);
    trial
        .write(arming(&[task(1, "a", 500), webhook(2, 90_000)]))
        .await;
    trial.restart().await;
    assert_eq!(next_due(&trial).await, Some(500));
    let claimed = trial.claim(500).await;
    assert_eq!(next_due(&trial).await, Some(60_500), "its lease may end");
    trial.write(settling(&claimed)).await;
    assert_eq!(next_due(&trial).await, Some(90_000));
}

/// A clock may jump back between a claim and its renewal.
pub(super) async fn whoever_finds_nothing_is_told_a_later_moment(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::without_restarts(subject).await;
    trial.write(arming(&[task(1, "call", 90_000)])).await;
    let claimed = trial.claim(90_000).await;
    let held = [settled(&claimed[0])];
    let soon = Timestamp::from_millis(500);
    let lost = trial.running().renew(&held, soon).await;
    assert_eq!(lost.expect("the store answers"), []);
    assert!(trial.claim(1000).await.is_empty(), "it is not due");
    assert_eq!(next_due(&trial).await, Some(90_000));
    let again = trial.claim(90_000).await;
    assert_eq!(again.len(), 1, "the lease has ended long ago");
    trial.write(settling(&again)).await;
}

async fn next_due(trial: &Trial<'_>) -> Option<i64> {
    let next = trial
        .running()
        .next_due(&Allowance::default(), &known())
        .await;
    next.expect("the store answers").map(Timestamp::millis)
}

pub(super) async fn arming_again_moves_a_task(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    for due in [50, 900, 70] {
        trial.write(arming(&[task(1, "call", due)])).await;
    }
    let next = trial
        .step()
        .await
        .next_due(&Allowance::default(), &known())
        .await;
    let next = next.expect("the store answers").map(Timestamp::millis);
    assert_eq!(next, Some(70));
    let claimed = trial.claim(1000).await;
    assert_eq!(claimed.len(), 1, "moved, not doubled");
    assert_eq!(claimed[0].task, task(1, "call", 70));
}

pub(super) async fn an_instance_lists_what_it_is_owed(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    let tasks = [task(1, "a", 30), webhook(1, 10), task(11, "b", 5)];
    trial.write(arming(&tasks)).await;
    let owed = trial.step().await.tasks(&id(1)).await;
    let owed = owed.expect("the store answers");
    assert_eq!(owed, [webhook(1, 10), task(1, "a", 30)]);
    let none = trial.step().await.tasks(&id(2)).await;
    assert_eq!(none.expect("the store answers"), []);
}
