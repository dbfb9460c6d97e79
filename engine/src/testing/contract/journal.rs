//! History is only ever extended.

use super::trial::{StoreUnderTest, Trial, entry, id};
use crate::instance::Entry;
use crate::store::{Change, CommitError, Trim};

fn lines(number: u32, sequences: impl Iterator<Item = u64>) -> Change {
    Change {
        journal: sequences.map(|n| entry(&id(number), n)).collect(),
        ..Change::default()
    }
}

async fn history(trial: &mut Trial<'_>, number: u32, after: u64, limit: usize) -> Vec<u64> {
    let store = trial.step().await;
    let found = store.journal(&id(number), after, limit).await;
    let found: Vec<Entry> = found.expect("the store answers");
    found.iter().map(|entry| entry.sequence).collect()
}

pub(super) async fn history_is_read_in_order_and_never_overwritten(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    trial.write(lines(1, 1..=1)).await;
    trial.write(lines(1, 2..=300)).await;
    trial.write(lines(2, 1..=2)).await;
    let whole: Vec<u64> = (1..=300).collect();
    assert_eq!(history(&mut trial, 1, 0, 1000).await, whole);
    assert_eq!(history(&mut trial, 1, 255, 3).await, [256, 257, 258]);
    assert!(history(&mut trial, 1, 300, 9).await.is_empty());
    assert_eq!(history(&mut trial, 2, 0, 9).await, [1, 2]);
    let rewriting = trial.commit(lines(1, 300..=301)).await;
    assert!(matches!(rewriting, Err(CommitError::VersionMoved)));
    let twice = trial.commit(lines(1, [301, 301].into_iter())).await;
    assert!(matches!(twice, Err(CommitError::VersionMoved)));
    assert!(history(&mut trial, 1, 300, 9).await.is_empty());
}

pub(super) async fn the_beginning_of_a_history_can_be_taken_away(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    trial.write(lines(1, 1..=9)).await;
    trial.write(lines(2, 1..=2)).await;
    let trim = |upto: u64| Change {
        trim: vec![Trim {
            instance: id(1),
            upto,
        }],
        ..Change::default()
    };
    trial.write(trim(4)).await;
    assert_eq!(history(&mut trial, 1, 0, 99).await, [5, 6, 7, 8, 9]);
    assert_eq!(history(&mut trial, 2, 0, 99).await, [1, 2]);
    trial.write(trim(99)).await;
    assert!(history(&mut trial, 1, 0, 99).await.is_empty());
    trial.write(lines(1, 10..=10)).await;
    assert_eq!(history(&mut trial, 1, 0, 99).await, [10]);
}
