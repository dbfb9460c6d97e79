//! A task is in one hand at a time, and only the newest hand may settle it.

use super::trial::{
    StoreUnderTest, Trial, arming, born, id, order, record, settled, settling, task,
};
use crate::allowance::Allowance;
use crate::clock::Timestamp;
use crate::instance::Owner;
use crate::store::{Change, ClaimWithin, CommitError};
use crate::task::Task;

/// The sample lease of one minute.
const LEASE: i64 = 60_000;

pub(super) async fn a_claimed_task_is_not_handed_out_again(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::without_restarts(subject).await;
    trial.write(arming(&[task(1, "call", 10)])).await;
    assert!(trial.claim(9).await.is_empty(), "it is not due yet");
    let claimed = trial.claim(10).await;
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].task, task(1, "call", 10));
    assert!(trial.claim(10 + LEASE - 1).await.is_empty(), "it is held");
    trial.write(settling(&claimed)).await;
    assert!(trial.claim(i64::MAX / 2).await.is_empty(), "it is done");
    let again = trial.commit(settling(&claimed)).await;
    assert!(matches!(again, Err(CommitError::LeaseLost)));
}

pub(super) async fn an_old_claim_settles_nothing(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::without_restarts(subject).await;
    trial.write(arming(&[task(1, "call", 10)])).await;
    let old = trial.claim(10).await;
    let new = trial.claim(10 + LEASE).await;
    assert!(new[0].fence > old[0].fence, "a fence rises with each claim");
    let mut late = settling(&old);
    late.records = born(&record(1)).records;
    let outcome = trial.commit(late).await;
    assert!(matches!(outcome, Err(CommitError::LeaseLost)));
    assert_eq!(trial.load(&id(1)).await, None);
    trial.write(settling(&new)).await;
}

pub(super) async fn a_lapsed_claim_settles_until_someone_takes_over(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::without_restarts(subject).await;
    trial
        .write(arming(&[task(1, "call", 10), task(2, "call", 20)]))
        .await;
    let mut first = order(20);
    first.limit = 1;
    let claimed = trial.running().claim(first).await;
    let claimed = claimed.expect("the store answers");
    let mut other = order(20 + LEASE);
    other.allowance = Allowance::without(["graph"]);
    let nothing = trial.running().claim(other).await;
    assert!(nothing.expect("the store answers").is_empty());
    trial.write(settling(&claimed)).await;
    let left = trial.claim(20 + LEASE).await;
    assert_eq!(left.len(), 1, "what was settled late is not handed out");
    assert_eq!(left[0].task, task(2, "call", 20));
}

pub(super) async fn renewing_keeps_a_claim(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::without_restarts(subject).await;
    trial
        .write(arming(&[task(1, "call", 10), task(2, "call", 10)]))
        .await;
    let claimed = trial.claim(10).await;
    let keep = [settled(&claimed[0])];
    let until = Timestamp::from_millis(10 + 3 * LEASE);
    let lost = trial.running().renew(&keep, until).await;
    assert_eq!(lost.expect("the store answers"), []);
    let lapsed = trial.claim(10 + LEASE).await;
    assert_eq!(lapsed.len(), 1, "only what was not renewed lapses");
    assert_eq!(lapsed[0].task, claimed[1].task);
    let both = [settled(&claimed[0]), settled(&claimed[1])];
    let lost = trial.running().renew(&both, until).await;
    let lost = lost.expect("the store answers");
    assert_eq!(lost, [settled(&claimed[1])], "the other is told");
    trial.write(settling(&claimed[..1])).await;
    trial.write(settling(&lapsed)).await;
}

pub(super) async fn released_tasks_are_due_as_they_were(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::without_restarts(subject).await;
    trial.write(arming(&[task(1, "call", 10)])).await;
    let claimed = trial.claim(10).await;
    let held = [settled(&claimed[0])];
    let released = trial.running().release(&held).await;
    released.expect("the store answers");
    let late = trial.commit(settling(&claimed)).await;
    assert!(matches!(late, Err(CommitError::LeaseLost)));
    let again = trial.claim(10).await;
    assert_eq!(again[0].task, task(1, "call", 10));
    assert!(again[0].fence > claimed[0].fence);
    let stale = trial.running().release(&held).await;
    stale.expect("the store answers");
    assert!(trial.claim(10).await.is_empty(), "it is another's now");
}

pub(super) async fn replacing_a_task_ends_its_claim(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::without_restarts(subject).await;
    trial.write(arming(&[task(1, "call", 10)])).await;
    let claimed = trial.claim(10).await;
    trial.write(arming(&[task(1, "call", 30)])).await;
    let late = trial.commit(settling(&claimed)).await;
    assert!(matches!(late, Err(CommitError::LeaseLost)));
    assert!(trial.claim(29).await.is_empty());
    let claimed = trial.claim(30).await;
    assert_eq!(claimed.len(), 1);
    let mut retry = settling(&claimed);
    retry.tasks = vec![task(1, "call", 50)];
    trial.write(retry).await;
    assert!(trial.claim(49).await.is_empty());
    assert_eq!(trial.claim(50).await.len(), 1, "settled and armed anew");
}

pub(super) async fn a_dropped_task_is_gone_whoever_holds_it(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::without_restarts(subject).await;
    let tasks = [task(1, "call", 10), task(2, "call", 90)];
    trial.write(arming(&tasks)).await;
    let claimed = trial.claim(10).await;
    let drop_all = Change {
        drop_tasks: tasks.iter().map(crate::task::Task::id).collect(),
        ..Change::default()
    };
    trial.write(drop_all.clone()).await;
    let late = trial.commit(settling(&claimed)).await;
    assert!(matches!(late, Err(CommitError::LeaseLost)));
    assert!(trial.claim(i64::MAX / 2).await.is_empty());
    trial.write(drop_all).await;
}

pub(super) async fn a_change_claims_the_one_task_it_means(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::without_restarts(subject).await;
    let beside = [task(1, "tell", 10), task(2, "call", 10)];
    let mut change = arming(&[beside[0].clone(), task(1, "call", 10), beside[1].clone()]);
    change.claim = Some(ClaimWithin {
        owner: Owner::new("node-a"),
        task: task(1, "call", 10).id(),
        lease_until: Timestamp::from_millis(10 + LEASE),
    });
    let committed = trial.write(change).await;
    let claimed = committed.claimed.iter().map(|claimed| &claimed.task);
    assert!(claimed.eq([&task(1, "call", 10)]), "no other of its lane");
    let others = trial.claim(10).await;
    let mut others: Vec<_> = others.into_iter().map(|claimed| claimed.task).collect();
    others.sort_by_key(Task::id);
    assert_eq!(others, beside);
    trial.write(settling(&committed.claimed)).await;
    let late = trial.commit(settling(&committed.claimed)).await;
    assert!(matches!(late, Err(CommitError::LeaseLost)));
}

/// What a change armed and claimed comes back as that change armed it, not as it stood before.
pub(super) async fn what_a_change_claimed_comes_back_as_it_was_armed(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::without_restarts(subject).await;
    trial
        .write(arming(&[task(1, "call", 10), task(2, "call", 10)]))
        .await;
    let mut held = Vec::new();
    for claimed in trial.claim(10).await {
        let mut change = settling(std::slice::from_ref(&claimed));
        change.claim = Some(ClaimWithin {
            owner: Owner::new("node-a"),
            task: claimed.task.id(),
            lease_until: Timestamp::from_millis(10 + LEASE),
        });
        change.tasks = vec![Task {
            intent: true,
            ..claimed.task
        }];
        held.extend(trial.write(change).await.claimed);
    }
    assert_eq!(held.len(), 2);
    let released = trial.running().release(&[settled(&held[0])]).await;
    released.expect("the store answers");
    let again = trial.claim(10).await;
    assert_eq!(again.len(), 1, "one was given back");
    assert_eq!(again[0].task, held[0].task, "given back as it was armed");
    let lapsed = trial.claim(10 + LEASE).await;
    let lapsed = lapsed
        .iter()
        .find(|lapsed| lapsed.task.id() == held[1].task.id());
    let lapsed = lapsed.expect("its lease has ended");
    assert_eq!(lapsed.task, held[1].task, "lapsed as it was armed");
}

pub(super) async fn a_claim_from_before_a_restart_is_whole_or_void(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::without_restarts(subject).await;
    trial.write(arming(&[task(1, "call", 10)])).await;
    let before = trial.claim(10).await;
    trial.restart().await;
    let after = trial.claim(11).await;
    let outcome = trial.commit(settling(&before)).await;
    if after.is_empty() {
        outcome.expect("a claim that outlives the restart still settles");
    } else {
        assert!(matches!(outcome, Err(CommitError::LeaseLost)));
        assert_ne!(after[0].fence, before[0].fence);
        trial.write(settling(&after)).await;
    }
    assert!(trial.claim(i64::MAX / 2).await.is_empty());
}
