//! All of a change or none of it.

use super::trial::{
    StoreUnderTest, Trial, arming, born, document, entry, filing, id, moved, next, record, task,
};
use crate::store::{Change, CommitError, Expected};
use crate::task::{Settled, TaskId};

/// Everything beside the fault is sound, so that any part of it could have landed.
fn wide(fault: Change) -> Change {
    let mut change = born(&record(2));
    change.journal = vec![entry(&id(2), 1)];
    change.tasks = vec![task(2, "call", 10)];
    change.documents = vec![document("new", Expected::Absent, b"new")];
    change.records.extend(fault.records);
    change.journal.extend(fault.journal);
    change.documents.extend(fault.documents);
    change.settle.extend(fault.settle);
    change
}

pub(super) async fn a_refused_change_leaves_nothing_behind(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    let mut standing = born(&record(1));
    standing.journal = vec![entry(&id(1), 1)];
    standing.documents = vec![document("old", Expected::Absent, b"old")];
    trial.write(standing).await;
    let stray = Settled {
        task: task(1, "call", 1).id(),
        fence: 1,
    };
    let faults = [
        born(&record(1)),
        moved(&next(&next(&record(1)))),
        filing(&[document("old", Expected::Absent, b"newer")]),
        filing(&[document("none", Expected::Version(1), b"newer")]),
        Change {
            journal: vec![entry(&id(1), 1)],
            ..Change::default()
        },
        Change {
            settle: vec![stray],
            ..Change::default()
        },
    ];
    for fault in faults {
        let told = format!("{fault:?}");
        let outcome = trial.commit(wide(fault)).await;
        assert!(outcome.is_err(), "this should have been refused: {told}");
        expect_nothing_new(&mut trial).await;
    }
}

async fn expect_nothing_new(trial: &mut Trial<'_>) {
    assert_eq!(trial.load(&id(1)).await, Some(record(1)));
    assert_eq!(trial.load(&id(2)).await, None, "a record of it stands");
    let store = trial.step().await;
    let history = store.journal(&id(2), 0, 9).await;
    assert_eq!(history.expect("the store answers"), [], "a line stands");
    let tasks = store.tasks(&id(2)).await;
    assert_eq!(tasks.expect("the store answers"), [], "a task stands");
    let found = store.document("papers", "new").await;
    assert_eq!(found.expect("the store answers"), None, "a paper stands");
    let old = store.document("papers", "old").await;
    let old = old.expect("the store answers").expect("it was kept");
    assert_eq!(old.body, b"old");
}

pub(super) async fn a_change_over_many_families_lands_whole(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    trial.write(arming(&[task(2, "old", 10)])).await;
    let mut change = wide(born(&record(3)));
    change.drop_tasks = vec![TaskId {
        instance: id(2),
        key: "told:old".to_owned(),
    }];
    trial.write(change).await;
    assert_eq!(trial.load(&id(2)).await, Some(record(2)));
    assert_eq!(trial.load(&id(3)).await, Some(record(3)));
    let store = trial.step().await;
    let history = store.journal(&id(2), 0, 9).await;
    let history = history.expect("the store answers");
    assert_eq!(history, [entry(&id(2), 1).entry]);
    let tasks = store.tasks(&id(2)).await.expect("the store answers");
    assert_eq!(tasks, [task(2, "call", 10)]);
    let found = store.document("papers", "new").await;
    assert!(found.expect("the store answers").is_some());
}

pub(super) async fn a_bad_change_does_not_harm_its_neighbors(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    let store = trial.running();
    let mut waiting = Vec::new();
    for number in 0..60 {
        let change = match number % 3 {
            // Claims the id of a neighbor: whichever of the two comes second is refused.
            2 => born(&record(number - 1)),
            _ => born(&record(number)),
        };
        let store = std::sync::Arc::clone(&store);
        waiting.push(tokio::spawn(async move { store.commit(change).await }));
    }
    let mut refused = 0;
    for commit in waiting {
        match commit.await.expect("commits do not panic") {
            Ok(_) => {}
            Err(CommitError::VersionMoved) => refused += 1,
            Err(error) => panic!("a neighbor was harmed: {error}"),
        }
    }
    drop(store);
    assert_eq!(refused, 20, "of each two with one id, one is refused");
    for number in (0..60).filter(|number| number % 3 != 2) {
        let found = trial.running().load(&id(number)).await;
        let found = found.expect("the store answers");
        assert_eq!(found, Some(record(number)));
    }
    trial.restart().await;
    let tally = trial.step().await.tally().await;
    let total: u64 = tally
        .expect("the store answers")
        .iter()
        .map(|(_, n)| n)
        .sum();
    assert_eq!(total, 40);
}
