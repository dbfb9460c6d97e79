//! A task whose holders die is told from one that is merely handed on.

use super::trial::{StoreUnderTest, Trial, arming, id, known, order, settled, settling, task};
use crate::allowance::Allowance;
use crate::clock::Timestamp;
use crate::instance::Owner;
use crate::store::{Change, ClaimOrder, ClaimWithin};
use crate::task::{Claimed, Task};

const FAR: i64 = i64::MAX / 4;

fn lost(claimed: &[Claimed]) -> Vec<u32> {
    claimed.iter().map(|claimed| claimed.lost).collect()
}

pub(super) async fn deaths_are_counted_until_the_task_is_armed_anew(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::without_restarts(subject).await;
    trial
        .write(arming(&[task(1, "call", 10), task(2, "call", FAR)]))
        .await;
    for deaths in 0..3 {
        assert_eq!(lost(&trial.claim(10).await), [deaths]);
        trial.kill().await;
    }
    let claimed = trial.claim(10).await;
    assert_eq!(lost(&claimed), [3]);
    let mut retry = settling(&claimed);
    retry.tasks = vec![task(1, "call", 20)];
    trial.write(retry).await;
    assert_eq!(lost(&trial.claim(20).await), [0], "settled and armed anew");
    trial.kill().await;
    trial.write(arming(&[task(1, "call", 20)])).await;
    assert_eq!(lost(&trial.claim(20).await), [0], "armed anew by a person");
}

pub(super) async fn only_deaths_count(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::without_restarts(subject).await;
    trial
        .write(arming(&[task(1, "call", 10), task(2, "call", FAR)]))
        .await;
    let claimed = trial.claim(10).await;
    let released = trial.running().release(&[settled(&claimed[0])]).await;
    released.expect("the store answers");
    trial.kill().await;
    assert_eq!(lost(&trial.claim(10).await), [0], "it was given back");
    trial.restart().await;
    let taken_over = trial.claim(10 + 60_000).await;
    assert_eq!(
        lost(&taken_over),
        [0],
        "its holder lives, or ended knowingly"
    );
    trial.kill().await;
    let claimed = trial.claim(10 + 60_000).await;
    assert_eq!(lost(&claimed), [1]);
    let released = trial.running().release(&[settled(&claimed[0])]).await;
    released.expect("the store answers");
    trial.kill().await;
    assert_eq!(
        lost(&trial.claim(10 + 60_000).await),
        [1],
        "kept, not raised"
    );
}

pub(super) async fn a_count_may_be_armed(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::without_restarts(subject).await;
    let armed = Task {
        lost: 2,
        ..task(1, "call", 10)
    };
    let mut change = arming(std::slice::from_ref(&armed));
    change.claim = Some(ClaimWithin {
        owner: Owner::new("node-a"),
        task: armed.id(),
        lease_until: Timestamp::from_millis(60_000),
    });
    let committed = trial.write(change).await;
    assert_eq!(lost(&committed.claimed), [2]);
    trial.kill().await;
    assert_eq!(lost(&trial.claim(10).await), [3]);
}

pub(super) async fn suspects_are_passed_over_when_asked(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::without_restarts(subject).await;
    trial
        .write(arming(&[task(1, "call", 10), task(2, "call", 11)]))
        .await;
    assert_eq!(trial.claim(20).await.len(), 2);
    trial.kill().await;
    trial.write(arming(&[task(3, "call", 30)])).await;
    let suspects = |suspects| ClaimOrder {
        allowance: Allowance {
            suspects,
            ..Allowance::default()
        },
        ..order(40)
    };
    let store = trial.running();
    let none = store.claim(suspects(0)).await.expect("the store answers");
    assert_eq!(none.len(), 1);
    assert_eq!(none[0].task.instance, id(3));
    let next = store.next_due(&suspects(0).allowance, &known()).await;
    assert_ne!(
        next.expect("the store answers"),
        Some(Timestamp::from_millis(10)),
        "a suspect wakes nobody who wants none"
    );
    let one = store.claim(suspects(1)).await.expect("the store answers");
    assert_eq!(lost(&one), [1]);
    drop(store);
    let drop_it = Change {
        drop_tasks: vec![task(1, "call", 10).id()],
        ..Change::default()
    };
    trial.write(drop_it).await;
    trial.write(arming(&[task(1, "call", 10)])).await;
    assert_eq!(lost(&trial.claim(40).await), [0, 1]);
}
